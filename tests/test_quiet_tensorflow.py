"""A package of TensorFlow's name that writes as TensorFlow does."""

import subprocess
import sys

import pytest

NOISY = r"""
import gc
import os
import sys

OBJECTS = [[] for _ in range(1000)]
COLLECTED = gc.isenabled()

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
import gc
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
  assert not tensorflow.COLLECTED
  assert gc.get_freeze_count() > len(tensorflow.OBJECTS)
assert gc.isenabled()
os.write(2, b'I0000 00:00:1795670161.0 20304 port.cc:153] Later.\n')
"""
LATER = 'I0000 00:00:1795670161.0 20304 port.cc:153] Later.'


@pytest.mark.parametrize(
  ('ends', 'told'),
  [("NAME = 'mine'", []), ("raise RuntimeError('broken')", ['broken'])],
)
def test_import_drops_its_log_lines_alone_and_is_without_collector(
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
