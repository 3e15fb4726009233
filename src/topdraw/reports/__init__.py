"""What a person reads: the page, its figures and the terminal's table."""
