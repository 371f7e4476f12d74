"""Scores that say how well a model does on a target without labels of it.

All are turned so that higher is better, and none takes a label of the target.
P is what a model answers, float `[n, k]`: n target images that it was trained
on or might have been, k classes; each row sums to 1. H is the entropy in nats.
Scores of one model are compared with those of another on the same images: some
depend on how many these are.

Each can be wrong in a way of its own: what is sure (`entropy`,
`soft_neighborhood_density`) may have collapsed into few classes, what spreads
over all classes (`information_maximization`, `batch_nuclear_norm`) supposes
that the target has them in like shares, and what is learnt of the source
(`source_score`) may be its alone.
"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special, stats
from sklearn import cluster, exceptions, linear_model, metrics

_ROWS_AT_ONCE = 1024


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
  """Returns the share of right answers on source images with labels `[n]`."""
  return float(np.mean(np.argmax(probabilities, axis=1) == labels))


def entropy(probabilities: np.ndarray) -> float:
  """Returns -mean H(p), in [-log k, 0]: how sure the answers are.

  Morerio et al., "Minimal-entropy correlation alignment", 2018, choose so.
  """
  return -float(np.mean(special.entr(probabilities).sum(axis=1)))


def information_maximization(probabilities: np.ndarray) -> float:
  """Returns H(mean p) - mean H(p), in [0, log k]: sure, of all classes.

  That is the mutual information of images and answers: Bridle et al.,
  "Unsupervised classifiers, mutual information and 'phantom targets'", 1991;
  Shi and Sha, "Information-theoretical learning of discriminative clusters",
  2012. It supposes that the target has all classes in like shares.
  """
  of_mean = special.entr(np.mean(probabilities, axis=0)).sum()
  return float(of_mean) + entropy(probabilities)


def batch_nuclear_norm(probabilities: np.ndarray) -> float:
  """Returns the sum of P's singular values over sqrt(n k), in (0, 1].

  It is 1 where answers are certain and all classes equally many. Cui et al.,
  "Towards discriminability and diversity: batch nuclear-norm maximization",
  2020; Musgrave et al., 2022, as a validator.
  """
  norm = np.linalg.norm(probabilities.astype(np.float64), 'nuc')
  return float(norm / np.sqrt(probabilities.size))


def soft_neighborhood_density(
  points: np.ndarray, temperature: float = 0.05
) -> float:
  """Returns how many neighbours points have: the mean entropy of likeness.

  Saito et al., "Tune it the right way: unsupervised validation of domain
  adaptation via soft neighborhood density", 2021 (SND), with their temperature.

  Args:
    points: float `[n, d]`, P in the paper, or features.
    temperature: of the softmax over cosines; a point's own is left out.

  Returns:
    nats, in [0, log (n - 1)].

  Raises:
    ValueError: there are fewer than 3 points: no choice of neighbours.
  """
  if len(points) < 3:
    raise ValueError(f'3 points are needed, there are {len(points)}')
  lengths = np.linalg.norm(points, axis=1, keepdims=True)
  directions = points / np.maximum(lengths, np.finfo(points.dtype).tiny)
  total = 0.0
  for start in range(0, len(points), _ROWS_AT_ONCE):
    likeness = directions[start : start + _ROWS_AT_ONCE] @ directions.T
    rows = np.arange(len(likeness))
    likeness[rows, start + rows] = -np.inf
    total += special.entr(special.softmax(likeness / temperature, axis=1)).sum()
  return float(total / len(points))


def class_ami(
  features: np.ndarray, probabilities: np.ndarray, seed: int = 0
) -> float:
  """Returns how answers agree with clusters of features, at most 1.

  The adjusted mutual information of the classes that are answered and of
  k-means with as many clusters as there are classes: ClassAMI of Musgrave et
  al., "Three new validators and a large-scale benchmark ranking for
  unsupervised domain adaptation", 2022.

  Args:
    features: float `[n, d]`.
    probabilities: P, of the same images.
    seed: of the clusters' beginnings.
  """
  means = cluster.KMeans(
    n_clusters=probabilities.shape[1], n_init=10, random_state=seed
  )
  with warnings.catch_warnings():
    # Of a model that has collapsed there are fewer: it gets the score of them.
    warnings.simplefilter('ignore', exceptions.ConvergenceWarning)
    clusters = means.fit_predict(features)
  answers = np.argmax(probabilities, axis=1)
  return float(metrics.adjusted_mutual_info_score(answers, clusters))


def deep_embedded_validation(
  train_features: np.ndarray,
  validation_features: np.ndarray,
  target_features: np.ndarray,
  losses: np.ndarray,
) -> float:
  """Returns the negative risk on the target, estimated from the source.

  Losses on the source's validation images, weighted by how much an image is
  like the target's, w = (n_s / n_t) P(target) / P(source) by logistic
  regression of features; with w as a control variate. You et al., "Towards
  accurate model selection in deep unsupervised domain adaptation", 2019 (DEV).

  Args:
    train_features: float `[n_s, d]`, of source images for training.
    validation_features: `[n, d]`, of source images that are kept from it.
    target_features: `[n_t, d]`.
    losses: float `[n]` of the validation images, in the paper 0 or 1.
  """
  points = np.concatenate([train_features, target_features])
  is_target = np.repeat([0, 1], [len(train_features), len(target_features)])
  scale = points.std(axis=0) + np.finfo(np.float32).eps
  domain = linear_model.LogisticRegression(max_iter=1000)
  domain.fit(points / scale, is_target)
  of_source, of_target = domain.predict_proba(validation_features / scale).T
  odds = of_target / np.maximum(of_source, np.finfo(np.float64).tiny)
  return weighted_risk(
    odds * (len(train_features) / len(target_features)), losses
  )


def weighted_risk(weights: np.ndarray, losses: np.ndarray) -> float:
  """Returns -(mean(w l) + eta mean(w) - eta), eta = -cov(w l, w) / var(w).

  Equal weights, which tell nothing of the target, give the mean loss.
  """
  weighted = weights * losses
  covariance = np.cov(weighted, weights)
  eta = -covariance[0, 1] / covariance[1, 1] if covariance[1, 1] > 0 else 0.0
  return -float(weighted.mean() + eta * weights.mean() - eta)


def reverse_validation(
  target_features: np.ndarray,
  probabilities: np.ndarray,
  validation_features: np.ndarray,
  labels: np.ndarray,
) -> float:
  """Returns how well the target's answers teach the source's true classes.

  A classifier is trained on the target's features and the classes that were
  answered, and tried on source images with labels. Zhong et al., "Cross
  validation framework to choose amongst models and datasets for transfer
  learning", 2010, train the whole model back; this is logistic regression of
  features, which takes seconds and not a second training.

  Args:
    target_features: float `[n_t, d]`.
    probabilities: P, of the same images.
    validation_features: `[n, d]` of source images that are kept from training.
    labels: int `[n]` of these.
  """
  answers = np.argmax(probabilities, axis=1)
  if len(np.unique(answers)) == 1:
    return float(np.mean(labels == answers[0]))
  scale = target_features.std(axis=0) + np.finfo(np.float32).eps
  back = linear_model.LogisticRegression(max_iter=1000)
  back.fit(target_features / scale, answers)
  return float(np.mean(back.predict(validation_features / scale) == labels))


def ensemble_agreement(candidates: Sequence[np.ndarray]) -> list[float]:
  """Returns for each model the share of answers that are those of all.

  Theirs together is the class of the highest mean probability. Hu et al.,
  "Towards reliable model selection for unsupervised domain adaptation", 2024
  (EnsV).

  Args:
    candidates: P of each model, of the same images.
  """
  together = np.argmax(np.mean(candidates, axis=0), axis=1)
  return [accuracy(probabilities, together) for probabilities in candidates]


def combined(scores: Mapping[str, Sequence[float]]) -> list[float]:
  """Returns for each model its mean rank in several scores, from 0 to 1.

  Ranks have no unit, so that scores of different ones can be told together:
  what one of them is wrong in, the others outvote. A score that is not a
  number ranks below all others.

  Args:
    scores: by name, of each model; ours, not of a paper.
  """
  n = len(next(iter(scores.values())))
  ranks = [
    stats.rankdata(np.nan_to_num(of_models, nan=-np.inf)) - 1
    for of_models in scores.values()
  ]
  return (np.mean(ranks, axis=0) / max(n - 1, 1)).tolist()
