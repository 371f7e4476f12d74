import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.networks import layers, pose_estimator
from pixelda_tf.networks.classifiers import private_copy


def of_type(model, kind):
  return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize(
  'side, convolutions, last',
  [(5, 0, 5), (6, 1, 3), (16, 2, 4), (20, 2, 5), (32, 3, 4), (64, 4, 4)],
)
def test_filters_double_until_the_sides_are_at_most_five(
  side, convolutions, last
):
  """A pooling by 2 rounds down: 20, 10, 5; 6, 3."""
  model = pose_estimator((side, side, 3), 4, filters=2)
  stages = of_type(model, tf.keras.layers.Conv2D)
  assert [s.filters for s in stages] == [2 * 2**i for i in range(convolutions)]
  assert {stage.kernel_size for stage in stages} <= {(3, 3)}
  assert {stage.strides for stage in stages} <= {(1, 1)}
  (flat,) = of_type(model, tf.keras.layers.Flatten)
  assert flat.input_shape[1:3] == (last, last)


def test_it_has_the_released_codes_layers():
  """conv 3x3 32, 64, 128, 256 and pools, dense 100, dropout; 5 and 4 units.

  896; 18,496; 73,856; 295,168; 4 * 4 * 256 * 100 + 100 = 409,700; 505; 404.
  """
  model = pose_estimator((64, 64, 3), 5)
  names = [type(layer).__name__ for layer in model.layers]
  level = ['Conv2D', 'MaxPooling2D']
  heads = ['Activation', 'Dense', 'Dense', 'UnitNormalization']
  assert names[:-4] == [
    'InputLayer',
    *level * 4,
    'Flatten',
    'Dense',
    'Corruption',
  ]
  assert sorted(names[-4:]) == heads
  (corruption,) = of_type(model, layers.Corruption)
  assert (corruption.dropout_rate, corruption.noise_stddev) == (0.5, 0.0)
  weights = 896 + 18496 + 73856 + 295168 + 409700 + 505 + 404
  assert sum(int(tf.size(v)) for v in model.trainable_variables) == weights


@pytest.mark.parametrize('policy', ['float32', 'mixed_bfloat16'])
@pytest.mark.parametrize('channels', [1, 4])
def test_poses_are_units_in_float32(policy, channels):
  tf.keras.mixed_precision.set_global_policy(policy)
  model = pose_estimator((12, 16, channels), 3, filters=2, dense=8)
  outputs = model(tf.random.normal([50, 12, 16, channels]))
  assert {name: value.shape for name, value in outputs.items()} == {
    'logits': (50, 3),
    'pose': (50, 4),
    'features': (50, 8),
  }
  assert {value.dtype for value in outputs.values()} == {tf.float32}
  norms = np.linalg.norm(outputs['pose'], axis=1)
  np.testing.assert_allclose(norms, 1, atol=1e-5)
  assert np.ptp(outputs['pose'], axis=0).min() > 0


def test_dropout_is_in_training_only():
  model = pose_estimator((8, 8, 1), 3, filters=2)
  images = tf.random.normal([4, 8, 8, 1])
  still = model(images)
  again, first, second = model(images), *(model(images, True) for _ in '12')
  for name, value in still.items():
    np.testing.assert_array_equal(again[name], value)
    assert np.any(first[name] != value) and np.any(first[name] != second[name])


def test_without_dropout_the_layer_is_left_out():
  model = pose_estimator((8, 8, 1), 3, filters=2, dropout_rate=0.0)
  assert not of_type(model, layers.Corruption)
  images = tf.random.normal([4, 8, 8, 1])
  np.testing.assert_array_equal(
    model(images, training=True)['pose'], model(images)['pose']
  )


def test_equal_seeds_give_equal_dropout():
  outputs = []
  for seed in (1, 1, 2):
    tf.keras.utils.set_random_seed(0)
    model = pose_estimator((8, 8, 1), 3, filters=2, seed=seed)
    outputs.append(model(tf.ones([4, 8, 8, 1]), training=True)['logits'])
  np.testing.assert_array_equal(outputs[0], outputs[1])
  assert np.any(outputs[0] != outputs[2])


@pytest.mark.parametrize('private_levels', [0, 1, 2, 3])
def test_private_copy_shares_all_but_the_private_convolutions(private_levels):
  """Of 32 pixels there are three convolutions, of a kernel and a bias each."""
  task = pose_estimator(
    (32, 32, 1), 3, filters=2, private_levels=private_levels
  )
  copy = private_copy(task)
  shared = {v.ref() for v in task.variables} & {v.ref() for v in copy.variables}
  own = [v for v in copy.variables if v.ref() not in shared]
  assert len(task.variables) == len(copy.variables)
  assert len(own) == 2 * private_levels
  assert all(variable.name.startswith('private_') for variable in own)
  images = tf.random.normal([2, 32, 32, 1])
  differs = np.any(copy(images)['pose'] != task(images)['pose'])
  assert differs == bool(private_levels)
  task.get_layer('quaternion').bias.assign([9.0, 0.0, 0.0, 0.0])
  for model in (task, copy):
    assert np.min(model(images)['pose'][:, 0]) > 0.9


def test_every_variable_gets_a_gradient_of_its_outputs():
  model = pose_estimator((8, 8, 1), 3, filters=2, dropout_rate=0.0)
  with tf.GradientTape(persistent=True) as tape:
    outputs = model(tf.random.normal([16, 8, 8, 1]))
    losses = {name: tf.reduce_sum(v[:, 0] ** 2) for name, v in outputs.items()}
  heads = {'logits': 'classes', 'pose': 'quaternion', 'features': None}
  for name, loss in losses.items():
    gradients = tape.gradient(loss, model.trainable_variables)
    for variable, gradient in zip(
      model.trainable_variables, gradients, strict=True
    ):
      layer = variable.name.split('/')[0]
      is_other_head = layer in set(heads.values()) - {heads[name]}
      assert (gradient is None) == is_other_head, variable.name
      assert gradient is None or np.any(gradient != 0), variable.name


def test_features_are_the_heads_input():
  model = pose_estimator((8, 8, 1), 3, filters=2, dense=6)
  outputs = model(tf.random.normal([4, 8, 8, 1]), training=True)
  head = model.get_layer('classes')
  np.testing.assert_allclose(
    outputs['logits'],
    outputs['features'].numpy() @ head.kernel.numpy() + head.bias.numpy(),
    atol=1e-5,
  )


def test_it_needs_images_of_one_size():
  message = 'pose_estimator: images of one size are needed: set Pair'
  with pytest.raises(ValueError, match=message):
    pose_estimator((None, None, 3), 4)
