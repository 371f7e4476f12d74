"""A run's directory is one process's, on one host, while it trains there."""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

from pixelda_tf.errors import UserError
from pixelda_tf.runs import distribution, known_data
from pixelda_tf.runs.directory import RunDirectory


@contextlib.contextmanager
def claimed(
  directory: RunDirectory,
  data: Callable[[], known_data.Data],
  strategy: tf.distribute.Strategy,
  check: Callable[[], None],
  configs: tuple[str, str] | None = None,
) -> Iterator[None]:
  """Makes a directory that of a run, and the chief's alone within the block.

  Args:
    directory: of the run.
    data: see `known_data.claim`.
    strategy: where it trains; all hosts call this.
    check: raises what can be told before the directory is touched: a mistake
      leaves none that the next config cannot have.
    configs: arguments of `RunDirectory.claim`; None where the directory has
      its config, or gets none.

  Raises:
    UserError: as `check`; another process trains there, or the run there is
      another one, or of other data.
  """
  if not distribution.is_chief(strategy):
    check()
    distribution.barrier(strategy)
    if configs and not directory.belongs(*configs):
      raise UserError(
        f'{directory.path}: the chief made it, but it is not seen here; all '
        'hosts need it on one file system: name it by --run_dir'
      )
    known_data.check(directory, data)
    yield
    return
  directory.check_unused()
  if configs:
    directory.check_claim(*configs)
  check()
  with directory.held():
    if configs:
      directory.claim(*configs)
    known_data.claim(directory, data)
    distribution.barrier(strategy)
    yield
