"""What `evaluate` prints and draws of a run, on its target or other data."""

import shutil

import pytest


@pytest.fixture
def run_dir(tiny_run, tmp_path):
  """Directory of a run with a picture of its target's test split."""
  directory = shutil.copytree(tiny_run, tmp_path / 'run')
  (directory / 'pixelda/worst_cases.png').write_text('kept')
  return directory


@pytest.fixture
def evaluated(run_dir, data_dir, in_process):
  """Function of flags to the lines that the command prints."""

  def evaluated(*flags):
    places = f'--run_dir={run_dir}', f'--data_dir={data_dir}'
    done = in_process('evaluate', *places, *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()

  return evaluated


@pytest.mark.parametrize(
  ('flags', 'title', 'name'),
  [
    (
      ('--dataset=digits', '--row=source_only'),
      "row 'source_only' on digits test",
      'source_only/worst_cases_digits_test.png',
    ),
    (
      ('--dataset=digits', '--split=train[:5]'),
      "row 'pixelda' on digits train[:5]",
      'pixelda/worst_cases_digits_train_5.png',
    ),
    (
      ('--split=train[:5]',),
      "row 'pixelda' on digits_photo train[:5]",
      'pixelda/worst_cases_digits_photo_train_5.png',
    ),
  ],
)
def test_other_data_have_a_title_and_a_picture_of_their_own(
  evaluated, run_dir, flags, title, name
):
  first, *_, last = evaluated(*flags)
  assert first == title
  assert last == f'worst cases: {run_dir / name}'
  assert (run_dir / name).exists()
  assert (run_dir / 'pixelda/worst_cases.png').read_text() == 'kept'


def test_the_targets_test_split_has_the_plain_name(evaluated, run_dir):
  first, *_, last = evaluated()
  assert first == "row 'pixelda' on digits_photo test"
  picture = run_dir / 'pixelda/worst_cases.png'
  assert last == f'worst cases: {picture}'
  assert picture.read_bytes() != b'kept'
