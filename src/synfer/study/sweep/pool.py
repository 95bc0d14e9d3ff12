"""The units of a sweep in this process, or in processes of their own."""

from collections.abc import Iterator, Sequence
from functools import partial

from synfer.core.errors import SweepIncomplete
from synfer.study.sweep.work import ATTEMPTS, Job, Lost, Receipt, Task, perform
from synfer.study.workers import Killed, Tell, WorkersFailed, crew


def here(job: Job, tasks: Sequence[Task]) -> Iterator[Receipt | Lost]:
    """Units one after another in this process."""
    for task in tasks:
        yield perform(job, task)


def pool(job: Job, tasks: Sequence[Task], workers: int) -> Iterator[Receipt | Lost]:
    """Units by worker processes, in the order in which they are done.

    Raises:
        SweepIncomplete: workers do not start.
    """
    try:
        for done in crew(partial(_perform, job), tasks, workers, attempts=ATTEMPTS):
            if isinstance(done, Killed):
                reason = f"its worker was killed {ATTEMPTS} times; it may lack memory, so use fewer workers"
                yield Lost(done.task.number, reason)
            elif isinstance(done.value, Lost):
                yield done.value
            else:
                yield done.value._replace(attempts=done.attempts)
    except WorkersFailed as error:
        raise SweepIncomplete(str(error)) from error


def _perform(job: Job, task: Task, _: Tell) -> Receipt | Lost:
    return perform(job, task)
