"""Imports TensorFlow without the log lines that no setting silences.

While the libraries of a current TensorFlow are loaded, before they read
TF_CPP_MIN_LOG_LEVEL, they write to standard error that oneDNN is on and that
there is no CUDA driver, at every start of every process.

Nor does Python look for garbage among what this import makes, then or later: it
stays until the process ends, and to look would take each command a second.
"""

import contextlib
import gc
import importlib.util
import os
import re
import sys
import tempfile

_LINE = re.compile(
  rb'I\d{4} \d\d:\d\d:|WARNING: All log messages before absl::InitializeLog'
)


class _Finder:
  """Finds TensorFlow as others do, and has it loaded quietly."""

  def find_spec(self, name, path=None, target=None):
    if name != 'tensorflow':
      return None
    sys.meta_path.remove(self)
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.loader is not None:
      load = spec.loader.exec_module

      def load_quietly(module):
        with _dropped_lines(), _without_collector():
          load(module)

      spec.loader.exec_module = load_quietly  # type: ignore[method-assign]
    return spec


def install() -> None:
  """Has the first `import tensorflow` to come be like this."""
  sys.meta_path.insert(0, _Finder())


@contextlib.contextmanager
def _dropped_lines():
  """Sets aside what comes to standard error, then shows the other lines.

  Python's `sys.stderr` would not do: the libraries write to the file.
  """
  stderr = os.dup(2)
  with tempfile.TemporaryFile() as aside:
    os.dup2(aside.fileno(), 2)
    try:
      yield
    finally:
      os.dup2(stderr, 2)
      os.close(stderr)
      aside.seek(0)
      for line in aside:
        if not _LINE.match(line):
          os.write(2, line)


@contextlib.contextmanager
def _without_collector():
  """Makes objects that the garbage collector never looks at."""
  gc.disable()
  try:
    yield
  finally:
    gc.freeze()
    gc.enable()
