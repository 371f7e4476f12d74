"""Arguments as JSON and back."""

import functools
import json

import gin
import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.losses.adversarial import sigmoid_loss
from pixelda_tf.methods import constructor_arguments
from pixelda_tf.networks import mnist_classifier, residual_generator
from pixelda_tf.problems import ClassAndPose, Classification, Segmentation


@tf.keras.saving.register_keras_serializable('tests')
def builder(image_shape, n_classes):
  return image_shape, n_classes


def there_and_back(value):
  text = json.dumps(constructor_arguments.encode(value))
  return constructor_arguments.decode(json.loads(text))


@pytest.mark.parametrize(
  'value',
  [
    None,
    True,
    3,
    0.1,
    'features',
    ['a', ['b']],
    {'a': 1, 'component': 'x', 'partial': [2]},
    mnist_classifier,
    sigmoid_loss,
    builder,
  ],
)
def test_it_comes_back(value):
  assert there_and_back(value) == value


def test_sequences_and_numpy_come_back_plain():
  assert there_and_back((8, 8, (1,))) == [8, 8, [1]]
  assert there_and_back(np.int64(3)) == 3
  assert there_and_back(np.array([0.5, 1.0])) == [0.5, 1.0]


def test_a_part_of_a_builder_comes_back():
  part = functools.partial(residual_generator, filters=3, blocks=1)
  back = there_and_back(functools.partial(part, noise=2))
  assert back.func is residual_generator
  assert back.keywords == {'filters': 3, 'blocks': 1, 'noise': 2}


def test_problems_come_back():
  assert isinstance(there_and_back(Classification()), Classification)
  assert there_and_back(ClassAndPose(pose_weight=0.5)).pose_weight == 0.5
  maps = Segmentation(class_weights=[1.0, 2.0], scored=('road',))
  back = there_and_back(maps)
  assert back.class_weights == [1.0, 2.0] and list(back.scored) == ['road']


class Unknown:
  pass


def unknown():
  pass


@pytest.mark.parametrize(
  'value',
  [
    lambda: 0,
    unknown,
    functools.partial(unknown),
    Unknown(),
    [Unknown()],
    {1: 2},
    print,
  ],
)
def test_what_has_no_name_is_refused(value):
  with pytest.raises(constructor_arguments.NoFormError):
    constructor_arguments.encode(value)


@gin.configurable
def given(task):
  return task


def test_what_gin_hands_out_has_bindings_that_no_file_has():
  gin.parse_config('given.task = @mnist_classifier')
  with pytest.raises(constructor_arguments.NoFormError):
    constructor_arguments.encode(given())


@pytest.mark.parametrize(
  'value',
  [
    {'component': 'os.system'},
    {'registered': 'os>system'},
    {'partial': [{'component': 'os.system'}, ['ls'], {}]},
    {'instance_of': {'registered': 'subprocess.Popen'}, 'arguments': {}},
    {'class_name': 'function', 'module': 'os', 'config': 'system'},
  ],
)
def test_a_file_names_nothing_but_what_is_known(value):
  with pytest.raises(UserError, match='not known here: import what defines'):
    constructor_arguments.decode(value)
