"""What the commands benchmark and cost measure with."""
