"""What `fit` cannot do with its arguments, told before the first step."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.methods.keras_files import check_has_all_weights

_PAIR = 'pair((source_images, source_labels), target_images)'
_CALL = f'model.fit({_PAIR}, steps_per_epoch=100), pair of pixelda_tf.data'
_VALIDATION = 'validation_data=(images, labels), of labelled target images'
_MANY = 2**60  # batches
# What a batch has no place for, and what does the same.
_INSTEAD = {
  'y': f'labels come with the images: write {_CALL}',
  'class_weight': 'losses are means over a batch: give pair() more images of '
  'a class that is to count more; of label maps, name '
  'Segmentation(class_weights=...) as the problem',
  'sample_weight': 'losses are means over a batch: give pair() the images '
  'that are to count more several times',
  'validation_split': f'keep images back and give {_VALIDATION}',
}


def check(model: Any, arguments: Mapping[str, Any]) -> None:
  """Checks the arguments of `fit`.

  Args:
    model: a `KerasModel`, compiled.
    arguments: by name, those that were given.

  Raises:
    UserError: they are such as a method cannot learn from, or a callback could
      not do what it is for.
  """
  x = arguments.get('x')
  if isinstance(x, tf.Tensor) or hasattr(x, '__array__'):
    raise UserError(
      f'fit takes batches of two domains, no arrays: write {_CALL}'
    )
  for name, instead in _INSTEAD.items():
    value = arguments.get(name)
    if value is not None and not (name == 'validation_split' and value == 0):
      raise UserError(f'fit takes no {name}: {instead}')
  if isinstance(x, tf.data.Dataset):
    if arguments.get('batch_size') is not None:
      raise UserError('fit: these are batches already: give pair() batch_size')
    _check_ends(x, arguments.get('steps_per_epoch'), 'fit', 'steps_per_epoch')
  elif not isinstance(x, Mapping) and isinstance(x, tuple | list):
    raise UserError(
      f'fit takes batches of two domains, no {type(x).__name__}: write {_CALL}'
    )
  data = arguments.get('validation_data')
  if data is not None:
    _check_validation(model, data, arguments.get('validation_steps'))
  _check_callbacks(model, arguments.get('callbacks'))


def _check_no_pair(data: Any) -> None:
  """Checks that what is to be tested on is no batch of two domains.

  Raises:
    UserError: it is: of its target nobody knows the labels.
  """
  if isinstance(data, Mapping) and 'source' in data:
    raise UserError(
      'a pair has no labels of the target to test on: give (images, labels), '
      f'or {_VALIDATION}'
    )


def _check_validation(model, data, steps):
  if not model.predicts:
    raise UserError(
      f'{type(model).__name__} predicts nothing that could be validated: leave '
      'validation_data out'
    )
  if isinstance(data, tf.data.Dataset):
    _check_no_pair(data.element_spec)
    _check_ends(data, steps, 'validation_data', 'validation_steps')
  elif isinstance(data, Mapping):
    _check_no_pair(data)
  elif not isinstance(data, tuple | list) and hasattr(data, '__array__'):
    raise UserError(f'validation_data has no labels: write {_VALIDATION}')


def _check_ends(data, steps, name, argument):
  count = int(data.cardinality())
  # An endless one may be as long as can be counted.
  endless = count == tf.data.INFINITE_CARDINALITY or count > _MANY
  if steps is None and endless:
    raise UserError(f'{name}: these batches never end: give {argument}')


def _check_callbacks(model, callbacks):
  known = tf.keras.callbacks
  for callback in getattr(callbacks, 'callbacks', tf.nest.flatten(callbacks)):
    if isinstance(callback, known.ModelCheckpoint):
      if callback.save_weights_only:
        check_has_all_weights(callback.filepath, 'ModelCheckpoint')
      else:
        model.check_can_be_saved(callback.filepath, 'ModelCheckpoint')
    elif isinstance(
      callback, known.LearningRateScheduler | known.ReduceLROnPlateau
    ):
      scheduled = model.optimizer.players_with_schedules()
      if scheduled:
        raise UserError(
          f'{type(callback).__name__}: the learning rate of '
          f'{", ".join(map(repr, scheduled))} is a schedule, which cannot be '
          'set: compile with a number, or leave the callback out'
        )
