"""Random label maps and outputs."""

import numpy as np
import pytest

from pixelda_tf.fields.label_maps import IGNORE


@pytest.fixture
def random_batch():
  """Function of sizes to examples with label maps, and outputs."""

  def random_batch(n=3, size=(5, 4), n_classes=3, seed=0):
    """Examples, of which a fifth of the pixels is ignored, and outputs."""
    random = np.random.default_rng(seed)
    maps = random.integers(n_classes, size=(n, *size, 1), dtype=np.int32)
    maps[random.random(maps.shape) < 0.2] = IGNORE
    logits = random.normal(size=(n, *size, n_classes)).astype(np.float32)
    return {'segmentation': maps}, {'logits': logits}

  return random_batch
