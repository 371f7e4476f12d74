"""Components to configure, and files to write."""

import pathlib

import gin
import pytest


class Base:
  def __init__(self, width=1, **kwargs):
    self.width = width


@gin.register(module='test_config')
class Tower(Base):
  def __init__(self, depth=1, top=None, **kwargs):
    super().__init__(**kwargs)
    self.depth = depth
    self.top = top


@gin.register(module='test_config')
def brick(size=1, colour='red'):
  return size, colour


@gin.register(module='test_config')
class Needy:
  def __init__(self, *, first, second):
    raise AssertionError('never built')


@gin.register(module='test_config.one')
def twin(size=1):
  return size


@gin.register('twin', module='test_config.two')
def other_twin(size=1):
  return size


@pytest.fixture
def write(tmp_path, monkeypatch):
  """Writes gin files below the current folder, a new one."""
  monkeypatch.chdir(tmp_path)

  def write(**files):
    for name, text in files.items():
      path = pathlib.Path('gin', f'{name}.gin')
      path.parent.mkdir(exist_ok=True)
      path.write_text(text)

  return write
