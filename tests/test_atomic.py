import os
import signal
import subprocess
import sys

import pytest

from pixelda_tf import atomic
from pixelda_tf.errors import UserError


def tree(directory):
  """Returns the content of all files below a directory by their paths."""
  return {
    str(path.relative_to(directory)): path.read_text()
    for path in directory.rglob('*')
    if path.is_file()
  }


def test_a_file_takes_the_place_of_the_old_one_when_it_is_complete(tmp_path):
  path = tmp_path / 'file'
  path.write_text('old')
  with atomic.new_file(str(path)) as partial:
    with open(partial, 'w') as file:
      file.write('new')
    assert path.read_text() == 'old'
  assert tree(tmp_path) == {'file': 'new'}


def test_a_directory_takes_the_place_of_the_old_one(tmp_path):
  path = tmp_path / 'folder'
  (path / 'old').mkdir(parents=True)
  (path / 'old' / 'a').write_text('a')
  with atomic.new_directory(f'{path}/') as partial:
    assert os.listdir(partial) == []
    os.mkdir(os.path.join(partial, 'new'))
    atomic.write_text(os.path.join(partial, 'new', 'b'), 'b')
    assert tree(path) == {'old/a': 'a'}
  assert tree(tmp_path) == {'folder/new/b': 'b'}


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(error, tmp_path):
  (tmp_path / 'folder').mkdir()
  (tmp_path / 'folder' / 'a').write_text('a')
  (tmp_path / 'file').write_text('old')
  before = tree(tmp_path)
  for new in (atomic.new_file, atomic.new_directory):
    name = 'file' if new is atomic.new_file else 'folder'
    with pytest.raises(error), new(str(tmp_path / name)) as partial:
      if new is atomic.new_directory:
        partial = os.path.join(partial, 'a')
      with open(partial, 'w') as file:
        file.write('new')
      raise error
  assert tree(tmp_path) == before
  with pytest.raises(TypeError):
    atomic.write_json(str(tmp_path / 'file'), {'b': object()})
  assert tree(tmp_path) == before


KILLED = """
import os, signal, sys
from pixelda_tf import atomic
with atomic.new_directory(sys.argv[1]) as partial:
  with open(os.path.join(partial, 'a'), 'w') as file:
    file.write('torn')
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_what_was_there_and_the_next_one_writes(
  tmp_path,
):
  path = tmp_path / 'folder'
  path.mkdir()
  (path / 'a').write_text('old')
  done = subprocess.run(
    [sys.executable, '-c', KILLED, str(path)], check=False, timeout=60
  )
  assert done.returncode == -signal.SIGKILL
  assert tree(tmp_path) == {'folder/a': 'old', 'folder.partial/a': 'torn'}
  with atomic.new_directory(str(path)) as partial:
    atomic.write_text(os.path.join(partial, 'b'), 'new')
  assert tree(tmp_path) == {'folder/b': 'new'}


KILLED_BETWEEN = """
import os, signal, sys
from pixelda_tf import atomic
rename = os.rename
def die(old, new):
  if old.endswith('.partial'):
    os.kill(os.getpid(), signal.SIGKILL)
  rename(old, new)
os.rename = die
with atomic.new_directory(sys.argv[1]) as partial:
  pass
"""


def test_a_process_killed_between_old_and_new_leaves_the_old_one(tmp_path):
  path = tmp_path / 'folder'
  path.mkdir()
  (path / 'a').write_text('old')
  done = subprocess.run(
    [sys.executable, '-c', KILLED_BETWEEN, str(path)], check=False, timeout=60
  )
  assert done.returncode == -signal.SIGKILL
  assert tree(tmp_path) == {'folder.replaced/a': 'old'}
  with pytest.raises(ValueError), atomic.new_directory(str(path)):
    assert tree(tmp_path) == {'folder/a': 'old'}
    raise ValueError
  assert tree(tmp_path) == {'folder/a': 'old'}


def test_what_of_a_replaced_directory_is_left_over_goes(tmp_path):
  """The new one was whole when the process was killed."""
  for name in ('folder', 'folder.replaced'):
    (tmp_path / name).mkdir()
    (tmp_path / name / 'a').write_text(name)
  atomic.put_back(str(tmp_path / 'folder'))
  assert tree(tmp_path) == {'folder/a': 'folder'}


def test_where_several_write_a_file_each_has_a_name_of_its_own(tmp_path):
  path = tmp_path / 'file'
  with atomic.new_file(str(path), str(tmp_path / 'mine')) as mine:
    assert mine == str(tmp_path / 'mine')
    (tmp_path / 'mine').write_text('new')
    assert not path.exists()
  assert tree(tmp_path) == {'file': 'new'}


def test_what_cannot_be_written_is_told_in_one_line(tmp_path):
  (tmp_path / 'file').write_text('in the way')
  path = str(tmp_path / 'file' / 'export')
  with (
    pytest.raises(UserError) as error,
    atomic.full_disk_reported(path, 'the export', 'make room'),
    atomic.new_directory(path),
  ):
    pass
  assert error.value.message.startswith(
    f'{path}: the export could not be written ('
  )
  assert error.value.message.endswith('); make room')
