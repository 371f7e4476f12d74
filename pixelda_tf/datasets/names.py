"""What names are the same, which are none, and in what order they stand."""

import decimal
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

_NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?', re.ASCII)


def nfc(names: Any) -> Any:
  """Returns text in Unicode's form NFC: one form for what looks the same.

  'café' has four letters, or five with an accent of its own, as macOS writes
  file names.

  Args:
    names: text, or a dict, list or tuple of such; others stay as they are.
  """
  if isinstance(names, str):
    return unicodedata.normalize('NFC', names)
  if isinstance(names, Mapping):
    return {nfc(key): nfc(value) for key, value in names.items()}
  if isinstance(names, list | tuple):
    return [nfc(name) for name in names]
  return names


def is_missing(text: str) -> bool:
  """Whether text stands for a missing value: nothing, or NaN as tables have."""
  return text.strip().casefold() in ('', 'nan', '<na>')


def in_order(names: Collection[str]) -> list[str]:
  """Returns names in the order of the numbers that they all are, or of text."""
  if all(_NUMBER.fullmatch(name) for name in names):
    return sorted(names, key=lambda name: (decimal.Decimal(name), name))
  return sorted(names)
