"""python -m pixelda_tf.train, killed once a third checkpoint was written."""

import itertools
import os
import runpy
import signal

from pixelda_tf.runs import checkpoints

take_part = checkpoints.take_part_in_save
_saves = itertools.count(1)


def die(checkpoint):
  take_part(checkpoint)
  if next(_saves) == 3:
    os.kill(os.getpid(), signal.SIGKILL)


checkpoints.take_part_in_save = die
runpy.run_module('pixelda_tf.train', run_name='__main__')
