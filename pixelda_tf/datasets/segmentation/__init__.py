"""Images with label maps: the class of each pixel."""
