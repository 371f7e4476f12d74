import errno
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
import tensorflow as tf

from pixelda_tf import datasets
from pixelda_tf.datasets import preparing
from pixelda_tf.errors import UserError

ROOT = pathlib.Path(__file__).parents[2]


def files_below(folder):
  return {
    path.relative_to(folder).as_posix(): path.read_bytes()
    for path in folder.rglob('*')
    if path.is_file()
  }


def test_leaves_only_the_data_set(tmp_path):
  datasets.prepare('digits', data_dir=tmp_path)
  folders = {name.rpartition('/')[0] for name in files_below(tmp_path)}
  assert folders == {'digits/1.0.0'}


def test_prepared_again_is_left_alone(tmp_path):
  datasets.prepare('digits', data_dir=tmp_path)
  times = {
    path: path.stat().st_mtime_ns for path in tmp_path.rglob('digits/**')
  }
  builder = datasets.prepare('digits', data_dir=tmp_path)
  assert builder.info.splits['train'].num_examples == 700
  assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_overwrite_that_fails_keeps_the_old(tmp_path, monkeypatch):
  datasets.prepare('digits', data_dir=tmp_path)
  before = files_below(tmp_path)

  def fail(name, split):
    raise UserError('broken')

  monkeypatch.setattr(datasets.digits.embedded, 'load_part', fail)
  with pytest.raises(UserError, match='broken'):
    datasets.prepare('digits', data_dir=tmp_path, overwrite=True)
  assert files_below(tmp_path) == before


def test_overwrite_replaces_a_damaged_data_set(tmp_path):
  builder = datasets.prepare('digits', data_dir=tmp_path)
  info = pathlib.Path(builder.data_dir) / 'dataset_info.json'
  info.write_text('{"name": ')
  with pytest.raises(UserError, match='dataset_info.json.* is damaged'):
    datasets.prepare('digits', data_dir=tmp_path)
  datasets.prepare('digits', data_dir=tmp_path, overwrite=True)
  assert datasets.find('digits', tmp_path) is not None


@pytest.mark.parametrize(
  'error',
  [
    OSError(errno.ENOSPC, 'No space left on device'),
    tf.errors.ResourceExhaustedError(None, None, 'No space left on device'),
  ],
)
def test_full_disk_is_told_and_nothing_is_lost(tmp_path, monkeypatch, error):
  datasets.prepare('digits', data_dir=tmp_path)
  before = files_below(tmp_path)

  class FullDisk:
    def __init__(self, path):
      del path

    def __enter__(self):
      return self

    def __exit__(self, *exception):
      pass

    def write(self, record):
      raise error

  monkeypatch.setattr(tf.io, 'TFRecordWriter', FullDisk)
  with pytest.raises(UserError, match=f'{tmp_path}: .*No space left .*free'):
    datasets.prepare('digits', data_dir=tmp_path, overwrite=True)
  assert files_below(tmp_path) == before


def prepare_in_process(data_dir, setup):
  code = textwrap.dedent(setup) + textwrap.dedent(f"""
    from pixelda_tf import datasets
    from pixelda_tf.errors import UserError
    try:
      datasets.prepare('digits', data_dir={str(data_dir)!r})
    except UserError as error:
      sys.exit(error.message)
  """)
  return subprocess.run(
    [sys.executable, '-c', 'import os, sys\n' + code],
    cwd=ROOT,
    capture_output=True,
    text=True,
    env={**os.environ, 'TF_CPP_MIN_LOG_LEVEL': '3'},
  )


def test_limit_of_the_file_system_is_told(tmp_path):
  """No file may grow beyond 50 kB: the system itself refuses to write."""
  result = prepare_in_process(
    tmp_path,
    """
    import resource, signal
    import tensorflow
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    """,
  )
  assert result.returncode == 1
  assert f'{tmp_path}: cannot be written' in result.stderr.splitlines()[-1]
  assert not files_below(tmp_path)


def test_killed_build_is_no_data_set_and_is_cleared_away(tmp_path):
  """The process kills itself while the test split is generated."""
  result = prepare_in_process(
    tmp_path,
    """
    import signal
    from pixelda_tf.datasets import base
    generate = base.ImageBuilder._generate_examples
    def die(self, split, examples, total=None):
      if split == 'test':
        os.kill(os.getpid(), signal.SIGKILL)
      yield from generate(self, split, examples, total)
    base.ImageBuilder._generate_examples = die
    """,
  )
  assert result.returncode == -signal.SIGKILL
  assert files_below(tmp_path)
  assert datasets.find('digits', tmp_path) is None
  datasets.prepare('digits', data_dir=tmp_path)
  folders = {name.rpartition('/')[0] for name in files_below(tmp_path)}
  assert folders == {'digits/1.0.0'}


def test_killed_between_old_and_new_puts_the_old_back(tmp_path):
  builder = datasets.prepare('digits', data_dir=tmp_path)
  before = files_below(tmp_path)
  directory = pathlib.Path(builder.data_dir)
  directory.rename(f'{directory}.replaced')
  datasets.prepare('digits', data_dir=tmp_path)
  assert files_below(tmp_path) == before


def test_two_at_once_build_one_after_the_other(tmp_path):
  results = []

  def prepare():
    results.append(datasets.prepare('digits', data_dir=tmp_path))

  threads = [threading.Thread(target=prepare) for _ in range(2)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert [r.info.splits['test'].num_examples for r in results] == [97, 97]


def test_data_dir_that_is_a_file_is_told(tmp_path):
  path = tmp_path / 'file'
  path.touch()
  with pytest.raises(UserError, match=f'{path}: cannot be written'):
    datasets.prepare('digits', data_dir=path)


@pytest.mark.parametrize(
  ('kind', 'expected'),
  [
    ('mnits', 'did you mean mnist'),
    ('zzz', "no data set 'zzz', there are mnist"),
    ('mnistm/fulll', "no config 'fulll', there are published, full"),
    ('usps/full', "no config 'full', it has none"),
  ],
)
def test_unknown_kind_is_told(tmp_path, kind, expected):
  with pytest.raises(UserError, match=expected):
    datasets.prepare(kind, data_dir=tmp_path)


def test_find_takes_the_latest_version(tmp_path):
  builder = datasets.prepare('digits', data_dir=tmp_path)
  newer = pathlib.Path(builder.data_dir).with_name('1.10.0')
  pathlib.Path(builder.data_dir).rename(newer)
  datasets.prepare('digits', data_dir=tmp_path)
  found = datasets.find('digits', tmp_path)
  assert pathlib.Path(found.data_dir) == newer
  assert preparing.find('nothing', tmp_path) is None
