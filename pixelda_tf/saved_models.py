"""Refuses SavedModels that do more than compute.

A SavedModel is a program of TensorFlow's operations, and some of these read or
write files, or call Python.
"""

import pathlib
import re
from collections.abc import Iterator

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from pixelda_tf.errors import UserError

FILE = 'saved_model.pb'
# Parts of the names of such operations, and whole ones.
_FORBIDDEN = re.compile(
  'Py[Ff]unc|File|Reader|Dataset|Summary|Rpc|Remote|Debug|Print|Sql|Lmdb'
  '|Library|Checkpoint|Save|Restore|Shard|LoadAndRemap|VocabRemapping|Skipgram'
  '|CandidateSampler|traced_'
)
# What TensorFlow itself adds to read and write the weights.
_SAVER = re.compile(r'__inference__traced_(save|restore)_\d+')


def check(directory: str | pathlib.Path) -> None:
  """Checks that a SavedModel does nothing but compute.

  Args:
    directory: that holds it.

  Raises:
    UserError: it has an operation that reads or writes files or calls Python,
      or is damaged.
  """
  path = pathlib.Path(directory) / FILE
  model = saved_model_pb2.SavedModel()
  try:
    model.ParseFromString(path.read_bytes())
  except (OSError, DecodeError) as error:
    raise UserError(
      f'{path}: not readable ({error}); export the run again'
    ) from error
  for operation in _operations(model):
    if _FORBIDDEN.search(operation):
      raise UserError(
        f'{path}: has the operation {operation}, which does more than compute: '
        'it was not written by pixelda_tf.export; export the run again'
      )


def _operations(model) -> Iterator[str]:
  """Yields the operations that loading or calling a model may run.

  But those that TensorFlow added to read and write the weights, which nothing
  else may call.
  """
  for meta in model.meta_graphs:
    yield from (node.op for node in meta.graph_def.node)
    for function in meta.graph_def.library.function:
      if not _SAVER.fullmatch(function.signature.name):
        yield from (node.op for node in function.node_def)
        yield from filter(_SAVER.fullmatch, _called(function))
    yield from filter(
      _SAVER.fullmatch, meta.object_graph_def.concrete_functions
    )


def _called(function):
  """Yields the names of the functions that a function calls."""
  for node in function.node_def:
    for value in node.attr.values():
      yield value.func.name
      yield from (each.name for each in value.list.func)
