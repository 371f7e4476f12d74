"""A pair whose source is what a finished row makes of it, stored once."""

import functools
import glob
import os

from pixelda_tf.data.domains import Domain
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import translation


def store(original, row_directory, translator, seed):
  """Stores the translated training split of a pair's source, if need be.

  It is augmented first, as it was when the row learnt to translate it.

  Args:
    original: an `OpenPair`.
    row_directory: of the row that translates; the data set is in its folder
      `translated`, or is written there.
    translator: function to that row's trained `Method`, asked where there is no
      data set yet.
    seed: of the noise.

  Raises:
    UserError: the stored data set is damaged.
  """
  stored = os.path.join(row_directory, 'translated')
  if not glob.glob(os.path.join(stored, '*', 'dataset_info.json')):
    translation.store(
      translator(),
      original.source,
      original.source.train,
      name='translated',
      data_dir=row_directory,
      target_name=original.target.name,
      seed=seed,
      augment=functools.partial(original.augment, 'source'),
    )
  try:
    source = _open(row_directory)
    source.count(source.train)  # Looks at every record.
  except UserError as error:
    raise UserError(
      f'{error.message}: delete {stored} and it is translated again'
    ) from error


def pair(original, row_directory):
  """Returns a pair with its source's training split translated.

  Args:
    original: an `OpenPair`.
    row_directory: as `store`, which was called before.

  Returns:
    `OpenPair`.

  Raises:
    UserError: the data set is of other images or classes.
  """
  stored = os.path.join(row_directory, 'translated')
  return original.with_source(_open(row_directory), stored)


def _open(row_directory):
  return Domain(name='translated').open(row_directory)
