"""Objects with a pose: cropped LineMod, the BOP format, renderings."""
