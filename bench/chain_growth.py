"""Chains per second: against how many at once, how many layers, and how many processes."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from chain_problem import DT, T, cell_steps, propagated
from measure import Row, Settings, Table, drop, interleaved, ns, processor_time, ratio

COUNTS = (1, 4, 16, 64, 256)
LAYERS = (2, 5, 10, 20)
# Chains of the tables over layers and over processes.
BATCH = 64


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Least-squares slope of log time in log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def grown(task: Callable[[int], Callable], sizes: Sequence[int], repeats: int) -> dict[int, list[float]]:
    """Seconds of processor time at every size."""
    seconds = interleaved({str(size): processor_time(task(size)) for size in sizes}, repeats)
    return {size: seconds[str(size)] for size in sizes}


def row(what: str, seconds: list[float], chains: int, layers: int) -> Row:
    """Cost per cell-step and chains per second."""
    return Row(what, ns(seconds, cell_steps(chains, layers)), error=f"{chains / min(seconds):.3g} chains per second")


def exponent(what: str, seconds: dict[int, list[float]]) -> Row:
    """The growth of time over all sizes but the smallest, where fixed costs show."""
    sizes = list(seconds)[1:]
    value = slope(sizes, [min(seconds[size]) for size in sizes])
    return Row(f"time against {what} {sizes[0]} to {sizes[-1]}", error=f"exponent {value:.3f}")


def work(count: int) -> None:
    """What a worker does; a function of this module, so that it can be sent."""
    propagated(count)()


def cores(repeats: int) -> Row:
    """Two processes, half of the chains each, against one."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:

        def two() -> None:
            for part in [pool.submit(work, BATCH) for _ in range(2)]:
                part.result()

        seconds = interleaved({"one": lambda: drop(pool.submit(work, 2 * BATCH).result()), "two": two}, repeats)
    r = ratio(seconds["one"], seconds["two"])
    per_second = f"{2 * BATCH / min(seconds['one']):.3g} and {2 * BATCH / min(seconds['two']):.3g} chains per second"
    what = f"{2 * BATCH} chains, one process / two"
    return Row(what, ns(seconds["two"], cell_steps(2 * BATCH)), r.value, (r.low, r.high), per_second)


def measured(settings: Settings) -> Table:
    """Chains per second of sf.propagate."""
    repeats = settings.choose(2, 4)
    by_count = grown(propagated, COUNTS, repeats)
    by_layers = grown(lambda layers: propagated(BATCH, layers), LAYERS, repeats)
    rows = [row(f"{count} chains of 10 layers", seconds, count, 10) for count, seconds in by_count.items()]
    rows.append(exponent("chains", by_count))
    rows += [row(f"{BATCH} chains of {n} layers", seconds, BATCH, n) for n, seconds in by_layers.items()]
    rows += [exponent("layers", by_layers), cores(repeats)]
    notes = [
        f"sf.propagate from parameters to packets, as above: {T:g} ms, dt {DT} ms, twins of every layer.",
        "Processor time of one thread, but for the processes: there the clock's, which wants two idle cores.",
    ]
    return Table("chains per second", "cell-step", rows, notes)
