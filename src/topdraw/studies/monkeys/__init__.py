"""Large Language Monkeys: coverage over decades of samples, and what choosing makes of it."""
