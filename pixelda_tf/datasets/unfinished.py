"""Keeps what was rendered of a data set whose making was interrupted."""

import contextlib
import pathlib
import shutil
from collections.abc import Iterator

WORK_DIR = '.rendering'


@contextlib.contextmanager
def kept(data_dir: str | pathlib.Path, name: str) -> Iterator[pathlib.Path]:
  """Yields a folder for finished pictures, removed at the end of the block.

  An error or a kill leaves it for the next try.

  Args:
    data_dir: where data sets are stored.
    name: of the data set and its config.
  """
  folder = pathlib.Path(data_dir) / WORK_DIR / name.replace('/', '-')
  yield folder
  shutil.rmtree(folder, ignore_errors=True)
  with contextlib.suppress(OSError):
    folder.parent.rmdir()
