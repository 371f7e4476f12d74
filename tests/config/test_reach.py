"""What a user sets and the config never names is a mistake."""

import gin
import pytest

from pixelda_tf import config, runs
from pixelda_tf.errors import UserError

assert runs  # Registers what the configs name.

QUICKSTART = 'gin/quickstart.gin'
# A binding on top of the quickstart, and what is told of it.
UNUSED = {
  'a network': (
    'unet_generator.filters = 2',
    r'nothing uses unet_generator; did you mean .*_generator.\? \(a parameter '
    'has to refer to it, as @unet_generator',
  ),
  'a scope': (
    'sourc_only/Row.steps = 3',
    "nothing uses the scope 'sourc_only'; did you mean 'source_only'",
  ),
  'a component that another scope has': (
    'source/PixelDA.noise_size = 3',
    r"nothing uses PixelDA in the scope 'source': set PixelDA\.noise_size for "
    'all, or refer to @source/PixelDA',
  ),
  'a row that there is not': (
    'cosine/Row.steps = 3',
    "nothing uses the scope 'cosine'",
  ),
}


def parse(*files, params=()):
  config.parse(files, params, root='Experiment')


@pytest.mark.parametrize('name', UNUSED)
def test_what_a_flag_sets_in_vain_is_told(name):
  param, message = UNUSED[name]
  with pytest.raises(UserError, match=message) as error:
    parse(QUICKSTART, params=[param])
  assert error.value.message.startswith(f"--gin_param='{param}': ")


def test_what_a_named_file_sets_in_vain_is_told_and_an_included_one_may(write):
  """A file of gin/methods/ is for more rows than a run has."""
  write(
    a=f"include '{QUICKSTART}'\nunet_generator.filters = 2",
    b="include 'gin/a.gin'\nPixelDA.noise_size = 3",
  )
  with pytest.raises(UserError, match=r'^gin/a\.gin:2: nothing uses unet_gene'):
    parse('gin/a.gin')
  parse('gin/b.gin')
  assert gin.query_parameter('unet_generator.filters') == 2


@pytest.mark.parametrize(
  'param',
  [
    'PixelDA.noise_size = 3',
    'Experiment.seed = 1',
    'Row.steps = 3',
    'STEPS = 3',
    # Called within the scope, as a part of what is: by PixelDA, or by adam.
    'pixelda/PixelDA.noise_size = 3',
    'pixelda/cosine.steps = 3',
    # What others register may be called by their own code.
    'brick.size = 3',
  ],
)
def test_what_is_called_may_be_set(param):
  parse(QUICKSTART, params=[param])


def test_what_an_overridden_binding_names_may_be_set():
  """A row that was left out by another flag keeps its numbers."""
  rows = 'Experiment.rows = [@source_only/Row()]'
  parse(QUICKSTART, params=[rows, 'pixelda/Row.steps = 3'])


def test_what_a_row_that_is_not_listed_names_may_be_set(write):
  """A file on top, as of gin/studies/, may list it."""
  write(
    a="include 'gin/base.gin'\ninclude 'gin/methods/pixelda.gin'\n"
    'Experiment.rows = [@source_only/Row()]\nresidual_generator.filters = 3'
  )
  parse('gin/a.gin')


def test_what_a_scoped_method_builds_may_be_set_in_its_scope(write):
  write(a=f"include '{QUICKSTART}'\npixelda/Row.method = @mine/PixelDA")
  parse('gin/a.gin', params=['mine/residual_generator.filters = 3'])
  with pytest.raises(UserError, match='uses residual_generator in the scope'):
    parse('gin/a.gin', params=['target/residual_generator.filters = 3'])


def test_without_a_root_what_nothing_names_may_be_set():
  config.parse([QUICKSTART], ['unet_generator.filters = 2'])
