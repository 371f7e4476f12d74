"""Kills a command at random moments, again and again, and compares its end.

PYTHONPATH=.:tests/helpers python tests/faults/kills.py train --kills=200

Each time that it ends, and at last, what it has written has to be, to the bit,
what one process writes that is left alone. What is killed are moments of work:
the command has the lock of what it writes. A command that writes all over again
(prepare, translate) is killed as one that goes on (train, render).
"""

import argparse
import pathlib
import random
import tempfile
import time

from commands import KINDS, compare, finish, left_alone, new, start, work


def main() -> None:
  """Kills, compares, prints how often."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('kind', choices=KINDS)
  parser.add_argument('--kills', type=int, default=200)
  parser.add_argument('--seed', type=int, default=0)
  options = parser.parse_args()
  kind, moments = KINDS[options.kind], random.Random(options.seed)
  with tempfile.TemporaryDirectory() as folder:
    inputs, outputs = pathlib.Path(folder, 'in'), pathlib.Path(folder, 'out')
    told = pathlib.Path(folder, 'told')
    inputs.mkdir()
    kind.inputs(inputs)
    expected, seconds = left_alone(kind, inputs, outputs, told)
    words = kind.command(inputs, outputs)
    new(inputs, outputs)
    kills = ends = 0
    while kills < options.kills:
      process = start(words, told)
      if work(kind, process, outputs):
        time.sleep(moments.uniform(0, seconds))
      process.kill()
      process.join()
      if process.exitcode < 0:
        kills += 1
        continue
      finish(process)
      ends += 1
      compare(kind.content(outputs), expected)
      new(inputs, outputs)
    finish(start(words, told))
    compare(kind.content(outputs), expected)
    print(
      f'{options.kind}: {kills} kills within {seconds:.1f} s of work, '
      f'{ends + 1} ends, the same {len(expected)} parts, to the bit'
    )


if __name__ == '__main__':
  main()
