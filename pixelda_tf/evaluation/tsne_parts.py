"""An analysis' parts: t-SNE of pixels and of features.

Labels of the target are read for the colours of its points alone.
"""

import numpy as np

from pixelda_tf.evaluation import embedding, figures, parts
from pixelda_tf.evaluation.examples import UNKNOWN
from pixelda_tf.evaluation.material import features
from pixelda_tf.evaluation.projector import Embedding

_LABELS_COLOUR = "the target's labels are used for colours only"


def pixels(found):
  """Embeds source, target and translated images by one t-SNE.

  Args:
    found: `material.Material`.

  Returns:
    `parts.Part` of two panels, before and after; of one without a translator.
  """
  shown = {'source': found.source, 'target': found.target}
  if found.translator:
    shown['translated'] = _translated(found)
  images = np.concatenate([domain.images for domain in shown.values()])
  points = embedding.principal_components(images, found.seed)
  clouds = _clouds(found, shown, embedding.tsne(points, found.seed))
  panels = [('before: source and target', [clouds['source'], clouds['target']])]
  missing = []
  if found.translator:
    title = f'after: translated by {found.translator}'
    panels.append((title, [clouds['translated'], clouds['target']]))
  else:
    missing.append("no trained row translates: there is no 'after'")
  return _part(
    found,
    panels,
    't-SNE of pixels: one embedding of all images',
    embeddings={'pixels': _embedding(found, shown, points)},
    missing=missing,
    one_embedding=True,
  )


def task_features(found):
  """Embeds the task networks' last features, each network's by a t-SNE.

  Before, of source and target; after, of translated source images, or source
  images where no row translates, and target.

  Args:
    found: `material.Material`.

  Returns:
    `parts.Part`.

  Raises:
    parts.LeftOut: no row answers with usable features.
  """
  plain = {'source': found.source, 'target': found.target}
  adapted = plain
  if found.translator:
    adapted = {'translated': _translated(found), 'target': found.target}
  panels, embeddings, missing = [], {}, parts.unanswered(found)
  for when, model in parts.answering(found):
    shown = adapted if when == 'after' else plain
    images = np.concatenate([domain.images for domain in shown.values()])
    points = features(model.method, images)
    fault = _fault(points)
    if fault:
      missing.append(f"{when}: row '{model.name}' {fault}")
      continue
    reduced = embedding.principal_components(points, found.seed)
    clouds = _clouds(found, shown, embedding.tsne(reduced, found.seed))
    panels.append((f'{when}: {model}', list(clouds.values())))
    if when == 'after':
      embeddings['features'] = _embedding(found, shown, points)
  if not panels:
    raise parts.LeftOut('; '.join(missing))
  return _part(
    found,
    panels,
    "t-SNE of task networks' features: each panel is an embedding of its own",
    embeddings=embeddings,
    missing=missing,
    one_embedding=False,
  )


def _fault(points):
  """Returns why features cannot be shown, or None."""
  if points is None:
    return "gives no 'features': its task network has no output of that name"
  if not np.isfinite(points).all():
    return 'gives features that are not finite: its training diverged'
  return None


def _translated(found):
  return found.source._replace(images=found.translated)


def _clouds(found, shown, points):
  """Returns `figures.Cloud`s by domain, of points in the order of `shown`."""
  names = {
    'source': f'source\n({found.pair.source.name})',
    'translated': 'translated\nsource',
    'target': f'target\n({found.pair.target.name})',
  }
  ends = np.cumsum([len(domain.images) for domain in shown.values()])
  split = np.split(points, ends[:-1])
  return {
    key: figures.Cloud(key, names[key], part, domain.labels)
    for (key, domain), part in zip(shown.items(), split, strict=True)
  }


def _embedding(found, shown, points):
  domains, labels = [], []
  for key, domain in shown.items():
    domains += [key] * len(domain.images)
    labels += [
      '?' if label == UNKNOWN else found.pair.class_names[label]
      for label in domain.labels
    ]
  images = np.concatenate([domain.images for domain in shown.values()])
  return Embedding(points, images, domains, labels)


def _part(found, panels, title, *, embeddings, missing, one_embedding):
  if found.pair.target.n_classes is not None:
    title = f'{title}\n{_LABELS_COLOUR}'
  picture = figures.clouds(
    panels, found.pair.class_names, title, one_embedding=one_embedding
  )
  return parts.part(picture, embeddings=embeddings, missing=missing)
