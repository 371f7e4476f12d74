"""Networks as one method leaves them and another takes them."""

import functools
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods import SourceOnly
from pixelda_tf.runs import row_networks

CLASSES = ('a', 'b', 'c')
SHAPE = (4, 4, 3)


def small_task(image_shape, n_classes, layers=1, normalized=False):
  images = tf.keras.Input(image_shape)
  tensor = tf.keras.layers.Flatten()(images)
  for _ in range(layers):
    tensor = tf.keras.layers.Dense(n_classes)(tensor)
    if normalized:
      tensor = tf.keras.layers.BatchNormalization()(tensor)
  return tf.keras.Model(images, {'logits': tensor}, name='task')


def build(image_shape=SHAPE, n_classes=3, seed=0, **kwargs):
  tf.keras.utils.set_random_seed(seed)
  return SourceOnly(
    image_shape=image_shape,
    n_classes=n_classes,
    task=functools.partial(small_task, **kwargs),
  )


def values(method):
  return [weight.numpy() for weight in method.task.weights]


@pytest.fixture
def run_dir(tmp_path):
  """A run with a row `first`."""
  row_networks.save(
    build(seed=1), CLASSES, str(tmp_path / 'first' / 'networks')
  )
  return tmp_path


def load(run_dir, method, initial_networks=None, class_names=CLASSES):
  initial_networks = (
    {'task': 'first/task'} if initial_networks is None else initial_networks
  )
  row_networks.load(method, class_names, initial_networks, str(run_dir))


@pytest.mark.parametrize('normalized', [False, True])
def test_what_is_saved_is_loaded(normalized, tmp_path):
  """Statistics of batch normalisation too."""
  giver, taker = (
    build(seed=seed, layers=2, normalized=normalized) for seed in (1, 2)
  )
  for weight in giver.task.weights:
    weight.assign(np.random.default_rng(0).uniform(1, 2, weight.shape))
  row_networks.save(giver, CLASSES, str(tmp_path / 'first' / 'networks'))
  load(tmp_path, taker)
  for ours, theirs in zip(values(taker), values(giver), strict=True):
    np.testing.assert_array_equal(ours, theirs)


def test_no_initial_networks_change_nothing(run_dir):
  method = build(seed=2)
  before = values(method)
  load(run_dir, method, {})
  for ours, theirs in zip(values(method), before, strict=True):
    np.testing.assert_array_equal(ours, theirs)


def test_the_folder_says_what_it_is_for(run_dir):
  folder = run_dir / 'first' / 'networks'
  assert sorted(os.listdir(folder)) == ['about.json', 'task.weights.h5']
  assert json.loads((folder / 'about.json').read_text()) == {
    'image_shape': [4, 4, 3],
    'class_names': ['a', 'b', 'c'],
    'weights': {'task': [[48, 3], [3]]},
  }


def test_saving_again_replaces_also_what_a_killed_process_left(run_dir):
  partial = run_dir / 'first' / 'networks.partial'
  partial.mkdir()
  (partial / 'task.weights.h5').write_text('torn')
  other = build(seed=3)
  row_networks.save(other, CLASSES, str(run_dir / 'first' / 'networks'))
  assert os.listdir(run_dir / 'first') == ['networks']
  method = build(seed=2)
  load(run_dir, method)
  np.testing.assert_array_equal(values(method)[0], values(other)[0])


@pytest.mark.parametrize(
  ('origin', 'expected'),
  [
    ('row/task', 'run/row/networks/task.weights.h5'),
    ('/path/other/row/task', '/path/other/row/networks/task.weights.h5'),
    ('runs/other/row/task', 'runs/other/row/networks/task.weights.h5'),
    ('other/row/task', 'other/row/networks/task.weights.h5'),
  ],
)
def test_paths_of_this_run_and_of_others(origin, expected):
  assert row_networks.path(origin, 'run') == expected


def test_a_network_of_another_run_is_loaded(run_dir, tmp_path):
  method = build(seed=2)
  load(tmp_path / 'elsewhere', method, {'task': f'{run_dir}/first/task'})
  np.testing.assert_array_equal(values(method)[0], values(build(seed=1))[0])


# By what is wrong: the method, its classes, and what is told.
MADE_FOR = {
  'another size': (
    {'image_shape': (8, 8, 3)},
    CLASSES,
    r'image_shape \[4, 4, 3\], .*\[8, 8, 3\]',
  ),
  'other channels': (
    {'image_shape': (4, 4, 1)},
    CLASSES,
    r'image_shape \[4, 4, 3\], .*\[4, 4, 1\]',
  ),
  'more classes': (
    {'n_classes': 4},
    (*CLASSES, 'd'),
    r"class_names \['a', 'b', 'c'\], .*\['a', 'b', 'c', 'd'\]",
  ),
  'the classes in another order': (
    {},
    ('b', 'a', 'c'),
    r"class_names \['a', 'b', 'c'\], .*\['b', 'a', 'c'\]",
  ),
  'more layers': ({'layers': 2}, CLASSES, 'another network than this task'),
  'other layers': (
    {'normalized': True},
    CLASSES,
    'another network than this task',
  ),
}


@pytest.mark.parametrize('name', MADE_FOR)
def test_what_does_not_fit_is_told(name, run_dir):
  options, class_names, message = MADE_FOR[name]
  file = run_dir / 'first' / 'networks' / 'task.weights.h5'
  with pytest.raises(UserError, match=f'^{file}: .*{message}'):
    load(run_dir, build(**options), class_names=class_names)


def test_a_network_of_more_layers_does_not_fit_one_of_fewer(tmp_path):
  """Keras itself loads what the file has more than the network."""
  giver = build(image_shape=(1, 1, 3), layers=2)
  row_networks.save(giver, CLASSES, str(tmp_path / 'first' / 'networks'))
  with pytest.raises(UserError, match='the weights of another network'):
    load(tmp_path, build(image_shape=(1, 1, 3), layers=1))


def cut(path):
  path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = {
  'cut short': cut,
  'empty': lambda path: path.write_bytes(b''),
  'text': lambda path: path.write_text('torn'),
  'no header': lambda path: path.write_bytes(b'x' * 8 + path.read_bytes()[8:]),
}


@pytest.mark.parametrize('name', DAMAGES)
def test_a_damaged_file_is_told(name, run_dir):
  file = run_dir / 'first' / 'networks' / 'task.weights.h5'
  DAMAGES[name](file)
  with pytest.raises(UserError) as error:
    load(run_dir, build())
  assert error.value.message.startswith(f'{file}: damaged (')
  assert 'delete the result.json of its row' in error.value.message
  assert '\n' not in error.value.message


def test_a_file_that_is_not_there_is_told(run_dir):
  file = run_dir / 'first' / 'networks' / 'tusk.weights.h5'
  with pytest.raises(
    UserError, match=f"^{file}: .*'first'.*'tusk'.*initial_networks"
  ):
    load(run_dir, build(), {'task': 'first/tusk'})


def test_a_network_that_the_method_does_not_have_is_told(run_dir):
  with pytest.raises(
    UserError, match="initial_networks: SourceOnly .*'tusk'.* task$"
  ):
    load(run_dir, build(), {'tusk': 'first/task'})


ABOUT = {
  'gone': (os.remove, 'not there, so nothing tells what'),
  'empty': (lambda path: path.write_text(''), 'damaged (Expecting value'),
  'cut short': (cut, 'damaged ('),
}


@pytest.mark.parametrize('name', ABOUT)
def test_weights_that_nothing_tells_of_are_not_loaded(name, run_dir):
  damage, message = ABOUT[name]
  file = run_dir / 'first' / 'networks' / 'about.json'
  damage(file)
  with pytest.raises(UserError) as error:
    load(run_dir, build())
  assert error.value.message.startswith(f'{file}: {message}')
