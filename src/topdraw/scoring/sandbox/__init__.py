"""Untrusted programs, run in namespaces of their own and judged from outside."""
