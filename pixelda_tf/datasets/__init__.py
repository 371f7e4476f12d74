"""TFDS builders: raw files in, TFRecord shards out."""

import difflib
import pathlib
from collections.abc import Collection, Sequence
from typing import Any

import tensorflow_datasets as tfds

from pixelda_tf.datasets import beam as on_beam
from pixelda_tf.datasets import preparing, unfinished
from pixelda_tf.datasets.digits.embedded import Digits, DigitsPhoto
from pixelda_tf.datasets.digits.mnist import Mnist
from pixelda_tf.datasets.digits.mnistm import Mnistm
from pixelda_tf.datasets.digits.svhn import Svhn
from pixelda_tf.datasets.digits.usps import Usps
from pixelda_tf.datasets.folders.images import Images
from pixelda_tf.datasets.pose.bop import Bop
from pixelda_tf.datasets.pose.linemod_cropped import LinemodCropped
from pixelda_tf.datasets.pose.standin import Standin
from pixelda_tf.datasets.segmentation.camvid import Camvid
from pixelda_tf.datasets.segmentation.cityscapes import Cityscapes
from pixelda_tf.datasets.segmentation.gta5 import Gta5
from pixelda_tf.datasets.segmentation.own import OwnLabelMaps
from pixelda_tf.datasets.segmentation.streets import Streets
from pixelda_tf.datasets.segmentation.synthia import Synthia, SynthiaSequences
from pixelda_tf.errors import UserError

BUILDERS = {
  builder.name: builder
  for builder in (
    Mnist,
    Usps,
    Mnistm,
    Svhn,
    LinemodCropped,
    Digits,
    DigitsPhoto,
    Standin,
    Streets,
    Images,
    Bop,
    Camvid,
    Cityscapes,
    Gta5,
    Synthia,
    SynthiaSequences,
    OwnLabelMaps,
  )
}
# Of a user's own files: stored under a name that the user gives.
NAMED_BY_USER = frozenset({'images', 'bop', 'segmentation'})
# May be too large for one machine.
ON_BEAM = frozenset(
  {
    'images',
    'bop',
    'linemod_cropped',
    'cityscapes',
    'gta5',
    'synthia',
    'synthia_sequences',
    'segmentation',
  }
)
# Built on demand when first opened: they need no files.
EMBEDDED = frozenset(
  {'digits', 'digits_photo', 'standin', 'standin/rendered', 'standin/camera'}
  | {
    'streets',
    *(f'streets/{config.name}' for config in Streets.BUILDER_CONFIGS),
  }
)
# Go on where they were interrupted.
RENDERED = frozenset({'streets'})


def prepare(
  kind: str,
  *,
  data_dir: str | pathlib.Path,
  manual_dir: str | pathlib.Path | None = None,
  overwrite: bool = False,
  name: str | None = None,
  beam: Sequence[str] | None = None,
  allow: Collection[str] = (),
  **options: Any,
) -> tfds.core.DatasetBuilder:
  """Builds a data set unless it is there already.

  Args:
    kind: a key of `BUILDERS`, followed by `/config` where it has configs.
    data_dir: where data sets are stored; created if need be.
    manual_dir: directory of the raw files; None downloads them.
    overwrite: replace a data set of that name once the new one is complete.
    name: what a user's own images are stored as; for `NAMED_BY_USER` only.
    beam: list of options of Beam's pipelines, which then do the work; for
      `ON_BEAM` only. The records and their order are the same, but shards may
      begin at others. None for this process.
    allow: what to store though it teaches nothing, see `census.REMEDIES`.
    **options: further arguments of the builder.

  Returns:
    `tfds.core.DatasetBuilder` that reads the data set.

  Raises:
    UserError: for raw files that are missing or wrong, a full disk, or a data
      set of that name that was made otherwise, or teaches nothing. What was
      there stays.
  """
  kind, _, config = kind.partition('/')
  _check_kind(kind, config)
  if kind in NAMED_BY_USER:
    if not name or name in BUILDERS:
      raise UserError(
        f'--name={name or ""}: give your images a name, none of '
        f'{", ".join(BUILDERS)}'
      )
    options['name'] = name
  elif name is not None:
    raise UserError(f'--name={name}: {kind} has its name already')
  if beam is not None:
    if kind not in ON_BEAM:
      raise UserError(
        f'--beam: {kind} is small enough for one machine; leave out --beam, '
        f'which is for {", ".join(sorted(ON_BEAM))}'
      )
    # Workers may run in another folder.
    data_dir, manual_dir = _absolute(data_dir), _absolute(manual_dir)
    for file in ('csv', 'classes'):
      options |= {file: _absolute(options[file])} if file in options else {}

  def make_builder(directory):
    if beam is not None:
      options['executor'] = on_beam.OnBeam(beam, directory / '.beam')
    return BUILDERS[kind](
      data_dir=directory,
      manual_dir=manual_dir,
      config=config or None,
      **options,
    )

  work_dir = None
  if kind in RENDERED:
    work_dir = unfinished.folder(data_dir, f'{kind}/{config}')
    options['work_dir'] = work_dir
  return preparing.build(
    make_builder,
    name=kind if name is None else name,
    data_dir=data_dir,
    overwrite=overwrite,
    allow=allow,
    unfinished=work_dir,
  )


def find(
  name: str, data_dir: str | pathlib.Path
) -> tfds.core.DatasetBuilder | None:
  """Returns the reader of a stored data set, or None.

  Args:
    name: its name; where its builder has configs, `name/config`, or `name`
      for the first of them.
    data_dir: where data sets are stored.

  Raises:
    UserError: it was made by an earlier version of its builder, otherwise.
  """
  configs = BUILDERS[name].BUILDER_CONFIGS if name in BUILDERS else ()
  if configs:
    name = f'{name}/{configs[0].name}'
  stored = preparing.find(name, data_dir)
  builder = BUILDERS.get(name.partition('/')[0])
  if stored is not None and builder is not None:
    _check_version(name, stored, builder)
  return stored


def missing(name: str, data_dir: str | pathlib.Path, own: str) -> str:
  """Returns what to say of a data set that `find` does not find.

  Args:
    name: its name.
    data_dir: where data sets are stored.
    own: of `NAMED_BY_USER`, what makes it unless a builder has its name.
  """
  kind = name
  if name.partition('/')[0] not in BUILDERS:
    kind = f'{own} --name={name}'
  return (
    f'{data_dir}: {_what_is_there(pathlib.Path(data_dir))}, not {name}; make '
    f'it with: python -m pixelda_tf.prepare_data {kind} --manual_dir=... '
    f'--data_dir={data_dir}'
  )


def _what_is_there(data_dir):
  if not data_dir.is_dir():
    return 'no such data directory'
  stored = {
    path.relative_to(data_dir).parts[0]
    for path in data_dir.glob('[!.]*/**/dataset_info.json')
  }
  return f'holds {", ".join(sorted(stored)) or "no data set"}'


def _check_version(name, stored, builder):
  if stored.version.major != builder.VERSION.major:
    notes = builder.RELEASE_NOTES.get(str(builder.VERSION), '')
    raise UserError(
      f'{stored.data_dir}: {name} {stored.version} was made by another version '
      f'of pixelda_tf, this one reads {builder.VERSION} ({notes}); make it '
      f'again with: python -m pixelda_tf.prepare_data {name} --manual_dir=...'
    )


def _absolute(path):
  return None if path is None else pathlib.Path(path).absolute()


def _check_kind(kind, config):
  if kind not in BUILDERS:
    close = difflib.get_close_matches(kind, BUILDERS, n=1)
    hint = f'; did you mean {close[0]}?' if close else ''
    raise UserError(
      f'no data set {kind!r}, there are {", ".join(BUILDERS)}{hint}'
    )
  configs = [config.name for config in BUILDERS[kind].BUILDER_CONFIGS]
  if config and config not in configs:
    there_are = f'there are {", ".join(configs)}' if configs else 'it has none'
    raise UserError(f'{kind} has no config {config!r}, {there_are}')


__all__ = [
  'BUILDERS',
  'EMBEDDED',
  'NAMED_BY_USER',
  'find',
  'missing',
  'prepare',
]
