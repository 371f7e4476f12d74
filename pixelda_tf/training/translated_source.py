"""A pair whose source is what a finished row makes of it, stored once."""

import glob
import os

from pixelda_tf.data.domains import Domain
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import translation


def pair(original, row_directory, translator, seed):
  """Returns a pair with its source's training split translated.

  Args:
    original: an `OpenPair`.
    row_directory: of the row that translates; the data set is in its folder
      `translated`, or is written there.
    translator: function to that row's trained `Method`, asked where there is no
      data set yet.
    seed: of the noise.

  Returns:
    `OpenPair`.

  Raises:
    UserError: the stored data set is damaged, or of other images or classes.
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
    )
  try:
    source = Domain(name='translated').open(row_directory)
    source.count(source.train)  # Looks at every record.
  except UserError as error:
    raise UserError(
      f'{error.message}: delete {stored} and it is translated again'
    ) from error
  return original.with_source(source, stored)
