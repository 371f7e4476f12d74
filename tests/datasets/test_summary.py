import numpy as np

from pixelda_tf.datasets import base, preparing, summary


class Maps(base.ImageBuilder):
  """Two label maps of 4 pixels, which it does not count."""

  name = 'maps'

  def _info(self):
    return self.image_info(
      shape=(2, 2, 3),
      class_names=['road', 'sky', 'car'],
      fields=('segmentation',),
      description='maps',
    )

  def _split_generators(self, dl_manager):
    examples = [
      {
        'image': np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        'segmentation': np.array(labels, np.uint8).reshape(2, 2, 1),
      }
      for labels in ([0, 0, 1, 255], [0, 1, 1, 1])
    ]
    return {'train': self._generate_examples('train', examples)}


def test_pixels_that_were_not_counted_are_counted_as_stored(tmp_path):
  """Of 8 pixels 3 are road, 4 sky, none a car, and 1 is ignored."""
  builder = preparing.build(
    lambda path: Maps(data_dir=path), name='maps', data_dir=tmp_path
  )
  assert summary.text(builder).splitlines()[:7] == [
    'maps/1.0.0: images 2x2x3, label maps of 3 classes',
    '  train: 2 examples, 1 shard(s)',
    '  % of pixels       train',
    '  road              37.50',
    '  sky               50.00',
    '  car                0.00',
    '  ignored           12.50',
  ]
