"""Workers on this machine: one process each, which holds one unit at a time.

The unit of a worker that dies is therefore known, and only that one is computed again. Workers end when the process
that started them does, however it ended.
"""

import os
import signal
import threading
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast

from synfer.core.errors import SweepIncomplete
from synfer.study.sweep.work import ATTEMPTS, Job, Lost, Receipt, Task, perform

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables that libraries take their number of threads from: a worker has one."""
READY = "ready"


class _Bug(NamedTuple):
    number: int
    text: str


def here(job: Job, tasks: Sequence[Task]) -> Iterator[Receipt | Lost]:
    """Units one after another in this process."""
    for task in tasks:
        yield perform(job, task)


def pool(job: Job, tasks: Sequence[Task], workers: int) -> Iterator[Receipt | Lost]:
    """Units by worker processes, in the order in which they are done.

    Raises:
        SweepIncomplete: workers do not start.
    """
    waiting, attempts, deaths = deque(tasks), Counter[int](), 0
    crew: dict[Connection, _Worker] = {}
    try:
        for _ in range(min(workers, len(tasks))):
            _hire(crew, job)
        while crew:
            for end in connection.wait(list(crew)):
                worker = crew[cast(Connection, end)]
                message = worker.hear()
                if isinstance(message, _Bug):
                    raise RuntimeError(f"unit {message.number} of the sweep met a bug\n{message.text}")
                if message is None:
                    deaths = 0 if worker.ready else deaths + 1
                    if deaths == ATTEMPTS:
                        raise SweepIncomplete(_NO_START)
                    crew.pop(worker.end).dismiss()
                    yield from _after_death(worker.task, attempts, waiting)
                    if len(waiting) > sum(other.task is None for other in crew.values()):
                        _hire(crew, job)
                    continue
                worker.ready, worker.task, deaths = True, None, 0
                if waiting:
                    worker.give(waiting.popleft())
                else:
                    crew.pop(worker.end).dismiss()
                if isinstance(message, Receipt):
                    yield message._replace(attempts=attempts[message.number] + 1)
                elif isinstance(message, Lost):
                    yield message
    finally:
        for worker in crew.values():
            worker.dismiss()


_NO_START = (
    "workers end before they begin; in a script, call sf.sweep below `if __name__ == '__main__':`, "
    "or use workers=1, which needs no processes"
)


def _after_death(task: Task | None, attempts: Counter[int], waiting: deque[Task]) -> Iterator[Lost]:
    if task is None:
        return
    attempts[task.number] += 1
    if attempts[task.number] < ATTEMPTS:
        waiting.appendleft(task)
    else:
        yield Lost(task.number, f"its worker was killed {ATTEMPTS} times; it may lack memory, so use fewer workers")


def _hire(crew: "dict[Connection, _Worker]", job: Job) -> None:
    worker = _Worker(job)
    crew[worker.end] = worker


class _Worker:
    """A process, our end of the pipe to it, and the unit that it holds."""

    def __init__(self, job: Job) -> None:
        context = get_context("spawn")
        self.end, theirs = context.Pipe()
        self.task: Task | None = None
        self.ready = False
        self._process: Any = context.Process(target=_serve, args=(theirs, job), daemon=True, name="synfer-sweep")
        with _one_thread():
            self._process.start()
        theirs.close()  # so that the pipe ends when the worker does

    def give(self, task: Task) -> None:
        self.task = task
        with suppress(OSError):  # it has died, which hear() is about to say
            self.end.send(task)

    def hear(self) -> Any:
        """The next message; None from the dead."""
        try:
            return self.end.recv()
        except (EOFError, OSError):
            return None

    def dismiss(self) -> None:
        self._process.kill()
        self._process.join()
        self.end.close()


@contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(end: Connection, job: Job) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which then ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    end.send(READY)
    while True:
        try:
            task = end.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Any = perform(job, task)
        except Exception:
            answer = _Bug(task.number, traceback.format_exc())
        end.send(answer)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
