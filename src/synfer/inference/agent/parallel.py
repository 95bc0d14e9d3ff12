"""Work on several agents side by side, in threads: kernels do not hold the GIL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from synfer.core.checks import check_count, check_function
from synfer.core.machine import cores

T = TypeVar("T")


class Progress:
    """Counts parts of the work that are done, and tells which fraction of all they are; any thread may call it."""

    def __init__(self, parts: int, tell: Callable[[float], None] | None) -> None:
        self.parts = parts
        self.tell = None if tell is None else check_function("progress", tell, "of the fraction that is done")
        self.done, self.lock = 0, threading.Lock()

    def __call__(self) -> None:
        with self.lock:
            self.done += 1
            if self.tell is not None:
                self.tell(self.done / self.parts)


def side_by_side(one: Callable[[int, Callable[[], bool]], T], n: int, workers: int | None = None) -> list[T]:
    """[one(k, stopped) for k = 0 .. n - 1], as many at a time as there are workers.

    Args:
        one: Does the k-th part, and asks `stopped()` now and then: once another part has failed, or the user has
            interrupted, it is True, and nobody reads what comes back, be it an error.
        n: How many parts.
        workers: Threads; default one for each core. Results do not depend on it.

    Raises:
        ParameterError: workers < 1; and what the first part that fails raises.

    Example:
        >>> side_by_side(lambda k, stopped: k**2, 4, workers=2)
        [0, 1, 4, 9]
    """
    count = min(n, cores() if workers is None else check_count("workers", workers))
    stop = threading.Event()
    if count == 1:
        return [one(k, stop.is_set) for k in range(n)]
    failed: list[Exception] = []

    def part(k: int) -> T:
        try:
            return one(k, stop.is_set)
        except Exception as error:  # of those that stop then, only the first one tells why
            failed.append(error)
            stop.set()
            raise

    with ThreadPoolExecutor(count) as pool:
        try:
            return list(pool.map(part, range(n)))
        except Exception:
            raise failed[0] from None
        finally:
            stop.set()
