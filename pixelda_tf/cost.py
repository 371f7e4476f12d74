"""Measures how a step's time and memory grow: a table and a plot.

  python -m pixelda_tf.cost --gin_file=gin/quickstart.gin --output=docs/cost

Every cell of the table is a process of its own. --output=docs/cost writes
docs/cost.json, docs/cost.md and docs/cost.png; cells that are in docs/cost.json
already are not measured again. Without GPUs, two devices are two halves of one
CPU.
"""

import itertools
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import tqdm
from absl import flags

from pixelda_tf import atomic, command_line
from pixelda_tf.errors import UserError

command_line.define_flags('gin_file', 'gin_param', 'data_dir')
flags.DEFINE_string('row', None, 'Row of the config; its adapted one else.')
flags.DEFINE_string('output', None, 'Path of the files, without a suffix.')
flags.DEFINE_list('image_sizes', ['16', '32', '64', '128'], 'Sides, in pixels.')
flags.DEFINE_list('batch_sizes', ['8', '32', '128'], 'Images of a domain.')
flags.DEFINE_list('devices', ['1', '2'], 'Numbers of devices.')
flags.DEFINE_float('seconds', 5.0, 'Of each measurement; 3 steps at least.')
flags.DEFINE_list('cell', None, 'size,batch,devices: measure this one here.')
FLAGS = flags.FLAGS

_WARM_UP = 2
_LEAST_STEPS = 3
# A cell may take this fraction of the memory that is free.
_MEMORY = 0.9
_OUT_OF_MEMORY = 'out of memory'
# Of C++, TensorFlow, Python, CUDA and XLA, oneDNN.
_OUT_OF_MEMORY_WORDS = (
  'bad_alloc',
  'OOM',
  'MemoryError',
  'ut of memory',
  'Status: 1, message: could not create',
)


def main() -> None:
  """Measures what is not measured, and writes."""
  if FLAGS.cell:
    print(json.dumps(measure(*map(int, FLAGS.cell))))
    return
  if not FLAGS.output:
    raise UserError('--output is needed, as --output=docs/cost')

  from pixelda_tf.measuring import cost_table

  output = pathlib.Path(FLAGS.output)
  path = output.with_suffix('.json')
  try:
    cells = json.loads(path.read_text()) if path.exists() else []
  except ValueError as error:
    raise UserError(
      f'{path}: damaged ({error}): delete it, or name another --output'
    ) from error
  measured = {(c['image_size'], c['batch_size'], c['devices']) for c in cells}
  wanted = itertools.product(
    map(int, FLAGS.devices),
    map(int, FLAGS.image_sizes),
    map(int, FLAGS.batch_sizes),
  )
  for devices, size, batch in tqdm.tqdm(list(wanted), unit='cell'):
    if (size, batch, devices) not in measured:
      cell = {'image_size': size, 'batch_size': batch, 'devices': devices}
      cells.append(cell | in_a_process(size, batch, devices))
      atomic.write_json(str(path), cells)
  text = cost_table.table(cells)
  atomic.write_text(str(output.with_suffix('.md')), text)
  cost_table.plot(cells, output.with_suffix('.png'))
  print(text)


def in_a_process(size: int, batch: int, devices: int) -> dict[str, Any]:
  """Returns {'milliseconds', 'gibibytes'}, or {'failure'}."""
  here = [sys.executable, '-m', 'pixelda_tf.cost', *sys.argv[1:]]
  done = subprocess.run(
    [*here, f'--cell={size},{batch},{devices}'],
    capture_output=True,
    text=True,
  )
  if done.returncode == command_line.MISTAKE:
    raise UserError(done.stderr.strip().removeprefix('error: '))
  if done.returncode:
    out_of_memory = any(word in done.stderr for word in _OUT_OF_MEMORY_WORDS)
    if not out_of_memory and done.returncode != -9:
      raise RuntimeError(done.stderr)
    return {'failure': _OUT_OF_MEMORY}
  return json.loads(done.stdout.splitlines()[-1])


def measure(size: int, batch_size: int, devices: int) -> dict[str, float]:
  """Measures steps on one repeated batch, in this process.

  Args:
    size: height and width of the images.
    batch_size: images of a domain, over all devices.
    devices: how many, 1 or more.
  """
  import tensorflow as tf

  from pixelda_tf import config
  from pixelda_tf.measuring import process_memory
  from pixelda_tf.runs import choosing, distribution, experiment

  _limit_memory()
  gpus = tf.config.list_physical_devices('GPU')
  if gpus:
    tf.config.set_visible_devices(gpus[:devices], 'GPU')
  else:
    distribution.use_logical_cpus(devices)
  config.parse(
    FLAGS.gin_file,
    [
      *FLAGS.gin_param,
      f'Pair.image_size = ({size}, {size})',
      f'Pair.batch_size = {batch_size}',
    ],
    root='Experiment',
  )
  strategy = distribution.strategy('mirrored' if devices > 1 else 'one')
  run = experiment.Experiment(  # type: ignore[call-arg]  # gin gives the rest.
    os.devnull, FLAGS.data_dir, strategy=strategy
  )
  row = choosing.to_measure(run.rows, FLAGS.row)
  with strategy.scope():
    method = row.build()
  spec = row.original.train_batches(
    run.seed, role=method.role, strong_view=method.strong_view
  ).element_spec
  batch = tf.nest.map_structure(  # Images in [0, 1), labels 0.
    lambda part: tf.cast(tf.random.uniform(part.shape), part.dtype), spec
  )
  repeated = tf.data.Dataset.from_tensors(batch).repeat()
  fed = iter(distribution.feed(strategy, batch_size, lambda *_: repeated))
  step = distribution.step_function(strategy, method)
  seconds: list[float] = []
  while (
    len(seconds) < _WARM_UP + _LEAST_STEPS
    or sum(seconds[_WARM_UP:]) < FLAGS.seconds
  ):
    start = time.perf_counter()
    {name: float(value) for name, value in step(fed).items()}
    seconds.append(time.perf_counter() - start)
  peak = process_memory.peak()
  for gpu in tf.config.list_logical_devices('GPU'):
    peak = max(peak, tf.config.experimental.get_memory_info(gpu.name)['peak'])
  return {
    'milliseconds': round(1e3 * statistics.median(seconds[_WARM_UP:]), 1),
    'gibibytes': round(peak / 2**30, 2),
  }


def _limit_memory():
  """Has allocations fail before the machine has to kill something."""
  free = os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
  limit = int(_MEMORY * free)
  resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == '__main__':
  command_line.run(main)
