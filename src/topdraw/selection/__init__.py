"""What chooses: n scored samples in, a probability for each out."""
