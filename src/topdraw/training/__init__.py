"""Turning samples into training data."""
