"""The same units on a dask cluster that is already there. Results travel back; only this process writes."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from synfer.core.errors import SweepIncomplete, UsageError
from synfer.core.results import version
from synfer.study.sweep.work import Job, Lost, Receipt, Task, perform

AHEAD = 4
"""Units in flight for each thread of the cluster, so that none waits for us and memory stays bounded."""
TIMEOUT = 10.0
"""Seconds within which a scheduler must answer."""


def cluster(job: Job, tasks: Sequence[Task], url: str) -> Iterator[Receipt | Lost]:
    """Units by the workers of the dask scheduler at `url`, in the order in which they are done.

    Raises:
        UsageError: dask is not installed, or nothing answers at `url`.
        SweepIncomplete: the cluster was lost, or its workers run another version.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise UsageError("a scheduler needs dask; install it with: pip install 'synfer[cluster]'") from None
    try:
        client: Any = Client(url, timeout=TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"no dask scheduler answers at {url} ({error}); give the URL that it printed") from None
    with client:
        shared = client.scatter(job, broadcast=True, hash=False) if client.nthreads() else job
        waiting = iter(tasks)
        running: dict[Any, Task] = {}

        def submit(task: Task) -> Any:
            future = client.submit(perform, shared, task, pure=False)
            running[future] = task
            return future

        width = AHEAD * max(1, sum(client.nthreads().values()))
        done = as_completed([submit(task) for task in islice(waiting, width)], loop=client.loop)
        for future in done:
            task = running.pop(future)
            yield _answer(future, task)
            for following in islice(waiting, 1):
                done.add(submit(following))


def _answer(future: Any, task: Task) -> Receipt | Lost:
    from distributed import CancelledError, KilledWorker

    try:
        answer = future.result()
    except KilledWorker as error:
        return Lost(task.number, f"it killed its workers ({error.last_worker.address}); they may lack memory")
    except CancelledError:
        raise SweepIncomplete("the cluster was lost") from None
    if isinstance(answer, Receipt) and answer.version != version():
        raise SweepIncomplete(f"workers run synfer {answer.version}, this is {version()}; install one version")
    return answer
