"""What a step of a method depends on, and what it has to move."""

import numpy as np
import random_sets
import tensorflow as tf

from pixelda_tf.evaluation import evaluate
from pixelda_tf.problems import Segmentation
from pixelda_tf.runs import row_networks


def shapes_of(method):
  """Returns the shapes of the weights of every network."""
  return {
    name: [tuple(weight.shape) for weight in network.weights]
    for name, network in row_networks.networks_of(method).items()
  }


def what_steps(method, batch):
  """Returns what a step depends on but for numbers: of them, which are 0."""
  settings = {
    name: value if isinstance(value, str) else bool(value)
    for name, value in vars(method).items()
    if not name.startswith('_')
    and isinstance(value, (str, bool, int, float, type(None)))
  }
  layers = {
    name: [type(layer).__name__ for layer in network.layers]
    for name, network in row_networks.networks_of(method).items()
  }
  return repr(
    (
      type(method).__name__,
      method.dtype_policy.name,
      layers,
      shapes_of(method),
      sorted(settings.items()),
      tf.nest.map_structure(lambda tensor: tensor.shape, batch),
    )
  )


def take_a_step(run, name, method, batch):
  """Checks that a step moves what it has to, and that the method answers.

  FCN8s's scores start at 0: what lies below them moves in the second one.
  """
  moving = must_move(method)
  before = [v.numpy() for v in moving]
  if not all(np.any(old) for old in before):
    method.train_step(batch)
  logs = method.train_step(batch)
  assert all(np.isfinite(value) for value in logs.values()), name
  for old, new in zip(before, moving, strict=True):
    assert np.any(old != new), (name, new.name)
  if method.predicts:
    predict = evaluate.compiled_predictions(method)
    scorer = run.pair.problem.scorer(run.pair.class_names)
    scores = evaluate.score(predict, run.pair.test_batches(), scorer).result()
    assert scores['count'] == random_sets.COUNT


def must_move(method):
  """Variables of every player that always moves, and that its loss reaches.

  A task network's in full; of others the kernels: at an early stage a scale or
  an offset may be stuck.
  """
  found = []
  for player in method.players():
    if player.when is None:
      task = player.name in ('task', 'source_task')
      task &= not isinstance(method.problem, Segmentation)
      found += [v for v in player.variables() if task or 'kernel' in v.name]
  return found
