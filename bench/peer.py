"""A simulator in another process and interpreter: one JSON line in, one JSON line out.

The scripts brian2_eif.py and nest_eif.py take a problem and then, for every line "run", simulate and answer with the
seconds of their own simulation loop, the spikes, and the membrane potentials' mean and sd.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent


def missing(python: str, module: str) -> str:
    """Why this interpreter cannot import the module; empty if it can."""
    try:
        tried = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True, timeout=300)
    except OSError as error:
        return str(error)
    return "" if tried.returncode == 0 else (tried.stderr.strip().splitlines() or ["it failed"])[-1]


class Peer:
    """A running peer; `ready` is its first answer."""

    def __init__(self, process: subprocess.Popen[str], log: IO[str]) -> None:
        self.process, self.log = process, log
        self.ready = self._answer()

    def run(self) -> dict[str, Any]:
        """Simulate once more."""
        assert self.process.stdin is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError(f"{self.process.args} ended:\n{self.log.read()[-2000:]}")
        return json.loads(line)


@contextmanager
def started(python: str, script: str, problem: dict[str, Any]) -> Iterator[Peer]:
    """A peer that lives as long as the context; closing its input ends it."""
    command = [python, str(HERE / script), json.dumps(problem)]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True) as process,
    ):
        yield Peer(process, log)


def serve(ready: dict[str, Any], run: Callable[[], dict[str, Any]], lines: Any, out: Any) -> None:
    """The other end: say ready, then answer every line."""

    def say(answer: dict[str, Any]) -> None:
        out.write(json.dumps(answer) + "\n")
        out.flush()

    say(ready)
    for _ in lines:
        say(run())
