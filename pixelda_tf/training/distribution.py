"""On which devices a method trains."""

import tensorflow as tf


def strategy():
  """Returns MirroredStrategy on several GPUs, else the default strategy."""
  gpus = tf.config.list_logical_devices('GPU')
  if len(gpus) > 1:
    return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus])
  return tf.distribute.get_strategy()


def step_function(distribution, method):
  """Returns a function that takes one train step from an iterator.

  Args:
    distribution: the strategy under whose scope the method was built.
    method: a compiled method.

  Returns:
    function of an iterator of distributed batches to the step's logs, float32
    scalars, means over the replicas.
  """

  def replicated(batch):
    return distribution.run(method.train_step, args=(batch,))

  @tf.function(autograph=False)
  def step(iterator):
    logs = replicated(next(iterator))
    return {
      name: distribution.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
      for name, value in logs.items()
    }

  return step
