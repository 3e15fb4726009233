"""Servers: the proxy that gives any OpenAI client the best of N."""
