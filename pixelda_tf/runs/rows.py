"""What a run trains: rows, and what they take from each other."""

import dataclasses
import os

import gin

from pixelda_tf.errors import UserError


@gin.register(denylist=['name'])
@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
  """One method of a run, a row of its table.

  Attributes:
    name: of the row and its directory; in gin that is its scope, as of
      `@source_only/Row()`.
    method: function of (image_shape, n_classes, problem, seed) to a `Method`.
    optimizer: a Keras optimizer for every player, or a dict by player.
    steps: number of train steps, at most: a method may end before.
    initial_networks: networks that start with another row's weights, a dict of
      the method's network to `<row>/<network>`; see `handover.load`.
    translated_by: an earlier row; this one is trained on the source's training
      split as that row translates it, stored as a data set. None for the source
      as it is.
    note: what a reader of the row has to know, such as labels of the target
      that its settings were chosen by.
  """

  name: str = dataclasses.field(default_factory=gin.current_scope_str)
  method: type
  optimizer: object
  steps: int
  initial_networks: dict = dataclasses.field(default_factory=dict)
  translated_by: str | None = None
  note: str = ''

  def __post_init__(self):
    """Checks the name.

    Raises:
      UserError: it cannot be that of a directory.
    """
    if not self.name or '/' in self.name:
      raise UserError(
        f"a row's name is '{self.name}': give it a scope of one word in gin, "
        'as @source_only/Row(), or a name in Python'
      )


def check_order(rows):
  """Checks that rows start from earlier ones."""
  for number, row in enumerate(rows):
    earlier = {other.name: other for other in rows[:number]}
    names = ', '.join(earlier) or 'none'
    by = row.translated_by
    if by is not None and by not in earlier:
      raise UserError(
        f"Row.translated_by of '{row.name}' is '{by}': name a row before it "
        f'({names})'
      )
    if by is not None and not earlier[by].method.translates:
      raise UserError(
        f"Row.translated_by of '{row.name}' is '{by}', which does not "
        'translate; name one that does'
      )
    for network, origin in row.initial_networks.items():
      folder, name = os.path.split(origin)
      if not (folder and name):
        raise UserError(
          f"Row.initial_networks of '{row.name}': {network} is from '{origin}'"
          '; write <row>/<network>, or <run_dir>/<row>/<network> for another '
          'run'
        )
      if not os.path.dirname(folder) and folder not in earlier:
        raise UserError(
          f"Row.initial_networks of '{row.name}': {network} is from '{origin}'"
          f': name a row before it ({names}), or <run_dir>/<row>/<network> of '
          'another run'
        )


def last(rows, rank):
  """Returns the last of the rows of the highest rank."""
  return max(reversed(rows), key=rank)
