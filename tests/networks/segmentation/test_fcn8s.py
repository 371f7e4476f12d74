import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks.segmentation.fcn8s import Bilinear


def half_up(n, times):
  """Poolings by 2 that round up."""
  for _ in range(times):
    n = (n + 1) // 2
  return n


@pytest.mark.parametrize('side', [1, 2, 30, 31, 32, 33, 57, 58, 59, 90, 121])
@pytest.mark.parametrize('kernel_size', [3, 7])
def test_the_rows_of_every_map(side, kernel_size, small):
  """Of 33 rows: 231 with the margin; 116, 58, 29, 15, 8; fc7 2.

  Up by 2: 6 of pool4's 15 from the 5th; 14 of pool3's 29 from the 9th; by 8:
  120, of which 33 from the 31st. 3x3 kernels at a distance of 3 see 7 rows.
  """
  model = small('fcn8s', (side, 1, 3), fc_kernel_size=kernel_size)
  pool3, pool4, pool5 = (half_up(side + 198, n) for n in (3, 4, 5))
  fc7 = pool5 - 6
  up4 = 2 * (fc7 + 1)
  up3 = 2 * (up4 + 1)
  up = 8 * (up3 + 1)
  if side == 33:
    assert (pool3, pool4, pool5, fc7) == (29, 15, 8, 2)
    assert (up4, up3, up) == (6, 14, 120)
  assert 5 + up4 <= pool4 and 9 + up3 <= pool3 and 31 + side <= up
  probe = tf.keras.Model(
    model.input,
    {
      layer.name: layer.output
      for layer in model.layers
      if type(layer).__name__ in ('MaxPooling2D', 'Bilinear', 'CropTo')
    }
    | {'fc7': model.get_layer('fc7').output},
  )
  rows = [
    (name.split('_')[0], value.shape[1])
    for name, value in probe(tf.zeros([1, side, 1, 3])).items()
  ]
  pools = [half_up(side + 198, n) for n in range(1, 6)]
  assert sorted(rows) == sorted(
    [(f'pool{stage}', n) for stage, n in enumerate(pools, 1)]
    + [('fc7', fc7), ('bilinear', up4), ('bilinear', up3), ('bilinear', up)]
    + [('crop', up4), ('crop', up3), ('crop', side)]
  )


def transposed(maps, factor):
  """A transposed convolution of stride f with a triangle 2f wide, in loops."""
  distances = np.arange(2 * factor) - (factor - 0.5)
  kernel = 1 - np.abs(distances) / factor
  rows, columns, channels = maps.shape
  shape = ((rows + 1) * factor, (columns + 1) * factor, channels)
  output = np.zeros(shape)
  for i in range(rows):
    for j in range(columns):
      output[i * factor : (i + 2) * factor, j * factor : (j + 2) * factor] += (
        np.multiply.outer(np.outer(kernel, kernel), maps[i, j])
      )
  return output


@pytest.mark.parametrize('factor', [2, 8])
@pytest.mark.parametrize('rows, columns', [(1, 1), (3, 2), (4, 7)])
def test_bilinear_is_a_transposed_convolution(factor, rows, columns):
  maps = np.random.default_rng(0).normal(size=(2, rows, columns, 3))
  layer = Bilinear(factor)
  expected = [transposed(image, factor) for image in maps]
  found = layer(tf.constant(maps, tf.float32))
  np.testing.assert_allclose(found, expected, atol=1e-5)
  assert not layer.weights


def test_the_bilinear_kernel_is_fixed_and_exact():
  """By 2: 1/4, 3/4, 3/4, 1/4; by 8: odd sixteenths up and down."""
  impulse = tf.ones([1, 1, 1, 1])
  up = [1, 3, 5, 7, 9, 11, 13, 15]
  for factor, expected in ((2, [0.25, 0.75, 0.75, 0.25]), (8, up + up[::-1])):
    kernel = np.array(expected) / (1 if factor == 2 else 16)
    np.testing.assert_array_equal(
      Bilinear(factor)(impulse)[0, :, :, 0], np.outer(kernel, kernel)
    )


def test_bilinear_is_float32_in_bfloat16():
  tf.keras.mixed_precision.set_global_policy('mixed_bfloat16')
  assert Bilinear(2)(tf.ones([1, 1, 1, 1], tf.bfloat16)).dtype == tf.float32


@pytest.mark.parametrize('margin', [True, False])
def test_the_head_by_hand(margin, small, shake):
  """Scores of fc7, of 0.01 pool4 and of 0.0001 pool3, in NumPy.

  Without a margin, rows at the border are repeated outside of it: then half a
  kernel and one row lie before the first pixel.
  """
  model = small('fcn8s', (45, 70, 3), filters=2, margin=margin)
  for layer in model.layers:
    if layer.name.startswith('scores'):
      assert not any(np.any(weight) for weight in layer.get_weights())
  shake(model)
  for name in ('fc6', 'fc7'):  # Or their ReLU leaves nothing.
    kernel = model.get_layer(name).kernel
    kernel.assign(tf.abs(kernel))
  probe = tf.keras.Model(
    model.input,
    [
      model.output['features'],
      model.get_layer('pool4').output,
      model.get_layer('pool3').output,
      model.output,
    ],
  )
  images = tf.random.uniform([1, 45, 70, 3], -1, 1)
  fc7, pool4, pool3, _ = probe(images)

  def score(maps, name):
    kernel, bias = model.get_layer(name).get_weights()
    return maps[0].numpy() @ kernel[0, 0] + bias

  # As much of each as of the others, or a wrong row of one would not show.
  parts = {'': fc7, '_pool4': 0.01 * pool4, '_pool3': 0.0001 * pool3}
  for name, maps in parts.items():
    kernel = model.get_layer(f'scores{name}').kernel
    deviation = score(maps, f'scores{name}').std(axis=(0, 1)).max()
    assert deviation > 0, f'scores{name} of nothing'
    kernel.assign(kernel / deviation)
  outputs = probe(images)[-1]

  def up(maps, factor):
    if margin:
      return transposed(maps, factor)
    maps = np.pad(maps, [(1, 1), (1, 1), (0, 0)], 'edge')
    first = 3 * factor // 2
    return transposed(maps, factor)[first:, first:]

  def sums(maps, beside, offset):
    rows, columns, _ = (maps if margin else beside).shape
    first = offset if margin else 0
    beside = beside[first : first + rows, first : first + columns]
    return maps[:rows, :columns] + beside

  logits = up(score(fc7, 'scores'), 2)
  logits = sums(logits, score(0.01 * pool4, 'scores_pool4'), 5)
  logits = sums(up(logits, 2), score(0.0001 * pool3, 'scores_pool3'), 9)
  first = 31 if margin else 0
  logits = up(logits, 8)[first : first + 45, first : first + 70]
  np.testing.assert_allclose(outputs['logits'][0], logits, rtol=1e-4, atol=1e-4)


def test_a_score_lies_in_the_middle_of_what_it_sees():
  """Row j of fc7 sees pool5's j to j + 6, whose middle is pixel 32 j + 12.5.

  Pixels of row j + 3 of pool5 start at 32 * (j + 3) with a margin of 99 and
  have their middle 15.5 further.
  """
  maps = np.zeros([1, 4, 4, 1])
  maps[0, 2, 1] = 1.0
  for factor in (2, 2, 8):
    maps = Bilinear(factor)(maps).numpy()
  weight = maps[0, :, :, 0] / maps.sum()
  rows, columns = (np.arange(n) - 31 for n in weight.shape)
  np.testing.assert_allclose(weight.sum(1) @ rows, 32 * 2 + 12.5, atol=1e-3)
  np.testing.assert_allclose(weight.sum(0) @ columns, 32 + 12.5, atol=1e-3)


def test_whole_maps_are_dropped_behind_fc6_and_fc7_in_training(small):
  model = small('fcn8s', fc_filters=200)
  images = tf.random.uniform([1, 33, 33, 3], -1, 1)
  kept = np.any(model(images, training=True)['features'] > 0, axis=(1, 2))
  alive = np.any(model(images)['features'] > 0, axis=(1, 2))
  assert 0.2 < kept.mean() < 0.8 * alive.mean()
  still = small('fcn8s', fc_filters=200, dropout_rate=0.0)
  np.testing.assert_array_equal(
    still(images, training=True)['features'], still(images)['features']
  )


@pytest.mark.parametrize('height, width', [(1, 2), (32, 33), (57, 95)])
def test_without_a_margin_maps_are_those_of_the_image(height, width, small):
  model = small('fcn8s', margin=False)
  outputs = model(tf.zeros([1, height, width, 3]))
  rows, columns = half_up(height, 5), half_up(width, 5)
  assert outputs['features'].shape == (1, rows, columns, 3)
  assert outputs['logits'].shape == (1, height, width, 4)


def test_without_a_margin_flat_scores_stay_flat(small):
  model = small('fcn8s', (64, 64, 3), margin=False)
  model.get_layer('scores').bias.assign([1.0, 2.0, 3.0, 4.0])
  logits = model(tf.zeros([1, 64, 64, 3]))['logits'][0]
  expected = np.broadcast_to([1.0, 2.0, 3.0, 4.0], logits.shape)
  np.testing.assert_allclose(logits, expected, rtol=1e-5)
