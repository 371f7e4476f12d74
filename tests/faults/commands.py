"""Commands that write, whole: what each reads, writes, and is compared by.

Processes are forked from one that has imported TensorFlow, which takes seconds.
"""

import dataclasses
import json
import multiprocessing
import os
import pathlib
import runpy
import shutil
import sys
import time
from collections.abc import Callable

import numpy as np
import pets
import tensorflow as tf
import trimesh

from pixelda_tf import datasets, locks
from pixelda_tf.runs import checkpoints, experiment

ROOT = pathlib.Path(__file__).parents[2]
FORKED = multiprocessing.get_context('forkserver')
FORKED.set_forkserver_preload(['commands'])
# Where it finds that.
os.environ['PYTHONPATH'] = os.pathsep.join(sys.path)
# What each would import before it begins, Keras as well.
assert experiment.Experiment and tf.keras.Model
TRAIN = (
  'source_only/Row.steps = 20',
  'pixelda/Row.steps = 20',
  'cosine.steps = 20',
  'Experiment.log_every = 5',
  'Experiment.checkpoint_every = 5',
  'Experiment.picture_every = 10',
)


@dataclasses.dataclass(frozen=True)
class Kind:
  """A command.

  Attributes:
    command: function of a folder of inputs and one of outputs to its words.
    inputs: function of the folder of inputs that makes them; what is in
      `before` of it is in the folder of outputs when the command starts.
    lock: its lock's path, below the folder of outputs; None for one that is
      held for a moment.
    content: function of the folder of outputs to what is compared.
  """

  command: Callable[[pathlib.Path, pathlib.Path], list[str]]
  inputs: Callable[[pathlib.Path], None]
  lock: str | None
  content: Callable[[pathlib.Path], dict]


def files(folder):
  """Returns the bytes of all files by their paths."""
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in folder.rglob('*')
    if path.is_file()
  }


def run_content(folder):
  """Returns what a run has: names of files, numbers, but no time of day."""
  content = {
    'files': [
      name for name in sorted(files(folder)) if '/tensorboard/' not in name
    ]
  }
  for path in folder.rglob('metrics.jsonl'):
    content[f'lines of {path.parent.name}'] = path.read_text()
  for path in folder.rglob('*.png'):
    content[str(path.relative_to(folder))] = path.read_bytes()
  for path in folder.rglob('result.json'):
    result = json.loads(path.read_text())
    for row in [result, *result.get('rows', ())]:
      row.pop('wall_seconds', None)
    content[str(path.relative_to(folder))] = result
  for path in folder.rglob('checkpoints'):
    for step in checkpoints.steps(str(path)):
      content |= {
        f'{name} of {path.parent.name} at {step}': value
        for name, value in values(checkpoints.path(str(path), step)).items()
      }
  return content


def values(path):
  """Returns the arrays of a checkpoint, as bytes, but how long it took."""
  reader = tf.train.load_checkpoint(path)
  return {
    name: np.asarray(reader.get_tensor(name)).tobytes()
    for name in reader.get_variable_to_shape_map()
    if name.endswith('VARIABLE_VALUE') and not name.startswith('wall_seconds')
  }


def embedded(folder):
  for name in ('digits', 'digits_photo'):
    datasets.prepare(name, data_dir=folder / 'data')


def train_words(inputs, outputs):
  return [
    'train',
    f'--gin_file={ROOT}/tests/runs/tiny.gin',
    *(f'--gin_param={param}' for param in TRAIN),
    f'--data_dir={inputs}/data',
    f'--run_dir={outputs}/run',
  ]


def meshes(folder):
  (folder / 'meshes').mkdir()
  ball = trimesh.creation.icosphere(subdivisions=4, radius=20)
  ball.export(folder / 'meshes' / 'obj_1.ply')


def trained(folder):
  """Leaves a finished run of a few steps, and its data."""
  embedded(folder)
  few = '--gin_param=pixelda/Row.steps = 5', '--rows=pixelda'
  finish(start([*train_words(folder, folder), *few], folder / 'told'))


def trained_before(folder):
  """Leaves them where they are when a command starts."""
  (folder / 'before').mkdir()
  trained(folder / 'before')
  (folder / 'before' / 'told').unlink()


def of_run(command, *words):
  """Returns the words of a command that reads and writes a run's directory."""

  def of_folders(inputs, outputs):
    del inputs
    places = f'--run_dir={outputs}/run', f'--data_dir={outputs}/data'
    return [command, *places, *(w.replace('OUT', str(outputs)) for w in words)]

  return of_folders


def pictures(folder):
  """Returns what is compared of figures: all but TensorBoard's files."""
  return {
    name: data
    for name, data in files(folder / 'run').items()
    if 'tensorboard' not in name
  }


def exported(folder):
  """Returns names and variables: the graph has names of this process."""
  names = [name for name in sorted(files(folder)) if name[:7] == 'export/']
  return {'files': names} | values(str(folder / 'export/variables/variables'))


KINDS = {
  'train': Kind(train_words, embedded, 'run/.lock', run_content),
  'prepare': Kind(
    lambda inputs, outputs: [
      *('prepare_data', 'images', '--name=pets'),
      f'--manual_dir={inputs}/raw',
      f'--data_dir={outputs}',
    ],
    lambda folder: pets.write(
      folder / 'raw', splits={'train': 300, 'test': 100}
    ),
    '.pets.lock',
    files,
  ),
  'render': Kind(
    lambda inputs, outputs: [
      'render_views',
      *('--name=balls', '--views=200', '--size=48', '--workers=2'),
      f'--meshes_dir={inputs}/meshes',
      f'--data_dir={outputs}',
    ],
    meshes,
    '.balls.lock',
    files,
  ),
  'translate': Kind(
    of_run('translate', '--name=styled', '--samples=2'),
    trained_before,
    'data/.styled.lock',
    lambda folder: files(folder / 'data'),
  ),
  'evaluate': Kind(
    of_run('evaluate'),
    trained_before,
    None,
    pictures,
  ),
  'analyze': Kind(
    of_run('analyze', '--examples=40'),
    trained_before,
    'run/.analysis.lock',
    pictures,
  ),
  'export': Kind(
    of_run('export', '--export_dir=OUT/export'),
    trained_before,
    '.export.lock',
    exported,
  ),
}


def run(words, told):
  """Runs a command in this process, which says into a file what it says."""
  os.chdir(ROOT)
  with open(told, 'w') as file:
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
  sys.argv = list(words)
  runpy.run_module(f'pixelda_tf.{words[0]}', run_name='__main__')


def start(words, told):
  """Returns a new process of a command, whose file of what it says it keeps."""
  process = FORKED.Process(target=run, args=(words, told))
  process.told = told
  process.start()
  return process


def work(kind, process, outputs):
  """Waits for the begin of a process's work; returns when, None without any."""
  if kind.lock is None:
    return time.monotonic()
  lock, own = outputs / kind.lock, f'process {process.pid} on '
  while own not in (locks.holder(lock) or ''):
    if process.exitcode is not None:
      return None
    time.sleep(0.002)
  return time.monotonic()


def mistake(code, told):
  """Returns the one line of a command's mistake; ends where it is none.

  Args:
    code: status of the process.
    told: what it said.
  """
  mistakes = [line for line in told.splitlines() if line[:7] == 'error: ']
  if code != 2 or len(mistakes) != 1:
    raise SystemExit(f'status {code}: {told}')
  return mistakes[0]


def finish(process):
  process.join()
  if process.exitcode:
    told = process.told.read_text()
    raise SystemExit(f'status {process.exitcode}: {told}')


def left_alone(kind, inputs, outputs, told):
  """Returns the content that one process writes, and the seconds it works."""
  new(inputs, outputs)
  process = start(kind.command(inputs, outputs), told)
  began = work(kind, process, outputs)
  finish(process)
  assert began
  return kind.content(outputs), time.monotonic() - began


def new(inputs, outputs):
  """Leaves in the folder of outputs what is there before."""
  outputs.mkdir(exist_ok=True)
  for path in outputs.iterdir():
    shutil.rmtree(path) if path.is_dir() else path.unlink()
  if (inputs / 'before').is_dir():
    shutil.copytree(inputs / 'before', outputs, dirs_exist_ok=True)


def compare(found, expected):
  """Ends with what differs."""
  differing = sorted(
    name
    for name in found.keys() | expected.keys()
    if found.get(name) != expected.get(name)
  )
  if differing:
    raise SystemExit(f'{len(differing)} differ: {", ".join(differing[:20])}')
