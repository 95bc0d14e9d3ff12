"""How cost grows: exponents of run time in cells, steps, batch, and neurons."""

from collections.abc import Callable, Sequence

import numpy as np

import synfer as sf
from measure import Row, Settings, Table, Task, drop, interleaved
from problem import CELLS, EIF, LIF, MU, REST, SIGMA, H, lanes, lowest_voltage
from synfer.population import density

FACTORS = (1, 2, 5, 10)
BAND = 0.1
DT = 0.05


def moving(t: float, mu: float = MU) -> sf.Noise:
    """Noise whose mean never stands still, so that no factors are reused."""
    times = np.arange(0.0, t + 1, 1.0)
    return sf.Noise(mu=sf.Timeseries(times, mu + np.sin(2 * np.pi * times / 20)), sigma=SIGMA)


def cells(factor: int) -> Task:
    """One tile of 16 populations, engine alone: no fixed cost to flatter the exponent or to hide it."""
    size, count = 16, 1000
    batch = lanes(LIF, size, H / factor, lowest_voltage())
    mu = MU + np.sin(np.arange(2 * count).reshape(count, 2, 1) / 200) + np.linspace(-0.5, 0.5, size)
    start = density.stationary(batch, MU, SIGMA)

    def inputs(first: int, n: int) -> tuple:
        return mu[first : first + n], SIGMA, 0.0, 0.0

    return lambda: drop(density.evolve(batch, inputs, steps=count, dt=DT, initial=start, every=count))


def steps(factor: int) -> Task:
    t = 100.0 * factor
    return lambda: drop(sf.evolve(LIF, moving(t), t=t, h=H, dt=DT, every=1.0))


def batch(factor: int) -> Task:
    drives = [moving(10.0, MU + x) for x in np.linspace(-0.5, 0.5, 64 * factor)]
    return lambda: drop(sf.evolve(LIF, drives, t=10.0, h=H, dt=DT, every=1.0))


def neurons(factor: int) -> Task:
    return lambda: drop(sf.simulate(EIF, REST, t=20.0, n=10_000 * factor, every=20.0))


def exponent(task: Callable[[int], Task], factors: Sequence[int], repeats: int) -> tuple[float, str]:
    """Least-squares slope of log time in log factor, and the times."""
    seconds = interleaved({str(f): task(f) for f in factors}, repeats)
    least = [min(times) for times in seconds.values()]
    slope = float(np.polyfit(np.log(factors), np.log(least), 1)[0])
    return slope, " ".join(f"{1e3 * s:.3g}" for s in least) + " ms"


def measured(settings: Settings) -> Table:
    """Each exponent over a decade."""
    ranges = {
        f"cells {CELLS} to {10 * CELLS}": cells,
        "steps 2000 to 20000": steps,
        "batch 64 to 640": batch,
        "neurons 1e4 to 1e5 (Monte Carlo)": neurons,
    }
    rows = []
    for name, task in ranges.items():
        value, times = exponent(task, FACTORS, settings.choose(5, 9))
        met = abs(value - 1) <= BAND
        rows.append(Row(name, error=f"exponent {value:.3f}   ({times})", target=f"1 +- {BAND}", met=met))
    notes = [
        "SDIRK2 in float64; the mean input moves, so every step is computed. Steps, batch and neurons through the",
        "verbs, fixed costs included; cells in the engine, 16 populations, 1000 steps.",
        "Slope of log time in log size at 1, 2, 5 and 10 times the smallest size; times from the fastest repetition.",
    ]
    return Table("cost growth", "", rows, notes)
