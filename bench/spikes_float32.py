"""What float32 costs in accuracy, for spiking neurons.

Both precisions draw the same random numbers, so the mean of their difference over neurons and time is the bias of
float32 with far less noise than either run has.
"""

from typing import Any

import numpy as np
import synfer as sf
from measure import Row, Settings, Table, bound_row
from problem import EIF, LIF, REST

N, DT, EVERY = 1_000_000, 0.02, 1.0
# The run whose standard errors are the yardstick [ms].
YARDSTICK = 100.0
LIMIT = 0.2


def runs(neuron: Any, t: float, n: int, seed: int) -> dict[str, Any]:
    """The same run in both precisions."""
    kinds = ("float64", "float32")
    return {
        kind: sf.simulate(neuron, REST, t=t, n=n, dt=DT, every=EVERY, dtype=kind, seed=seed)  # type: ignore[arg-type]
        for kind in kinds
    }


def biases(neuron: Any, t: float, n: int, seeds: int) -> dict[str, tuple[float, float]]:
    """Bias of float32 and its own standard error, in standard errors of a float64 run of N neurons.

    rate over YARDSTICK ms; V_mean and V_sd at one snapshot.
    """
    pairs = [runs(neuron, t, n, seed) for seed in range(1, seeds + 1)]
    found = {}
    # Per seed, difference and yardstick.
    for name in ("rate", "V_mean", "V_sd"):
        differences = [float((pair["float32"][name] - pair["float64"][name]).mean()) for pair in pairs]
        if name == "rate":
            spikes = np.mean([float(pair["float64"].n_spikes.sum()) for pair in pairs]) / t * YARDSTICK * N
            yardstick = float(pairs[0]["float64"].rate.mean()) / np.sqrt(spikes)
        else:
            yardstick = float(pairs[0]["float64"][f"{name}_se"].mean()) * np.sqrt(n / N)
        own = np.std(differences, ddof=1) / np.sqrt(seeds)
        found[name] = (float(np.mean(differences)) / yardstick, float(own) / yardstick)
    return found


def measured(settings: Settings) -> Table:
    """Biases of rate, mean and sd for EIF and LIF."""
    t, n, seeds = settings.choose((50.0, 20_000, 8), (100.0, 100_000, 10))
    rows: list[Row] = []
    for name, neuron in (("EIF", EIF), ("LIF", LIF)):
        for what, (bias, own) in biases(neuron, t, n, seeds).items():
            row = bound_row(f"{name} {what}", abs(bias), LIMIT, " SE", f" ({bias:+.3f} +- {own:.3f})")
            rows.append(row)
    notes = [
        f"Bias = mean of float32 minus float64 over {seeds} pairs of runs of {n:,} neurons and {t:g} ms with the same",
        f"random numbers, in standard errors of one float64 run of 1e6 neurons: of the rate over {YARDSTICK:g} ms, of",
        "V_mean and V_sd at one snapshot. In brackets with its own standard error, from the pairs.",
    ]
    return Table("Monte Carlo in float32", "neuron-step", rows, notes)
