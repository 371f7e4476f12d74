"""The one error that a user's mistake raises."""


class UserError(Exception):
  """A mistake a user can put right, told in one line.

  The message names the file, key or option, what was expected, and what to
  do. Command lines print it without a traceback and exit with status 2.

  Attributes:
    message: the line. Unlike `str(error)` it stays as it was written when the
      error passes through gin, which appends the names of configurables.
    ag_pass_through: TensorFlow raises an error that has this as it is, out of
      what it traces, and not one of its own around it.
  """

  ag_pass_through = True
  # The same for Keras, out of what a layer calls.
  _keras_call_info_injected = True

  def __init__(self, message: str):
    """Makes one line of the message."""
    self.message = ' '.join(line.strip() for line in message.splitlines())
    super().__init__(self.message)
