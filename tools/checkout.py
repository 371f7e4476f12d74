"""Runs a command of the checkout that this file is in, installed or not."""

import os
import pathlib
import runpy
import sys

ROOT = str(pathlib.Path(__file__).resolve().parents[1])


def run(command: str):
  """Runs `python -m pixelda_tf.<command>` with this process's arguments."""
  sys.path.insert(0, ROOT)
  # For the processes that a command starts.
  paths = [ROOT, os.environ.get('PYTHONPATH', '')]
  os.environ['PYTHONPATH'] = os.pathsep.join(filter(None, paths))
  runpy.run_module(f'pixelda_tf.{command}', run_name='__main__', alter_sys=True)
