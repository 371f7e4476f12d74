"""Measures a config's train step, its input pipeline and the two together.

python tools/benchmark.py --gin_file=gin/mnist_to_mnistm.gin --data_dir=data
"""

import itertools
import resource
import statistics
import sys
import tempfile
import time

from absl import flags

from pixelda_tf import command_line

command_line.define_flags('gin_file', 'gin_param', 'data_dir')
flags.DEFINE_string('row', None, 'Row of the config; its adapted one else.')
flags.DEFINE_integer('steps', 30, 'Steps of each measurement.', lower_bound=1)
FLAGS = flags.FLAGS

_WARM_UP = 3


def main():
  """Measures and prints."""
  import tensorflow as tf

  from pixelda_tf import config
  from pixelda_tf.training import distribution, experiment

  config.parse(FLAGS.gin_file, FLAGS.gin_param)
  with tempfile.TemporaryDirectory() as run_dir:
    run = experiment.Experiment(run_dir, FLAGS.data_dir)
  row = run.row(FLAGS.row)
  method = run.build(row)
  batches = run.pair.train_batches(run.seed, role=method.role)
  batch = next(iter(batches))
  images = sum(domain['image'].shape[0] for domain in batch.values())

  flops = count_flops(tf.function(method.train_step), batch)
  step = distribution.step_function(run.strategy, method)
  repeated = itertools.repeat(batch)
  fed = iter(run.strategy.experimental_distribute_dataset(batches))
  train = tf.function(
    lambda batch: run.strategy.run(method.train_step, args=(batch,))
  )
  alone, together = measure(
    lambda: train(next(repeated)), lambda: step(fed), FLAGS.steps
  )
  rate = convolution_rate(run.pair.image_shape, run.pair.batch_size)
  print(f'{row.name}, batch {run.pair.batch_size}, {run.precision}')
  print(f'step on one repeated batch: {alone * 1e3:.1f} ms (median)')
  print(f'images a second: {images / alone:.0f} (both domains)')
  print(f'floating-point operations a step: {flops / 1e9:.2f} G')
  print(
    f'convolutions here: {rate / 1e9:.0f} G a second; the step reaches '
    f'{flops / alone / rate:.0%} of it'
  )
  print(
    f'step fed by the pipeline: {together * 1e3:.1f} ms, '
    f'{together / alone - 1:+.1%}'
  )
  print(f'pipeline alone: {pipeline_rate(batches, images):.0f} images a second')
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  peak *= 1 if sys.platform == 'darwin' else 1024
  print(f'peak memory: {peak / 2**30:.2f} GiB')


def measure(first, second, count):
  """Times two functions in turn, so that a machine's drift meets both.

  Returns:
    Their median seconds.
  """
  times = ([], [])
  for number in range(_WARM_UP + count):
    for function, kept in zip((first, second), times, strict=True):
      start = time.perf_counter()
      {name: float(value) for name, value in function().items()}
      if number >= _WARM_UP:
        kept.append(time.perf_counter() - start)
  return statistics.median(times[0]), statistics.median(times[1])


def pipeline_rate(batches, images, seconds=5.0):
  """Returns images a second of the input pipeline with nothing to feed."""
  iterator = iter(batches)
  for _ in range(_WARM_UP):
    next(iterator)
  start = time.perf_counter()
  for count in itertools.count(1):
    next(iterator)
    elapsed = time.perf_counter() - start
    if elapsed > seconds:
      return count * images / elapsed


def convolution_rate(image_shape, batch_size, filters=64, count=10):
  """Returns operations a second of a 3x3 convolution and its gradients.

  It has the shape of the generator's and the current precision.

  Args:
    image_shape: (height, width, channels).
    batch_size: images.
    filters: in and out.
    count: measurements, of which the fastest counts.
  """
  import tensorflow as tf

  dtype = tf.keras.mixed_precision.global_policy().compute_dtype
  height, width, _ = image_shape
  images = tf.ones((batch_size, height, width, filters), dtype)
  kernel = tf.ones((3, 3, filters, filters), dtype)

  @tf.function
  def convolve(images, kernel):
    with tf.GradientTape() as tape:
      tape.watch([images, kernel])
      outputs = tf.nn.conv2d(images, kernel, 1, 'SAME')
    return tape.gradient(outputs, [images, kernel], output_gradients=outputs)

  flops = count_flops(convolve, images, kernel)
  times = []
  for _ in range(_WARM_UP + count):
    start = time.perf_counter()
    [gradient.numpy() for gradient in convolve(images, kernel)]
    times.append(time.perf_counter() - start)
  return flops / min(times)


def count_flops(function, *args):
  """Counts the convolutions' and matrix products' operations of one call.

  A multiplication and its addition count as two. What no output or state
  depends on is not executed and not counted.

  Args:
    function: `tf.function` with static shapes.
    *args: its arguments.
  """
  graph = function.get_concrete_function(*args).graph
  waiting = [tensor.op for tensor in graph.outputs] + list(
    graph.control_outputs
  )
  seen = set()
  total = 0
  while waiting:
    op = waiting.pop()
    if op in seen:
      continue
    seen.add(op)
    waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    total += _flops(op)
  return total


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


def _size(tensor):
  return tensor.shape.num_elements()


def _kernel(tensor):
  return tensor.shape[:-1].num_elements()


if __name__ == '__main__':
  command_line.run(main)
