"""Classes of published data sets with label maps: names, ids of the files."""

from pixelda_tf.rendering.streets.assembly import CLASSES

# The order of the SegNet split's ids; the made-up streets have it, too.
CAMVID = CLASSES
# CamVid's 32 colours, as (red, green, blue), in SegNet's 11 classes; '': void.
CAMVID_COLOURS = {
  (128, 128, 128): 'sky',
  (128, 0, 0): 'building',
  (192, 192, 128): 'pole',
  (128, 64, 128): 'road',
  (0, 0, 192): 'pavement',
  (128, 128, 0): 'tree',
  (192, 128, 128): 'sign',
  (64, 64, 128): 'fence',
  (64, 0, 128): 'car',
  (64, 64, 0): 'pedestrian',
  (0, 128, 192): 'cyclist',
  (0, 128, 64): 'building',  # Bridge
  (64, 192, 0): 'building',  # Wall
  (64, 0, 64): 'building',  # Tunnel
  (192, 0, 128): 'building',  # Archway
  (0, 0, 64): 'pole',  # TrafficCone
  (128, 0, 192): 'road',  # LaneMkgsDriv
  (192, 0, 64): 'road',  # LaneMkgsNonDriv
  (64, 192, 128): 'pavement',  # ParkingBlock
  (128, 128, 192): 'pavement',  # RoadShoulder
  (192, 192, 0): 'tree',  # VegetationMisc
  (128, 128, 64): 'sign',  # Misc_Text
  (0, 64, 64): 'sign',  # TrafficLight
  (64, 128, 192): 'car',  # SUVPickupTruck
  (192, 128, 192): 'car',  # Truck_Bus
  (192, 64, 128): 'car',  # Train
  (128, 64, 64): 'car',  # OtherMoving
  (192, 128, 64): 'pedestrian',  # Child
  (64, 0, 192): 'pedestrian',  # CartLuggagePram
  (64, 128, 64): 'pedestrian',  # Animal
  (192, 0, 192): 'cyclist',  # MotorcycleScooter
  (0, 0, 0): '',  # Void
}
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
# SYNTHIA-RAND-CITYSCAPES' ids of those of Cityscapes' classes that it has.
SYNTHIA_IDS = {
  3: 'road',
  4: 'sidewalk',
  2: 'building',
  21: 'wall',
  5: 'fence',
  7: 'pole',
  15: 'traffic light',
  9: 'traffic sign',
  6: 'vegetation',
  1: 'sky',
  10: 'person',
  17: 'rider',
  8: 'car',
  19: 'bus',
  12: 'motorcycle',
  11: 'bicycle',
}
# SYNTHIA's sequences: the columns of CyCADA's Table 3.
SYNTHIA_SEQUENCES_IDS = {
  1: 'sky',
  2: 'building',
  3: 'road',
  4: 'sidewalk',
  5: 'fence',
  6: 'vegetation',
  7: 'pole',
  8: 'car',
  9: 'sign',
  10: 'pedestrian',
  11: 'bicycle',
  12: 'lane marking',
  15: 'traffic light',
}
