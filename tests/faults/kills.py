"""Kills a command at random moments, again and again, and compares its end.

PYTHONPATH=.:tests/helpers python tests/faults/kills.py train --kills=200

Each time that it ends, and at last, what it has written has to be, to the bit,
what one process writes that is left alone. What is killed are moments of work:
the command has the lock of what it writes. A command that writes all over again
(prepare, translate) is killed as one that goes on (train, render).
"""

import argparse
import dataclasses
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import pets
import tensorflow as tf
import trimesh

from pixelda_tf import datasets, locks
from pixelda_tf.runs import checkpoints

ROOT = pathlib.Path(__file__).parents[2]
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
    inputs: function of the folder of inputs that makes them.
    lock: its lock's path, below the folder of outputs.
    content: function of the folder of outputs to what is compared.
  """

  command: Callable[[pathlib.Path, pathlib.Path], list[str]]
  inputs: Callable[[pathlib.Path], None]
  lock: str
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
  """Leaves a finished run of two steps, and a link to its data."""
  embedded(folder)
  words = train_words(folder, folder)
  subprocess.run(
    [
      *(sys.executable, '-m', f'pixelda_tf.{words[0]}', *words[1:]),
      '--gin_param=pixelda/Row.steps = 5',
      '--rows=pixelda',
    ],
    check=True,
    cwd=ROOT,
    capture_output=True,
  )


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
    lambda inputs, outputs: [
      'translate',
      *('--name=styled', '--samples=2'),
      f'--run_dir={inputs}/run',
      f'--data_dir={outputs}',
    ],
    trained,
    '.styled.lock',
    files,
  ),
}


def start(kind, inputs, outputs):
  words = kind.command(inputs, outputs)
  return subprocess.Popen(
    [sys.executable, '-m', f'pixelda_tf.{words[0]}', *words[1:]],
    cwd=ROOT,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
  )


def work(kind, process, outputs):
  """Waits for the begin of a process's work; returns when, None without any."""
  lock, own = outputs / kind.lock, f'process {process.pid} on '
  while own not in (locks.holder(lock) or ''):
    if process.poll() is not None:
      return None
    time.sleep(0.002)
  return time.monotonic()


def finish(process):
  _, errors = process.communicate()
  if process.returncode:
    raise SystemExit(f'status {process.returncode}: {errors}')


def new(inputs, outputs):
  """Empties the folder of outputs, but for data that are inputs as well."""
  shutil.rmtree(outputs, ignore_errors=True)
  outputs.mkdir()
  for path in (inputs / 'data').glob('*'):
    shutil.copytree(path, outputs / path.name)


def compare(found, expected):
  """Ends with what differs."""
  differing = sorted(
    name
    for name in found.keys() | expected.keys()
    if found.get(name) != expected.get(name)
  )
  if differing:
    raise SystemExit(f'{len(differing)} differ: {", ".join(differing[:20])}')


def main(arguments=None):
  """Kills, compares, prints how often."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('kind', choices=KINDS)
  parser.add_argument('--kills', type=int, default=200)
  parser.add_argument('--seed', type=int, default=0)
  options = parser.parse_args(arguments)
  kind, moments = KINDS[options.kind], random.Random(options.seed)
  with tempfile.TemporaryDirectory() as folder:
    inputs, outputs = pathlib.Path(folder, 'in'), pathlib.Path(folder, 'out')
    inputs.mkdir()
    kind.inputs(inputs)
    new(inputs, outputs)
    alone = start(kind, inputs, outputs)
    began = work(kind, alone, outputs)
    finish(alone)
    assert began
    seconds = time.monotonic() - began
    expected = kind.content(outputs)
    new(inputs, outputs)
    kills = ends = 0
    while kills < options.kills:
      process = start(kind, inputs, outputs)
      if work(kind, process, outputs):
        time.sleep(moments.uniform(0, seconds))
      process.kill()
      if process.wait() < 0:
        kills += 1
        process.stderr.close()
        continue
      finish(process)
      ends += 1
      compare(kind.content(outputs), expected)
      new(inputs, outputs)
    finish(start(kind, inputs, outputs))
    compare(kind.content(outputs), expected)
    print(
      f'{options.kind}: {kills} kills within {seconds:.1f} s of work, '
      f'{ends + 1} ends, the same {len(expected)} parts, to the bit'
    )


if __name__ == '__main__':
  main()
