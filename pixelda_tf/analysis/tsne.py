"""An analysis' plots: t-SNE of pixels and of features.

Labels of the target are read for the colours of its points alone.
"""

import numpy as np
import threadpoolctl
from numpy.typing import ArrayLike

from pixelda_tf.analysis import features, figures
from pixelda_tf.analysis.adaptation import Adaptation
from pixelda_tf.analysis.examples import UNKNOWN
from pixelda_tf.analysis.plots import (
  LeftOut,
  Plot,
  missing_rows,
  predicting,
)
from pixelda_tf.analysis.projector import Embedding
from pixelda_tf.evaluation import pictures

COMPONENTS = 50
_PERPLEXITY = 30.0
_EMBEDDED_SIDE = 64
_LABELS_COLOUR = "the target's labels are used for colours only"


def pixels(adaptation: Adaptation) -> Plot:
  """Embeds source, target and translated images by one t-SNE.

  The plot has two panels, before and after; one without a translator. Large
  images are embedded at a smaller size.
  """
  shown = {'source': adaptation.source, 'target': adaptation.target}
  if adaptation.translator:
    shown['translated'] = _translated(adaptation)
  images = np.concatenate([domain.images for domain in shown.values()])
  small = pictures.shrink(images, lambda *sides: max(sides) <= _EMBEDDED_SIDE)
  points = principal_components(small, adaptation.seed)
  clouds = _clouds(adaptation, shown, embed(points, adaptation.seed))
  panels = [('before: source and target', [clouds['source'], clouds['target']])]
  missing = []
  if adaptation.translator:
    title = f'after: translated by {adaptation.translator}'
    panels.append((title, [clouds['translated'], clouds['target']]))
  else:
    missing.append("no trained row translates: there is no 'after'")
  return _plot(
    adaptation,
    panels,
    't-SNE of pixels: one embedding of all images',
    embeddings={'pixels': _embedding(adaptation, shown, points)},
    missing=missing,
    one_embedding=True,
  )


def task_features(adaptation: Adaptation) -> Plot:
  """Embeds the task networks' last features, each network's by a t-SNE.

  Before, of source and target; after, of translated source images, or source
  images where no row translates, and target.

  Raises:
    LeftOut: no row predicts with usable features.
  """
  plain = {'source': adaptation.source, 'target': adaptation.target}
  adapted = plain
  if adaptation.translator:
    adapted = {
      'translated': _translated(adaptation),
      'target': adaptation.target,
    }
  panels, embeddings, missing = [], {}, missing_rows(adaptation)
  for when, model in predicting(adaptation):
    shown = adapted if when == 'after' else plain
    points, clouds = _features(adaptation, model, shown)
    fault = features.fault(points)
    if fault:
      missing.append(f"{when}: row '{model.name}' {fault}")
      continue
    panels.append((f'{when}: {model}', clouds))
    if when == 'after':
      embeddings['features'] = _embedding(adaptation, shown, points)
  if not panels:
    raise LeftOut('; '.join(missing))
  return _plot(
    adaptation,
    panels,
    "t-SNE of task networks' features: each panel is an embedding of its own",
    embeddings=embeddings,
    missing=missing,
    one_embedding=False,
  )


def side_by_side(adaptation: Adaptation) -> Plot:
  """Embeds several rows' features, each row's by a t-SNE.

  They are of source and target images as they are: so encoders that see both
  domains are compared, as in Fig. 3 of I2I Adapt.

  Raises:
    LeftOut: no row has usable features.
  """
  shown = {'source': adaptation.source, 'target': adaptation.target}
  panels, missing = [], []
  for model in adaptation.side_by_side:
    points, clouds = _features(adaptation, model, shown)
    fault = features.fault(points)
    if fault:
      missing.append(f"row '{model.name}' {fault}")
    else:
      panels.append((str(model), clouds))
  if not panels:
    raise LeftOut('; '.join(missing))
  return _plot(
    adaptation,
    panels,
    't-SNE of features of source and target images as they are: each panel is '
    'an embedding of its own',
    embeddings={},
    missing=missing,
    one_embedding=False,
  )


def principal_components(points: np.ndarray, seed: int) -> np.ndarray:
  """Returns the first principal components of points.

  Args:
    points: float `[n, ...]`.
    seed: of the solver.

  Returns:
    float32 `[n, d]`, centred, d at most `COMPONENTS`; zeros of points that are
    all the same.
  """
  from sklearn.decomposition import PCA

  flat = np.reshape(points, (len(points), -1)).astype(np.float32)
  count = min(COMPONENTS, *flat.shape)
  if _are_same(flat):
    return np.zeros((len(flat), count), np.float32)
  # The order in which threads add up would reach the last bits.
  with threadpoolctl.threadpool_limits(1):
    return PCA(count, random_state=seed).fit_transform(flat)


def embed(points: ArrayLike, seed: int) -> np.ndarray:
  """Embeds points in the plane (van der Maaten and Hinton, 2008).

  Args:
    points: float `[n, d]`, finite.
    seed: equal points and seeds give equal bits.

  Returns:
    float32 `[n, 2]`; zeros of points that are all the same, as those of a dead
    network, and of less than three.
  """
  from sklearn.manifold import TSNE

  points = np.asarray(points, np.float32)
  if len(points) < 3 or _are_same(points):
    return np.zeros((len(points), 2), np.float32)
  if points.shape[1] == 1:
    points = np.pad(points, ((0, 0), (0, 1)))
  # The perplexity is a number of neighbours: no more than a third of all.
  perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
  with threadpoolctl.threadpool_limits(1):
    return TSNE(
      init='pca', perplexity=perplexity, random_state=seed
    ).fit_transform(points)


def _features(adaptation, model, shown):
  """Returns a model's features of images, and their `figures.Cloud`s.

  Args:
    adaptation: see `Adaptation`.
    model: its `Model`.
    shown: examples by domain.

  Returns:
    float32 `[n, d]`, and a list; None and nothing where there are no features,
    nothing where these cannot be shown, see `features.fault`.
  """
  images = np.concatenate([domain.images for domain in shown.values()])
  points = features.pooled(model.method, images)
  if points is None or features.fault(points):
    return points, []
  reduced = principal_components(points, adaptation.seed)
  clouds = _clouds(adaptation, shown, embed(reduced, adaptation.seed))
  return points, list(clouds.values())


def _translated(adaptation):
  return adaptation.source._replace(images=adaptation.translated)


def _clouds(adaptation, shown, points):
  """Returns `figures.Cloud`s by domain, of points in the order of `shown`."""
  names = {
    'source': f'source\n({adaptation.pair.source.name})',
    'translated': 'translated\nsource',
    'target': f'target\n({adaptation.pair.target.name})',
  }
  ends = np.cumsum([len(domain.images) for domain in shown.values()])
  split = np.split(points, ends[:-1])
  return {
    key: figures.Cloud(key, names[key], part, domain.labels)
    for (key, domain), part in zip(shown.items(), split, strict=True)
  }


def _embedding(adaptation, shown, points):
  domains, labels = [], []
  for key, domain in shown.items():
    domains += [key] * len(domain.images)
    labels += [
      '?' if label == UNKNOWN else adaptation.pair.class_names[label]
      for label in domain.labels
    ]
  images = np.concatenate([domain.images for domain in shown.values()])
  return Embedding(points, images, domains, labels)


def _plot(adaptation, panels, title, *, embeddings, missing, one_embedding):
  if (adaptation.target.labels != UNKNOWN).any():
    title = f'{title}\n{_LABELS_COLOUR}'
  picture = figures.clouds(
    panels, adaptation.pair.class_names, title, one_embedding=one_embedding
  )
  return Plot(picture, embeddings=embeddings, missing=missing)


def _are_same(points):
  return np.ptp(points, axis=0).max() == 0
