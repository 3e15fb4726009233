"""A paper's protocol, composed from the floors below, with its published numbers."""
