"""Progress on stderr: nothing for two seconds, then a bar on a terminal or a line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

QUIET_SECONDS = 2.0
LINE_SECONDS = 5.0
"""Lines come at most this often, so that a log stays short."""


@contextmanager
def watching(title: str) -> Iterator["Watch"]:
    """Show progress for the length of a with-block; what it yields takes (stage, fraction)."""
    watch = Watch(title)
    try:
        yield watch
    finally:
        watch.close()


class Watch:
    """A progress callback that may be called from any thread."""

    def __init__(self, title: str) -> None:
        self._title, self._stage, self._fraction = title, "starting", 0.0
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._visible, self._last_line = False, 0.0
        self._timer = threading.Timer(QUIET_SECONDS, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def __call__(self, stage: str, fraction: float, /) -> None:
        with self._lock:
            self._stage, self._fraction = stage, fraction
            if self._visible:
                self._draw()

    def close(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        with self._lock:
            self._visible = False
            if self._bar:
                self._bar.stop()

    def _appear(self) -> None:
        with self._lock:
            if not self._timer.finished.is_set():
                self._visible = True
                if sys.stderr.isatty():
                    self._bar = _bar(self._title)
                self._draw()

    def _draw(self) -> None:
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self._fraction, stage=self._stage)
        elif time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            print(f"synfer: {self._title}: {100 * self._fraction:3.0f} %, {self._stage}", file=sys.stderr, flush=True)


def _bar(title: str) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[stage]}"),
    )
    console = Console(stderr=True, markup=False, emoji=False)
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)  # stdout carries data
    bar.add_task(title, total=1.0, stage="")
    bar.start()
    return bar
