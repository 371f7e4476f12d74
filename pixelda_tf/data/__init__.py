"""What models learn from: domains, pairs of them, augmentation."""

from pixelda_tf.data import augmentation, movement
from pixelda_tf.data.arrays import pair
from pixelda_tf.data.backgrounds import PhotoBackground
from pixelda_tf.data.domains import Domain
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.data.pairs import Pair

__all__ = [
  'Domain',
  'OpenDomain',
  'OpenPair',
  'Pair',
  'PhotoBackground',
  'augmentation',
  'movement',
  'pair',
]
