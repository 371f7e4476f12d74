"""What tables show of a result.json: the columns of what was learnt."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

HEADLINE = 'target test '


class Metric(NamedTuple):
  """A number that models are compared by.

  Attributes:
    key: of `Scorer.result`.
    title: in tables.
    form: format of the number, as '{:.2%}'.
    higher_is_better: which of two numbers is the better one.
  """

  key: str
  title: str
  form: str
  higher_is_better: bool


# Earlier versions do not tell; they learnt classes, and maybe poses.
_EARLIER = {
  'metrics': [
    Metric('accuracy', 'accuracy', '{:.2%}', True)._asdict(),
    Metric(
      'mean_angle_error', 'mean angle error', '{:.2f} deg', False
    )._asdict(),
  ],
  'counts': ['right / count', '{correct:,} / {count:,}'],
}


def describe(problem: Any) -> dict[str, Any]:
  """Returns what result.json tells of a problem."""
  return {
    'name': type(problem).__name__,
    'metrics': [metric._asdict() for metric in problem.metrics],
    'counts': list(problem.counts),
  }


def text(problem: Any, test: Mapping[str, Any]) -> str:
  """Returns the metrics of what was tested, and of how many, in words."""
  parts = [
    f'{metric.title} {metric.form.format(test[metric.key])}'
    for metric in problem.metrics
    if metric.key in test
  ]
  title, form = problem.counts
  return ', '.join([*parts, f'{title} {form.format(**test)}'])


def metrics(result: Mapping[str, Any]) -> list[Metric]:
  """Returns the metrics of a result.json, the headline first."""
  problem = result.get('problem', _EARLIER)
  return [Metric(**metric) for metric in problem['metrics']]


def titles(results: Iterable[Mapping[str, Any]]) -> list[str]:
  """Returns the titles of the columns that several result.json have."""
  results = list(results)
  of_metrics = [
    (HEADLINE if number == 0 else '') + metric.title
    for result in results
    for number, metric in enumerate(metrics(result))
  ]
  of_counts = [_counts(result)[0] for result in results]
  return list(dict.fromkeys(of_metrics + of_counts))


def cells(result: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str]:
  """Returns what a table says of one of a result's rows, by title.

  Where nothing was tested, the headline tells why.
  """
  names = titles([result])
  test = row['target_test']
  if test is None:
    predicts = row.get('answers', True)
    return {names[0]: 'no labels' if predicts else 'translates only'}
  texts = [
    metric.form.format(test[metric.key]) if metric.key in test else ''
    for metric in metrics(result)
  ]
  texts.append(_counts(result)[1].format(**test))
  return dict(zip(names, texts, strict=True))


def _counts(result):
  return result.get('problem', _EARLIER)['counts']
