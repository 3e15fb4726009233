"""What makes scores: verifiers, reward models, a user's own function."""
