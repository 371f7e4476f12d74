"""What a user says of a BOP set: its objects' names and its splits."""

import collections
import hashlib
import pathlib
import re
from collections.abc import Collection, Sequence

from pixelda_tf.datasets import base
from pixelda_tf.datasets.names import is_missing, nfc
from pixelda_tf.datasets.pose.bop_scenes import Frame
from pixelda_tf.errors import UserError

# The objects of lm and lmo, from 1.
LINEMOD = (
  'ape',
  'benchvise',
  'bowl',
  'cam',
  'can',
  'cat',
  'cup',
  'driller',
  'duck',
  'eggbox',
  'glue',
  'holepuncher',
  'iron',
  'lamp',
  'phone',
)
# Where a set has meshes of several kinds.
MODEL_FOLDERS = ('models', 'models_eval', 'models_cad')


def find_models(manual_dir: pathlib.Path) -> dict[int, pathlib.Path]:
  """Returns the mesh files of a BOP set by the objects' ids, in their order.

  Raises:
    UserError: there are none.
  """
  for name in MODEL_FOLDERS:
    paths = {
      int(match.group(1)): path
      for path in sorted((manual_dir / name).glob('obj_*'))
      if (match := re.fullmatch(r'obj_(\d{1,9})', path.stem, re.ASCII))
      and path.suffix.lower() == '.ply'
    }
    if paths:
      return paths
  raise UserError(
    f'{manual_dir / "models"}: no obj_000001.ply or the like; --manual_dir has '
    'to be the folder of a BOP set, with its models and split folders'
  )


def class_names(
  names: Sequence[str] | None, model_ids: Collection[int]
) -> dict[int, str]:
  """Returns the classes' names by the objects' ids, in their order.

  Args:
    names: list of 'ID:NAME'; or ['linemod'] for the names of lm and lmo; or
      None for obj_000001 and so on.
    model_ids: the objects that have a model.

  Raises:
    UserError: it is something else, or an object has no model or no own name.
  """
  if not names:
    return {number: f'obj_{number:06d}' for number in model_ids}
  if list(names) == ['linemod']:
    names = [
      f'{number}:{name}'
      for number, name in enumerate(LINEMOD, 1)
      if number in model_ids
    ]
  named: dict[int, str] = {}
  for pair in names:
    number, _, name = pair.partition(':')
    if not re.fullmatch(r'\d{1,9}', number, re.ASCII) or is_missing(name):
      raise UserError(
        f'--names: {pair!r}; give ID:NAME of each object, as 1:ape,5:can, or '
        'linemod'
      )
    number, name = int(number), nfc(name.strip())
    if number not in model_ids:
      raise UserError(
        f'--names: {pair!r}, but the models are '
        f'{", ".join(str(model_id) for model_id in model_ids)}'
      )
    if number in named or name in named.values():
      raise UserError(f'--names: {pair!r} names an object or a class again')
    named[number] = name
  return dict(sorted(named.items()))


def split_folders(
  manual_dir: pathlib.Path,
  bop_splits: Sequence[str] | None,
  test_fraction: float,
) -> list[tuple[str, pathlib.Path]]:
  """Returns (split, folder) of the folders of a BOP set that are used.

  Args:
    manual_dir: the BOP set.
    bop_splits: list of 'SPLIT:FOLDER'; None takes train and train_... as train
      and test as test.
    test_fraction: fraction of the training frames that are to be held out.

  Raises:
    UserError: it is something else, or there is no such folder.
  """
  if bop_splits:
    pairs = [_parse_split(pair, manual_dir) for pair in bop_splits]
  else:
    pairs = [('train', path) for path in sorted(manual_dir.glob('train*'))]
    pairs.append(('test', manual_dir / 'test'))
    pairs = [(split, path) for split, path in pairs if path.is_dir()]
    if not pairs:
      raise UserError(
        f'{manual_dir}: no folder train, train_... or test; name split folders '
        'as in --bop_splits=train:val_primesense'
      )
    if test_fraction and len(pairs) == 1:
      pairs = [('train', pairs[0][1])]
  if len({path for _, path in pairs}) < len(pairs):
    raise UserError('--bop_splits: a folder is named twice')
  return pairs


def _parse_split(pair, manual_dir):
  split, _, name = pair.partition(':')
  if split not in base.SPLITS or not name:
    raise UserError(
      f'--bop_splits: {pair!r}; give SPLIT:FOLDER, the split being '
      f'{", ".join(base.SPLITS)}, as train:train_pbr,test:test'
    )
  if not (manual_dir / name).is_dir():
    raise UserError(f'--bop_splits: {manual_dir / name}: no such folder')
  return split, manual_dir / name


def hold_out(
  frames: dict[str, list[Frame]], test_fraction: float
) -> dict[str, list[Frame]]:
  """Moves a fraction of the training frames to a new split test.

  Which ones depends on what is in them and their keys alone; a frame's objects
  stay together, and of each object one frame at least stays.

  Args:
    frames: dict of split to list of `Frame`.
    test_fraction: fraction in [0, 1); 0 changes nothing.

  Returns:
    a dict alike.

  Raises:
    UserError: the fraction is something else, there are test frames already, or
      none to take.
  """
  if not 0 <= test_fraction < 1:
    raise UserError(f'--test_fraction={test_fraction}: must be in [0, 1)')
  if not test_fraction:
    return frames
  if 'test' in frames or 'train' not in frames:
    raise UserError(
      '--test_fraction: takes from a training split what the test split is to '
      f'have, but there are {", ".join(frames)}'
    )
  hashed = sorted(
    frames['train'],
    key=lambda frame: hashlib.sha256(frame.key.encode()).digest(),
  )
  count = round(test_fraction * len(hashed))
  if not 0 < count < len(hashed):
    raise UserError(
      f'--test_fraction={test_fraction}: leaves a split of {len(hashed)} '
      'frames empty'
    )
  left = collections.Counter(
    obj_id for frame in hashed for obj_id in _objects(frame)
  )
  train: list[Frame] = []
  test: list[Frame] = []
  for frame in hashed:
    ids = _objects(frame)
    if len(test) < count and all(left[obj_id] > 1 for obj_id in ids):
      left.subtract(ids)
      test.append(frame)
    else:
      train.append(frame)
  if not test:
    raise UserError(
      f'--test_fraction={test_fraction}: each of {len(hashed)} frames has the '
      'last view of an object: none can be held out'
    )
  return {**frames, 'train': train, 'test': test}


def _objects(frame):
  return {annotation.obj_id for annotation in frame.annotations}
