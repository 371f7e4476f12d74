"""Calls functions on the items of a data set by Apache Beam, on many machines.

The machines have to have this package, and to see the folders of the raw files
and of the data sets by the same paths.
"""

import contextlib
import errno
import functools
import io
import itertools
import logging
import os
import pathlib
import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pixelda_tf import atomic
from pixelda_tf.errors import UserError

# Items that a worker takes at a time. A pipeline holds the names of files of so
# many items, not the items: many runners refuse pipelines of some megabytes.
CHUNK = 100
# Beam's own choice, DirectRunner, downloads a program to run the pipeline.
LOCAL_RUNNER = 'runner=FnApiRunner'
# What may be wrong with --data_dir. Runners tell errors of workers as text.
_WRITING_ERRORS = (
  errno.EACCES,
  errno.EDQUOT,
  errno.EFBIG,
  errno.ENOSPC,
  errno.EROFS,
)


class OnBeam:
  """Has pipelines of Beam call functions on items.

  The functions and items have to be picklable, and functions must depend on
  the item alone: runners call them again where a worker failed.
  """

  def __init__(self, options: Sequence[str], folder: str | pathlib.Path):
    """Starts nothing yet.

    Args:
      options: list of Beam's pipeline options, as `runner=FlinkRunner`; without
        a runner it is `LOCAL_RUNNER`.
      folder: through which items and results pass; it is created, and is
        removed by whoever names it.

    Raises:
      UserError: Beam is not installed, or an option is wrong.
    """
    self._flags = [f'--{option}' for option in (LOCAL_RUNNER, *options)]
    _check(self._flags)
    self._folder = pathlib.Path(folder)
    self._errors = self._folder / 'errors'
    self._errors.mkdir(parents=True)
    self._numbers = itertools.count()

  @property
  def options(self) -> Any:
    """Beam's `PipelineOptions`, new ones each time: pipelines change them."""
    from apache_beam.options import pipeline_options

    return pipeline_options.PipelineOptions(self._flags)

  def map(
    self, title: str, function: Callable[[Any], Any], items: Iterable[Any]
  ) -> list[Any]:
    """Returns a list of what a function returns of each item.

    Args:
      title: of the step.
      function: of an item; returns what can be pickled.
      items: any iterable.

    Raises:
      UserError: a function raised it.
    """
    import apache_beam

    paths = self._write(items)
    evaluate = functools.partial(_evaluate, function, self._errors)
    with (
      self.reporting_errors(),
      apache_beam.Pipeline(options=self.options) as start,
    ):
      _ = (
        start
        | apache_beam.Create(paths)
        | apache_beam.Reshuffle()
        | title >> apache_beam.Map(evaluate)
      )
    return [
      result
      for path in paths
      for result in pickle.loads(_results(path).read_bytes())
    ]

  def shares(self, items: Sequence[Any]) -> list[Sequence[Any]]:
    """Returns a list for each item: workers have a part in all of them."""
    return [[item] for item in items]

  def examples(
    self,
    title: str,
    function: Callable[[Any], Iterable[tuple[Any, Any]]],
    items: Iterable[Any],
  ) -> Any:
    """Returns a `PTransform` to the (key, example) of each item.

    Args:
      title: of the step.
      function: of an item; returns an iterable of (key, example).
      items: any iterable.
    """
    import apache_beam

    examples = functools.partial(_examples, function, self._errors)
    return (
      apache_beam.Create(self._write(items))
      | apache_beam.Reshuffle()
      | title >> apache_beam.FlatMap(examples)
    )

  @contextlib.contextmanager
  def reporting_errors(self) -> Iterator[None]:
    """Returns a context of a pipeline that raises its workers' errors.

    Raises:
      UserError: a function raised it.
      OSError: something cannot be written.
    """
    failure = None
    try:
      yield
    except Exception as error:
      failure = error
    for message in _messages(self._errors):
      raise UserError(message.read_text('utf-8')) from failure
    for number in _WRITING_ERRORS:
      if os.strerror(number) in str(failure):
        raise OSError(number, os.strerror(number)) from failure
    if failure is not None:
      raise failure

  def _write(self, items):
    """Writes items to files of `CHUNK` each; returns their paths."""
    folder = self._folder / f'{next(self._numbers)}'
    folder.mkdir()
    items = iter(items)
    paths: list[pathlib.Path] = []
    while chunk := list(itertools.islice(items, CHUNK)):
      paths.append(folder / f'{len(paths):08}')
      paths[-1].write_bytes(pickle.dumps(chunk))
    return paths


def _check(flags):
  """Checks that Beam is there, can read its options and knows the runner."""
  # Beam warns that it does without a package of Google's cloud.
  logging.disable(logging.WARNING)
  try:
    from apache_beam.options import pipeline_options
    from apache_beam.runners import runner
  except ImportError as error:
    raise UserError(
      f"--beam: needs Apache Beam ({error}): pip install 'pixelda_tf[beam]'"
    ) from error
  finally:
    logging.disable(logging.NOTSET)
  options = pipeline_options.PipelineOptions(flags)
  try:
    # Beam parses by argparse, which prints its usage and exits.
    with contextlib.redirect_stderr(io.StringIO()) as printed:
      options.get_all_options()
  except SystemExit as error:
    problem = printed.getvalue().strip().rpartition('error: ')[2]
    raise UserError(f'--beam_pipeline_options: {problem}') from error
  name = options.view_as(pipeline_options.StandardOptions).runner
  try:
    runner.create_runner(name)
  except (ValueError, ImportError, AttributeError) as error:
    raise UserError(
      f'--beam_pipeline_options: runner={name}: {error}'
    ) from error


def _examples(function, errors, path):
  """Yields the examples of a file of items."""
  with _recording(errors, path):
    items = pickle.loads(path.read_bytes())
    if _messages(errors):
      # All is lost; but TFDS would complain of a split without examples.
      items = items[:1]
    for item in items:
      yield from function(item)


def _evaluate(function, errors, path):
  """Writes what a function returns of a file of items to another file."""
  with _recording(errors, path):
    results = [function(item) for item in pickle.loads(path.read_bytes())]
    _write_whole(_results(path), pickle.dumps(results))


def _results(path):
  return path.with_suffix('.results')


@contextlib.contextmanager
def _recording(errors, path):
  """Writes a `UserError` down and goes on: the others then have little to do.

  If it was raised, runners would try again, and print its traceback.
  """
  try:
    yield
  except UserError as error:
    name = f'{path.parent.name}-{path.name}'
    _write_whole(errors / name, error.message.encode())


def _messages(errors):
  """Returns the files of workers' errors, in the order of their items."""
  return sorted(errors.glob('[!.]*'))


def _write_whole(path, data):
  """Writes a file that several workers may write at once, the same."""
  own = path.with_name(f'.{uuid.uuid4().hex}')
  with atomic.new_file(str(path), str(own)):
    own.write_bytes(data)
