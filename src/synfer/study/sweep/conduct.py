"""The driver of a sweep: what is left to do, who does it, and where it goes.

Only the driver writes. A unit counts as finished once its file has its name, so whatever is killed, nothing finished
is lost, and what goes on later ends in the same bytes. data.zarr is there from the start, with what is finished when a
run begins and ends; points that are not have status 3 in it.
"""

import errno
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from synfer.core.checks import check_count
from synfer.core.errors import SweepIncomplete, SynferWarning, UsageError
from synfer.study import store
from synfer.study.experiment import Progress, silent
from synfer.study.folder import StoreError
from synfer.study.sweep import ledger, units
from synfer.study.sweep.cluster import cluster
from synfer.study.sweep.compute import Batch
from synfer.study.sweep.gather import gather
from synfer.study.sweep.outcome import MISSING
from synfer.study.sweep.plan import Plan, plan
from synfer.study.sweep.pool import here, pool
from synfer.study.sweep.spec import Sweep
from synfer.study.sweep.work import Job, Lost, Receipt, Task, perform, task

NAMED = 5
"""Lost points that a message names."""


@dataclass(frozen=True)
class Done:
    """A sweep that is complete: its plan, and how many of its units were there before."""

    plan: Plan
    kept: int


def conduct(
    sweep: Sweep,
    out: Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress = silent,
    many: bool = False,
    batch: Batch | None = None,
) -> Done:
    """Compute what is not finished of a sweep, and gather OUT/data.zarr.

    Args:
        workers: Processes; 1 is this one.
        scheduler: URL of a dask scheduler, instead of processes.
        many: Confirms more than a million points.
        batch: What computes points instead of the sweep's engine; a function that worker processes can import.

    Raises:
        ParameterError: `out` holds another sweep, or the sweep is impossible.
        StoreError: `out` cannot be written.
        SweepIncomplete: the disk is full, or units killed their workers; what is finished is kept.
    """
    check_count("workers", workers)
    if scheduler is not None and workers != 1:
        raise UsageError("the scheduler has workers of its own; leave workers out")
    planned = plan(sweep, many=many)
    try:
        units.begin(out, sweep)
        done = units.finished(out)
        todo = [task(planned, number) for number in range(len(planned.units)) if number not in done]
        if todo:
            # From the first moment on there is a store to read, however the run ends.
            store.save(gather(planned, done), out / "data.zarr")
        try:
            _compute(Job(sweep, batch), planned, todo, out, workers, scheduler, progress)
        except BaseException:
            with suppress(OSError, StoreError):  # the store of the beginning stays
                store.save(gather(planned, units.finished(out)), out / "data.zarr")
            raise
        progress("gathering", 1.0)
        _gather(planned, out, bool(todo))
    except (OSError, StoreError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SweepIncomplete(
                f"{out} is full; everything finished is kept there; make room, and the same command goes on"
            ) from error
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"cannot write {out}: {error.strerror or error}; what is finished there is kept") from error
    return Done(planned, len(done))


def _compute(
    job: Job, planned: Plan, todo: list[Task], out: Path, workers: int, scheduler: str | None, progress: Progress
) -> None:
    """Units to files, as they come."""
    if not todo:
        return
    ledger.note(out, "begin", units=len(todo), workers=workers, scheduler=scheduler)
    lost: list[Lost] = []
    watch = _Pace(len(planned.units), len(todo), progress)
    for answer in _answers(job, todo, workers, scheduler):
        if isinstance(answer, Lost):
            lost.append(answer)
            ledger.note(out, "lost", unit=answer.number, reason=answer.reason)
            continue
        units.keep(out, answer.number, answer.data)
        _note(out, answer, len(planned.units[answer.number]))
        watch.one_more()
    if lost:
        raise SweepIncomplete(_lost(planned, lost, out))


def _answers(job: Job, todo: list[Task], workers: int, scheduler: str | None) -> Iterator[Receipt | Lost]:
    if scheduler is not None:
        return cluster(job, todo, scheduler)
    if workers == 1:
        return here(job, todo)
    warm(job, todo[0])
    return pool(job, todo, workers)


def warm(job: Job, task: Task) -> None:
    """Compute one point in this process, so that kernels are compiled and cached before workers look for them."""
    one = job if job.sweep.trials is None else Job(job.sweep.replace(trials=1), job.batch)
    perform(one, task._replace(points=task.points[:1]))


def _note(out: Path, receipt: Receipt, points: int) -> None:
    facts = {"worker_host": receipt.host, "worker_pid": receipt.pid, "attempts": receipt.attempts}
    ledger.note(out, "unit", unit=receipt.number, points=points, seconds=round(receipt.seconds, 6), **facts)


def _gather(planned: Plan, out: Path, new: bool) -> None:
    target = out / "data.zarr"
    if not new and target.exists():
        try:
            if not (store.open(target)["status"] == MISSING).any():
                return
        except StoreError:
            pass  # damaged since; the units make it again
    ds = gather(planned, units.finished(out))
    for text in ds.attrs.get("warnings", []):
        warnings.warn(text, SynferWarning, stacklevel=3)
    store.save(ds, target)
    ledger.note(out, "complete", points=planned.size)


def _lost(planned: Plan, lost: list[Lost], out: Path) -> str:
    points = [i for each in lost for i in planned.units[each.number]]
    named = "; ".join(", ".join(f"{p} = {v}" for p, v in planned.point(i).items()) for i in points[:NAMED])
    more = f" and {len(points) - NAMED} more" if len(points) > NAMED else ""
    return f"{len(points)} points of {out} could not be computed: {lost[0].reason}. They are {named}{more}"


class _Pace:
    """Says how far a sweep is, and how long it still takes at the pace of the units finished in this run."""

    def __init__(self, total: int, todo: int, progress: Progress) -> None:
        self._total, self._todo, self._done, self._progress = total, todo, 0, progress
        self._begin = time.monotonic()
        self._say("estimating")

    def one_more(self) -> None:
        self._done += 1
        seconds = (time.monotonic() - self._begin) / self._done * (self._todo - self._done)
        self._say(f"{duration(seconds)} left")

    def _say(self, left: str) -> None:
        done = self._total - self._todo + self._done
        self._progress(f"{done} of {self._total} units, {left}", done / self._total)


def duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> duration(7500)
        '2 h 5 min'
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
