"""Measures a config's train step, its input pipeline and the two together.

  python -m pixelda_tf.benchmark --gin_file=gin/mnist_to_mnistm.gin

With --against=torch also the same networks and losses written plainly in
PyTorch, in turn with ours.
"""

import contextlib
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from absl import flags

from pixelda_tf import command_line

command_line.define_flags('gin_file', 'gin_param', 'data_dir')
flags.DEFINE_string('row', None, 'Row of the config; its adapted one else.')
flags.DEFINE_integer('steps', 30, 'Steps of each measurement.', lower_bound=1)
flags.DEFINE_enum(
  'against', None, ['torch'], 'What else to measure, in turn with the step.'
)
FLAGS = flags.FLAGS

_WARM_UP = 3
_PAUSE = 0.1  # seconds
_TORCH_PRECISIONS = ('float32', 'mixed_bfloat16')


def main() -> None:
  """Measures and prints."""
  import tensorflow as tf

  from pixelda_tf import config
  from pixelda_tf.measuring import process_memory, step_graph
  from pixelda_tf.measuring.torch_benchmark import against
  from pixelda_tf.runs import choosing, distribution, experiment

  config.parse(FLAGS.gin_file, FLAGS.gin_param, root='Experiment')
  with tempfile.TemporaryDirectory() as run_dir:
    # gin gives the rest.
    run = experiment.Experiment(run_dir, FLAGS.data_dir)  # type: ignore[call-arg]
  row = choosing.to_measure(run.rows, FLAGS.row)
  method = row.build()
  batches = row.original.train_batches(
    run.seed, role=method.role, strong_view=method.strong_view
  )
  batch = next(iter(batches))
  images = sum(domain['image'].shape[0] for domain in batch.values())

  train = tf.function(method.train_step, autograph=False)
  operations = step_graph.executed(train.get_concrete_function(batch).graph)
  convolutions = step_graph.convolutions(operations)
  step = distribution.step_function(run.strategy, method)
  repeated = itertools.repeat(batch)
  fed = iter(batches)
  with contextlib.ExitStack() as stack:
    others = {
      f'PyTorch, {precision}': stack.enter_context(
        against.TorchWorker(method, row.original.batch_size, precision)
      )
      for precision in (_TORCH_PRECISIONS if FLAGS.against else ())
    }
    seconds = measure(
      {
        'step': timed(lambda: train(next(repeated))),
        'fed': timed(lambda: step(fed)),
        'convolutions': step_graph.timed_convolutions(convolutions),
      }
      | {
        name: lambda other=other: other.steps(1)[0]
        for name, other in others.items()
      },
      FLAGS.steps,
    )
  taken, alone = seconds['step'], seconds['convolutions']

  print(f'{row.name}, batch {row.original.batch_size}, {run.precision}')
  print(f'step on one repeated batch: {taken * 1e3:.1f} ms (median)')
  print(
    f'its {convolutions.total()} convolutions, each by itself: '
    f'{alone * 1e3:.1f} ms; the step takes {taken / alone:.2f} times as long'
  )
  print(f'images a second: {images / taken:.0f} (both domains)')
  flops = step_graph.count_flops(operations)
  print(f'floating-point operations a step: {flops / 1e9:.2f} G')
  print(
    f'step fed by the pipeline: {seconds["fed"] * 1e3:.1f} ms, '
    f'{seconds["fed"] / taken - 1:+.1%}'
  )
  rate = pipeline_rate(batches, images)
  print(
    f'pipeline alone: {rate:.0f} images a second, {rate * taken / images:.1f} '
    'times what the step takes'
  )
  for name in others:
    print(
      f'{name}: {seconds[name] * 1e3:.1f} ms, '
      f'{seconds[name] / taken:.2f} times as long as ours'
    )
  print(f'peak memory: {process_memory.peak() / 2**30:.2f} GiB')


def timed(function: Callable[[], Mapping[str, Any]]) -> Callable[[], float]:
  """Returns a function of nothing to the seconds that a step takes."""

  def seconds():
    start = time.perf_counter()
    # A step is done when its logs are known.
    {name: float(value) for name, value in function().items()}
    return time.perf_counter() - start

  return seconds


def measure(
  functions: Mapping[str, Callable[[], float]], count: int
) -> dict[str, float]:
  """Measures several in turn, so that a machine's drift meets all of them.

  The turns' order is random, and each has a pause before it: another's threads
  spin for a while when their work is done.

  Args:
    functions: dict of functions of nothing to seconds.
    count: measurements of each.

  Returns:
    dict of their median seconds.
  """
  seconds: dict[str, list[float]] = {name: [] for name in functions}
  order = list(functions)
  chance = random.Random(0)
  for number in range(_WARM_UP + count):
    chance.shuffle(order)
    for name in order:
      time.sleep(_PAUSE)
      taken = functions[name]()
      if number >= _WARM_UP:
        seconds[name].append(taken)
  return {name: statistics.median(taken) for name, taken in seconds.items()}


def pipeline_rate(
  batches: Iterable[Any], images: int, seconds: float = 5.0
) -> float:
  """Returns images a second of the input pipeline with nothing to feed."""
  iterator = iter(batches)
  for _ in range(_WARM_UP):
    next(iterator)
  start, elapsed, count = time.perf_counter(), 0.0, 0
  while elapsed <= seconds:
    next(iterator)
    count += 1
    elapsed = time.perf_counter() - start
  return count * images / elapsed


if __name__ == '__main__':
  command_line.run(main)
