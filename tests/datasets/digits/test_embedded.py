import numpy as np
import pytest
import sklearn.datasets

from pixelda_tf import datasets
from pixelda_tf.datasets.digits import embedded

PARTS = list(embedded.PARTS)


def test_all_parts_are_disjoint_and_use_all_digits():
  indices = np.concatenate([embedded.load_part(*part)[2] for part in PARTS])
  assert sorted(indices) == list(range(1797))


@pytest.mark.parametrize('part', PARTS)
def test_labels_belong_to_the_images(part):
  """An enlarged digit, averaged over 2x2 pixels, is close to the original."""
  images, labels, indices = embedded.load_part(*part)
  bunch = sklearn.datasets.load_digits()
  np.testing.assert_array_equal(labels, bunch.target[indices])
  small = images.reshape(-1, 8, 2, 8, 2).mean(axis=(2, 4))
  original = bunch.images[indices] * 255 / 16
  similarity = [
    np.corrcoef(s.ravel(), o.ravel())[0, 1]
    for s, o in zip(small, original, strict=True)
  ]
  assert min(similarity) > 0.9
  assert set(labels) == set(range(10))


@pytest.mark.parametrize(
  ('name', 'shape', 'counts'),
  [
    ('digits', (16, 16, 1), {'train': 700, 'test': 97}),
    ('digits_photo', (16, 16, 3), {'train': 1000, 'test': 500}),
  ],
)
def test_needs_no_files(tmp_path, monkeypatch, name, shape, counts):
  monkeypatch.setattr(embedded, 'CROPS_PER_TRAINING_DIGIT', 2)
  assert name in datasets.EMBEDDED
  builder = datasets.prepare(name, data_dir=tmp_path)
  assert builder.info.features['image'].shape == shape
  assert {
    split: info.num_examples for split, info in builder.info.splits.items()
  } == counts


def test_training_digits_have_different_crops():
  builder = object.__new__(embedded.DigitsPhoto)
  examples = list(builder._blended('train', copies=4))
  images = np.stack([example['image'] for example in examples])
  labels = np.array([example['label'] for example in examples])
  images, labels = images.reshape(4, 500, -1), labels.reshape(4, 500)
  assert (labels == labels[0]).all()
  for other in range(1, 4):
    assert (images[0] != images[other]).any(axis=1).all()
