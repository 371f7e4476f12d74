"""What a run's adaptation did, in pictures: of files and of TensorBoard."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from pixelda_tf import atomic, locks
from pixelda_tf.analysis import (
  adaptation,
  plots,
  projector,
  retrieval,
  segmentations,
  tsne,
)
from pixelda_tf.evaluation import pictures

_PLOTS = {
  'translations': plots.translations,
  'neighbours': plots.neighbours,
  'tsne_pixels': tsne.pixels,
  'tsne_features': tsne.task_features,
  'retrieval': retrieval.retrieval,
  'confusion': plots.confusion,
}


def analyse(
  pair: Any,
  rows: Any,
  directory: str,
  *,
  examples: int,
  seed: int,
  side_by_side: Sequence[Any] = (),
) -> list[str]:
  """Draws what can be drawn and writes it to a folder.

  The folder is replaced when the new one is complete. A process that writes it
  is waited for.

  Args:
    pair: an `OpenPair`.
    rows: `before`, `after` and `translator`, each a row of a run or None.
    directory: the folder.
    examples: images of each domain in t-SNE, neighbours and retrieval's pool at
      most.
    seed: of noise, t-SNE and retrieval's draw.
    side_by_side: rows of a run whose features are drawn beside each other.

  Returns:
    Lines of text: numbers, what was left out and why, files.

  Raises:
    UserError: a row has no checkpoint, or data cannot be read.
  """
  compared = adaptation.collect(
    pair, rows, n=examples, seed=seed, side_by_side=side_by_side
  )
  plots_drawn = dict(_PLOTS)
  if side_by_side:
    plots_drawn['tsne_rows'] = tsne.side_by_side
  if pair.problem.maps:
    plots_drawn['label_maps'] = segmentations.segmentations
  done, left_out = {}, []
  for name, draw in plots_drawn.items():
    logging.info('%s', name)
    try:
      done[name] = draw(compared)
    except plots.LeftOut as reason:
      left_out.append(f'{name}.png is left out: {reason}')
      continue
    left_out += [f'{name}.png: {text}' for text in done[name].missing]
  files = _write(directory, done, _summary(compared, done, left_out))
  lines = [line for plot in done.values() for line in plot.lines]
  return lines + left_out + files


def _summary(compared, done, left_out):
  """Returns the content of analysis.json."""
  models = {key: getattr(compared, key) for key in ('before', 'after')}
  models['translator'] = compared.translator
  summary = {
    'source': compared.pair.source.name,
    'target': compared.pair.target.name,
    'rows': {
      key: model and {'name': model.name, 'step': model.step}
      for key, model in models.items()
    },
    'seed': compared.seed,
    'examples': {
      key: {'split': domain.split, 'count': len(domain.images)}
      for key, domain in (
        ('source', compared.source),
        ('target', compared.target),
      )
    },
    'target_test': None,
    'colour_spread': None,
    'nearest_target_rms': None,
    'retrieval': None,
  }
  for plot in done.values():
    summary |= plot.summary
  return summary | {'left_out': left_out}


def _write(directory, done, summary):
  """Writes all files; returns their paths."""
  with (
    locks.hold(locks.beside(directory), directory),
    atomic.new_directory(directory) as partial,
  ):
    files = _write_files(partial, done, summary)
  return [
    os.path.join(directory, os.path.relpath(file, partial)) for file in files
  ]


def _write_files(partial, done, summary):
  files = []
  for name, plot in done.items():
    files.append(os.path.join(partial, f'{name}.png'))
    pictures.save(files[-1], plot.picture, scale=1)
  files.append(os.path.join(partial, 'analysis.json'))
  atomic.write_json(files[-1], summary)
  logs = os.path.join(partial, 'tensorboard')
  with tf.summary.create_file_writer(logs).as_default(step=0) as writer:
    for name, plot in done.items():
      tf.summary.image(name, plot.picture[np.newaxis])
    writer.close()
  embeddings = {
    name: embedding
    for plot in done.values()
    for name, embedding in plot.embeddings.items()
  }
  return files + projector.write(logs, embeddings)
