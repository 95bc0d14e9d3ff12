"""Processes that work for this one, each on one task at a time.

The task of a worker that dies is therefore known, and only that one is done again. Workers end when the process
that started them does, however it ended.
"""

import os
import signal
import threading
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast

from synfer.core.errors import SynferError

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables that libraries take their number of threads from: a worker has one."""

Tell = Callable[[Any], None]
"""Takes what a task has to say before it is done."""


class WorkersFailed(SynferError):
    """Workers that do not start, or are killed."""

    exit_code = 5


class Answer(NamedTuple):
    """What a task gave, and the number of times it was begun."""

    value: Any
    attempts: int


class Killed(NamedTuple):
    """A task that lost its worker too often."""

    task: Any


class _Told(NamedTuple):
    word: Any


class _Done(NamedTuple):
    value: Any


class _Bug(NamedTuple):
    text: str


_READY = "ready"
STARTS = 3
"""Workers that end before they begin, one after another, until there is no hope."""


def crew(
    perform: Callable[[Any, Tell], Any],
    tasks: Sequence[Any],
    workers: int,
    *,
    attempts: int = 1,
    tell: Tell = lambda _: None,
) -> Iterator[Answer | Killed]:
    """What `perform(task, tell)` gives for each task, in the order in which they are done.

    Args:
        perform: A function that other processes can import, or a partial of one.
        tasks: What it is given.
        workers: Processes at most.
        attempts: Times a task may lose its worker before it is given up.
        tell: Is given, in this process, what tasks tell; their warnings are issued again.

    Raises:
        WorkersFailed: workers do not start.
        RuntimeError: a task met a bug; holds the traceback.
    """
    waiting, begun, deaths = deque(range(len(tasks))), Counter[int](), 0
    team: dict[Connection, _Worker] = {}

    def hire() -> None:
        worker = _Worker(perform)
        team[worker.end] = worker

    try:
        for _ in range(min(workers, len(tasks))):
            hire()
        while team:
            for end in connection.wait(list(team)):
                worker = team[cast(Connection, end)]
                number, message = worker.number, worker.hear()
                if isinstance(message, _Told):
                    _pass_on(message.word, tell)
                elif isinstance(message, _Bug):
                    raise RuntimeError(f"{tasks[number]} met a bug\n{message.text}")
                elif message is None:
                    deaths = 0 if worker.ready else deaths + 1
                    if deaths == STARTS:
                        raise WorkersFailed(_NO_START)
                    team.pop(worker.end).dismiss()
                    if number is not None and begun[number] < attempts:
                        waiting.appendleft(number)
                    elif number is not None:
                        yield Killed(tasks[number])
                    if len(waiting) > sum(other.number is None for other in team.values()):
                        hire()
                else:
                    worker.ready, worker.number, deaths = True, None, 0
                    if waiting:
                        begun[waiting[0]] += 1
                        worker.give(waiting[0], tasks[waiting.popleft()])
                    else:
                        team.pop(worker.end).dismiss()
                    if isinstance(message, _Done):
                        yield Answer(message.value, begun[number])
    finally:
        for worker in team.values():
            worker.dismiss()


_NO_START = (
    "workers end before they begin; in a script, call what starts them below `if __name__ == '__main__':`, "
    "or use workers=1, which needs no processes"
)


def _pass_on(word: Any, tell: Tell) -> None:
    if isinstance(word, Warning):
        warnings.warn(word, stacklevel=3)
    else:
        tell(word)


class _Worker:
    """A process, our end of the pipe to it, and the number of the task that it holds."""

    def __init__(self, perform: Callable[[Any, Tell], Any]) -> None:
        context = get_context("spawn")
        self.end, theirs = context.Pipe()
        self.number: Any = None
        self.ready = False
        self._process: Any = context.Process(target=_serve, args=(theirs, perform), daemon=True, name="synfer-worker")
        with _one_thread():
            self._process.start()
        theirs.close()  # so that the pipe ends when the worker does

    def give(self, number: int, task: Any) -> None:
        self.number = number
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


def _serve(end: Connection, perform: Callable[[Any, Tell], Any]) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which then ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    lock = threading.Lock()

    def tell(word: Any) -> None:
        with lock:
            end.send(_Told(word))

    warnings.showwarning = lambda message, *where, **options: tell(message)
    end.send(_READY)
    while True:
        try:
            task = end.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Any = _Done(perform(task, tell))
        except Exception:
            answer = _Bug(traceback.format_exc())
        end.send(answer)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
