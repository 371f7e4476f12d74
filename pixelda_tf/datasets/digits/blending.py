"""The absolute difference of a digit and a photo crop.

Ganin et al., Domain-adversarial training of neural networks, JMLR 2016,
section 5.2.4: I_out = |I_digit - I_photo|, per pixel and channel.
"""

import numpy as np


def blend(digit: np.ndarray, background: np.ndarray) -> np.ndarray:
  """Returns |digit - background|.

  Args:
    digit: uint8 [height, width, 1].
    background: uint8 [height, width, 3].

  Returns:
    uint8 [height, width, 3].
  """
  return np.abs(digit.astype(np.int16) - background).astype(np.uint8)
