import types

import gin
import pytest
import tensorflow as tf

from pixelda_tf import config
from pixelda_tf.errors import UserError
from pixelda_tf.methods import CycleGAN, SourceOnly
from pixelda_tf.runs import experiment
from pixelda_tf.runs.row_settings import Row

SETTINGS = {'method': SourceOnly, 'optimizer': None, 'steps': 1}


def test_a_rows_name_is_its_scope_or_given():
  with gin.config_scope('mine'):
    assert Row(**SETTINGS).name == 'mine'
    assert Row(name='other', **SETTINGS).name == 'other'


@pytest.mark.parametrize('scope', ['', 'one/two'])
def test_a_scope_that_names_no_directory_is_a_mistake(scope):
  with pytest.raises(UserError) as error, gin.config_scope(scope or None):
    Row(**SETTINGS)
  assert error.value.message == (
    f"a row's name is '{scope}': give it a scope of one word in gin, as "
    '@source_only/Row(), or a name in Python'
  )


def test_no_config_binds_the_name():
  with pytest.raises(UserError, match='Row.name'):
    config.parse(['gin/quickstart.gin'], ["source_only/Row.name = 'other'"])


# Bindings on top of a config, and what they are told at once.
BETWEEN_ROWS = {
  'translated by no row': (
    "cyclegan_uda_offline/Row.translated_by = 'cyclgan'",
    r"translated_by of 'cyclegan_uda_offline' .*'cyclgan'.*"
    r'\(cyclegan, cyclegan_uda\)',
  ),
  'translated by itself': (
    "cyclegan_uda_offline/Row.translated_by = 'cyclegan_uda_offline'",
    r"translated_by of 'cyclegan_uda_offline' .*'cyclegan_uda_offline'.*"
    r'\(cyclegan, cyclegan_uda\)',
  ),
  'translated by a later row': (
    "cyclegan_uda/Row.translated_by = 'cyclegan_uda_two_way'",
    r"translated_by of 'cyclegan_uda' .*'cyclegan_uda_two_way'.*\(cyclegan\)",
  ),
  'translated by a row that does not': (
    "cyclegan_uda_two_way/Row.translated_by = 'cyclegan_uda_offline'",
    "translated_by of 'cyclegan_uda_two_way' .*'cyclegan_uda_offline', "
    'which does not translate',
  ),
  'a source beside no translation': (
    'cyclegan_uda/Row.with_source = True',
    "Row.with_source of 'cyclegan_uda': name the row that translates in "
    'Row.translated_by',
  ),
  'a network of no row': (
    "cyclegan_uda/Row.initial_networks = {'source_to_target': 'gan/x'}",
    "initial_networks of 'cyclegan_uda': source_to_target .*'gan/x'.*"
    r'\(cyclegan\)',
  ),
  'a network of a later row': (
    "cyclegan/Row.initial_networks = {'source_to_target': 'cyclegan_uda/x'}",
    "initial_networks of 'cyclegan': source_to_target .*'cyclegan_uda/x'.*"
    r'\(none\)',
  ),
  'a network without a row': (
    "cyclegan_uda/Row.initial_networks = {'source_to_target': 'network'}",
    "initial_networks of 'cyclegan_uda': source_to_target .*'network'; "
    'write <row>/<network>',
  ),
}


@pytest.mark.parametrize('name', BETWEEN_ROWS)
def test_rows_that_do_not_follow_each_other_are_told_at_once(
  name, tmp_path, open_stages
):
  param, message = BETWEEN_ROWS[name]
  with pytest.raises(UserError, match=message):
    open_stages('cyclegan_uda', tmp_path, param)


def test_a_row_has_sizes_and_augmentation_of_its_own(tmp_path, open_stages):
  """The others have the pair's; a translating row a size of its own, too."""
  run = open_stages(
    'cyclegan_uda',
    tmp_path,
    'cyclegan/Row.image_size = (8, 12)',
    'cyclegan/Row.crop = (8, 8)',
    'cyclegan/Row.batch_size = 2',
    'cyclegan/Row.augmentation = @Flip()',
  )
  own, other = run.row('cyclegan'), run.row('cyclegan_uda')
  assert other.pair() is run.pair
  assert own.pair() is own.original
  assert own.original.image_shape == (8, 12, 3)
  method = own.build()
  assert method.image_shape == (8, 12, 3)
  assert method.train_shape == (8, 8, 3)
  batch = next(iter(own.original.train_batches(0)))
  assert batch['source']['image'].shape == (2, 8, 8, 3)
  assert other.build().train_shape == run.pair.image_shape


def test_a_size_that_does_not_fit_names_its_row(tmp_path, open_stages):
  message = (
    r"^row 'cyclegan_uda', which has a Row.crop: Pair.crop is \(99, 9\): "
  )
  with pytest.raises(UserError, match=message):
    open_stages('cyclegan_uda', tmp_path, 'cyclegan_uda/Row.crop = (99, 9)')


def test_rows_that_answer_have_the_size_of_all():
  Row(name='a', **SETTINGS | {'method': CycleGAN, 'image_size': (4, 4)})
  with pytest.raises(UserError, match=r"^Row.image_size of 'a' is \(4, 4\)"):
    Row(name='a', image_size=(4, 4), **SETTINGS)


@gin.register
def scoped_task(image_shape, n_classes, *, units=1):
  images = tf.keras.Input(image_shape)
  flat = tf.keras.layers.Flatten()(images)
  hidden = tf.keras.layers.Dense(units)(flat)
  logits = tf.keras.layers.Dense(n_classes)(hidden)
  return tf.keras.Model(images, {'logits': logits})


@pytest.mark.parametrize(
  'name, units', [('wide', 5), ('other', 2), ('a-1', 2), ('é', 2)]
)
def test_numbers_in_a_rows_scope_are_of_what_it_builds(name, units):
  """The weights of Dense(units) and Dense(3) on 4 pixels."""
  gin.parse_config(
    """
    SourceOnly.task = @scoped_task
    scoped_task.units = 2
    wide/scoped_task.units = 5
    """
  )
  method = gin.get_configurable('SourceOnly')
  row = Row(name=name, method=method, optimizer='sgd', steps=1)
  shape = (2, 2, 1)
  pair = types.SimpleNamespace(
    image_shape=shape, n_classes=3, train_shape=shape
  )
  common = types.SimpleNamespace(problem=None, seed=0)
  method = row.build(pair, common)
  shapes = [tuple(v.shape) for v in method.task.weights]
  assert shapes == [(4, units), (units,), (units, 3), (3,)]


@pytest.mark.parametrize(
  'name, value',
  [
    ('steps', 'a'),
    ('steps', 1.5),
    ('steps', True),
    ('steps', -1),
    ('batch_size', 0),
    ('with_source', 'no'),
    ('chosen_by', 1),
    ('note', 3),
    ('translated_by', 3),
    ('initial_networks', 'source_only/task'),
  ],
)
def test_a_parameter_of_another_type_is_told(name, value):
  with pytest.raises(UserError) as error:
    Row(name='mine', **SETTINGS | {name: value})
  start = f"Row.{name} of 'mine' is {value!r}: "
  assert error.value.message.startswith(start)
  assert 'needed' in error.value.message


@pytest.mark.parametrize(
  'param',
  [
    "log_every = 'a'",
    'picture_every = 0',
    'checkpoint_every = 1.5',
    'seed = None',
    "deterministic = 'yes'",
  ],
)
def test_an_experiments_parameter_of_another_type_is_told(param, tmp_path):
  config.parse(['gin/quickstart.gin'], [f'Experiment.{param}'])
  name, _, value = param.partition(' = ')
  with pytest.raises(UserError) as error:
    experiment.Experiment(str(tmp_path), str(tmp_path))
  assert error.value.message.startswith(f'Experiment.{name} is {value}: ')
