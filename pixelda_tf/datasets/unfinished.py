"""Where what is rendered is kept until its data set is complete."""

import pathlib

WORK_DIR = '.rendering'


def folder(data_dir: str | pathlib.Path, name: str) -> pathlib.Path:
  """Returns the folder of a data set's finished pictures.

  An error or a kill leaves it for the next try; `preparing.build` removes it.

  Args:
    data_dir: where data sets are stored.
    name: of the data set and its config.
  """
  return pathlib.Path(data_dir) / f'.{name.replace("/", "-")}{WORK_DIR}'
