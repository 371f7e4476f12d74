"""Finds raw files in a user's directory, or downloads them."""

import collections
import hashlib
import pathlib
import urllib.request
from collections.abc import Iterable, Sequence

import tensorflow_datasets as tfds

from pixelda_tf.errors import UserError


def check_directory(directory: str | pathlib.Path, option: str) -> pathlib.Path:
  """Returns `directory` as a path, which must exist and hold something."""
  directory = pathlib.Path(directory)
  if not directory.is_dir():
    raise UserError(f'{option}={directory}: no such directory')
  if next(directory.iterdir(), None) is None:
    raise UserError(f'{option}={directory}: the directory is empty')
  return directory


def locate(
  names: Sequence[str],
  manual_dir: str | pathlib.Path | None,
  subfolders: Iterable[str],
  dl_manager: tfds.download.DownloadManager,
  url: str,
) -> dict[str, pathlib.Path]:
  """Finds files by name, or downloads them where no directory is given.

  Args:
    names: the files wanted.
    manual_dir: directory of raw files, or None to download.
    subfolders: folders of `manual_dir` to look into besides itself.
    dl_manager: TFDS's download manager.
    url: address that each name is appended to.

  Returns:
    dict of name to path.
  """
  if manual_dir is None:
    return _download(names, dl_manager, url)
  manual_dir = check_directory(manual_dir, '--manual_dir')
  paths = {}
  for name in names:
    places = [manual_dir, *(manual_dir / folder for folder in subfolders)]
    candidates = [place / name for place in places if (place / name).is_file()]
    if not candidates:
      raise UserError(
        f'{manual_dir / name}: no such file; --manual_dir must hold '
        f'{", ".join(names)}'
      )
    paths[name] = candidates[0]
  return paths


def duplicates(paths: Sequence[pathlib.Path]) -> tuple[int, int]:
  """Returns how many paths lead to the file of another one, and of how many."""
  files = collections.Counter(path.resolve() for path in paths)
  return sum(n for n in files.values() if n > 1), len(paths)


def digest(paths: Iterable[pathlib.Path]) -> str:
  """Returns the SHA-256 of the files' names and bytes, in hex."""
  sha256 = hashlib.sha256()
  for path in paths:
    sha256.update(path.name.encode())
    sha256.update(hashlib.sha256(path.read_bytes()).digest())
  return sha256.hexdigest()


def _download(names, dl_manager, url):
  try:
    # TFDS tries for minutes, so see first whether there is anyone to ask.
    request = urllib.request.Request(url + names[0], method='HEAD')
    urllib.request.urlopen(request, timeout=20).close()
    paths = dl_manager.download({name: url + name for name in names})
  except Exception as error:
    raise UserError(
      f'{url}: cannot be downloaded ({error}); put {", ".join(names)} into a '
      'folder and name it with --manual_dir'
    ) from error
  return {name: pathlib.Path(path) for name, path in paths.items()}
