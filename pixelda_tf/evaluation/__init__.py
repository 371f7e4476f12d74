"""Metrics on exact counts, and pictures."""
