"""Reads damaged inputs by the thousand, and tells what goes wrong.

  python tests/faults/mutated_inputs.py --count=10000

Each input is a sound one of `kinds.KINDS` of which one or two files are damaged
(`mutations.damage`), read by the command that reads such files. It has to end
well or by a mistake in one line: no traceback, no abort, no hang. A data set or
run that was there before is as it was, or whole in its new form, and nothing
else is left. What is drawn follows from --seed; --kind and --only show a case
again.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import pathlib
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
sys.path += [str(ROOT), str(HERE), str(ROOT / 'tests/helpers')]
# A command on a sound input takes a second at most.
SECONDS = 120
# A worker's memory grows by what TensorFlow keeps of each graph.
CASES_A_WORKER = 150
# A size of billions is to fail here, not to fill the machine.
MEMORY_BYTES = 12 << 30
SOUND_ENDINGS = ('ok', 'mistake')


def main() -> None:
  """Reads the flags, runs all cases, prints a table, and exits by it."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--count', type=int, default=200)
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--kind', action='append')
  parser.add_argument('--only', type=int, help='number of one case')
  parser.add_argument('--sound', help='of a worker: folder of sound inputs')
  options = parser.parse_args()
  if options.sound:
    work(pathlib.Path(options.sound))
    return
  start = time.monotonic()
  outcomes = run(options.count, options.seed, options.kind, options.only)
  bad = [each for each in outcomes if each['ending'] not in SOUND_ENDINGS]
  table: dict[tuple[str, str], list[float]] = {}
  for outcome in outcomes:
    row = table.setdefault((outcome['kind'], outcome['ending']), [])
    row.append(outcome.get('seconds', 0.0))
  for (kind, ending), times in sorted(table.items()):
    mean = sum(times) / len(times)
    print(f'{kind:20} {ending:10} {len(times):6}  {mean:5.2f} s each')
  seconds = time.monotonic() - start
  print(f'{len(outcomes)} inputs, {len(bad)} faults, {seconds:.0f} s')
  sys.exit(bool(bad))


def run(
  count: int,
  seed: int = 0,
  kinds: list[str] | None = None,
  only: int | None = None,
) -> list[dict]:
  """Returns the outcome of each case.

  Args:
    count: of cases, over all kinds in turn.
    seed: decides what is damaged, with a case's number.
    kinds: names; None for all.
    only: number of the one case to run; None for all.
  """
  names = kinds or _names()
  numbers = range(count) if only is None else [only]
  cases = [(names[number % len(names)], number) for number in numbers]
  outcomes: list[dict] = []
  with tempfile.TemporaryDirectory() as sound:
    while len(outcomes) < len(cases):
      done = len(outcomes)
      some = cases[done : done + CASES_A_WORKER]
      outcomes += _by_one_worker(some, seed, sound)
  return outcomes


def _names():
  from kinds import KINDS

  return list(KINDS)


def _by_one_worker(cases, seed, sound):
  """Returns outcomes up to the first case that ends the worker."""
  outcomes = []
  with tempfile.TemporaryFile() as errors, _worker(errors, sound) as process:
    for kind, number in cases:
      case = {'kind': kind, 'number': number, 'seed': seed}
      line = _answer(process, case)
      if line:
        outcomes.append(case | json.loads(line))
        _tell(outcomes[-1])
        continue
      hangs = line is None
      process.kill()
      process.wait()
      errors.seek(0)
      told = errors.read()[-2000:].decode(errors='replace')
      ending = 'hang' if hangs else 'abort'
      outcomes.append(case | {'ending': ending, 'told': told})
      _tell(outcomes[-1])
      break
  return outcomes


def _tell(outcome):
  """Prints a fault as it comes."""
  if outcome['ending'] not in SOUND_ENDINGS:
    text = json.dumps(outcome, indent=1).replace('\\n', '\n')
    print(text, flush=True)


@contextlib.contextmanager
def _worker(errors, sound):
  process = subprocess.Popen(
    [sys.executable, __file__, f'--sound={sound}'],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=errors,
    cwd=ROOT,
  )
  try:
    yield process
  finally:
    process.stdin.close()
    try:
      process.wait(timeout=60)
    except subprocess.TimeoutExpired:
      process.kill()
    process.stdout.close()


def _answer(process, case):
  """Returns a worker's line, nothing if it has ended, None if it hangs."""
  try:
    process.stdin.write(json.dumps(case).encode() + b'\n')
    process.stdin.flush()
  except BrokenPipeError:
    return b''
  ready, _, _ = select.select([process.stdout], [], [], SECONDS)
  return process.stdout.readline() if ready else None


def work(sound: pathlib.Path) -> None:
  """Answers cases, a line each, until there are no more.

  Args:
    sound: folder of sound inputs, a folder a kind, which it fills.
  """
  answers = os.fdopen(os.dup(1), 'w')
  os.dup2(2, 1)  # What else is printed is not an answer.
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
  from pixelda_tf.runs import distribution

  distribution.use_logical_cpus(1)  # As `train`, before TensorFlow starts.
  with tempfile.TemporaryDirectory() as folder:
    for line in sys.stdin:
      outcome = _one(pathlib.Path(folder) / 'case', sound, **json.loads(line))
      answers.write(json.dumps(outcome) + '\n')
      answers.flush()


def _one(place, sound, kind, number, seed):
  """Runs a case in a folder; returns its outcome."""
  from kinds import KINDS, stored_badly
  from mutations import damage

  what = KINDS[kind]
  if not (sound / kind).exists():
    shutil.rmtree(sound / f'{kind}.made', ignore_errors=True)
    what.write(place)
    shutil.copytree(place, sound / f'{kind}.made')
    ending, told = end_of(what.command(place))
    assert ending == 'ok', told
    if what.keeps == 'data':
      data = sound / f'{kind}.made' / 'data'
      shutil.copytree(place / 'data', data, dirs_exist_ok=True)
    shutil.rmtree(place)
    (sound / f'{kind}.made').rename(sound / kind)
  shutil.copytree(sound / kind, place)
  draw = random.Random(f'{kind} {number} {seed}')
  files = sorted(path for path in place.glob(what.damaged) if path.is_file())
  damaged = [
    damage(draw.choice(files), draw) for _ in range(draw.choice((1, 2)))
  ]
  before = digests(place / what.keeps)
  start = time.monotonic()
  ending, told = end_of(what.command(place))
  seconds = time.monotonic() - start
  if ending == 'mistake' and digests(place / what.keeps) != before:
    ending, told = 'lost', f'{told}\n{_difference(before, place / what.keeps)}'
  if ending == 'ok' and what.keeps == 'data':
    badly = stored_badly(place / 'data')
    ending, told = ('stored badly', badly) if badly else (ending, told)
  shutil.rmtree(place)
  return {
    'damaged': damaged,
    'ending': ending,
    'told': told[-3000:],
    'seconds': round(seconds, 2),
  }


def digests(folder: pathlib.Path) -> dict[str, str]:
  """Returns a digest of each file below a folder, locks but for."""
  return {
    str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in sorted(folder.rglob('*'))
    if path.is_file() and path.suffix != '.lock'
  }


def _difference(before, folder):
  after = digests(folder)
  return {
    'gone': sorted(before.keys() - after.keys()),
    'new': sorted(after.keys() - before.keys()),
    'changed': [n for n in before if after.get(n, before[n]) != before[n]],
  }


def end_of(command: list[str]) -> tuple[str, str]:
  """Runs a command in this process.

  Args:
    command: its name, and its arguments.

  Returns:
    'ok', 'mistake', or what is a fault: 'traceback' or 'lines', a mistake that
    is not told in one line; and what it said.
  """
  import runpy

  from absl.testing import flagsaver

  sys.argv = list(command)
  errors = io.StringIO()
  try:
    with (
      flagsaver.flagsaver(),
      contextlib.redirect_stderr(errors),
      contextlib.redirect_stdout(io.StringIO()),
    ):
      runpy.run_module(f'pixelda_tf.{command[0]}', run_name='__main__')
  except SystemExit as end:
    told = [
      line for line in errors.getvalue().splitlines() if line[:7] == 'error: '
    ]
    if not end.code:
      return 'ok', ''
    return 'mistake' if len(told) == 1 else 'lines', errors.getvalue()
  except BaseException:
    return 'traceback', traceback.format_exc()
  return 'traceback', 'the command did not exit'


if __name__ == '__main__':
  main()
