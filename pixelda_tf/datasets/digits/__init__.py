"""Digits: MNIST, USPS, MNIST-M, SVHN, and those that scikit-learn ships."""
