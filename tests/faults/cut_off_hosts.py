"""Cuts one of two hosts off at random moments, again and again.

PYTHONPATH=.:tests/helpers python tests/faults/cut_off_hosts.py --times=10

Two hosts train together. One of them, drawn each time, is killed, or stopped as
if nothing came through any more. The other has to end within two minutes by a
mistake in one line; a stopped host that goes on later, too. Both start again
until they have ended; their result has to be that of two hosts that are left
alone, to the bit.
"""

import argparse
import json
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from commands import mistake
from processes import TRAIN, start_hosts

from pixelda_tf import datasets

LOST_SECONDS = 120  # TensorFlow's heartbeat takes ten.


def main() -> None:
  """Cuts off, compares, prints how often."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--times', type=int, default=10)
  parser.add_argument('--seed', type=int, default=0)
  options = parser.parse_args()
  draw = random.Random(options.seed)
  with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for name in ('digits', 'digits_photo'):
      datasets.prepare(name, data_dir=folder / 'data')
    begin = time.monotonic()
    end(start(folder, 'alone'))
    seconds, expected = time.monotonic() - begin, result(folder / 'alone')
    ways = {signal.SIGKILL: 0, signal.SIGSTOP: 0}
    restarts = 0
    for number in range(options.times):
      name = f'run_{number}'
      way, cut = draw.choice(list(ways)), draw.randrange(2)
      processes = start(folder, name)
      time.sleep(draw.uniform(0.2 * seconds, seconds))
      if all(process.poll() is None for process in processes):
        processes[cut].send_signal(way)
        ways[way] += 1
        check_told(processes[1 - cut])
        processes[cut].send_signal(signal.SIGCONT)
        if way == signal.SIGSTOP:
          check_told(processes[cut])
        restarts += 1
        processes = start(folder, name)
      end(processes)
      if result(folder / name) != expected:
        raise SystemExit(f'{name}: another result')
      shutil.rmtree(folder / name)
    killed, stopped = ways[signal.SIGKILL], ways[signal.SIGSTOP]
    print(
      f'{options.times} runs of two hosts within {seconds:.0f} s, of which one '
      f'was killed {killed} times, stopped {stopped} times: {restarts} started '
      'again came to the same result, to the bit'
    )


def start(folder, name):
  """Starts both hosts."""
  scratch = folder / 'scratch'
  shutil.rmtree(scratch, ignore_errors=True)
  return start_hosts(folder / name, folder / 'data', scratch, (TRAIN, TRAIN))


def end(processes):
  """Waits until both have ended well."""
  for process in processes:
    _, errors = process.communicate(timeout=600)
    if process.returncode:
      raise SystemExit(f'status {process.returncode}: {errors}')


def check_told(process):
  """Checks that a host ends by a mistake in one line."""
  try:
    _, errors = process.communicate(timeout=LOST_SECONDS)
  except subprocess.TimeoutExpired:
    process.kill()
    raise SystemExit(f'still waits after {LOST_SECONDS} s') from None
  mistake(process.returncode, errors)


def result(run_dir):
  """Returns a run's result, but how long it took, and its metrics."""
  content = json.loads((run_dir / 'result.json').read_text())
  for row in content['rows']:
    del row['wall_seconds']
  lines = {
    path.parent.name: path.read_text()
    for path in sorted(run_dir.rglob('metrics.jsonl'))
  }
  return content, lines


if __name__ == '__main__':
  main()
