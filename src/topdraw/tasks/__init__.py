"""Sets of problems with a default scorer, one file each."""
