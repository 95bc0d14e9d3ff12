"""The same units on a dask cluster that is already there. Results travel back; only this process writes."""

import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from synfer.core.errors import SweepIncomplete, SynferWarning, UsageError
from synfer.core.results import version
from synfer.study.sweep.work import Job, Lost, Receipt, Task, perform

AHEAD = 4
"""Units in flight for each thread of the cluster, so that none waits for us and memory stays bounded."""
TIMEOUT = 10.0
"""Seconds within which a scheduler must answer."""
PATIENCE = 300.0
"""Seconds within which it must have a worker."""


def cluster(job: Job, tasks: Sequence[Task], url: str) -> Iterator[Receipt | Lost]:
    """Units by the workers of the dask scheduler at `url`, in the order in which they are done.

    Raises:
        UsageError: dask is not installed, nothing answers at `url`, or its scheduler has no workers for PATIENCE.
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
        _wait_for_workers(client, url)
        shared = client.scatter(job, broadcast=True, hash=False)
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


def _wait_for_workers(client: Any, url: str) -> None:
    """Until the scheduler has a worker; said at once where it has none."""
    if client.nthreads():
        return
    start = f"start some with: dask worker {url}"
    text = f"the scheduler at {url} has no workers yet; waiting for one, up to {PATIENCE:g} s; {start}"
    warnings.warn(text, SynferWarning, stacklevel=3)
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise UsageError(f"the scheduler at {url} had no workers for {PATIENCE:g} s; {start}") from None


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
