"""Fills a command's disk while it works, at many sizes, and then makes room.

PYTHONPATH=.:tests/helpers python tests/faults/full_disk.py train --sizes=100

Once it has looked whether there is room, and works, its disk shrinks. The sizes
lie evenly between what is there before and what it needs, so that the disk is
full at one of its writes after another. Each time it has to end by a mistake
that is told in one line, and leave what was there as it was; with room, the
same command has to end with what it writes when it is left alone, to the bit.
Mounts disks in memory, which only root may.
"""

import argparse
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

from commands import (
  KINDS,
  compare,
  files,
  finish,
  left_alone,
  mistake,
  new,
  start,
  work,
)

PAGE = 4096
ROOMY = 1 << 30
# By the system, tensorflow-datasets, `train`.
TOLD = 'No space left', 'Not enough disk space', 'are free there'


def main() -> None:
  """Fills disks, compares, prints how often."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('kind', choices=KINDS)
  parser.add_argument('--sizes', type=int, default=100)
  options = parser.parse_args()
  kind = KINDS[options.kind]
  with tempfile.TemporaryDirectory() as folder:
    inputs, outputs = pathlib.Path(folder, 'in'), pathlib.Path(folder, 'out')
    told = pathlib.Path(folder, 'told')
    inputs.mkdir()
    kind.inputs(inputs)
    with small_disk(outputs):
      expected, _ = left_alone(kind, inputs, outputs, told)
      new(inputs, outputs)
      before = used(outputs)
      needed = most_used(kind, inputs, outputs, told)
    mistakes = 0
    for number in range(options.sizes):
      size = before + PAGE + (needed - before) * number // options.sizes
      mistakes += one(kind, inputs, outputs, told, size, expected)
    print(
      f'{options.kind}: {options.sizes} disks with room for 0 to '
      f'{(needed - before) / 1e6:.1f} MB, {mistakes} of them full, the same '
      f'{len(expected)} parts in the end, to the bit'
    )


def one(kind, inputs, outputs, told, size, expected):
  """Returns whether a disk of a size was too small; ends with what is wrong."""
  words = kind.command(inputs, outputs)
  with small_disk(outputs):
    new(inputs, outputs)
    before = files(outputs)
    process = start(words, told)
    assert work(kind, process, outputs)
    shrink(outputs, size)
    process.join()
    is_full = process.exitcode != 0
    if is_full:
      line = mistake(process.exitcode, told.read_text())
      if not any(text in line for text in TOLD):
        raise SystemExit(f'{size} bytes: {line}')
      after = files(outputs)
      lost = [name for name in before if after.get(name) != before[name]]
      if lost:
        raise SystemExit(f'{size} bytes: lost {lost}')
    resize(outputs, ROOMY)
    finish(start(words, told))
    compare(kind.content(outputs), expected)
  return is_full


def most_used(kind, inputs, outputs, told):
  """Returns the most bytes that a command takes of the disk at a time."""
  process, most = start(kind.command(inputs, outputs), told), 0
  while process.exitcode is None:
    most = max(most, used(outputs))
    time.sleep(0.005)
  finish(process)
  return most


def used(folder):
  """Returns the bytes of a disk that are taken."""
  status = os.statvfs(folder)
  return (status.f_blocks - status.f_bfree) * status.f_frsize


@contextlib.contextmanager
def small_disk(folder):
  """Mounts a disk in memory."""
  folder.mkdir(exist_ok=True)
  mount = ['mount', '-t', 'tmpfs', '-o', f'size={ROOMY}', 'none', str(folder)]
  subprocess.run(mount, check=True)
  try:
    yield
  finally:
    subprocess.run(['umount', str(folder)], check=True)


def shrink(folder, size):
  """Gives a disk so many bytes, or as many as are taken of it by then."""
  while True:
    try:
      return resize(folder, max(size, used(folder)))
    except subprocess.CalledProcessError:
      pass  # More has been taken meanwhile.


def resize(folder, size):
  """Gives a mounted disk so many bytes."""
  options = f'remount,size={size}'
  subprocess.run(['mount', '-o', options, str(folder)], check=True)


if __name__ == '__main__':
  main()
