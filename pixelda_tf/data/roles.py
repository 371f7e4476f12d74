"""Training batches of a pair's domains, by what a method learns from."""

from collections.abc import Mapping
from typing import Any, Protocol

import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.data.streams import Stream, unlabelled
from pixelda_tf.errors import UserError

# Roles of one domain, and which that is.
_LABELLED = {
  'supervised_target': 'target',
  'labelled_target': 'labelled_target',
}


class Learnt(Protocol):
  """What a pair asks of the problem that is learnt; see `problems`."""

  targets: tuple[str, ...]

  def check(self, domain: OpenDomain, role: str) -> None:
    """Raises UserError if a domain lacks what is learnt from."""

  def can_test(self, domain: OpenDomain) -> bool:
    """Returns whether a domain has what models are scored by."""


def check(streams: Mapping[str, Stream], problem: Learnt, role: str) -> None:
  """Checks that there are the labels that a role learns from.

  Args:
    streams: see `batches`, as the next.
    problem: what is learnt.
    role: see `batches`.

  Raises:
    UserError: there are not.
  """
  if role in (*_LABELLED, 'semi_supervised'):
    _labelled(streams, problem, _LABELLED.get(role, 'labelled_target'))


def batches(
  streams: Mapping[str, Stream],
  problem: Learnt,
  role: str,
  strong_view: bool,
  **where: Any,
) -> tf.data.Dataset:
  """Returns endless batches of a part of the records.

  Args:
    streams: by 'source', 'target' and, if there is one, 'labelled_target'.
    problem: what is learnt.
    role: see `OpenPair.train_batches`, as `strong_view`.
    strong_view: whether there is a second view of target images.
    **where: see `Stream.batches`.

  Raises:
    UserError: a domain is not fit for the role.
  """
  if role in _LABELLED:
    stream = _labelled(streams, problem, _LABELLED[role])
    if strong_view:
      stream.check_strong_view(problem.targets)
    return stream.labelled_batches(**where, strong_view=strong_view).map(
      lambda batch: {'source': batch, 'target': unlabelled(batch)}
    )
  if strong_view:
    streams['target'].check_strong_view(problem.targets)
  by_domain = {
    'source': streams['source'].batches(**where),
    'target': streams['target']
    .batches(**where, strong_view=strong_view)
    .map(unlabelled),
  }
  if role == 'semi_supervised':
    stream = _labelled(streams, problem, 'labelled_target')
    by_domain['labelled_target'] = stream.labelled_batches(**where)
  return tf.data.Dataset.zip(by_domain)


def _labelled(streams, problem, role):
  """Returns a target stream that a method learns from with its labels."""
  if role not in streams:
    raise UserError(
      f'a method learns from labelled target images, but Pair.{role} names none'
    )
  stream, source = streams[role], streams['source'].domain
  problem.check(stream.domain, role)
  # Pixels of other classes are ignored; there is no such label of an image.
  unknown = stream.label_map is not None and min(stream.label_map) < 0
  if unknown and fields.labels(problem.targets):
    raise UserError(
      f'target {stream.domain.name} has classes that source {source.name} has '
      'not; no method can learn from its labels: leave methods out that do'
    )
  return stream
