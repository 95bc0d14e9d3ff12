"""Chains of densities against the same densities unconnected: what coupling, twins and the verb add to the kernel."""

from collections.abc import Callable

import numpy as np

from chain_problem import CELLS, DT, LIF, MU, SIGMA, H, T, cell_steps, networks, propagated
from measure import Ratio, Row, Settings, Table, interleaved, ns, processor_time, ratio
from problem import lanes
from synfer.population import density

MANY, ALONE = 256, 1
# Chains alone in one timing, so that it lasts long enough to be read.
REPEATED = 10
# A cell-step of a chain may cost this many of the kernel's.
AT_MOST = {MANY: 1.5, ALONE: 2.5}
# Of a call, what may go into the verb rather than the engine.
OVERHEAD = 0.15
# Lanes of the kernel alone.
LANES = 1280
# Chains whose packets engine and verb are compared on.
COMPARED = 16


def kernel() -> tuple[Callable[[], object], int]:
    """Unconnected densities, each under a mean input that moves, nothing recorded; and their cell-steps."""
    steps = round(T / DT)
    batch = lanes(LIF, LANES, H, LIF.V_th - CELLS * H)
    start = density.stationary(batch, MU, SIGMA)
    wave = MU + np.sin(np.arange(2 * steps).reshape(steps, 2, 1) / 200)
    own = np.linspace(-0.5, 0.5, LANES)

    def run() -> object:
        return density.evolve(
            batch, lambda first, n: (wave[first : first + n] + own, SIGMA, 0.0, 0.0), steps=steps, dt=DT,
            initial=start, every=steps,
        )  # fmt: skip

    return run, LANES * CELLS * steps


def at_most(what: str, cost: float, r: Ratio, limit: float | None = None, error: str = "") -> Row:
    """A row that asks for a ratio of at most so much."""
    met = None if limit is None else r.value <= limit
    return Row(what, cost, r.value, (r.low, r.high), error, "" if limit is None else f"<= {limit:g}", met)


def repeated(task: Callable[[], object], times: int) -> Callable[[], object]:
    return lambda: [task() for _ in range(times)]


def measured(settings: Settings) -> Table:
    """Engine and verb, for many chains and for one, against the kernel."""
    raw, raw_work = kernel()
    tasks: dict[str, Callable[[], object]] = {"kernel": raw}
    work = {"kernel": raw_work}
    for count, times in ((MANY, 1), (ALONE, REPEATED)):
        engine, verb = networks(count), propagated(count)
        tasks[f"engine {count}"], tasks[f"verb {count}"] = repeated(engine.run, times), repeated(verb, times)
        work |= dict.fromkeys((f"engine {count}", f"verb {count}"), times * cell_steps(count))
    timed = {name: processor_time(task) for name, task in tasks.items()}
    seconds = interleaved(timed, settings.choose(2, 5))
    rows = [Row(f"kernel: {LANES} lanes, each under its own drive", ns(seconds["kernel"], raw_work))]
    for count, name in ((MANY, f"{MANY} chains"), (ALONE, "one chain")):
        for side, what in (("engine", "density.evolve_networks"), ("verb", "sf.propagate")):
            key = f"{side} {count}"
            r = ratio(seconds[key], seconds["kernel"], raw_work / work[key])
            rows.append(at_most(f"{name}, {what}", ns(seconds[key], work[key]), r, AT_MOST[count]))
    r = ratio(seconds[f"verb {MANY}"], seconds[f"engine {MANY}"])
    what = f"{MANY} chains, sf.propagate / evolve_networks"
    rows.append(at_most(what, ns(seconds[f"verb {MANY}"], work[f"verb {MANY}"]), r, 1 + OVERHEAD, apart()))
    notes = [
        f"LIF, {CELLS} cells, dt {DT} ms, {T:g} ms, SDIRK2, float64. Chains of ten layers whose gate travels with the",
        "volley, every chain with its own gate and volley; 20 lanes a chain, the quiet twins counted.",
        "evolve_networks has its signals ready; propagate does everything from parameters to packets.",
        "Processor time of the one thread.",
    ]
    return Table("chains against unconnected densities", "cell-step", rows, notes)


def apart() -> str:
    """How far the engine's packets are from the verb's."""
    a = propagated(COMPARED)().a.values
    return f"a of {COMPARED} chains within {np.abs(networks(COMPARED).packets() - a).max():.0e} spikes"
