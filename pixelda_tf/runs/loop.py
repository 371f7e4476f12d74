"""The training loop: steps, means of what they log, and when to stop."""

import contextlib
import math
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf
import tqdm

from pixelda_tf.errors import UserError
from pixelda_tf.methods.base import Method
from pixelda_tf.runs import distribution

# Function of (step, logs); what it returns is shown in the progress bar, until
# it returns others.
Hook: TypeAlias = Callable[
  [int, Mapping[str, float]], Mapping[str, float] | None
]


class Interrupted(KeyboardInterrupt):
  """Ctrl-C came; the step under way was finished and its state is whole."""


@contextlib.contextmanager
def catch_interrupt(strategy: tf.distribute.Strategy) -> Iterator[list[bool]]:
  """Yields a list that is no longer empty once Ctrl-C was pressed.

  Not so on one of several hosts: the others would wait for its next step in
  vain, so it ends as it is and they notice.
  """
  pressed: list[bool] = []
  if distribution.hosts(strategy) > 1:
    yield pressed
    return
  handler = signal.getsignal(signal.SIGINT)
  signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
  try:
    yield pressed
  finally:
    signal.signal(signal.SIGINT, handler)


def run(
  method: Method,
  batches: Callable[[int], Iterable[Any]],
  *,
  steps: int,
  log_every: int,
  hooks: Sequence[Hook],
  strategy: tf.distribute.Strategy,
  title: str,
) -> None:
  """Trains a method until it has taken `steps` steps, or says it is done.

  Args:
    method: a compiled `Method`; `method.step` says where it stands.
    batches: function of a start step to an iterable of distributed batches,
      see `distribution.feed`.
    steps: number of steps in all.
    log_every: the hooks are called whenever the number of steps is a multiple
      of it, and at the end.
    hooks: see `Hook`; logs are the means since the last call.
    strategy: the `tf.distribute` strategy that the method was built under.
    title: name in the progress bar.

  Raises:
    UserError: a loss or gradient is not finite; no hook has seen that step.
    Interrupted: after Ctrl-C, and after the hooks were called; on one host.
  """
  done = int(method.step.numpy())
  if done >= steps:
    return
  step = distribution.step_function(strategy, method)
  iterator = iter(batches(done))
  progress = tqdm.tqdm(
    total=steps, initial=done, desc=title, unit='step', mininterval=1.0
  )
  shown: dict[str, float] = {}
  with catch_interrupt(strategy) as interrupted, progress:
    # Asked at boundaries alone, so that Ctrl-C between them changes nothing.
    while done < steps and (done % log_every or not method.stopped()):
      logs = []
      boundary = min(steps, (done // log_every + 1) * log_every)
      while done < boundary and not interrupted:
        logs.append(step(iterator))
        done += 1
        progress.update()
      if logs:
        means = _finite_means(logs, first_step=done - len(logs) + 1)
        for hook in hooks:
          shown |= hook(done, means) or {}
        progress.set_postfix(_headline(means | shown), refresh=False)
      if interrupted:
        raise Interrupted(f'{title}: stopped after step {done:,} of {steps:,}')


def _finite_means(logs, first_step):
  steps = [
    {name: float(value) for name, value in entry.items()} for entry in logs
  ]
  for step, entry in enumerate(steps, first_step):
    for name, value in entry.items():
      if not math.isfinite(value):
        raise UserError(
          f'{name} is {value} at step {step}: training stopped, the last '
          'checkpoint is kept; lower the learning rate or the weight of that '
          'term, or set clip_norm'
        )
  return {
    name: sum(entry[name] for entry in steps) / len(steps) for name in steps[0]
  }


def _headline(means):
  return {
    name: f'{value:.3g}'
    for name, value in means.items()
    if not name.endswith('gradient_norm') and 'accuracy' not in name
  }
