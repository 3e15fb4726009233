"""Who draws: endpoints, the built-in model, samples already drawn."""
