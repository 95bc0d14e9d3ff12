"""Monte Carlo of an EIF population against the same method in C."""

import tempfile
import time
from collections.abc import Callable

import numpy as np

import c_monte_carlo
import synfer as sf
from measure import Row, Settings, Table, drop, interleaved, ns, ratio, ratio_row
from problem import EIF, REST, sample
from synfer.population import spiking

N, DT = 100_000, 0.02
TARGET = 0.5
NEURON = spiking.Neuron(
    tau_m=EIF.tau_m, V_top=EIF.V_cut, V_reset=EIF.V_reset, t_ref=EIF.t_ref, Delta_T=EIF.Delta_T, V_T=EIF.V_T
)


class Population:
    """N neurons of synfer's engine, advanced a stretch at a time."""

    def __init__(self, dtype: str, steps: int) -> None:
        V, now = sample(EIF, REST, N, seed=1), np.zeros(N)
        kind = np.dtype(dtype).type
        self.state = spiking.start(NEURON, V, now, dt=DT, dtype=kind, seed=np.random.SeedSequence(1))
        mu, sigma, zero = np.full(steps, REST.mu), np.full(steps, REST.sigma), np.zeros(steps)
        self.inputs, self.steps = spiking.Inputs(mu, sigma, zero, zero, zero), steps
        self.spikes = 0

    def __call__(self) -> None:
        run = spiking.simulate_population(NEURON, self.inputs, self.state, steps_per_bin=self.steps)
        self.state, self.spikes = run.state, self.spikes + int(run.count.sum())


class Counter:
    """The C population as a task; it counts spikes over its runs."""

    def __init__(self, advance: Callable[[int], int], steps: int) -> None:
        self.advance, self.steps, self.spikes = advance, steps, 0

    def __call__(self) -> None:
        self.spikes += self.advance(self.steps)


def rows_for(dtype: str, folder: str, steps: int, repeats: int) -> list[Row]:
    """Both sides in one precision, and the verb around the engine."""
    engine = Population(dtype, steps)
    advance = c_monte_carlo.population(NEURON, REST.mu, REST.sigma, dt=DT, n=N, dtype=dtype, folder=folder)
    peer = Counter(advance, steps)
    t = steps * DT
    tasks = {
        "C": peer,
        "engine": engine,
        "verb": lambda: drop(sf.simulate(EIF, REST, t=t, n=N, dt=DT, dtype=dtype)),
    }
    peer.advance(round(50 / DT))  # it starts at rest, not in its stationary state
    seconds = interleaved(tasks, repeats)
    theory = float(sf.stationary(EIF, REST).rate)
    work = N * steps

    def error(spikes: int) -> str:
        neuron_seconds = work * (repeats + 1) * DT / 1000
        return f"rate {spikes / neuron_seconds - theory:+.3f} +- {np.sqrt(spikes) / neuron_seconds:.3f} Hz"

    r = ratio(seconds["C"], seconds["engine"])
    whole = ratio(seconds["C"], seconds["verb"])
    return [
        Row(f"C, {dtype}", ns(seconds["C"], work), error=error(peer.spikes)),
        ratio_row(f"synfer, {dtype}", ns(seconds["engine"], work), r, at_least=TARGET, error=error(engine.spikes)),
        ratio_row(f"synfer, {dtype}, sf.simulate as called", ns(seconds["verb"], work), whole),
    ]


def measured(settings: Settings) -> Table:
    """float32 and float64."""
    steps, repeats = settings.choose((500, 3), (2500, 5))
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder:
        started = time.perf_counter()
        for dtype in ("float32", "float64"):
            c_monte_carlo.library(dtype, folder)
        build = time.perf_counter() - started
        rows = [row for dtype in ("float32", "float64") for row in rows_for(dtype, folder, steps, repeats)]
    notes = [
        "1e5 EIF neurons, dt .02 ms, mu -65, sigma 3 mV, stationary. Ratio = C time over synfer time; error against",
        "the exact rate. C counts spikes on whole steps; the engine places them within a step. sf.simulate as called",
        "also draws the stationary start and looks at V every 0.5 ms (its default).",
        f"gcc {' '.join(c_monte_carlo.FLAGS[:3])}, compiled in {build:.1f} s, not counted.",
    ]
    return Table("Monte Carlo against C, 1e5 EIF neurons", "neuron-step", rows, notes)
