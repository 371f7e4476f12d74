import gin
import pytest

from pixelda_tf import config

SECRET = object()


@gin.register
def paint(*, colour='red', layers=2):
  return colour, layers


@gin.register
def varnish():
  return 'varnish'


@gin.register
class House:
  """Calls what it is given; a default is a function that gin knows."""

  def __init__(self, *, walls, paint=paint, roof=None, floors=2, secret=SECRET):
    del walls, paint, roof, floors, secret


@gin.register(denylist=['name'])
class Wall:
  def __init__(self, *, name='', height=2.5, window=None):
    del name, height, window


@gin.register
class Window:
  def __init__(self, *, width=1.0):
    del width


@pytest.fixture
def parse(tmp_path):
  """Function that parses a text, and returns its operative config."""

  def parse(text, *params):
    (tmp_path / 'a.gin').write_text(text)
    config.parse([str(tmp_path / 'a.gin')], params, allow_unused=True)
    return config.operative('House')

  return parse


TEXT = """
House.walls = [@north/Wall(), @south/Wall()]
north/Wall.window = @Window()
south/Wall.height = %HEIGHT
HEIGHT = 3.0
unused/Wall.window = @varnish
"""


def test_all_that_is_reached_has_its_defaults(parse):
  """A default function's too; not what no reference comes to, nor a name.

  An object that gin cannot write is left out.
  """
  text = parse(TEXT)
  defaults = text.partition('# The config')[0].splitlines()
  assert defaults[1:-1] == [
    'House.floors = 2',
    'House.paint = @paint',
    'House.roof = None',
    'Wall.height = 2.5',
    'Wall.window = None',
    'Window.width = 1.0',
    "paint.colour = 'red'",
    'paint.layers = 2',
  ]


def test_what_is_bound_has_no_default(parse):
  text = parse(TEXT, 'House.floors = 3', 'House.paint = @varnish')
  defaults = text.partition('# The config')[0]
  assert 'floors' not in defaults and 'paint' not in defaults


def test_it_is_a_config_of_the_same_meaning(parse):
  text = parse(TEXT)
  assert parse(text).partition('# The config')[0].count('=') == 0
  assert config.difference(text, config.text()) == []


def test_defaults_that_changed_are_told(parse):
  """One that is new is none, and neither is one that is gone."""
  old = parse(TEXT)
  new = old.replace('floors = 2', 'floors = 1').replace('@paint', '@varnish')
  new = new.replace('paint.layers = 2', 'paint.thickness = 0.1')
  changes = config.changed_defaults(old, new)
  assert list(map(str, changes)) == [
    'House.floors: 2 -> 1',
    'House.paint: @paint -> @varnish',
  ]
  assert config.changed_defaults(old, old) == []
  assert config.gone(old, new) == ['paint.layers = 2']
  assert config.gone(old, old) == []
