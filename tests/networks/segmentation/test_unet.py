import functools

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import unet_segmenter
from pixelda_tf.networks.classifiers import private_copy
from pixelda_tf.networks.layers import no_normalization

small = functools.partial(unet_segmenter, filters=2)


def test_the_number_of_weights():
  """Filters 16, 32, 64, 112 and 112 at the bottom; 11 classes.

  Down: 9 * (3 * 16 + 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 112
  + 3 * 112 * 112) = 475,056. Up: 4 * (112 * 112 + 112 * 64 + 64 * 32 + 32 * 16)
  + 112 + 64 + 32 + 16 = 89,312, then 9 * (224 * 112 + 128 * 64 + 64 * 32 + 32 *
  16) = 322,560. Scores: 16 * 11 + 11 = 187. Batch normalisation has an offset,
  a mean and a variance for each of 3 * (16 + 32 + 64 + 112) + 2 * 112 maps.
  """
  model = unet_segmenter((None, None, 3), 11)
  expected = 475_056 + 89_312 + 322_560 + 187 + 3 * 896
  assert model.count_params() == expected == 889_803


@pytest.mark.parametrize(
  'height, width', [(16, 16), (17, 31), (45, 60), (3, 1)]
)
def test_maps_have_the_size_of_the_image(height, width):
  """A network for any size answers as that for one size with its weights."""
  model = small((None, None, 3), 5)
  assert model.output_shape == {
    'logits': (None, None, None, 5),
    'features': (None, None, None, 2),
  }
  fixed = small((height, width, 3), 5)
  fixed.set_weights(model.get_weights())
  images = tf.random.uniform([2, height, width, 3], -1, 1)
  outputs = model(images)
  assert outputs['features'].shape == (2, height, width, 2)
  for name, values in fixed(images).items():
    assert fixed.output_shape[name] == (None, *values.shape[1:])
    np.testing.assert_array_equal(outputs[name], values)


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
def test_outputs_are_float32_and_scores_computed_so(policy):
  tf.keras.mixed_precision.set_global_policy(policy)
  model = small((16, 16, 1), 4)
  outputs = model(tf.random.normal([1, 16, 16, 1]), training=True)
  assert {output.dtype for output in outputs.values()} == {tf.float32}
  (scores,) = (
    layer
    for layer in model.layers
    if layer.output_shape[-1] == 4
    and isinstance(layer, tf.keras.layers.Conv2D)
    and layer.kernel_size == (1, 1)
  )
  assert scores.compute_dtype == 'float32'


def test_logits_are_a_line_of_the_features():
  model = small((9, 9, 1), 4)
  outputs = model(tf.random.normal([2, 9, 9, 1]))
  kernel, bias = model.layers[-3].get_weights()
  logits = outputs['features'].numpy() @ kernel[0, 0] + bias
  np.testing.assert_allclose(outputs['logits'], logits, atol=1e-5)


@pytest.mark.parametrize(
  'values, seen',
  [(np.arange(64.0), (17, 49)), (np.arange(64.0, 0.0, -1.0), (14, 46))],
  ids=['rising', 'falling'],
)
def test_what_a_score_sees(values, seen):
  """Of two levels: pixel 32 is made of 31 to 33 beside what comes up.

  That is 15 to 16 a level down, made of 14 to 17, and 7 to 8 at the bottom. Two
  kernels of 3 widen it to 5 to 10. A pooling takes the second of two where
  values rise, the first where they fall: 11 to 21 or 10 to 20, by two kernels 9
  to 23 or 8 to 22; 19 to 47 or 16 to 44, by two kernels 17 to 49 or 14 to 46.
  """
  model = small((64, 64, 1), 1, levels=2, normalization=no_normalization)
  model.set_weights([np.ones_like(weight) for weight in model.get_weights()])
  images = tf.constant(values[:, np.newaxis] + values, tf.float32)
  images = images[tf.newaxis, :, :, tf.newaxis] / 64.0
  with tf.GradientTape() as tape:
    tape.watch(images)
    score = model(images)['logits'][0, 32, 32, 0]
  rows, columns = np.nonzero(tape.gradient(score, images)[0, :, :, 0])
  assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == seen


def test_a_private_copy_has_a_first_convolution_of_its_own():
  model = small((8, 8, 3), 5)
  copy = private_copy(model)
  shared = {id(v) for v in copy.weights} & {id(v) for v in model.weights}
  assert len(shared) == len(model.weights) - 1
  images = tf.random.normal([1, 8, 8, 3])
  assert np.any(copy(images)['logits'] != model(images)['logits'])


def test_maps_that_fit_are_not_copied():
  """Of 20 rows, 10, 5, 3, 2: 3 come up from 2 as 4, 5 from 3 as 6."""
  model = small((20, 20, 3), 4)
  traced = tf.function(model).get_concrete_function(
    tf.TensorSpec([1, 20, 20, 3])
  )
  sliced = [
    op
    for op in traced.graph.get_operations()
    if op.type == 'StridedSlice' and op.outputs[0].shape.rank == 4
  ]
  assert [op.outputs[0].shape[1] for op in sliced] == [3, 5]
