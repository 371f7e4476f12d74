"""A source whose classes are as frequent as a row takes the target's to be.

Losses that make two domains alike make their classes equally frequent, too:
where they are not, images of one class are taken for another. USPS has 16 % of
zeros, MNIST 10 %.
"""

from typing import Any

import numpy as np
from absl import logging

from pixelda_tf.data.open_pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import priors


def check(given: OpenPair, name: str) -> None:
  """Checks that a pair's source can be drawn by shares of classes.

  Args:
    given: the pair.
    name: of the row that trains on it.

  Raises:
    UserError: its images have no label.
  """
  try:
    given.source.check_has_shares()
  except UserError as error:
    raise UserError(f"Row.counted_by of '{name}': {error.message}") from error


def pair(given: OpenPair, counter: Any, name: str) -> OpenPair:
  """Returns a pair whose source is drawn by the target's shares of classes.

  They are estimated from what a row answers to unlabelled training images of
  the target.

  Args:
    given: the pair.
    counter: the finished `OpenRow` that answers.
    name: of the row that trains on it.

  Raises:
    UserError: the source's images have no label, or that row is not trained.
  """
  if counter.result() is None:
    raise UserError(
      f"Row.counted_by of '{name}': row '{counter.name}' is not finished; "
      'train it first'
    )
  source = given.source
  before = source.shares(source.train)
  answers = counter.evidence().target.probabilities
  shares = priors.target_shares(answers, np.maximum(before, 1e-6))
  logging.info(
    '%s: shares of classes in the target, by %s: %s',
    name,
    counter.name,
    ', '.join(
      f'{label} {share:.1%}'
      for label, share in zip(given.class_names, shares, strict=True)
    ),
  )
  counter.release()
  return given.changed(source=source.drawn_as(shares))
