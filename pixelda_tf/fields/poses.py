"""Poses: unit quaternions, model to camera, OpenCV axes."""

import tensorflow as tf


def turn(poses: tf.Tensor, angles: tf.Tensor) -> tf.Tensor:
  """Returns the poses of objects in images that were turned.

  In OpenCV's axes z points away, so that the turn about z is the other way.

  Args:
    poses: float32 `[n, 4]`, (w, x, y, z).
    angles: float32 `[n]`, radians, counterclockwise as seen.

  Returns:
    float32 `[n, 4]` with w >= 0: the turn, after the pose.
  """
  cos, sin = tf.cos(angles / 2.0), -tf.sin(angles / 2.0)
  w, x, y, z = tf.unstack(poses, axis=-1)
  turned = tf.stack(
    [
      cos * w - sin * z,
      cos * x - sin * y,
      cos * y + sin * x,
      cos * z + sin * w,
    ],
    axis=-1,
  )
  return tf.where(turned[:, :1] < 0, -turned, turned)
