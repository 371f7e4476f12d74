"""Runs of a study, each a directory below the study's own."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pixelda_tf import command_line
from pixelda_tf.errors import UserError
from pixelda_tf.evaluation import columns
from pixelda_tf.runs import experiment
from pixelda_tf.runs.directory import RunDirectory, read_json


@dataclasses.dataclass(frozen=True)
class Runs:
  """What the runs of a study have in common.

  Attributes:
    gin_file: paths of the study's configs.
    gin_param: bindings on top of them.
    run_dir: the study's directory.
    data_dir: directory of the prepared data sets.
  """

  gin_file: Sequence[str]
  gin_param: Sequence[str]
  run_dir: str
  data_dir: str

  def directory(self, name: str) -> str:
    """Returns the directory of a run."""
    return os.path.join(self.run_dir, name)

  def train(
    self, name: str, configs: Sequence[str], params: Sequence[str]
  ) -> dict[str, Any]:
    """Trains a run, or goes on with it, and returns its result.

    Args:
      name: of the run.
      configs: on top of the study's.
      params: likewise, below the study's own.

    Raises:
      UserError: it failed.
    """
    self.call(
      'train',
      *(f'--gin_file={path}' for path in [*self.gin_file, *configs]),
      *(f'--gin_param={param}' for param in [*params, *self.gin_param]),
      f'--run_dir={self.directory(name)}',
      f'--data_dir={self.data_dir}',
    )
    return self.read(name)

  def read(self, name: str) -> dict[str, Any]:
    """Returns the result of a finished run."""
    result = read_json(RunDirectory(self.directory(name)).result)
    assert result is not None
    return result

  def reopen(self, name: str) -> experiment.Experiment:
    """Returns a finished run."""
    return experiment.reopen(self.directory(name), self.data_dir)

  def call(self, command: str, *arguments: str) -> None:
    """Runs a command in a process of its own.

    Raises:
      UserError: it failed.
      KeyboardInterrupt: it was stopped by Ctrl-C.
    """
    words = command_line.words(command, *arguments)
    code = subprocess.call([sys.executable, *words])
    if code == command_line.INTERRUPTED:
      raise KeyboardInterrupt
    if code:
      raise UserError(f'the run above failed: {" ".join(words)}')


def metrics_by_row(result: Mapping[str, Any]) -> dict[str, dict[str, float]]:
  """Returns the metrics of each row of a result that was tested.

  Raises:
    UserError: the target has no labels.
  """
  rows = {}
  for row in result['rows']:
    test = row['target_test']
    if test is None:
      raise UserError(f'{result["target"]} has no labels to report results on')
    rows[row['method']] = headline(columns.metrics(result), test)
  return rows


def headline(metrics: Any, test: Mapping[str, Any]) -> dict[str, float]:
  """Returns what of a test the metrics name."""
  return {m.key: test[m.key] for m in metrics if m.key in test}
