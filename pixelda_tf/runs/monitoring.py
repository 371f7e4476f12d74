"""What a run writes while it trains: metrics.jsonl, TensorBoard, pictures."""

import json
import os
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
from tensorboard.plugins.histogram import summary_v2 as histogram

from pixelda_tf import atomic
from pixelda_tf.data.pairs import OpenPair
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import painting, pictures
from pixelda_tf.evaluation.evaluate import Predict, predict_all, score
from pixelda_tf.evaluation.translation import translate
from pixelda_tf.methods.base import Method
from pixelda_tf.runs.directory import RowDirectory

_SEED = 0
_WIDTH = 16


class Monitor:
  """A hook of the loop.

  Scalars are written at every call; pictures, histograms, scores by validators
  and the target's metrics at the first call after every `picture_every` steps.
  The target's metrics are of its validation split, where it has one with
  labels: they are there to look at and nothing reads them. The test split is
  for the end.
  """

  def __init__(
    self,
    directory: RowDirectory,
    method: Method,
    optimizers: Mapping[str, tf.keras.optimizers.Optimizer],
    pair: OpenPair,
    predictions: Predict | None,
    *,
    scores: Callable[[], Mapping[str, float]] | None = None,
    picture_every: int,
    config: str,
  ):
    """Opens the files.

    Args:
      directory: the row's directory.
      method: the method that trains, or one that is given its values.
      optimizers: those of its players, which train.
      pair: the opened pair of domains.
      predictions: of the method, compiled; None where it does not predict.
      scores: function to the method's scores by validators; None for none.
      picture_every: steps between pictures.
      config: text of the configuration, shown by TensorBoard.
    """
    self.method = method
    self.optimizers = optimizers
    self.pair = pair
    self.picture_every = picture_every
    self.next_picture = int(method.step.numpy()) // picture_every + 1
    self.samples = directory.samples
    os.makedirs(self.samples, exist_ok=True)
    self.metrics = directory.metrics
    _keep_lines(self.metrics, int(method.step.numpy()))
    self.writer = tf.summary.create_file_writer(directory.tensorboard)
    source, target = (
      pair.gallery(name, _WIDTH) for name in ('source', 'target')
    )
    count = min(len(source), len(target))  # A domain may have fewer.
    self.source, self.target = source[:count], target[:count]
    self.predictions = predictions
    self.scores = scores
    self.validation_batches = pair.validation_batches()
    with self.writer.as_default(step=int(method.step.numpy())):
      tf.summary.text('config', '```\n' + config + '\n```')

  def __call__(
    self, step: int, logs: Mapping[str, float]
  ) -> Mapping[str, float]:
    """Writes what there is to say after `step` steps.

    Returns:
      Scores by validators, where it was time for them.
    """
    scores: dict[str, float] = {}
    logs = dict(logs) | {
      f'{name}/learning_rate': float(optimizer.learning_rate.numpy())
      for name, optimizer in self.optimizers.items()
    }
    with self.writer.as_default(step=step):
      if step // self.picture_every >= self.next_picture:
        self.next_picture = step // self.picture_every + 1
        logs |= self._target_metrics()
        if self.scores is not None:
          found = self.scores()
          scores = {f'validators/{name}': found[name] for name in found}
          logs |= scores
        self._pictures(step)
        self._histograms()
      for name, value in logs.items():
        tf.summary.scalar(name, value)
    with atomic.full_disk_reported(
      self.metrics,
      'the metrics',
      'the checkpoints are untouched: make room and start the same command '
      'again',
    ):
      self.writer.flush()
      with open(self.metrics, 'a') as file:
        file.write(json.dumps({'step': step} | logs) + '\n')
    return scores

  def _target_metrics(self):
    if self.validation_batches is None or self.predictions is None:
      return {}
    problem = self.pair.problem
    scorer = problem.scorer(self.pair.class_names)
    result = score(self.predictions, self.validation_batches, scorer).result()
    return {
      f'target/{metric.key}_uses_labels': result[metric.key]
      for metric in problem.metrics
      if metric.key in result
    }

  def _pictures(self, step):
    name = 'source'
    rows = [self.source]
    maps = self.pair.problem.maps
    if maps:
      name += '_labels'
      labels = self.pair.gallery('source', _WIDTH, maps[0])[: len(self.source)]
      rows.append(painting.to_show(labels, self.pair.source.colours))
    if self.method.translates:
      name += '_translated'
      different = 1 if self.method.noise(1, _SEED) is None else 2
      rows += [
        translate(self.method, self.source, _SEED + i) for i in range(different)
      ]
    if self.method.translates_back:
      name += '_reconstructed'
      rows.append(translate(self.method, rows[-1], _SEED, back=True))
    name += '_target'
    rows.append(self.target)
    if maps and self.predictions:
      name += '_predicted'
      labels = predict_all(self.predictions, self.target)[maps[1]]
      rows.append(painting.to_show(labels, self.pair.source.colours))
    if self.method.translates_back:
      name += '_translated_reconstructed'
      rows.append(translate(self.method, self.target, _SEED, back=True))
      rows.append(translate(self.method, rows[-1], _SEED))
    picture = pictures.grid(rows)
    tf.summary.image(name, picture[np.newaxis])
    pictures.save(os.path.join(self.samples, f'step_{step:08d}.png'), picture)

  def _histograms(self):
    for player in self.method.players():
      for variable in player.variables():
        _histogram(f'weights/{player.name}/{variable.name}', variable.numpy())
    outputs = {}
    if self.predictions:
      outputs = predict_all(self.predictions, self.target)
    for name, value in outputs.items():
      _histogram(f'outputs/target_{name}', value)
    if self.method.translates:
      translated = translate(self.method, self.source, _SEED)
      _histogram('outputs/translated_pixels', translated)


def _histogram(name, values):
  # As `tf.summary.histogram`, whose TensorFlow takes ten times as long.
  summary = histogram.histogram_pb(name, values).SerializeToString()
  tf.summary.experimental.write_raw_pb(summary)


def _keep_lines(path, step):
  """Drops the lines after `step`, which a resumed run writes again."""
  if not os.path.exists(path):
    return
  try:
    with open(path, encoding='utf-8') as file:
      lines = [line for line in file if line.endswith('\n')]
    kept = [line for line in lines if json.loads(line)['step'] <= step]
  except (ValueError, KeyError, TypeError) as error:
    raise UserError(
      f'{path}: damaged ({error!r}): restore it from a copy, or move it away '
      'and start the same command again: the checkpoints are untouched, lines '
      'of the steps before are lost'
    ) from error
  atomic.write_text(path, ''.join(kept))
