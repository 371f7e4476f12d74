"""A source and a target domain, and the batches that methods train on."""

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.data import augmentation, classes, domains
from pixelda_tf.errors import UserError

# Streams of random numbers of a run; each is folded into the seed.
SOURCE, TARGET, SOURCE_AUGMENTATION, TARGET_AUGMENTATION = range(4)


@gin.register
class Pair:
  """Names two domains and the form in which methods see them.

  Attributes:
    source: `Domain` with labels.
    target: `Domain`; its labels reach evaluation only.
    image_size: (height, width) of both, or None for the larger of the two.
    channels: 1 or 3 of both, or None for the larger of the two.
    batch_size: examples of each domain in a batch, over all replicas.
    source_augmentation, target_augmentation: callable of (batch, seed), or a
      sequence of them; see `augmentation`.
    allow_class_mismatch: go on where the domains' classes differ.
  """

  def __init__(
    self,
    *,
    source,
    target,
    image_size=None,
    channels=None,
    batch_size=32,
    source_augmentation=(),
    target_augmentation=(),
    allow_class_mismatch=False,
  ):
    """Nothing is read yet; see the attributes."""
    self.source = source
    self.target = target
    self.image_size = image_size
    self.channels = channels
    self.batch_size = batch_size
    self.source_augmentation = source_augmentation
    self.target_augmentation = target_augmentation
    self.allow_class_mismatch = allow_class_mismatch

  def open(self, data_dir, skip_corrupt=False):
    """Returns the `OpenPair` of the data sets stored below `data_dir`."""
    return OpenPair(
      self,
      self.source.open(data_dir, skip_corrupt=skip_corrupt),
      self.target.open(data_dir, skip_corrupt=skip_corrupt),
    )


class OpenPair:
  """Two open domains in one form.

  Attributes:
    source, target: `OpenDomain`s.
    image_shape: (height, width, channels) of all images.
    class_names, n_classes: the source's.
    has_mask: whether source examples carry a mask.
    batch_size: examples of each domain in a batch.
  """

  def __init__(self, pair, source, target):
    """Checks that the domains fit; reads no record yet."""
    if pair.batch_size < 1:
      raise UserError(f'Pair.batch_size is {pair.batch_size}, must be positive')
    if source.n_classes is None:
      raise UserError(
        f'source {source.name} has no labels; prepare it from one folder a '
        'class, or from a CSV with a column label'
      )
    self.source = source
    self.target = target
    self.batch_size = pair.batch_size
    self._target_labels = classes.translation(
      source, target, allow_mismatch=pair.allow_class_mismatch
    )
    self._augmentation = {
      SOURCE: pair.source_augmentation,
      TARGET: pair.target_augmentation,
    }
    self.image_shape = _common_shape(pair, source, target)
    self.class_names = source.class_names
    self.n_classes = source.n_classes
    self.has_mask = source.has_mask

  def train_batches(self, seed, start_step=0, role='unsupervised'):
    """Returns an endless data set of training batches.

    Batch number k is a function of the seed and k alone.

    Args:
      seed: integer.
      start_step: number of the first batch.
      role: 'unsupervised', or 'supervised_target' for the upper bound that
        trains on the target's labels.

    Returns:
      `tf.data.Dataset` of {'source': {'image', 'label'[, 'mask']}, 'target':
      {'image'}}, images float32 [batch_size, *image_shape] in [-1, 1]. For
      'supervised_target' both come from the target.
    """
    if role == 'supervised_target':
      batches = self._labelled_target_batches(seed, start_step)
    else:
      batches = tf.data.Dataset.zip(
        {
          'source': self._train_stream(SOURCE, seed, start_step),
          'target': self._train_stream(TARGET, seed, start_step).map(
            lambda batch: {'image': batch['image']}
          ),
        }
      )
    return batches.with_options(_options()).prefetch(4)

  def test_batches(self, domain='target', split=None, batch_size=256):
    """Returns each example of a test split once, or None without labels.

    Args:
      domain: 'target' or 'source'.
      split: another split than the domain's test split.
      batch_size: examples in a batch; the last one may have fewer.

    Returns:
      `tf.data.Dataset` of {'image', 'label'}.
    """
    domain = getattr(self, domain)
    if domain.n_classes is None:
      return None
    batches = (
      self._labelled(domain, domain.stored(split or domain.test))
      .batch(batch_size)
      .map(self._prepare, num_parallel_calls=2, deterministic=True)
      .map(lambda batch: {key: batch[key] for key in ('image', 'label')})
    )
    return batches.with_options(_options()).prefetch(2)

  def images(self, domain, limit=None, split=None):
    """Returns the first images of a domain's training split.

    Args:
      domain: 'source' or 'target'.
      limit: how many; None for all.
      split: another split than the training split.

    Returns:
      float32 array [at most limit, *image_shape] in [-1, 1].
    """
    domain = getattr(self, domain)
    examples = domain.stored(split or domain.train)
    if limit is not None:
      examples = examples.take(limit)
    batches = examples.batch(256).map(self._prepare)
    return np.concatenate(
      [batch['image'] for batch in batches.as_numpy_iterator()]
    )

  def gallery(self, domain, n):
    """Returns n images to look at: the first of the training split."""
    return self.images(domain, n)

  def _prepare(self, batch):
    return domains.prepare_example(batch, self.image_shape)

  def _labelled(self, domain, examples):
    """Returns the examples of the source's classes, with its labels."""
    if domain is self.source or self._target_labels is None:
      return examples
    return classes.translate(examples, self._target_labels).filter(
      lambda example: example['label'] >= 0
    )

  def _labelled_target_batches(self, seed, start_step):
    if self.target.n_classes is None:
      raise UserError(
        f'target {self.target.name} has no labels to train on; leave methods '
        'out that learn from them'
      )
    batches = self._train_stream(TARGET, seed, start_step)
    if self._target_labels is not None:
      if min(self._target_labels) < 0:
        raise UserError(
          f'target {self.target.name} has classes that source '
          f'{self.source.name} has not; no method can learn from its labels'
        )
      batches = classes.translate(batches, self._target_labels)
    return batches.map(
      lambda batch: {'source': batch, 'target': {'image': batch['image']}}
    )

  def _train_stream(self, stream, seed, start_step):
    """Returns endless prepared batches of one domain, labels and all."""
    domain = self.source if stream == SOURCE else self.target
    count = domain.count(domain.train)
    if count < self.batch_size:
      raise UserError(
        f'{domain.name}: split {domain.train!r} has {count} examples, fewer '
        f'than a batch; lower Pair.batch_size ({self.batch_size})'
      )
    examples = domain.stored(
      domain.train, seed=(seed, stream), skip=start_step * self.batch_size
    )
    batches = examples.batch(self.batch_size, drop_remainder=True)

    def prepare(step, batch):
      step_seed = tf.random.experimental.stateless_fold_in(
        (seed, stream + SOURCE_AUGMENTATION), step
      )
      return augmentation.apply(
        self._augmentation[stream], self._prepare(batch), step_seed
      )

    return batches.enumerate(start_step).map(
      prepare, num_parallel_calls=2, deterministic=True
    )


def _common_shape(pair, source, target):
  """Returns the (height, width, channels) that both domains are brought to."""
  height, width, channels = np.maximum(source.image_shape, target.image_shape)
  if pair.image_size:
    height, width = pair.image_size
  channels = pair.channels or channels
  for domain in (source, target):
    found = domain.image_shape[-1]
    if channels != found and not {channels, found} <= {1, 3}:
      raise UserError(
        f'{domain.name}: images of {found} channels cannot become '
        f'{channels}; set Pair.channels to 1 or 3, for grey or RGB images'
      )
  return int(height), int(width), int(channels)


def _options():
  options = tf.data.Options()
  options.deterministic = True
  options.experimental_distribute.auto_shard_policy = (
    tf.data.experimental.AutoShardPolicy.DATA
  )
  return options
