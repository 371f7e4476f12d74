"""Processes of their own hold locks, fork, and are killed."""

import contextlib
import errno
import fcntl
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from pixelda_tf import locks
from pixelda_tf.errors import UserError

HOLDS = """
import os, sys, time
from pixelda_tf import locks
with locks.hold(sys.argv[1], 'it'):
  if 'fork' in sys.argv and not os.fork():
    time.sleep(0.5)
    os._exit(0)
  print('held', flush=True)
  sys.stdin.read()
"""


@contextlib.contextmanager
def holding(lock, *words):
  """Yields a process that holds a lock."""
  process = subprocess.Popen(
    [sys.executable, '-c', HOLDS, str(lock), *words],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
  )
  try:
    assert process.stdout.readline() == 'held\n'
    yield process
  finally:
    process.kill()
    process.communicate()


def test_the_second_is_told_who_holds_it(tmp_path):
  lock = tmp_path / 'folder' / '.lock'
  with holding(lock) as process:
    with (
      pytest.raises(UserError) as error,
      locks.hold(lock, 'folder', 'name another'),
    ):
      pass
    who = rf'-c, process {process.pid} on {re.escape(socket.gethostname())}'
    assert re.fullmatch(
      rf'folder: in use by {who} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d; wait '
      'for its end, or name another',
      error.value.message,
    )
    assert re.match(who, locks.holder(lock))
    process.communicate('')
  assert os.listdir(tmp_path / 'folder') == []
  assert locks.holder(lock) is None


def test_within_a_process_it_is_held_once(tmp_path):
  lock = tmp_path / '.lock'
  with (
    locks.hold(lock, 'it', 'go'),
    pytest.raises(UserError, match=f'process {os.getpid()} on'),
    locks.hold(lock, 'it', 'go'),
  ):
    pass
  with locks.hold(lock, 'it', 'go'):
    pass


def test_what_a_killed_process_leaves_does_not_block(tmp_path):
  lock = tmp_path / '.lock'
  with holding(lock) as process:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert lock.exists() and locks.holder(lock) is None
    with locks.hold(lock, 'it', 'go'):
      assert f'process {os.getpid()} on' in locks.holder(lock)
  assert not lock.exists()


def test_what_a_killed_process_forked_still_holds_it(tmp_path):
  """It may still write, for the moment that it lives."""
  lock = tmp_path / '.lock'
  with holding(lock, 'fork') as process:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert locks.holder(lock)
    with locks.hold(lock, 'it'):
      pass


def test_without_a_remedy_it_is_waited_for_with_a_word(tmp_path, caplog):
  lock = tmp_path / '.lock'
  with holding(lock) as process:
    threading.Timer(1.0, process.kill).start()
    with (
      caplog.at_level(logging.WARNING, logger='absl'),
      locks.hold(lock, 'folder'),
    ):
      assert f'process {os.getpid()} on' in locks.holder(lock)
  assert f'folder: in use by -c, process {process.pid} on' in caplog.text
  assert 'waiting for its end' in caplog.text


def test_who_waits_gets_the_file_that_is_there(tmp_path):
  """Each holder removes its file; those that opened it have to see that."""
  lock, inside, most = tmp_path / '.lock', [], []

  def enter():
    for _ in range(30):
      with locks.hold(lock, 'it'):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()

  threads = [threading.Thread(target=enter) for _ in range(4)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert most == [1] * 120
  assert os.listdir(tmp_path) == []


def test_a_file_system_without_locks_is_told(tmp_path, caplog, monkeypatch):
  def refuse(descriptor, operation):
    raise OSError(errno.ENOLCK, 'No locks available')

  monkeypatch.setattr(fcntl, 'flock', refuse)
  lock = tmp_path / '.lock'
  with (
    caplog.at_level(logging.WARNING, logger='absl'),
    locks.hold(lock, 'folder', 'go'),
  ):
    assert locks.holder(lock) is None
  assert 'folder: its file system has no locks (No locks' in caplog.text


def test_a_file_that_says_nothing_is_of_another_process(tmp_path):
  lock = tmp_path / '.lock'
  with locks.hold(lock, 'it'):
    lock.write_text('')
    assert locks.holder(lock) == 'another process'


@pytest.mark.parametrize('path', ['a/b', 'a/b/'])
def test_what_is_replaced_has_its_lock_beside_it(path, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert locks.beside(path) == str(tmp_path / 'a' / '.b.lock')
