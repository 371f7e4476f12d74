import numpy as np
import tensorflow as tf

from pixelda_tf.networks import drn26_segmenter


def test_the_number_of_weights():
  """Filters, of 3x3: 16, 32, 64, 128, 256, 512, 512, 512.

  7x7 from 3 to 16: 2,352. A block of two layers from a to b has 9ab + 9bb, and
  ab where it has a shortcut and a is not b. Blocks: 16 to 16, 16 to 32, 32 to
  64, 64 to 64, ..., 512 to 512, and two without shortcuts. Normalisation trains
  2 a layer's filters; scores have 512 * 11 + 11.
  """
  blocks = [(16, 16), (16, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
  blocks += [(128, 256), (256, 256), (256, 512)] + 3 * [(512, 512)]
  convolutions = 2352 + sum(9 * b * (a + b) for a, b in blocks)
  shortcuts = [(a, b) for a, b in blocks if a != b]
  convolutions += sum(a * b for a, b in shortcuts)
  maps = 16 + 2 * sum(b for _, b in blocks) + sum(b for _, b in shortcuts)
  model = drn26_segmenter((None, None, 3), 11)
  found = sum(np.size(weight) for weight in model.trainable_weights)
  assert found == convolutions + 2 * maps + 5643 == 20_619_227


def test_what_a_feature_sees(small):
  """290 pixels to either side of 8 times its place, and at 1/8 of the size.

  7x7: 3; level 1: two steps of 1; 2: 1 + 2; 3: 2 + 3 * 4; 4: 4 + 3 * 8; 5, four
  kernels spread by 2 at steps of 8: 64; 6, by 4: 128; 7, two by 2: 32; 8: 16.
  3 + 2 + 3 + 14 + 28 + 64 + 128 + 32 + 16 = 290.
  """
  model = small('drn26', (9, 649, 1))
  assert model.output_shape['features'] == (None, 2, 82, 32)
  for weight in model.trainable_weights:
    if 'beta' not in weight.name:
      weight.assign(tf.ones_like(weight) / weight.shape[-1])
  images = tf.ones([1, 9, 649, 1])
  with tf.GradientTape() as tape:
    tape.watch(images)
    feature = model(images)['features'][0, 1, 40, 0]
  columns = np.nonzero(tape.gradient(feature, images)[0, 8, :, 0])[0]
  assert (columns.min(), columns.max()) == (320 - 290, 320 + 290)


def test_the_last_two_levels_have_no_shortcuts(small):
  """With their convolutions at 0 nothing comes through, else something does."""
  model = small('drn26', (16, 16, 3))
  images = tf.random.uniform([1, 16, 16, 3], -1, 1)
  for level, passes in ((6, True), (7, False), (8, False)):
    layer = model.get_layer(f'conv{level}_block1_2_conv')
    kernel = layer.kernel.numpy()
    layer.kernel.assign(tf.zeros_like(kernel))
    assert np.any(model(images)['features'] > 0) == passes
    layer.kernel.assign(kernel)
