"""How far apart two sets of features, or two classifiers, are."""

import tensorflow as tf

# DAN's kernels have variances of these times the mean squared distance; the
# paper has a range of powers of 2, these are those of the ports in use.
KERNEL_SCALES = (0.125, 0.25, 0.5, 1.0, 2.0)


def maximum_mean_discrepancy(
  source: tf.Tensor,
  target: tf.Tensor,
  scales: tuple[float, ...] = KERNEL_SCALES,
) -> tf.Tensor:
  """Squared MMD of several Gaussian kernels (DAN, Long et al., 2015, Eq. 2).

  The unbiased estimate over all pairs (Gretton et al., 2012, Eq. 3), which may
  be below 0: of x and y with k = sum_u exp(-|x - y|^2 / (2 scale_u m)),

    mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean k(x_i, y_j),

  where m is the mean squared distance of all pairs of both, without gradient.
  (DAN takes an estimate of fewer pairs, for batches of another time.)

  Args:
    source: float32 `[n, d]`, n > 1.
    target: float32 `[m, d]`, m > 1.
    scales: of m, one a kernel.

  Returns:
    float32 scalar.
  """
  points = tf.concat([source, target], 0)
  squares = tf.reduce_sum(points**2, 1)
  distances = (
    squares[:, None] + squares[None] - 2.0 * points @ tf.transpose(points)
  )
  distances = tf.maximum(distances, 0.0)  # Rounding may bring it below.
  count = tf.cast(tf.shape(points)[0], tf.float32)
  mean = tf.reduce_sum(tf.stop_gradient(distances)) / (count * (count - 1.0))
  # Of points that are all the same there is no scale.
  mean = tf.where(mean > 0.0, mean, 1.0)
  kernel = tf.add_n([tf.exp(-distances / (2.0 * s * mean)) for s in scales])
  n = tf.shape(source)[0]
  return (
    _mean_of_others(kernel[:n, :n])
    + _mean_of_others(kernel[n:, n:])
    - 2.0 * tf.reduce_mean(kernel[:n, n:])
  )


def coral(source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
  """Deep CORAL's distance of covariances (Sun and Saenko, 2016, Eq. 1).

  `|C_S - C_T|_F^2 / (4 d^2)`, C the covariances over n - 1 (Eq. 2, 3).

  Args:
    source: float32 `[n, d]`, n > 1.
    target: float32 `[m, d]`, m > 1.

  Returns:
    float32 scalar.
  """
  difference = _covariance(source) - _covariance(target)
  size = tf.cast(tf.shape(source)[1], tf.float32)
  return tf.reduce_sum(difference**2) / (4.0 * size**2)


def classifier_discrepancy(logits: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
  """MCD's distance of two classifiers (Saito et al., 2018, Eq. 9).

  Args:
    logits: float32 `[n, n_classes]`.
    others: those of the other classifier.

  Returns:
    float32 scalar, the mean of `|p_1 - p_2|` over classes and examples.
  """
  return tf.reduce_mean(tf.abs(tf.nn.softmax(logits) - tf.nn.softmax(others)))


def _mean_of_others(kernel):
  """Returns the mean of a square matrix but for its diagonal."""
  n = tf.cast(tf.shape(kernel)[0], tf.float32)
  return (tf.reduce_sum(kernel) - tf.linalg.trace(kernel)) / (n * (n - 1.0))


def _covariance(points):
  n = tf.cast(tf.shape(points)[0], tf.float32)
  centred = points - tf.reduce_mean(points, 0)
  return tf.matmul(centred, centred, transpose_a=True) / (n - 1.0)
