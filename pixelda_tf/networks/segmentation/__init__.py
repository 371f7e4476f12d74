"""Task networks for segmentation: a score of each class for each pixel."""
