"""What a sweep is going to take: points, units, memory and time, from one unit computed here."""

import sys
import time
from dataclasses import dataclass

from synfer.study.sweep.compute import Batch
from synfer.study.sweep.conduct import warm
from synfer.study.sweep.outcome import decode, read_out
from synfer.study.sweep.plan import plan
from synfer.study.sweep.spec import Sweep
from synfer.study.sweep.work import Job, Lost, perform, task


@dataclass(frozen=True)
class Estimate:
    """The size of a sweep.

    Args:
        seconds: Expected duration with `workers`, units shared evenly.
        measured: Points that were computed to know.
        measured_seconds: How long they took.
        failed: Why the first of them failed that did; empty where all went well.
        worker_bytes: Peak memory of this process, which computed them, or None where the system does not say.
        driver_bytes: Memory for gathering the result.
    """

    points: int
    units: int
    workers: int
    seconds: float
    measured: int
    measured_seconds: float
    failed: str
    worker_bytes: int | None
    driver_bytes: int


def estimate(sweep: Sweep, *, workers: int = 1, many: bool = False, batch: Batch | None = None) -> Estimate:
    """Compute the first unit of a sweep (one point of it, for spikes), and reckon from that. Nothing is written."""
    planned = plan(sweep, many=many)
    job, first = Job(sweep, batch), task(planned, 0)
    if sweep.engine == "simulate":
        first = first._replace(points=first.points[:1])
    warm(job, first)
    begin = time.perf_counter()
    receipt = perform(job, first)
    seconds = time.perf_counter() - begin
    failed = receipt.reason if isinstance(receipt, Lost) else next(filter(None, decode(receipt.data).reason), "")
    # A run takes as many steps as there are layers, and each step costs as much: the square of their number.
    effort = [len(unit) * planned.layers(unit[0]) ** 2 for unit in planned.units]
    a_unit = seconds * sum(effort) / len(effort) / (len(first.points) * first.layers**2)
    values = planned.size * planned.most_layers * (sweep.trials or 1)
    each = 8 * (len(read_out(sweep)) - 1) + 1  # numbers and a flag by layer, and a copy while they are written
    return Estimate(
        points=planned.size,
        units=len(planned.units),
        workers=workers,
        seconds=a_unit * -(-len(effort) // max(1, workers)),
        measured=len(first.points),
        measured_seconds=seconds,
        failed=failed,
        worker_bytes=_peak(),
        driver_bytes=2 * values * each,
    )


def _peak() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
