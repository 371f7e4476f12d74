"""A run goes on with the data that it began with, and no others."""

import json
import logging
import pathlib
import shutil

import pets
import pytest

from pixelda_tf import config
from pixelda_tf.data import records
from pixelda_tf.errors import UserError
from pixelda_tf.runs import experiment, known_data, monitoring
from pixelda_tf.runs.directory import RunDirectory

TINY = pathlib.Path(__file__).with_name('tiny.gin')
PARAMS = (
  "source/Domain.name = 'src'",
  "target/Domain.name = 'tgt'",
  'target/Domain.validation = None',
  'Pair.image_size = (16, 16)',
  'Pair.batch_size = 4',
  'pixelda/Row.steps = 2',
  'Experiment.rows = [@pixelda/Row()]',
)


def prepare(folder, source=None, target=None):
  """Returns a data directory with source and target, both of pets."""
  for seed, (name, changes) in enumerate(
    {'src': source, 'tgt': target}.items()
  ):
    raw = pets.write(folder / name, seed=seed, **(changes or {}))
    pets.prepare(name, raw, folder / 'data')
  return folder / 'data'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  return prepare(tmp_path_factory.mktemp('then'))


def open_run(run_dir, data_dir, *params):
  config.parse([str(TINY)], [*PARAMS, *params])
  return experiment.Experiment(str(run_dir), str(data_dir))


@pytest.fixture(scope='module')
def trained(tmp_path_factory, data):
  """A finished run; not to be changed."""
  run = open_run(tmp_path_factory.mktemp('trained') / 'run', data)
  run.directory.claim(config.text(), config.operative('Experiment'))
  run.train()
  return pathlib.Path(run.directory.path)


def content(folder):
  return {
    path: path.read_bytes() for path in folder.rglob('*') if path.is_file()
  }


def test_what_is_known_is_what_the_result_tells(trained, data):
  known = json.loads((trained / 'data.json').read_text())
  result = json.loads((trained / 'result.json').read_text())
  assert known.keys() == {'source', 'target'}
  for role in known:
    assert result[f'{role}_description'] == known[role]['description']
    count = known[role]['splits']['train']['count']
    assert result[f'{role}_count'] == count == 6
    assert known[role]['class_names'] == result['class_names']
  assert known['source']['splits'] != known['target']['splits']


FLAGS = {
  'train': (f'--gin_file={TINY}', *(f'--gin_param={p}' for p in PARAMS)),
  'evaluate': (),
  'analyze': (),
  'translate': ('--name=styled',),
  'export': ('--export_dir=exported',),
}


@pytest.mark.parametrize('command', FLAGS)
def test_each_command_refuses_other_data(
  command, trained, tmp_path, in_process, monkeypatch
):
  """Source and target have other classes than each other, too."""
  monkeypatch.chdir(tmp_path)
  other = prepare(tmp_path, target={'classes': ('dog', 'zebra')})
  before = content(trained), content(other)
  done = in_process(
    command, f'--run_dir={trained}', f'--data_dir={other}', *FLAGS[command]
  )
  done.assert_mistake(
    f'{trained}: the data are not those that this run began with (target tgt: '
    f'has no class cat, has a new class zebra); prepare them as {trained}/data'
    '.json describes them, name their --data_dir, or train in another --run_dir'
  )
  assert (content(trained), content(other)) == before


# Changes of the source and of the target, and what is told.
OTHERS = {
  'counts of both': (
    {'splits': {'train': 4, 'test': 2}},
    {'splits': {'train': 3, 'test': 1}},
    "(source src: split 'train' has 8 examples, not 6; target tgt: split "
    "'test' has 2 examples, not 4)",
  ),
  'a split': (
    None,
    {'splits': {'train': 3}},
    "(target tgt: has no split 'test')",
  ),
  'images': (
    {'seed': 7},
    None,
    "(source src: the 6 examples of split 'train' are others, the 4 examples "
    "of split 'test' are others)",
  ),
}


@pytest.mark.parametrize('name', OTHERS)
def test_each_difference_is_told(name, trained, tmp_path):
  source, target, told = OTHERS[name]
  folder = tmp_path / 'now'
  for role, changes in (('src', source), ('tgt', target)):
    changes = {'seed': ['src', 'tgt'].index(role)} | (changes or {})
    pets.prepare(role, pets.write(folder / role, **changes), tmp_path / 'data')
  with pytest.raises(UserError) as error:
    experiment.reopen(str(trained), str(tmp_path / 'data'))
  assert told in error.value.message


def test_the_same_data_in_another_place_are_the_same(trained, tmp_path):
  """Prepared anew, of the same files."""
  run = experiment.reopen(str(trained), str(prepare(tmp_path)))
  assert run.pair.class_names == ('cat', 'dog')


def test_a_run_of_before_data_were_known_goes_on_with_a_word(
  trained, data, tmp_path, caplog
):
  run_dir = shutil.copytree(trained, tmp_path / 'run')
  known = (run_dir / 'data.json').read_text()
  (run_dir / 'data.json').unlink()
  with caplog.at_level(logging.INFO, logger='absl'):
    run = experiment.reopen(str(run_dir), str(data))
  assert f'{run_dir}: nothing tells the data that this run' in caplog.text
  run.train()
  assert (run_dir / 'data.json').read_text() == known


def test_data_that_are_replaced_while_a_row_trains_are_told(
  data, tmp_path, monkeypatch
):
  data = shutil.copytree(data, tmp_path / 'data')
  raw = pets.write(tmp_path / 'raw', seed=7)

  def replace(monitor, step, logs):
    pets.prepare('src', raw, data, overwrite=True)

  monkeypatch.setattr(monitoring.Monitor, '__call__', replace)
  with pytest.raises(UserError, match='source src: the 6 examples of split'):
    open_run(tmp_path / 'run', data).train()
  assert not (tmp_path / 'run' / 'pixelda' / 'result.json').exists()


@pytest.mark.slow
def test_data_that_go_while_a_row_trains_are_told(data, tmp_path, monkeypatch):
  """They do not fit into memory, so each epoch reads them."""
  data = shutil.copytree(data, tmp_path / 'data')

  def remove(monitor, step, logs):
    shutil.rmtree(data / 'src', ignore_errors=True)

  monkeypatch.setattr(records, 'MEMORY_BYTES', 1)
  monkeypatch.setattr(monitoring.Monitor, '__call__', remove)
  run = open_run(tmp_path / 'run', data, 'pixelda/Row.steps = 40')
  with pytest.raises(UserError, match='holds tgt, not src; make it with'):
    run.train()


def test_a_damaged_record_is_told(trained, data, tmp_path):
  run_dir = shutil.copytree(trained, tmp_path / 'run')
  (run_dir / 'data.json').write_text('{"sour')
  with pytest.raises(UserError, match='data.json: damaged'):
    experiment.reopen(str(run_dir), str(data))


@pytest.mark.parametrize(
  'damaged',
  [
    [],
    {'source': []},
    {'source': {}},
    {'source': {'splits': 3}},
    {'source': None},
    {'source': {'undescribed': True}},
  ],
  ids=str,
)
def test_a_record_of_another_form_is_told(damaged, trained, data, tmp_path):
  run_dir = shutil.copytree(trained, tmp_path / 'run')
  whole = json.loads((run_dir / 'data.json').read_text())
  if isinstance(damaged, dict) and isinstance(damaged['source'], dict):
    damaged = {'source': whole['source'] | damaged['source']}
    if damaged['source'] == whole['source']:
      del damaged['source']['name']
    if damaged['source'].pop('undescribed', False):
      del damaged['source']['description']
  (run_dir / 'data.json').write_text(json.dumps(damaged))
  with pytest.raises(UserError, match='data.json: damaged'):
    open_run(run_dir, data)


def test_a_record_without_a_domain_is_told(trained, data, tmp_path):
  run_dir = shutil.copytree(trained, tmp_path / 'run')
  whole = json.loads((run_dir / 'data.json').read_text())
  del whole['target']
  (run_dir / 'data.json').write_text(json.dumps(whole))
  with pytest.raises(UserError, match="data.json: damaged .*'target'"):
    open_run(run_dir, data)


def test_labelled_target_images_are_known_too(tmp_path, data):
  data = str(data)
  config.parse(
    [str(TINY)],
    [
      *PARAMS,
      'Pair.labelled_target = @labelled/Domain()',
      "labelled/Domain.name = 'tgt'",
      "labelled/Domain.train = 'train[:2]'",
    ],
  )
  run = experiment.Experiment(str(tmp_path / 'run'), data)
  with run.claimed():
    known = known_data.read(RunDirectory(str(tmp_path / 'run')))
  splits = known['labelled_target']['splits']
  assert splits['train[:2]']['count'] == 2
