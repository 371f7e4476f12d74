"""A package of TensorFlow's name that writes as TensorFlow does."""

import subprocess
import sys

import pytest

NOISY = r"""
import os
import sys

def write(line):
  os.write(2, line.encode() + b'\n')

write('WARNING: All log messages before absl::InitializeLog() is called are w')
write('I0000 00:00:1795670160.694170   20304 port.cc:153] oneDNN is on.')
write('E0000 00:00:1795670160.694171   20304 port.cc:153] An error.')
print('from Python', file=sys.stderr)
write('I see')
"""
KEPT = [
  'E0000 00:00:1795670160.694171   20304 port.cc:153] An error.',
  'from Python',
  'I see',
]
SCRIPT = r"""
import os
import sys
from pixelda_tf import quiet_tensorflow
quiet_tensorflow.install()
print('before', file=sys.stderr)
try:
  import tensorflow
except RuntimeError as error:
  print(error, file=sys.stderr)
else:
  assert tensorflow.NAME == 'mine'
os.write(2, b'I0000 00:00:1795670161.0 20304 port.cc:153] Later.\n')
"""
LATER = 'I0000 00:00:1795670161.0 20304 port.cc:153] Later.'


@pytest.mark.parametrize(
  ('ends', 'told'),
  [("NAME = 'mine'", []), ("raise RuntimeError('broken')", ['broken'])],
)
def test_log_lines_of_the_import_are_dropped_and_nothing_else(
  ends, told, tmp_path
):
  (tmp_path / 'tensorflow.py').write_text(NOISY + ends)
  script = tmp_path / 'script.py'
  script.write_text(SCRIPT)
  done = subprocess.run(
    [sys.executable, script], capture_output=True, text=True
  )
  assert done.returncode == 0, done.stderr
  assert sorted(done.stderr.splitlines()) == sorted(
    ['before', *KEPT, *told, LATER]
  )
