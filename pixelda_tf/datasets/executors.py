"""Calls functions on the items of a data set, in this process."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import tqdm


class Executor(Protocol):
  """Calls functions on items; `Local` here, `beam.OnBeam` in pipelines.

  Attributes:
    options: Beam's pipeline options, or None where there is no pipeline.
  """

  @property
  def options(self) -> Any:
    """See the attributes."""

  def map(
    self, title: str, function: Callable[[Any], Any], items: Iterable[Any]
  ) -> list[Any]:
    """Returns a list of what a function returns of each item."""

  def shares(self, items: Sequence[Any]) -> list[Sequence[Any]]:
    """Returns the items in lists that are worth a call of `map` each."""

  def examples(
    self,
    title: str,
    function: Callable[[Any], Iterable[tuple[Any, Any]]],
    items: Iterable[Any],
  ) -> Any:
    """Returns the (key, example) of each item, as TFDS takes them."""

  def reporting_errors(self) -> AbstractContextManager[None]:
    """Returns a context that raises the functions' errors."""


class Local:
  """Calls functions one item after the other, in this process."""

  options = None

  def map(
    self, title: str, function: Callable[[Any], Any], items: Iterable[Any]
  ) -> list[Any]:
    """Returns a list of what a function returns of each item."""
    with progress(title, items) as behind_bar:
      return [function(item) for item in behind_bar]

  def shares(self, items: Sequence[Any]) -> list[Sequence[Any]]:
    """Returns one list: what a call begins with is done once."""
    return [items]

  def examples(
    self,
    title: str,
    function: Callable[[Any], Iterable[tuple[Any, Any]]],
    items: Iterable[Any],
  ) -> Iterator[tuple[Any, Any]]:
    """Yields the (key, example) that a function returns of each item."""
    with progress(title, items) as behind_bar:
      for item in behind_bar:
        yield from function(item)

  def reporting_errors(self) -> contextlib.AbstractContextManager:
    """Returns a context that leaves errors as they are."""
    return contextlib.nullcontext()


LOCAL = Local()


def progress(
  title: str, items: Iterable[Any], total: int | None = None
) -> tqdm.tqdm:
  """Returns the items behind a progress bar.

  As a context it ends the bar's line, also where an error follows.
  """
  return tqdm.tqdm(
    items, desc=title, total=total, unit=' images', mininterval=0.5
  )
