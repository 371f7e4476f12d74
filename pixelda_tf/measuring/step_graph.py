"""What a train step's graph computes: its operations and its convolutions."""

import collections
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import tensorflow as tf

_KINDS = {
  'Conv2D': ('input', 'filter'),
  'Conv2DBackpropInput': ('input_sizes', 'filter', 'out_backprop'),
  'Conv2DBackpropFilter': ('input', 'filter_sizes', 'out_backprop'),
}


class Convolution(NamedTuple):
  """A convolution, or one of its gradients, that a graph computes.

  Attributes:
    kind: the operation's type.
    shapes: of its operands; of sizes, those sizes.
    dtype: of its operands but the sizes.
    strides: four numbers.
    padding: 'SAME' or 'VALID'.
  """

  kind: str
  shapes: tuple[tuple[int, ...], ...]
  dtype: tf.DType
  strides: tuple[int, ...]
  padding: str

  def operation(self) -> Callable[[], tf.Tensor]:
    """Returns a function that computes it alone, of random operands."""
    names = _KINDS[self.kind]
    operands = {
      name: tf.constant(shape)
      if name.endswith('sizes')
      else tf.cast(tf.random.normal(shape), self.dtype)
      for name, shape in zip(names, self.shapes, strict=True)
    }
    compute = getattr(tf.raw_ops, self.kind)
    return lambda: compute(
      **operands, strides=self.strides, padding=self.padding
    )


def executed(graph: Any) -> set[tf.Operation]:
  """Returns the operations of a function's graph that a call executes.

  Args:
    graph: `FuncGraph`; what none of its outputs or changes of state depends on
      is left out.
  """
  waiting = [tensor.op for tensor in graph.outputs] + list(
    graph.control_outputs
  )
  executed = set()
  while waiting:
    op = waiting.pop()
    if op not in executed:
      executed.add(op)
      waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
  return executed


def count_flops(operations: Iterable[tf.Operation]) -> int:
  """Counts the convolutions' and matrix products' floating-point operations.

  A multiplication and its addition count as two.
  """
  return sum(map(_flops, operations))


def convolutions(
  operations: Iterable[tf.Operation],
) -> collections.Counter[Convolution]:
  """Returns a `Counter` of the `Convolution`s among operations."""
  return collections.Counter(
    Convolution(
      kind=op.type,
      shapes=tuple(
        _result_shape(op) if name.endswith('sizes') else tuple(operand.shape)
        for name, operand in zip(_KINDS[op.type], op.inputs, strict=True)
      ),
      dtype=op.outputs[0].dtype,
      strides=tuple(op.get_attr('strides')),
      padding=op.get_attr('padding').decode(),
    )
    for op in operations
    if op.type in _KINDS
  )


def timed_convolutions(
  counts: collections.Counter[Convolution],
) -> Callable[[], float]:
  """Returns a function of nothing to the seconds of convolutions in all.

  It times each by itself, the second time that it computes it: what it needs
  is in the caches then.

  Args:
    counts: `Counter` of `Convolution`s.
  """
  computed = [(one.operation(), times) for one, times in counts.items()]

  def seconds():
    return sum(times * _warm_seconds(compute) for compute, times in computed)

  return seconds


def _warm_seconds(function):
  function()
  start = time.perf_counter()
  function()
  return time.perf_counter() - start


def _flops(op):
  if op.type == 'Conv2D':
    return 2 * _size(op.outputs[0]) * _kernel(op.inputs[1])
  if op.type == 'Conv2DBackpropInput':
    return 2 * _size(op.inputs[2]) * _kernel(op.inputs[1])
  if op.type == 'Conv2DBackpropFilter':
    return 2 * _size(op.inputs[2]) * _kernel(op.outputs[0])
  if op.type == 'MatMul':
    inner = op.inputs[0].shape[0 if op.get_attr('transpose_a') else 1]
    return 2 * _size(op.outputs[0]) * inner
  return 0


def _result_shape(op):
  """Returns the shape that a gradient's first or second operand tells."""
  shape = op.outputs[0].shape
  if shape.is_fully_defined():
    return tuple(shape)
  # A transposed convolution's result, whose size is computed on the way.
  assert op.type == 'Conv2DBackpropInput'
  assert op.get_attr('padding') == b'SAME'
  count, height, width, _ = op.inputs[2].shape
  _, vertical, horizontal, _ = op.get_attr('strides')
  channels = op.inputs[1].shape[2]
  return count, height * vertical, width * horizontal, channels


def _size(tensor):
  return tensor.shape.num_elements()


def _kernel(tensor):
  return tensor.shape[:-1].num_elements()
