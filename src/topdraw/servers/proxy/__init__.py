"""An OpenAI-compatible proxy: N candidates upstream, the chosen ones back to the client."""
