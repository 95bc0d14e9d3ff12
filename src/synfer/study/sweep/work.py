"""The atom of work: one unit, from its points to its bytes. Whoever runs it, here, in a pool or on a cluster."""

import os
import platform
import time
from dataclasses import dataclass
from typing import NamedTuple

from synfer.core.results import version
from synfer.study.sweep.compute import Batch, compute
from synfer.study.sweep.duration import duration
from synfer.study.sweep.outcome import encode
from synfer.study.sweep.plan import Assignment, Plan
from synfer.study.sweep.spec import Sweep

ATTEMPTS = 3
"""Times that a unit may lose its worker."""


class Task(NamedTuple):
    """A unit to compute."""

    number: int
    points: tuple[Assignment, ...]
    layers: int
    t: float | None

    def __str__(self) -> str:
        return f"unit {self.number} of the sweep"


@dataclass(frozen=True)
class Job:
    """What all units of a sweep share; it travels to each worker once."""

    sweep: Sweep
    batch: Batch | None = None


class Receipt(NamedTuple):
    """A unit that is computed, its bytes, and the facts for the ledger."""

    number: int
    data: bytes
    seconds: float
    host: str
    pid: int
    version: str
    attempts: int = 1


class Lost(NamedTuple):
    """A unit that could not be computed, and why."""

    number: int
    reason: str


def task(plan: Plan, number: int) -> Task:
    """The task of a unit."""
    indices = plan.units[number]
    return Task(number, tuple(plan.point(i) for i in indices), plan.layers(indices[0]), duration(plan, indices[0]))


def perform(job: Job, task: Task) -> Receipt | Lost:
    """Compute a unit."""
    begin = time.perf_counter()
    try:
        data = encode(compute(job.sweep, task.points, layers=task.layers, t=task.t, batch=job.batch))
    except MemoryError:
        return Lost(task.number, "it does not fit in memory; use fewer workers or a larger machine")
    return Receipt(task.number, data, time.perf_counter() - begin, platform.node(), os.getpid(), version())
