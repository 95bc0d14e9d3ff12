"""Tasks for workers, which import them from here."""

import os
import signal
import time
import warnings
from pathlib import Path

from synfer.core.errors import SynferWarning


def work(task, tell):
    """Do what a task says."""
    word, _, rest = task.partition(" ")
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "die-once" and not Path(rest).exists():
        Path(rest).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "bug":
        raise ZeroDivisionError(rest)
    if word == "warn":
        warnings.warn(rest, SynferWarning, stacklevel=1)
    if word == "wait-for":
        while not Path(rest).exists():
            time.sleep(0.01)
    if word == "make":
        Path(rest).touch()
    tell((task, os.environ["NUMBA_NUM_THREADS"]))
    return task.upper(), os.getpid()


def unborn(task, tell):
    """Never called."""


if os.environ.get("SYNFER_TEST_UNBORN") and __name__ == "team":
    os._exit(3)
