"""The Good, The Bad, and The Greedy: one greedy answer against many sampled ones."""
