"""Several runs that make one table."""
