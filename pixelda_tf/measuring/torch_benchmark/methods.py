"""The train steps of `pixelda_tf.methods` in PyTorch, by the same names.

Who plays, in which order and for which losses is as there. Left out is what is
no loss: the gradients' norms, the discriminators' accuracies, averaged weights,
and the schedule of the learning rate.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pixelda_tf.measuring.torch_benchmark.networks import (
  mnist_classifier,
  patch_discriminator,
  pyramid_discriminator,
  residual_generator,
  unet_generator,
)

# The names of the networks that move, the loss that moves them, and how often.
Player = tuple[Sequence[str], Callable[..., Tensor], int]


class Method:
  """A method: `self.networks` by name, `shared` and `players`."""

  networks: nn.ModuleDict
  shared: Callable[[Tensor, Tensor], Any]
  players: Callable[[], Sequence[Player]]

  def start(self, bfloat16: bool) -> None:
    """Gets ready for steps.

    Args:
      bfloat16: whether convolutions and products are in bfloat16.
    """
    self.bfloat16 = bfloat16
    self.networks.to(memory_format=torch.channels_last)
    self.optimizers = [
      # How fast it learns does not change how long it takes.
      torch.optim.Adam(self.trainable(*names), 2e-4, (0.5, 0.999), fused=True)
      for names, _, _ in self.players()
    ]

  def trainable(self, *names: str) -> list[nn.Parameter]:
    """Returns the parameters of networks that train."""
    return [
      parameter
      for name in names
      for parameter in self.networks[name].parameters()
      if parameter.requires_grad
    ]

  def precision(self) -> contextlib.AbstractContextManager:
    """Returns the context of a forward pass."""
    if not self.bfloat16:
      return contextlib.nullcontext()
    return torch.autocast('cpu', dtype=torch.bfloat16)

  def step(self, source: Tensor, labels: Tensor, target: Tensor) -> list[float]:
    """Moves every player, in order.

    Args:
      source: float32 images `[batch, channels, height, width]` in [-1, 1].
      labels: of theirs, int64 `[batch]`.
      target: as `source`.

    Returns:
      The players' losses, floats; the last of several.
    """
    with self.precision():
      shared = self.shared(source, target)
    values = []
    for (names, losses, repeats), optimizer in zip(
      self.players(), self.optimizers, strict=True
    ):
      for number in range(repeats):
        with self.precision():
          seen = self.shared(source, target) if number else shared
          loss = losses(source, labels, target, seen)
        optimizer.zero_grad()
        loss.backward(inputs=self.trainable(*names))
        optimizer.step()
      values.append(loss.item())
    return values


class PixelDA(Method):
  """PixelDA without a content loss."""

  def __init__(
    self,
    image_shape: tuple[int, int, int],
    n_classes: int,
    *,
    generator: Callable[..., nn.Module] = residual_generator,
    discriminator: Callable[..., nn.Module] = pyramid_discriminator,
    task: Callable[..., nn.Module] = mnist_classifier,
    domain_weight: float = 1.0,
    task_weight: float = 1.0,
    noise_size: int = 10,
    task_repeats: int = 1,
  ):
    """See `pixelda_tf.methods.pixelda`."""
    self.networks = nn.ModuleDict(
      {
        'generator': generator(image_shape, noise_size),
        'discriminator': discriminator(image_shape),
        'task': task(image_shape, n_classes),
      }
    )
    self.domain_weight = domain_weight
    self.task_weight = task_weight
    self.noise_size = noise_size
    self.task_repeats = task_repeats

  def players(self) -> Sequence[Player]:
    """D and T, then G."""
    return (
      (['discriminator'], self.discriminator_losses, 1),
      (['task'], self.task_losses, self.task_repeats),
      (['generator'], self.generator_losses, 1),
    )

  def shared(self, source: Tensor, target: Tensor) -> Any:
    """The translated images."""
    noise = 2 * torch.rand(len(source), self.noise_size) - 1
    return self.networks['generator'](source, noise)

  def discriminator_losses(
    self, source: Tensor, labels: Tensor, target: Tensor, translated: Any
  ) -> Tensor:
    """Cross entropies of real and fake."""
    discriminator = self.networks['discriminator']
    real = discriminator(target).float()
    fake = discriminator(translated.detach()).float()
    loss = functional.softplus(-real).mean() + functional.softplus(fake).mean()
    return self.domain_weight * loss

  def task_losses(
    self, source: Tensor, labels: Tensor, target: Tensor, translated: Any
  ) -> Tensor:
    """Classes of source images and of translated ones."""
    loss = self.classes(translated.detach(), labels)
    return loss + self.classes(source, labels)

  def generator_losses(
    self, source: Tensor, labels: Tensor, target: Tensor, translated: Any
  ) -> Tensor:
    """A discriminator that takes fake for real, and the class."""
    fake = self.networks['discriminator'](translated).float()
    loss = self.domain_weight * functional.softplus(-fake).mean()
    return loss + self.classes(translated, labels)

  def classes(self, images: Tensor, labels: Tensor) -> Tensor:
    """The task's weighted loss on images."""
    logits = self.networks['task'](images).float()
    return self.task_weight * functional.cross_entropy(logits, labels)


class CycleGAN(Method):
  """CycleGAN with least squares and without a pool."""

  def __init__(
    self,
    image_shape: tuple[int, int, int],
    n_classes: int,
    *,
    generator: Callable[..., nn.Module] = unet_generator,
    discriminator: Callable[..., nn.Module] = patch_discriminator,
    cycle_weight: float = 8.0,
    identity_weight: float = 0.8,
    discriminator_weight: float = 0.5,
  ):
    """See `pixelda_tf.methods.cyclegan`."""
    self.networks = nn.ModuleDict(
      {
        'source_to_target': generator(image_shape),
        'target_to_source': generator(image_shape),
        'target_discriminator': discriminator(image_shape),
        'source_discriminator': discriminator(image_shape),
      }
    )
    self.cycle_weight = cycle_weight
    self.identity_weight = identity_weight
    self.discriminator_weight = discriminator_weight

  def players(self) -> Sequence[Player]:
    """Both generators, then both discriminators."""
    generators = ['source_to_target', 'target_to_source']
    discriminators = ['target_discriminator', 'source_discriminator']
    return (
      (generators, self.generator_losses, 1),
      (discriminators, self.discriminator_losses, 1),
    )

  def shared(self, source: Tensor, target: Tensor) -> Any:
    """The images translated in both directions."""
    forth = self.networks['source_to_target'](source)
    back = self.networks['target_to_source'](target)
    return {'target': forth, 'source': back}

  def generator_losses(
    self, source: Tensor, labels: Tensor, target: Tensor, translated: Any
  ) -> Tensor:
    """Fakes taken for real, cycles and identities."""
    forth = self.networks['source_to_target']
    back = self.networks['target_to_source']
    loss = 0.0
    for name in ('target', 'source'):
      fake = self.networks[f'{name}_discriminator'](translated[name]).float()
      loss += ((fake - 1) ** 2).mean()
    if self.cycle_weight:
      cycle = (source - back(translated['target'])).abs().mean()
      cycle += (target - forth(translated['source'])).abs().mean()
      loss += self.cycle_weight * cycle
    if self.identity_weight:
      identity = (target - forth(target)).abs().mean()
      identity += (source - back(source)).abs().mean()
      loss += self.identity_weight * identity
    return loss

  def discriminator_losses(
    self, source: Tensor, labels: Tensor, target: Tensor, translated: Any
  ) -> Tensor:
    """Squared errors of real and fake, in both domains."""
    loss = 0.0
    for name, images in (('target', target), ('source', source)):
      discriminator = self.networks[f'{name}_discriminator']
      real = discriminator(images).float()
      fake = discriminator(translated[name].detach()).float()
      loss += ((real - 1) ** 2).mean() + (fake**2).mean()
    return self.discriminator_weight * loss
