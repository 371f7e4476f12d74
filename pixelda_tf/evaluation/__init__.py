"""Scores on exact counts, translations, and pictures."""
