"""Trains, and is killed at one place after another; run by test_killed_stages.

Each attempt is a process of its own that the one before it left: TensorFlow is
imported once and starts in each.

Usage: killed_stages.py CONFIG RUN_DIR DATA_DIR ROW...
"""

import os
import pathlib
import signal
import sys

from pixelda_tf import atomic, config
from pixelda_tf.evaluation import translation
from pixelda_tf.runs import checkpoints, experiment, row_networks


def die():
  os.kill(os.getpid(), signal.SIGKILL)


def before(module, name, call=1):
  """Dies in place of a call of a function, the first or a later one."""
  function, calls = getattr(module, name), []

  def dying(*args, **kwargs):
    calls.append(name)
    if len(calls) == call:
      die()
    return function(*args, **kwargs)

  return lambda: setattr(module, name, dying)


def after(module, name):
  """Dies once a function has returned."""
  function = getattr(module, name)

  def dying(*args, **kwargs):
    function(*args, **kwargs)
    die()

  return lambda: setattr(module, name, dying)


# In the order of a run; rows that end in four steps have one checkpoint.
PLACES = {
  'cyclegan, the first checkpoint is half written': before(atomic, '_flush'),
  'cyclegan, after the first checkpoint': after(checkpoints, 'save'),
  'cyclegan, after the last step': before(row_networks, 'save'),
  'cyclegan, the networks are half written': before(atomic, 'write_json'),
  'cyclegan, the networks are whole, there is no result': before(
    atomic, 'write_json', 2
  ),
  'offline, before the source is translated': before(translation, 'store'),
  'offline, the source is half translated': before(
    translation.fields, 'prepare', 5
  ),
  'offline, the translated source is not in its place': before(
    atomic, 'replace_directory'
  ),
  'offline, the translated source is there': after(translation, 'store'),
  'two ways, before its weight is selected': before(row_networks, 'load'),
  'two ways, its weight selected': before(row_networks, 'save', 2),
  'the export': before(experiment.serving, 'export'),
  'the result': before(atomic, 'write_json', 1),
}


def train(path, run_dir, data_dir, rows):
  config.parse([path])
  (pathlib.Path(run_dir) / 'config.gin').write_text(config.text())
  experiment.Experiment(run_dir, data_dir).train(rows)


def attempt(prepare, *args):
  """Returns how a process ended that trains."""
  child = os.fork()
  if child:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
  status = 1
  try:
    prepare()
    train(*args)
    status = 0
  finally:
    sys.stdout.flush()
    os._exit(status)


def main(path, run_dir, data_dir, *rows):
  for place, prepare in PLACES.items():
    status = attempt(prepare, path, run_dir, data_dir, list(rows))
    print(f'{place}: {status}', flush=True)
  sys.exit(attempt(lambda: None, path, run_dir, data_dir, list(rows)))


if __name__ == '__main__':
  main(*sys.argv[1:])
