"""What an example is made of: how its fields are stored, and what they mean."""
