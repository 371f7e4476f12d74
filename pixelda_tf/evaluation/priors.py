"""How frequent classes are in the target, told by answers to its images."""

import numpy as np

_STEPS = 1000
_TOLERANCE = 1e-6


def target_shares(
  probabilities: np.ndarray, source_shares: np.ndarray
) -> np.ndarray:
  """Returns the shares of classes under which answers are likeliest.

  Expectation maximisation of Saerens, Latinne and Decaestecker (2002), Eq. 9:
  it takes the domains to differ by these shares alone, and the answers to be
  probabilities under the source's.

  Args:
    probabilities: float `[n, n_classes]`, of target images.
    source_shares: float `[n_classes]`, of what the model was trained on; all
      above 0.

  Returns:
    float64 `[n_classes]` that sum to 1.
  """
  source = np.asarray(source_shares, np.float64)
  shares = source
  for _ in range(_STEPS):
    weighted = probabilities * (shares / source)
    weighted /= weighted.sum(axis=1, keepdims=True)
    before, shares = shares, weighted.mean(axis=0)
    if np.abs(shares - before).max() < _TOLERANCE:
      break
  return shares
