"""What the samples bought: exact curves, intervals, paired differences."""
