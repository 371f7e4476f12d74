"""A problem with a field of its own: each pixel has a class, or none is known.

All that there is to write for a problem, but for its network and config.
"""

import gin
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from sklearn.metrics import confusion_matrix

from pixelda_tf.fields import Field, images
from pixelda_tf.problems import Case, Metric, Problem, Scorer

UNKNOWN = 255
PIXEL_CLASSES = Field(
  noun='classes of pixels',
  remedy='draw them',
  feature=lambda shape, names: tfds.features.LabeledImage(
    labels=names, shape=(*shape[:2], 1)
  ),
  prepare=lambda values, shape: tf.cast(
    images.resize(
      values if values.shape[-1] == 1 else values[..., tf.newaxis],
      shape[:2],
      'nearest',
    )[..., 0],
    tf.int32,
  ),
  store=lambda values: values[..., np.newaxis].astype(np.uint8),
  take=lambda values, n_classes, where: values,
  relabel=lambda values, new: tf.where(
    values == UNKNOWN,
    UNKNOWN,
    tf.gather([*new, UNKNOWN], tf.minimum(values, len(new))),
  ),
  interpolation='nearest',
  fill=UNKNOWN,
)


@gin.register
class PixelClassification(Problem):
  """The class of every pixel."""

  targets = ('pixel_classes',)
  outputs = ('classes',)
  maps = ('pixel_classes', 'classes')
  metrics = (Metric('pixel_accuracy', 'right pixels', '{:.1%}', True),)

  def losses(self, examples, outputs):
    truth = examples['pixel_classes']
    known = tf.cast(truth != UNKNOWN, tf.float32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
      tf.where(truth == UNKNOWN, 0, truth), outputs['logits']
    )
    return {'pixels': tf.reduce_mean(known * losses, axis=[1, 2])}

  def head_losses(self, examples, logits):
    raise NotImplementedError

  def pseudo_labels(self, outputs, sure=None):
    logits = outputs['logits']
    return {'pixel_classes': tf.argmax(logits, -1, output_type=tf.int32)}

  def probabilities(self, outputs):
    return tf.nn.softmax(outputs['logits'])

  def predictions(self, outputs, size=None):
    classes = self.pseudo_labels(outputs)['pixel_classes']
    if size is not None:
      classes = tf.image.resize(classes[..., tf.newaxis], size, 'nearest')
      classes = classes[..., 0]
    return {'classes': classes}

  def keras_metrics(self, n_classes):
    return [
      tf.keras.metrics.MeanIoU(
        n_classes, 'mean_iou', ignore_class=UNKNOWN, sparse_y_pred=False
      )
    ]

  def scorer(self, class_names, n_worst=0):
    return PixelScorer(class_names, n_worst)


class PixelScorer(Scorer):
  """Counts pixels; the worst images have the most wrong ones."""

  def __init__(self, class_names, n_worst=0):
    super().__init__(class_names, n_worst)
    n = len(self.class_names)
    self.confusion = np.zeros((n, n), np.int64)
    self.count = 0

  def update(self, examples, predictions):
    truth = examples['pixel_classes'].reshape(predictions['classes'].shape)
    known, predicted = truth != UNKNOWN, predictions['classes']
    self.count += len(truth)
    self.confusion += confusion_matrix(
      truth[known], predicted[known], labels=range(len(self.class_names))
    )
    wrong = (known & (truth != predicted)).mean((1, 2))
    self._worst.add(
      wrong,
      lambda i: Case(
        np.repeat(truth[i, ..., None], 3, -1).astype(np.uint8),
        (f'{wrong[i]:.0%} wrong',),
      ),
    )

  def result(self):
    right = np.trace(self.confusion)
    accuracy = float(right / self.confusion.sum())
    return {'pixel_accuracy': accuracy, 'count': self.count}

  def lines(self):
    return [f'{self.result()["pixel_accuracy"]:.1%} of pixels']
