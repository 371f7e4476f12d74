"""`train` in processes of its own: on one device, on several, on two hosts."""

import json
import os
import pathlib
import socket
import subprocess
import sys

TRAIN = ('-m', 'pixelda_tf.train')
TWO_REPLICAS = ('--strategy=mirrored', '--logical_cpus=2')
ROOT = pathlib.Path(__file__).parents[2]


def start(
  run_dir,
  data_dir,
  *flags,
  program=TRAIN,
  config='quiet.gin',
  environment=None,
):
  """Starts `train`, or another program of its flags.

  Args:
    run_dir: of the run.
    data_dir: of the data sets.
    *flags: others.
    program: arguments of Python.
    config: a file of tests/runs/.
    environment: of the process; None for this one's.
  """
  return subprocess.Popen(
    [
      *(sys.executable, *program),
      f'--gin_file=tests/runs/{config}',
      f'--data_dir={data_dir}',
      f'--run_dir={run_dir}',
      *flags,
    ],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    cwd=ROOT,
    env=environment,
  )


def finish(process, status=0):
  """Returns what a process wrote to standard output and error."""
  output, errors = process.communicate(timeout=600)
  assert process.returncode == status, errors
  return output, errors


def free_addresses(count):
  """Returns addresses of ports that were free a moment ago."""
  sockets = [socket.socket() for _ in range(count)]
  for one in sockets:
    one.bind(('127.0.0.1', 0))
  addresses = [f'127.0.0.1:{one.getsockname()[1]}' for one in sockets]
  for one in sockets:
    one.close()
  return addresses


def start_hosts(run_dir, data_dir, scratch, programs, **kwargs):
  """Starts a process for each host; `scratch` is where they may not write.

  Args:
    run_dir: of the run.
    data_dir: of the data sets.
    scratch: path for the hosts' temporary files.
    programs: arguments of Python, for each host.
    **kwargs: see `start`.
  """
  addresses = free_addresses(len(programs))
  processes = []
  for index, program in enumerate(programs):
    config = {
      'cluster': {'worker': addresses},
      'task': {'type': 'worker', 'index': index},
    }
    folder = scratch / str(index)
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
      'TF_CONFIG': json.dumps(config),
      'TMPDIR': str(folder),
      'PYTHONDONTWRITEBYTECODE': '1',  # Of AutoGraph's files, in TMPDIR.
    }
    processes.append(
      start(
        run_dir, data_dir, program=program, environment=environment, **kwargs
      )
    )
  return processes


def files(run_dir):
  """Returns the names of all files, TensorBoard's without their date."""
  return sorted(
    str(path.relative_to(run_dir))
    for path in run_dir.rglob('*')
    if path.is_file() and 'tensorboard' not in path.parts
  )


def metrics(row_dir):
  with open(row_dir / 'metrics.jsonl') as file:
    return [json.loads(line) for line in file]
