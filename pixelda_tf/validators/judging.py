"""How well validators chose, where there are labels of the target after all."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Judged(NamedTuple):
  """A validator's choice among models, against their metrics on a test split.

  Attributes:
    rank_correlation: Spearman's, of its scores and the metrics, in [-1, 1]; nan
      where all scores or all metrics are equal.
    regret: the best metric less that of the first model that it scores highest,
      in the metric's unit, at least 0.
  """

  rank_correlation: float
  regret: float


def judge(
  scores: Sequence[float], metrics: Sequence[float], higher: bool = True
) -> Judged:
  """Judges the scores of models.

  Args:
    scores: of each model, higher is better.
    metrics: of each model on labelled target images.
    higher: whether higher metrics are better.
  """
  signed = np.asarray(metrics, np.float64) * (1 if higher else -1)
  chosen = signed[int(np.argmax(scores))]
  varies = np.ptp(scores) > 0 and np.ptp(signed) > 0
  correlation = stats.spearmanr(scores, signed).statistic if varies else np.nan
  return Judged(float(correlation), float(signed.max() - chosen))


def means(judged: Sequence[Mapping[str, Judged]]) -> dict[str, Judged]:
  """Returns each validator's means over cases, of those that all have.

  Args:
    judged: of each case, by validator; correlations that are nan do not count.
  """
  names = [
    name for name in judged[0] if all(name in of_case for of_case in judged)
  ]
  found = {}
  for name in names:
    correlations = [of_case[name].rank_correlation for of_case in judged]
    known = [value for value in correlations if not np.isnan(value)]
    found[name] = Judged(
      float(np.mean(known)) if known else np.nan,
      float(np.mean([of_case[name].regret for of_case in judged])),
    )
  return found
