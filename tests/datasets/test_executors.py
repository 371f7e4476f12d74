import pytest

from pixelda_tf.datasets import executors
from pixelda_tf.errors import UserError


def fail(item):
  raise UserError(f'{item} is wrong')


@pytest.mark.parametrize(
  'call',
  [
    lambda: executors.LOCAL.map('checking', fail, [1, 2]),
    lambda: list(executors.LOCAL.examples('writing', fail, [1, 2])),
  ],
)
def test_a_mistake_is_told_on_a_line_of_its_own(call, capsys):
  """Not behind the progress bar, which has ended its line when it is told."""
  with pytest.raises(UserError, match='1 is wrong') as raised:
    call()
  assert capsys.readouterr().err.endswith('\n'), raised
