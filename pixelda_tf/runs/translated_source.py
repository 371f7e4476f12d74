"""A pair whose source is what a finished row makes of it, stored once.

Or that and the source as it is, together as one source (LSD-seg, Sect. 5.2).
"""

import functools
import glob
import os
from typing import Any

from pixelda_tf.data.domains import Domain
from pixelda_tf.data.pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import translation
from pixelda_tf.runs import distribution
from pixelda_tf.runs.row_settings import Common, Row


def of_row(
  original: OpenPair, translator: Any, settings: Row, common: Common
) -> OpenPair:
  """Returns the pair that a row trains on; all hosts call it.

  Args:
    original: the pair as it is.
    translator: the `OpenRow` that translates; None where none does.
    settings: of the row.
    common: what the run's rows share.

  Raises:
    UserError: as `store` and `pair`.
  """
  if translator is None:
    return original
  both = settings.with_source
  if distribution.is_chief(common.strategy):
    store(translator, settings.name, common.seed, both)
  distribution.barrier(common.strategy)
  return pair(original, translator, both)


def store(
  translator: Any, name: str, seed: int, with_source: bool = False
) -> None:
  """Stores the translated training split of a row's source, if need be.

  It is augmented first, as it was when the row learnt to translate it.

  Args:
    translator: the `OpenRow` that translates; the data set is in a folder of
      its directory, or is written there.
    name: of the row that it translates for, for messages.
    seed: of the noise.
    with_source: whether the source as it is stands beside it.

  Raises:
    UserError: the row that translates is not finished or does not translate, or
      the stored data set is damaged.
  """
  row_directory, original = translator.directory.path, translator.original
  stored_name = _name(with_source)
  stored = os.path.join(row_directory, stored_name)
  if not glob.glob(os.path.join(stored, '*', 'dataset_info.json')):
    check(translator, name)
    translation.store(
      translator.trained(),
      original.source,
      original.source.train,
      name=stored_name,
      data_dir=row_directory,
      target_name=original.target.name,
      seed=seed,
      augment=functools.partial(original.augment, 'source'),
      with_source=with_source,
    )
  try:
    source = Domain(name=stored_name).open(row_directory)
    source.count(source.train)  # Looks at every record.
  except UserError as error:
    raise UserError(
      f'{error.message}: delete {stored} and it is translated again'
    ) from error


def pair(
  original: OpenPair, translator: Any, with_source: bool = False
) -> OpenPair:
  """Returns a pair with its source's training split translated.

  Its images were augmented before they were translated, and are not again but
  for what `Pair.augmentation` does. They and their maps are brought from the
  size in which they were translated to the pair's.

  Args:
    original: the pair as it is.
    translator: the `OpenRow` that translates; `store` was called before.
    with_source: as there.

  Raises:
    UserError: the data set is of other images or classes.
  """
  row_directory = translator.directory.path
  stored_name = _name(with_source)
  source = Domain(name=stored_name).open(row_directory)
  expected_shape = translator.original.image_shape
  for name, stored, expected in (
    ('images', tuple(source.image_shape), expected_shape),
    ('classes', tuple(source.class_names or ()), tuple(original.class_names)),
  ):
    if stored != expected:
      raise UserError(
        f'{os.path.join(row_directory, stored_name)}: has {name} {stored}, '
        f'expected {expected}: delete the folder and it is translated again'
      )
  height, width, channels = original.image_shape
  return original.changed(
    source,
    source_augmentation=(),
    image_size=(height, width),
    channels=channels,
  )


def check(translator: Any, name: str, is_coming: bool = False) -> None:
  """Checks that a row can translate for another one.

  Args:
    translator: its `OpenRow`.
    name: of the other row.
    is_coming: whether it is trained before that one.

  Raises:
    UserError: it is not finished or does not translate.
  """
  if not is_coming and translator.result() is None:
    raise UserError(
      f'{translator.directory.result}: not there; train row '
      f"'{translator.name}' to its end first, which translates for '{name}'"
    )
  if not translator.translates:  # Its settings took that away.
    raise UserError(
      f"Row.translated_by of '{name}': row '{translator.name}' does not "
      'translate; name one that does'
    )


def _name(with_source):
  return 'translated_and_source' if with_source else 'translated'
