"""The shipped small language model and its NumPy engine."""
