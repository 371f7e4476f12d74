"""An opened pair of domains, and the batches that methods are trained on."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from pixelda_tf import fields
from pixelda_tf.data import classes, roles, streams
from pixelda_tf.data.open_domains import OpenDomain
from pixelda_tf.data.roles import Learnt
from pixelda_tf.errors import UserError
from pixelda_tf.fields.images import at_once

_GALLERY_SEED = (0, 0)


class OpenPair:
  """Two open domains in one form.

  Attributes:
    source, target, labelled_target: `OpenDomain`s, the latter maybe None.
    image_shape: (height, width, channels) of all whole images.
    train_shape: that of images in training batches, other than `image_shape`
      where they are cropped.
    class_names, n_classes: the source's.
    problem: what is learnt.
    batch_size: examples of each domain in a batch.
  """

  def __init__(
    self,
    pair: Any,
    source: OpenDomain,
    target: OpenDomain,
    labelled_target: OpenDomain | None = None,
    *,
    problem: Learnt,
  ):
    """Checks that the domains fit; reads no record yet."""
    problem.check(source, 'source')
    self._pair = pair
    # Others ask more of it than a pair does.
    self.problem: Any = problem
    self.source = source
    self.target = target
    self.labelled_target = labelled_target
    self.batch_size = pair.batch_size
    self.image_shape = pair.image_shape(source, target, labelled_target)
    self.train_shape = pair.train_shape(self.image_shape)
    self._galleries: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    self.class_names = source.class_names
    self.n_classes = source.n_classes
    self._streams = {
      role: self._stream(role, domain)
      for role, domain in (
        ('source', source),
        ('target', target),
        ('labelled_target', labelled_target),
      )
      if domain
    }

  def changed(
    self, source: OpenDomain | None = None, **settings: Any
  ) -> 'OpenPair':
    """Returns the same pair with other settings.

    Args:
      source: in place of its own; None for its own.
      **settings: attributes of `Pair`.

    Raises:
      UserError: they do not fit.
    """
    pair = copy.copy(self._pair)
    vars(pair).update(settings)
    return OpenPair(
      pair,
      source or self.source,
      self.target,
      self.labelled_target,
      problem=self.problem,
    )

  def check(self, role: str) -> None:
    """Raises UserError where domains lack what a role learns from."""
    roles.check(self._streams, self.problem, role)

  def train_batches(
    self,
    seed: int,
    start_step: int = 0,
    role: str = 'unsupervised',
    host: int = 0,
    hosts: int = 1,
    strong_view: bool = False,
  ) -> tf.data.Dataset:
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
      strong_view: whether there is a second view of target images.

    Returns:
      `tf.data.Dataset` of {'source': all fields of the source, as 'image',
      'label'; 'target': {'image'}}, images float32 [batch_size / hosts,
      *train_shape] in [-1, 1]: the host's part of the batch, in order. A strong
      view is ['target']['strong_image']. 'semi_supervised' adds
      'labelled_target', as 'source'. For 'supervised_target' and
      'labelled_target' both come from that domain.

    Raises:
      UserError: batch, parts and hosts do not divide, a part holds too few
        examples, or nothing makes a strong view, or something moves it.
    """
    parts = self._parts(hosts)
    own = [
      roles.batches(
        self._streams,
        self.problem,
        role,
        strong_view,
        seed=seed,
        start_step=start_step,
        batch_size=self.batch_size // parts,
        part=(i, parts),
      )
      for i in range(host * parts // hosts, (host + 1) * parts // hosts)
    ]
    batches = own[0] if len(own) == 1 else streams.side_by_side(own)
    return batches.with_options(_options()).prefetch(4)

  def test_batches(
    self,
    domain: str = 'target',
    split: str | None = None,
    batch_size: int | None = None,
  ) -> tf.data.Dataset | None:
    """Returns each example of a test split once, or None without labels.

    Args:
      domain: 'target' or 'source'.
      split: another split than the domain's test split.
      batch_size: examples in a batch, of which the last one may have fewer;
        None for 256, or as many as memory holds well.

    Returns:
      `tf.data.Dataset` of {'image'} and the problem's targets, as the domain
      has them: maps of pixels in the domain's own size.
    """
    stream = self._streams[domain]
    if not self.problem.can_test(stream.domain):
      return None
    examples = stream.domain.stored(split or stream.domain.test)
    if stream.label_map is not None:
      examples = classes.known(examples, stream.label_map)
    shapes = self.image_shape, stream.domain.image_shape
    batches = examples.batch(batch_size or min(map(at_once, shapes))).map(
      self._prepare_test, num_parallel_calls=2, deterministic=True
    )
    if stream.label_map is not None:
      batches = classes.relabel(batches, stream.label_map)
    return batches.with_options(_options()).prefetch(2)

  def validation_batches(
    self, batch_size: int | None = None
  ) -> tf.data.Dataset | None:
    """Returns as `test_batches` what may be looked at while training.

    That is the target's validation split, where it has one, with labels.
    """
    split = self.target.validation
    return split and self.test_batches('target', split, batch_size)

  def image_batches(
    self, domain: str, limit: int | None = None, split: str | None = None
  ) -> Iterator[np.ndarray]:
    """Yields the first images of a domain's training split, in batches.

    Args:
      domain: 'source' or 'target'.
      limit: how many; None for all.
      split: another split than the training split.

    Yields:
      float32 arrays [n, *image_shape] in [-1, 1].
    """
    domain = getattr(self, domain)
    examples = domain.stored(split or domain.train)
    if limit is not None:
      examples = examples.take(limit)
    batches = examples.batch(at_once(self.image_shape)).map(self._prepare)
    for batch in batches.prefetch(1):
      yield batch['image'].numpy()

  def images(
    self, domain: str, limit: int | None = None, split: str | None = None
  ) -> np.ndarray:
    """Returns as one array what `image_batches` yields."""
    return np.concatenate(list(self.image_batches(domain, limit, split)))

  def augment(
    self, domain: str, batch: streams.Batch, seed: tf.Tensor
  ) -> streams.Batch:
    """Returns a prepared batch as `Pair.source_augmentation` changes it."""
    return self._streams[domain].augment(batch, seed)

  def gallery(self, domain: str, n: int, field: str = 'image') -> np.ndarray:
    """Returns n images to look at, augmented as in training: the first ones.

    They are kept: every row of a run shows them. Of the source, other fields
    can be had, too.
    """
    if (domain, n) not in self._galleries:
      self._galleries[domain, n] = self._gallery(domain, n)
    return self._galleries[domain, n][field]

  def _gallery(self, domain, n):
    opened = getattr(self, domain)
    stored = next(iter(opened.stored(opened.train).take(n).batch(n)))
    batch = self._prepare(stored)  # With masks, which augmentations may need.
    batch = self.augment(domain, batch, _GALLERY_SEED)
    kept = streams.unlabelled(batch) if domain == 'target' else batch
    return {name: values.numpy() for name, values in kept.items()}

  @tf.autograph.experimental.do_not_convert
  def _prepare(self, batch):
    return fields.prepare(batch, self.image_shape)

  @tf.autograph.experimental.do_not_convert
  def _prepare_test(self, batch):
    targets = {
      name: batch[name] for name in self.problem.targets if name in batch
    }
    own_shape = batch['image'].shape[1:]
    images = self._prepare({'image': batch['image']})
    return images | fields.prepare(targets, own_shape)

  def _stream(self, role, domain):
    pair, label_map, strong = self._pair, None, ()
    augmentations = pair.source_augmentation
    if role != 'source':
      label_map = classes.label_map(
        self.source, domain, allow_mismatch=pair.allow_class_mismatch
      )
      augmentations = pair.target_augmentation
      strong = pair.target_strong_augmentation
    return streams.Stream(
      role,
      domain,
      label_map=label_map,
      augmentations=augmentations,
      training_augmentations=pair.augmentation,
      image_shape=self.image_shape,
      crop=None if self.train_shape == self.image_shape else pair.crop,
      strong_augmentations=strong,
    )

  def _parts(self, hosts):
    """Returns into how many parts the training splits are cut."""
    parts = hosts if self._pair.parts is None else self._pair.parts
    if parts % hosts:
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


def _options():
  options = tf.data.Options()
  options.deterministic = True
  options.experimental_distribute.auto_shard_policy = (
    tf.data.experimental.AutoShardPolicy.DATA
  )
  return options
