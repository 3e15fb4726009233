"""What runs inside the namespaces: stdlib only, and the only part of topdraw to be seen there."""
