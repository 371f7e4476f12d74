"""Classes of published data sets with label maps: names, ids of the files."""

# The order of the SegNet split's ids.
CAMVID = (
  'sky',
  'building',
  'pole',
  'road',
  'pavement',
  'tree',
  'sign',
  'fence',
  'car',
  'pedestrian',
  'cyclist',
)
# Cityscapes' `labelId` of each of its 19 evaluated classes, in the order of
# their `trainId`. GTA5's label maps have the same ids.
CITYSCAPES_IDS = {
  7: 'road',
  8: 'sidewalk',
  11: 'building',
  12: 'wall',
  13: 'fence',
  17: 'pole',
  19: 'traffic light',
  20: 'traffic sign',
  21: 'vegetation',
  22: 'terrain',
  23: 'sky',
  24: 'person',
  25: 'rider',
  26: 'car',
  27: 'truck',
  28: 'bus',
  31: 'train',
  32: 'motorcycle',
  33: 'bicycle',
}
CITYSCAPES = tuple(CITYSCAPES_IDS.values())
# Those of Cityscapes' classes that SYNTHIA-RAND-CITYSCAPES has, and the usual
# selection without thin and rare ones: for `scored`.
SYNTHIA_16 = tuple(
  name for name in CITYSCAPES if name not in ('terrain', 'truck', 'train')
)
SYNTHIA_13 = tuple(
  name for name in SYNTHIA_16 if name not in ('wall', 'fence', 'pole')
)
# SYNTHIA's sequences, the columns of CyCADA's Table 3.
SYNTHIA_SEQUENCES = (
  'sky',
  'building',
  'road',
  'sidewalk',
  'fence',
  'vegetation',
  'pole',
  'car',
  'sign',
  'pedestrian',
  'bicycle',
  'lane marking',
  'traffic light',
)
