"""Classes within a folder `images`, as Office-31 has each domain."""

import pytest

from pixelda_tf.datasets.folders import listing
from pixelda_tf.errors import UserError


@pytest.fixture
def root(tmp_path):
  for name in ('mug/1.jpg', 'bike/1.jpg', 'bike/2.jpg'):
    path = tmp_path / 'images' / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
  (tmp_path / 'readme.txt').touch()
  return tmp_path


def listed(root, **options):
  found = listing.list_images(root, None, **options)
  return [(e.key, e.label, e.split) for e in found]


def test_the_folder_is_not_a_class(root):
  assert listed(root) == [
    ('bike/1.jpg', 'bike', 'train'),
    ('bike/2.jpg', 'bike', 'train'),
    ('mug/1.jpg', 'mug', 'train'),
  ]


def test_an_image_beside_it_is_told(root):
  (root / '1.jpg').touch()
  with pytest.raises(UserError, match=r'1.jpg: an image beside folders'):
    listed(root)


def test_a_class_that_is_called_images(tmp_path):
  """Whether it is one, a flag decides."""
  (tmp_path / 'images').mkdir()
  (tmp_path / 'images/1.png').touch()
  assert listed(tmp_path) == [('1.png', None, 'train')]
  expected = [('images/1.png', 'images', 'train')]
  assert listed(tmp_path, levels=['classes']) == expected
