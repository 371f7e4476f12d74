"""Streets with a class for each pixel: built, lit and photographed."""
