"""Durable runs: a directory with everything one draw produced."""
