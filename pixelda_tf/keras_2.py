"""Makes `tf.keras` Keras 2, which pixelda_tf is written for.

TensorFlow 2.15 (Python 3.10 and 3.11) has no other. A current TensorFlow (3.12
and later) has Keras 3, and takes Keras 2 from the package tf-keras where an
environment variable says so when `tf.keras` is first used.
"""

import os
import sys

_VARIABLE = 'TF_USE_LEGACY_KERAS'


def choose() -> None:
  """Chooses Keras 2, before or after TensorFlow was imported.

  Raises:
    ImportError: the process has Keras 3 as `tf.keras` already, or is told to.
      Its name is the package's, so that `python -m` shows the message alone.
  """
  if sys.version_info < (3, 12):
    # TensorFlow 2.15 would look for tf-keras, too, and not for its own.
    os.environ.pop(_VARIABLE, None)
    return
  value = os.environ.setdefault(_VARIABLE, '1')
  if value not in ('1', 'true', 'True'):
    raise ImportError(
      f'{_VARIABLE} is {value!r}, but pixelda_tf needs Keras 2: unset it',
      name='pixelda_tf',
    )
  tensorflow = sys.modules.get('tensorflow')
  if tensorflow is None:
    return
  if not tensorflow.keras.Model.__module__.startswith('tf_keras.'):
    raise ImportError(
      'tf.keras is Keras 3 here, but pixelda_tf needs Keras 2: start again, '
      f'and import pixelda_tf before tf.keras is used, or set {_VARIABLE}=1',
      name='pixelda_tf',
    )
  # TensorFlow decided at its import what `import tensorflow.keras` finds.
  sys.modules['tensorflow.keras'] = tensorflow.keras
