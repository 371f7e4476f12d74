"""What a run's adaptation did, in pictures."""
