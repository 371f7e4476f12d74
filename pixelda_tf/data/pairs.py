"""A source and a target domain, and the batches that methods train on."""

import copy

import gin
import numpy as np
import tensorflow as tf

from pixelda_tf.data import classes, domains, streams
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import can_match_channels

_GALLERY_SEED = (0, 0)


@gin.register
class Pair:
  """Names two domains and the form in which methods see them.

  Attributes:
    source: `Domain` with labels.
    target: `Domain`; its labels reach evaluation only.
    labelled_target: `Domain` of target images whose labels are used in
      training, for semi-supervised methods; None where there are none.
    image_size: (height, width) of both, or None for the larger of the two.
    channels: 1, 3 or 4 of both, or None for the larger of the two.
    batch_size: examples of each domain in a batch, over all replicas.
    parts: into how many parts the records of the training splits are cut; a
      batch has as many examples of each. Hosts share the parts out, each reads
      its own; one host reads all of them, and gets the batches that the hosts
      get together. None for one part a host.
    source_augmentation, target_augmentation: callable of (batch, seed), or a
      sequence of them; see `augmentation`.
    allow_class_mismatch: go on where the domains' classes differ.
  """

  def __init__(
    self,
    *,
    source,
    target,
    labelled_target=None,
    image_size=None,
    channels=None,
    batch_size=32,
    parts=None,
    source_augmentation=(),
    target_augmentation=(),
    allow_class_mismatch=False,
  ):
    """Nothing is read yet; see the attributes."""
    self.source = source
    self.target = target
    self.labelled_target = labelled_target
    self.image_size = image_size
    self.channels = channels
    self.batch_size = batch_size
    self.parts = parts
    self.source_augmentation = source_augmentation
    self.target_augmentation = target_augmentation
    self.allow_class_mismatch = allow_class_mismatch

  def open(self, data_dir, skip_corrupt=False):
    """Returns the `OpenPair` of the data sets stored below `data_dir`."""
    domains = self.source, self.target, self.labelled_target
    return OpenPair(
      self,
      *(domain and domain.open(data_dir, skip_corrupt) for domain in domains),
    )


class OpenPair:
  """Two open domains in one form.

  Attributes:
    source, target, labelled_target: `OpenDomain`s, the latter maybe None.
    image_shape: (height, width, channels) of all images.
    class_names, n_classes: the source's.
    has_mask: whether source examples carry a mask.
    batch_size: examples of each domain in a batch.
  """

  def __init__(self, pair, source, target, labelled_target=None):
    """Checks that the domains fit; reads no record yet."""
    if pair.batch_size < 1:
      raise UserError(f'Pair.batch_size is {pair.batch_size}, must be positive')
    if source.n_classes is None:
      raise UserError(
        f'source {source.name} has no labels; prepare it from one folder a '
        'class, or from a CSV with a column label'
      )
    self._pair = pair
    self.source = source
    self.target = target
    self.labelled_target = labelled_target
    self.batch_size = pair.batch_size
    self.image_shape = _common_shape(pair, source, target, labelled_target)
    self._streams = {
      'source': self._stream('source', source, pair.source_augmentation),
      'target': self._stream('target', target, pair.target_augmentation),
    }
    if labelled_target:
      self._streams['labelled_target'] = self._stream(
        'labelled_target', labelled_target, pair.target_augmentation
      )
    self.class_names = source.class_names
    self.n_classes = source.n_classes
    self.has_mask = source.has_mask

  def with_source(self, source, path):
    """Returns the same pair with a translated source in place of its own.

    Its images were augmented before they were translated, and are not again.

    Args:
      source: `OpenDomain`.
      path: where it is stored, for messages.

    Raises:
      UserError: it was made for images of another shape or other classes.
    """
    for name, found, expected in (
      ('images', tuple(source.image_shape), self.image_shape),
      ('classes', tuple(source.class_names or ()), tuple(self.class_names)),
    ):
      if found != expected:
        raise UserError(
          f'{path}: has {name} {found}, expected {expected}: delete the folder '
          'and it is translated again'
        )
    pair = copy.copy(self._pair)
    pair.source_augmentation = ()
    return OpenPair(pair, source, self.target, self.labelled_target)

  def train_batches(
    self, seed, start_step=0, role='unsupervised', host=0, hosts=1
  ):
    """Returns an endless data set of training batches.

    Batch number k is a function of the seed, k and the number of parts alone.

    Args:
      seed: integer.
      start_step: number of the first batch.
      role: 'unsupervised'; 'semi_supervised', with labelled target images
        beside; 'supervised_target' for the upper bound that trains on the
        target's labels; 'labelled_target' for the labelled target images alone.
      host: number of the host that trains, from 0.
      hosts: how many there are.

    Returns:
      `tf.data.Dataset` of {'source': {'image', 'label'[, 'mask', 'pose']},
      'target': {'image'}}, images float32 [batch_size / hosts, *image_shape] in
      [-1, 1]: the host's part of the batch, in order. 'semi_supervised' adds
      'labelled_target', as 'source'. For 'supervised_target' and
      'labelled_target' both come from that domain.

    Raises:
      UserError: batch, parts and hosts do not divide, or a part holds too few
        examples.
    """
    parts = self._parts(hosts)
    own = [
      self._batches_of_part(seed, start_step, role, (index, parts))
      for index in range(host * parts // hosts, (host + 1) * parts // hosts)
    ]
    batches = own[0] if len(own) == 1 else streams.side_by_side(own)
    return batches.with_options(_options()).prefetch(4)

  def test_batches(self, domain='target', split=None, batch_size=256):
    """Returns each example of a test split once, or None without labels.

    Args:
      domain: 'target' or 'source'.
      split: another split than the domain's test split.
      batch_size: examples in a batch; the last one may have fewer.

    Returns:
      `tf.data.Dataset` of {'image', 'label'[, 'pose']}.
    """
    translation = self._streams[domain].translation
    domain = getattr(self, domain)
    if domain.n_classes is None:
      return None
    examples = domain.stored(split or domain.test)
    if translation is not None:
      examples = classes.translate(examples, translation).filter(
        lambda example: example['label'] >= 0
      )
    batches = (
      examples.batch(batch_size)
      .map(self._prepare, num_parallel_calls=2, deterministic=True)
      .map(
        lambda batch: {
          key: batch[key] for key in ('image', 'label', 'pose') if key in batch
        }
      )
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

  def augment(self, domain, batch, seed):
    """Returns a prepared batch as training sees it; see `augmentation`."""
    return self._streams[domain].augment(batch, seed)

  def gallery(self, domain, n):
    """Returns n images to look at, as training sees them: the first ones."""
    opened = getattr(self, domain)
    examples = opened.stored(opened.train).take(n).batch(n).map(self._prepare)
    batch = next(iter(examples))  # With masks, which augmentations may need.
    return self.augment(domain, batch, _GALLERY_SEED)['image'].numpy()

  def _prepare(self, batch):
    return domains.prepare_example(batch, self.image_shape)

  def _stream(self, role, domain, augmentations):
    translation = None
    if role != 'source':
      translation = classes.translation(
        self.source, domain, allow_mismatch=self._pair.allow_class_mismatch
      )
    return streams.Stream(
      role,
      domain,
      translation=translation,
      augmentations=augmentations,
      image_shape=self.image_shape,
    )

  def _parts(self, hosts):
    """Returns into how many parts the training splits are cut."""
    parts = hosts if self._pair.parts is None else self._pair.parts
    if parts < 1 or parts % hosts:
      raise UserError(
        f'Pair.parts is {parts}: a multiple of the number of hosts ({hosts}) '
        'is needed'
      )
    if self.batch_size % parts:
      raise UserError(
        f'Pair.batch_size is {self.batch_size}: a multiple of the number of '
        f'parts ({parts}) is needed, see Pair.parts'
      )
    return parts

  def _batches_of_part(self, seed, start_step, role, part):
    where = seed, start_step, self.batch_size // part[1], part
    if role == 'supervised_target':
      return _both_from(self._labelled('target').labelled_batches(*where))
    if role == 'labelled_target':
      return _both_from(self._labelled(role).labelled_batches(*where))
    batches = {
      'source': self._streams['source'].batches(*where),
      'target': self._streams['target']
      .batches(*where)
      .map(lambda batch: {'image': batch['image']}),
    }
    if role == 'semi_supervised':
      labelled = self._labelled('labelled_target')
      batches['labelled_target'] = labelled.labelled_batches(*where)
    return tf.data.Dataset.zip(batches)

  def _labelled(self, role):
    """Returns a target stream that a method learns from with its labels."""
    if role not in self._streams:
      raise UserError(
        'a method learns from labelled target images, but '
        f'Pair.{role} names none'
      )
    stream = self._streams[role]
    if stream.domain.n_classes is None:
      raise UserError(
        f'target {stream.domain.name} has no labels to train on; leave methods '
        'out that learn from them'
      )
    if stream.translation is not None and min(stream.translation) < 0:
      raise UserError(
        f'target {stream.domain.name} has classes that source '
        f'{self.source.name} has not; no method can learn from its labels'
      )
    return stream


def _both_from(batches):
  """Returns batches whose labelled and unlabelled images are the same."""
  return batches.map(
    lambda batch: {'source': batch, 'target': {'image': batch['image']}}
  )


def _common_shape(pair, *domains):
  """Returns the (height, width, channels) that all domains are brought to."""
  domains = [domain for domain in domains if domain is not None]
  shapes = [domain.image_shape for domain in domains]
  height, width, channels = np.max(shapes, axis=0)
  if pair.image_size:
    height, width = pair.image_size
  channels = pair.channels or channels
  for domain in domains:
    found = domain.image_shape[-1]
    if not can_match_channels(found, channels):
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
