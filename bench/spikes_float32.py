"""What float32 costs in accuracy, for spiking neurons.

Both precisions draw the same random numbers, so the mean of their difference over neurons and time is the bias of
float32 with far less noise than either run has.
"""

from typing import Any

import numpy as np

import synfer as sf
from measure import Row, Settings, Table, bound_row
from problem import EIF, LIF, MU, REST, SIGMA

N, DT, EVERY = 1_000_000, 0.02, 1.0
# The run whose standard errors are the yardstick [ms].
YARDSTICK = 100.0
LIMIT = 0.2


def run(neuron: Any, noise: sf.Noise, dtype: Any, t: float, n: int, seed: int) -> Any:
    return sf.simulate(neuron, noise, t=t, n=n, dt=DT, every=EVERY, dtype=dtype, seed=seed)


def biases(neuron: Any, noise: sf.Noise, t: float, n: int, seeds: int) -> dict[str, tuple[float, float]]:
    """Bias of float32 and its own standard error, in standard errors of a float64 run of N neurons.

    rate over YARDSTICK ms; V_mean and V_sd at one snapshot.
    """
    pairs = [[run(neuron, noise, kind, t, n, seed) for kind in ("float64", "float32")] for seed in range(seeds)]
    double = pairs[0][0]
    rate = float(double.rate.mean())
    yardsticks = {name: float(double[f"{name}_se"].mean()) * np.sqrt(n / N) for name in ("V_mean", "V_sd")}
    # Of a Poisson count, which is an upper bound for neurons that recover.
    yardsticks["rate"] = rate / np.sqrt(rate / 1000 * YARDSTICK * N)
    found = {}
    for name, yardstick in yardsticks.items():
        differences = [float((single[name] - double[name]).mean()) for double, single in pairs]
        own = np.std(differences, ddof=1) / np.sqrt(seeds)
        found[name] = (float(np.mean(differences)) / yardstick, float(own) / yardstick)
    return found


def measured(settings: Settings) -> Table:
    """Biases of rate, mean and sd for EIF and LIF."""
    t, n, seeds = settings.choose((50.0, 20_000, 8), (100.0, 100_000, 10))
    rows: list[Row] = []
    for name, neuron, noise in (("EIF", EIF, REST), ("LIF", LIF, sf.Noise(mu=MU, sigma=SIGMA))):
        for what, (bias, own) in biases(neuron, noise, t, n, seeds).items():
            row = bound_row(f"{name} {what}", abs(bias), LIMIT, " SE", f" ({bias:+.3f} +- {own:.3f})")
            rows.append(row)
    notes = [
        f"Bias = mean of float32 minus float64 over {seeds} pairs of runs of {n:,} neurons and {t:g} ms with the same",
        f"random numbers, in standard errors of one float64 run of 1e6 neurons: of the rate over {YARDSTICK:g} ms, of",
        "V_mean and V_sd at one snapshot. In brackets with its own standard error, from the pairs.",
    ]
    return Table("Monte Carlo in float32", "", rows, notes)
