"""I2I Adapt's configs, as `test_gin_files.FILES` has all others."""

SMALL = (
  'Pair.batch_size = 4',
  'vector_decoders.filters = (3, 2)',
  'patch_discriminator.filters = 2',
  'feature_discriminator.units = 4',
)
ROWS = [
  'source_only_unmoved',
  'source_only',
  'i2i_z_id_y_trc',
  'i2i',
  'target_only',
]
TERMS_ROWS = [
  'source_only_unmoved',
  'source_only',
  'i2i_z',
  'i2i_id_y',
  'i2i_id_y_trc',
  'i2i_z_id_y',
  'i2i_z_id_y_trc',
  'i2i_no_cyc',
  'i2i',
]
OFFICE_ROWS = ['source_only', 'i2i_z', 'i2i_id_y', 'i2i_z_id_y_trc', 'i2i']
# Table 1: studies to what they compare.
PRIOR_METHODS = {
  'i2i_adda': ['source_only', 'i2i_adda', 'target_only'],
  'i2i_drcn': ['source_only', 'i2i_drcn', 'target_only'],
  'i2i_generate_to_adapt': [
    'source_only',
    'i2i_generate_to_adapt',
    'target_only',
  ],
  'i2i_cyclegan': ['i2i_cyclegan'],
  'i2i_all': ['source_only', 'i2i', 'target_only'],
}
MAPS = (
  'Pair.batch_size = 4',
  'resnet34_classifier.filters = 2',
  'map_decoders.filters = (4, 3, 2, 2)',
  'patch_discriminator.filters = 2',
  'feature_map_discriminator.filters = 4',
)
OFFICE = (*MAPS, 'Pair.image_size = (72, 72)', 'Pair.crop = (64, 64)')
LABEL_MAPS = (
  'Pair.batch_size = 4',
  'Pair.image_size = (32, 48)',
  'Pair.crop = (16, 16)',
  'resnet34_segmenter.filters = 2',
  'map_decoders.filters = (3, 2, 2)',
  'patch_discriminator.filters = 2',
  'feature_map_discriminator.filters = 4',
)
THREE_ROWS = ['source_only', 'i2i', 'target_only']
DIGITS = 'i2i_mnist_to_usps.gin'
FILES = {
  (DIGITS,): (SMALL, ROWS),
  ('i2i_usps_to_mnist.gin',): (SMALL, ROWS),
  ('i2i_svhn_to_mnist.gin',): (SMALL, ROWS),
  (DIGITS, 'studies/i2i_terms.gin'): (SMALL, TERMS_ROWS),
  (DIGITS, 'studies/i2i_embeddings.gin'): (
    SMALL,
    ['source_only', 'i2i_no_z', 'i2i'],
  ),
  ('i2i_office31.gin',): (OFFICE, OFFICE_ROWS),
  ('i2i_images.gin',): (
    MAPS,
    ['source_only', 'i2i_z_id_y_trc', 'i2i', 'target_only'],
  ),
  ('i2i_streets.gin',): (LABEL_MAPS, THREE_ROWS),
  ('i2i_gta5_to_cityscapes.gin',): (LABEL_MAPS, THREE_ROWS),
  ('i2i_gta5_to_cityscapes_densenet121.gin',): (LABEL_MAPS, THREE_ROWS),
} | {
  (DIGITS, f'studies/{name}.gin'): (SMALL, rows)
  for name, rows in PRIOR_METHODS.items()
}
# Large networks, and what other files include.
SLOW = {
  ('i2i_office31.gin',),
  ('i2i_streets.gin',),
  ('i2i_gta5_to_cityscapes.gin',),
  ('i2i_gta5_to_cityscapes_densenet121.gin',),
}
INCLUDED = {
  'methods/i2i.gin',
  'methods/i2i_maps.gin',
  'methods/i2i_segmentation.gin',
  'methods/i2i_terms.gin',
}
