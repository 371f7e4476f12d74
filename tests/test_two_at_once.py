"""Two commands that write, or that write and read, one thing at a time."""

import json
import os
import signal
import subprocess
import sys
import time

import pets
import processes
import pytest
import trimesh

from pixelda_tf import locks
from pixelda_tf.datasets import preparing

pytestmark = pytest.mark.slow

PARAMS = (
  'Experiment.rows = [@source_only/Row()]',
  'source_only/Row.steps = 100000',
  'Experiment.checkpoint_every = 2',
  'target/Domain.validation = None',
)


def start_train(run_dir, data_dir):
  params = (f'--gin_param={param}' for param in PARAMS)
  return processes.start(run_dir, data_dir, *params, config='tiny.gin')


def start(command, *arguments):
  return subprocess.Popen(
    [sys.executable, '-m', f'pixelda_tf.{command}', *arguments],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    cwd=processes.ROOT,
  )


def wait_until(condition, process):
  deadline = time.monotonic() + 300
  while not condition():
    assert process.poll() is None, process.communicate()
    assert time.monotonic() < deadline
    time.sleep(0.01)


@pytest.fixture
def training(tmp_path, data_dir):
  """Yields a process that trains at tmp_path/run and has a checkpoint."""
  process = start_train(tmp_path / 'run', data_dir)
  try:
    checkpoints = tmp_path / 'run' / 'source_only' / 'checkpoints'
    wait_until(lambda: list(checkpoints.glob('step_????????')), process)
    yield process
  finally:
    process.kill()
    process.communicate()


def test_a_run_is_trained_by_one_and_read_by_others(
  training, tmp_path, data_dir
):
  """Checkpoints come and go beside them, many a second."""
  run_dir = tmp_path / 'run'
  second = start_train(run_dir, data_dir)
  places = f'--run_dir={run_dir}', f'--data_dir={data_dir}'
  readers = [
    start('evaluate', *places),
    start('export', *places, f'--export_dir={tmp_path}/exported'),
    start('export', *places, f'--export_dir={tmp_path}/exported'),
  ]
  _, errors = processes.finish(second, 2)
  told = [line for line in errors.splitlines() if line.startswith('error: ')]
  assert len(told) == 1
  assert told[0].startswith(
    f'error: {run_dir}: in use by train.py, process {training.pid} on '
  )
  assert told[0].endswith('; wait for its end, or name another --run_dir')
  for reader in readers:
    _, errors = processes.finish(reader)
    assert f'{run_dir}: train.py, process {training.pid} on' in errors
  assert (run_dir / 'source_only' / 'worst_cases.png').exists()
  assert (tmp_path / 'exported' / 'saved_model.pb').exists()
  assert not list(tmp_path.glob('.exported*'))
  assert training.poll() is None
  lines = (run_dir / 'source_only' / 'metrics.jsonl').read_text().splitlines()
  steps = [json.loads(line)['step'] for line in lines]
  assert steps == list(range(2, 2 * len(steps) + 1, 2))


def test_what_a_killed_training_held_is_free(training, tmp_path, data_dir):
  lock = tmp_path / 'run' / '.lock'
  assert f'process {training.pid} on' in locks.holder(lock)
  training.send_signal(signal.SIGKILL)
  training.wait()
  assert lock.exists()
  again = start_train(tmp_path / 'run', data_dir)
  try:
    held = f'process {again.pid} on'
    wait_until(lambda: held in (locks.holder(lock) or ''), again)
    again.send_signal(signal.SIGINT)
    processes.finish(again, 130)
    assert not lock.exists()
  finally:
    again.kill()
    again.communicate()


def files(folder):
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in folder.rglob('*')
    if path.is_file()
  }


def at_once(arguments, data_dir, *, alone):
  """Runs a command twice at once, and compares with once.

  Args:
    arguments: the command and its flags.
    data_dir: where both store.
    alone: where one does.
  """
  both = [
    start(*arguments, '--overwrite', f'--data_dir={data_dir}') for _ in range(2)
  ]
  told = ''.join(processes.finish(process)[1] for process in both)
  processes.finish(start(*arguments, f'--data_dir={alone}'))
  assert files(data_dir) == files(alone)
  return told


def test_a_data_set_is_prepared_by_one_after_the_other(tmp_path):
  raw = pets.write(tmp_path / 'raw', splits={'train': 400, 'test': 2})
  arguments = 'prepare_data', 'images', '--name=pets', f'--manual_dir={raw}'
  at_once(arguments, tmp_path / 'both', alone=tmp_path / 'one')


def test_a_data_set_is_rendered_by_one_after_the_other(tmp_path):
  (tmp_path / 'meshes').mkdir()
  ball = trimesh.creation.icosphere(subdivisions=4, radius=20)
  ball.export(tmp_path / 'meshes' / 'obj_1.ply')
  arguments = (
    'render_views',
    f'--meshes_dir={tmp_path}/meshes',
    '--name=balls',
    '--views=120',
    '--size=48',
    '--workers=2',
  )
  at_once(arguments, tmp_path / 'both', alone=tmp_path / 'one')


WAITS = """
import sys, time
from pixelda_tf.datasets import preparing
with preparing._staging(preparing.pathlib.Path(sys.argv[1]), 'pets'):
  print('held', flush=True)
  sys.stdin.read()
"""


def test_who_waits_for_a_data_set_is_told_for_whom(tmp_path):
  raw, data = pets.write(tmp_path / 'raw'), tmp_path / 'data'
  data.mkdir()
  first = subprocess.Popen(
    [sys.executable, '-c', WAITS, str(data)],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    cwd=processes.ROOT,
  )
  assert first.stdout.readline() == b'held\n'
  second = start(
    'prepare_data',
    'images',
    '--name=pets',
    f'--manual_dir={raw}',
    f'--data_dir={data}',
  )
  line = ''
  while 'in use by' not in line:
    line = second.stderr.readline()
    assert line
  assert f'{data}/pets: in use by -c, process {first.pid} on' in line
  assert preparing.find('pets', data) is None
  first.communicate(b'')
  processes.finish(second)
  assert preparing.find('pets', data) is not None
  assert os.listdir(data) == ['pets']
