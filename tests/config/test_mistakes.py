"""Mistakes in gin files are told in one line, with their place."""

import pathlib

import hypothesis
import pytest
from hypothesis import strategies as st

from pixelda_tf import config
from pixelda_tf.errors import UserError

# By what is wrong: a file's text, and what is told of it.
MISTAKES = {
  'component': (
    'brick.size = 1\nbrik.size = 2',
    "gin/a.gin:2: .*'brik'.*'brick'",
  ),
  'component of a block': (
    '\nTowr:\n  depth = 2',
    "gin/a.gin:2: .*'Towr'.*'Tower'",
  ),
  'component with two homes': (
    'twin.size = 1',
    "gin/a.gin:1: 'twin' .*test_config.one.twin, test_config.two.twin",
  ),
  'parameter of a function': (
    'brick.sise = 1',
    "gin/a.gin:1: brick .*'sise'.*'size'",
  ),
  'parameter of a class that takes **kwargs': (
    'Tower.widht = 1',
    "gin/a.gin:1: Tower .*'widht'.*'width'",
  ),
  'parameter in a block': (
    'Tower:\n  depth = 2\n\n  dept = 3',
    "gin/a.gin:4: Tower .*'dept'.*'depth'",
  ),
  'reference': (
    'Tower.top = [\n  1,\n  @Bric(),\n]\n',
    "gin/a.gin:3: .*'Bric'.*'brick'",
  ),
  'macro that is used': (
    'SIZE = 3\n\nbrick.size = %SIZ',
    "gin/a.gin:3: .*'%SIZ'.*'SIZE'",
  ),
  'macro that is set': (
    'SIZE = 3\nbrick.size = %SIZE\nSISE = 4',
    r"gin/a.gin:3: .*'SISE'.*'SIZE'.*component\.parameter = value",
  ),
  'scope': (
    'Tower.top = @upper/brick()\nuper/brick.size = 2',
    "gin/a.gin:2: .*'uper'.*'upper'",
  ),
  'inner scope': (
    'Tower.top = @upper/brick()\nupper/left/brick.size = 2',
    "gin/a.gin:2: .*'upper/left'.*'upper'",
  ),
  'string without quotes': (
    'brick.colour = blue',
    "gin/a.gin:1: 'blue' .*quotes",
  ),
  'no equals sign': (
    '# a comment\nbrick.size 3',
    "gin/a.gin:2: .*expected ':' or '='",
  ),
  'open bracket': (
    'brick.size = 1\n\n# a comment\nbrick.colour = [1,\n  2\n',
    'gin/a.gin:4: .*not closed',
  ),
  'open bracket at the start': (
    'brick.size = (1',
    'gin/a.gin:1: .*not closed',
  ),
  'indentation': (
    'Tower:\n    depth = 1\n  width = 2\n',
    'gin/a.gin:3: .*unindent',
  ),
  'value that cannot be a key': (
    'brick.size = 1\nbrick.colour = {[1]: 2}',
    "gin/a.gin:2: .*'list'",
  ),
  'import': (
    'import no_such_module',
    "gin/a.gin:1: .*'no_such_module'",
  ),
  'include of itself': ("include 'a.gin'", "'gin/a.gin' includes itself"),
  'value left to the user': (
    'brick.size = %gin.REQUIRED',
    'brick.size set to .*gin.REQUIRED',
  ),
}


@pytest.mark.parametrize('name', MISTAKES)
def test_a_mistake_in_a_file_is_told_with_its_place(name, write):
  text, message = MISTAKES[name]
  write(a=text)
  with pytest.raises(UserError, match=message) as error:
    config.parse(['gin/a.gin'])
  assert '\n' not in error.value.message


@pytest.mark.parametrize(
  ('param', 'message'),
  [
    ('brik.size=2', "'brik'.*'brick'"),
    ('brick.sise=2', "brick .*'sise'.*'size'"),
    ('brick.size=x', "'x'.*quotes"),
    ('size=2', r"'size'.*'SIZE'.*component\.parameter = value"),
    ('up/brick.size=2', "scope 'up'"),
    ('brick.size=[1', 'not closed'),
  ],
)
def test_a_mistake_in_a_gin_param_names_the_flag(param, message, write):
  write(a='SIZE = 3\nbrick.size = %SIZE')
  with pytest.raises(UserError, match=message) as error:
    config.parse(['gin/a.gin'], ['brick.colour = "blue"', param])
  assert error.value.message.startswith(f"--gin_param='{param}': ")


@pytest.mark.parametrize('line', ['\x01', '\0', "brick.colour = 'blue"])
def test_what_the_tokenizer_refuses_is_told_with_its_line(line, write):
  """From Python 3.12 on it refuses more; before, gin finds what is left."""
  write(a=f'# a comment\nbrick.size = 1\n{line}\n')
  with pytest.raises(UserError, match=r'^gin/a\.gin:3: '):
    config.parse(['gin/a.gin'])


def test_a_mistake_in_an_included_file_names_that_file(write):
  write(a="include 'gin/b.gin'", b='brick.size = 1\nbrick.sise = 2')
  with pytest.raises(UserError, match=r'^gin/b\.gin:2: brick has no'):
    config.parse(['gin/a.gin'])


def test_a_missing_include_names_the_line_that_wants_it(write):
  write(a="\ninclude 'gin/bb.gin'", b='')
  with pytest.raises(UserError) as error:
    config.parse(['gin/a.gin'])
  assert error.value.message.startswith("gin/a.gin:2: there is no gin file 'gi")
  assert error.value.message.endswith("did you mean 'gin/b.gin'?")


@pytest.mark.parametrize('name', ['gin/aa.gin', 'gin', ''])
def test_a_missing_file_is_told_with_the_folders_that_were_searched(
  name, write, tmp_path
):
  write(a='')
  with pytest.raises(UserError) as error:
    config.parse([name])
  assert f"there is no gin file '{name}' in {tmp_path}, " in str(error.value)
  assert str(pathlib.Path(config.__file__).parents[2]) in str(error.value)


def test_a_missing_file_that_is_near_another_names_that(write):
  write(quickstart='')
  with pytest.raises(UserError, match=r"did you mean 'gin/quickstart\.gin'"):
    config.parse(['gin/quikstart.gin'])


def test_a_file_that_is_not_text_is_a_mistake(write):
  write(a='')
  pathlib.Path('gin/a.gin').write_bytes(b'\xff\xfe\x00')
  with pytest.raises(UserError, match=r"^cannot read gin file 'gin/a\.gin': "):
    config.parse(['gin/a.gin'])


PIECES = [
  *('brick', 'Tower', 'size', 'top', 'M', 'include ', 'import ', '=', ' = '),
  *('.', '@', '%', '/', '()', '[', ']', '{', '}', ':', ',', '#', '1', '-', ';'),
  *("'", '"', "'''", '\\', '\n', '  ', '\t', '\r', '\0', '$', 'é', '`', '?'),
]


@hypothesis.settings(max_examples=300, deadline=None, database=None)
@hypothesis.given(st.lists(st.sampled_from(PIECES), max_size=25).map(''.join))
def test_whatever_is_written_parses_or_is_a_mistake_in_one_line(text):
  try:
    config.parse([], [text])
  except UserError as error:
    assert '\n' not in str(error)
    assert str(error).startswith('--gin_param=')
