"""A user's own images: a folder a class, or a CSV that lists them."""
