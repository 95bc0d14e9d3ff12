"""Densities over (V, w) against one-dimensional lanes: what a slow variable adds to a cell-step."""

from collections.abc import Callable

import numpy as np

import synfer as sf
from chains import kernel
from measure import Row, Settings, Table, bound_row, interleaved, ns, processor_time, ratio
from synfer.population import density

CELLS, COLUMNS, STEPS, DT = 256, 128, 400, 0.05
MU, SIGMA = -62.0, 2.0
# A cell-step may cost so many ns, and so many of a one-dimensional lane's.
MOST_NS, MOST_LANES = 9.0, 2.0
# A chain of ten layers over 110 ms, twins included, may take so many seconds.
MOST_SECONDS = 20.0
AEIF = sf.AdaptiveEIF.example()


def lanes(neuron: sf.AdaptiveEIF | sf.Izhikevich, h: float, low: float, dw: float) -> density.Lanes:
    """One density of CELLS x COLUMNS."""

    def one(x: float) -> np.ndarray:
        return np.array([float(x)])

    slow = neuron.slow
    assert slow is not None
    columns = density.Slow(
        one(slow.tau), one(slow.jump), one(low), one(dw), np.array([COLUMNS]), lambda V, _: neuron.slow_target(V)
    )
    membrane = (one(x) for x in (neuron.tau_m, neuron.V_top, neuron.V_reset, neuron.t_ref, h, neuron.V_top - CELLS * h))
    return density.Lanes(*membrane, lambda V, _: neuron.psi(V), columns)


def sheet(batch: density.Lanes, mu: float, sigma: float) -> Callable[[], object]:
    """STEPS steps of one density under a mean input that moves, nothing recorded on the way."""
    start = density.stationary(batch, mu, sigma)
    wave = mu + np.sin(np.arange(2 * STEPS).reshape(STEPS, 2, 1) / 200)

    def run() -> object:
        return density.evolve(
            batch, lambda first, n: (wave[first : first + n], sigma, 0.0, 0.0), steps=STEPS, dt=DT, initial=start,
            every=STEPS,
        )  # fmt: skip

    return run


def chain() -> object:
    """Ten layers under a gate that travels with the volley: every layer and its twin, from parameters to packets."""
    layers = sf.SynfireChain(AEIF, noise=sf.Noise(MU, SIGMA), layers=10, width=100, weight=0.123, tau_s=0.325)
    gate = sf.Inhibition(depth=4, on=10, off=40, lag=3)
    return sf.propagate(layers, sf.PulsePacket(a=100, sigma_t=1, t0=60), gate=gate, t=110, dt=DT)


def measured(settings: Settings) -> Table:
    """Both kinds of re-entry against the kernel of one-dimensional lanes, and a whole chain."""
    raw, raw_work = kernel()
    izhikevich = sf.Izhikevich.regular_spiking()
    tasks = {
        "lanes": raw,
        "aeif": sheet(lanes(AEIF, 0.2, -4.0, 2 / 12), MU, SIGMA),
        "izhikevich": sheet(lanes(izhikevich, 0.5, -22.0, 8 / 24), 4.0, 2**0.5),
    }
    timed: dict[str, Callable[[], object]] = {name: processor_time(task) for name, task in tasks.items()}
    seconds = interleaved(timed, settings.choose(3, 9))
    work = CELLS * COLUMNS * STEPS
    rows = [Row("one-dimensional lanes, each under its own drive", ns(seconds["lanes"], raw_work))]
    for name, what in (("aeif", "AdaptiveEIF"), ("izhikevich", "Izhikevich, whose spikes come back within the step")):
        r, cost = ratio(seconds[name], seconds["lanes"], raw_work / work), ns(seconds[name], work)
        judged = name == "aeif"
        met = (cost <= MOST_NS and r.value <= MOST_LANES) if judged else None
        target = f"<= {MOST_NS:g} ns, <= {MOST_LANES:g}" if judged else ""
        rows.append(Row(what, cost, r.value, (r.low, r.high), "", target, met))
    took = interleaved({"chain": processor_time(chain)}, settings.choose(1, 2))["chain"]
    best = float(np.min(took))
    rows.append(bound_row("ten layers, 110 ms, twins counted", best, MOST_SECONDS, " s"))
    notes = [
        f"{CELLS} x {COLUMNS} cells, dt {DT} ms, SDIRK2 along V, limited second order along w, Strang, float64.",
        "The chain is sf.propagate on its default mesh. Processor time of the one thread.",
    ]
    return Table("densities over (V, w) against one-dimensional lanes", "cell-step", rows, notes)
