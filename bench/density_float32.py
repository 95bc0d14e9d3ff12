"""What float32 costs in accuracy, for densities."""

import numpy as np

from measure import Row, Settings, Table, bound_row, drop, interleaved, ns, ratio, ratio_row
from problem import CELLS, LIF, MU, NODE, SIGMA, H, lanes, lowest_voltage, mean_input, volleys
from synfer.population import density

DT = 0.05


def run(t: float, dtype: str, size: int) -> density.Records:
    """`size` equal populations under volleys, backward Euler."""
    mu = mean_input(volleys(t), round(t / DT), DT)
    batch = lanes(LIF, size, H, lowest_voltage())
    return density.evolve(
        batch, lambda first, n: (mu[first : first + n, None, None], SIGMA, 0.0, 0.0), steps=len(mu), dt=DT,
        initial=density.stationary(batch, MU, SIGMA), scheme="backward-euler", dtype=np.dtype(dtype),
        every=round(NODE / DT),
    )  # fmt: skip


def measured(settings: Settings) -> Table:
    """Errors of float32 over 1 s, and its cost."""
    t, size = 1000.0, 64
    double, single = run(t, "float64", 1), run(t, "float32", 1)
    error = float(np.abs(single.rate - double.rate).sum() / double.rate.sum())
    lost = float(np.abs(single.mass - 1).max())
    short = settings.choose(50.0, 200.0)
    kinds = ("float64", "float32")
    tasks = {kind: (lambda kind=kind: drop(run(short, kind, size))) for kind in kinds}
    seconds = interleaved(tasks, settings.choose(3, 5))
    work = short / DT * CELLS * size
    rows = [
        bound_row("float32 rate against float64, relative L1", error, 5e-4),
        bound_row("float32 probability, largest departure from 1", lost, 1e-5),
        Row(f"float64, batch of {size}", ns(seconds["float64"], work)),
        ratio_row(
            f"float32, batch of {size}", ns(seconds["float32"], work), ratio(seconds["float64"], seconds["float32"])
        ),
    ]
    notes = ["LIF, 504 cells, 1 s with a volley every 50 ms, backward Euler at dt .05, rate at nodes 0.5 ms apart."]
    return Table("density in float32", "cell-step", rows, notes)
