"""What steps of several sizes cost, as a table and a plot."""

import itertools
import pathlib
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt


def table(cells: Sequence[dict[str, Any]]) -> str:
  """Returns a Markdown table: a row an image size and number of devices."""
  batches = sorted({cell['batch_size'] for cell in cells})
  by_key = {
    (cell['devices'], cell['image_size'], cell['batch_size']): cell
    for cell in cells
  }
  lines = [
    '| image | devices | '
    + ' | '.join(f'batch {batch}' for batch in batches)
    + ' |',
    '|---' * (2 + len(batches)) + '|',
  ]
  for devices, size in sorted({key[:2] for key in by_key}):
    entries = [_entry(by_key.get((devices, size, batch))) for batch in batches]
    lines.append(f'| {size}x{size} | {devices} | {" | ".join(entries)} |')
  return '\n'.join(lines) + '\n'


def _entry(cell):
  if cell is None:
    return ''
  if 'failure' in cell:
    return cell['failure']
  return f'{cell["milliseconds"]:.0f} ms, {cell["gibibytes"]:.1f} GiB'


def plot(cells: Sequence[dict[str, Any]], path: str | pathlib.Path) -> None:
  """Draws time and memory over the image size, a line a batch size."""
  figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout='constrained')
  batches = sorted({cell['batch_size'] for cell in cells})
  for axis, key, title in (
    (axes[0], 'milliseconds', 'step, ms'),
    (axes[1], 'gibibytes', 'peak memory of the process, GiB'),
  ):
    for devices, number in itertools.product(
      sorted({cell['devices'] for cell in cells}), range(len(batches))
    ):
      points = sorted(
        (cell['image_size'], cell[key])
        for cell in cells
        if (cell['devices'], cell['batch_size']) == (devices, batches[number])
        and key in cell
      )
      axis.loglog(
        *zip(*points, strict=True),
        color=f'C{number}',
        linestyle='-' if devices == 1 else '--',
        marker='o',
        label=f'batch {batches[number]}, {devices} device(s)',
      )
    sizes = sorted({cell['image_size'] for cell in cells})
    axis.set_xticks(sizes, [f'{size}' for size in sizes])
    axis.minorticks_off()
    axis.set_xlabel('height and width, pixels')
    axis.set_title(title)
    axis.grid(alpha=0.3)
  axes[0].legend(fontsize='small')
  figure.savefig(path, dpi=100)
  plt.close(figure)
