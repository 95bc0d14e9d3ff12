"""Monte Carlo against general simulators, in their own interpreter."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import synfer as sf
from measure import Row, Settings, Table, interleaved, ns, ratio, ratio_row
from peer import Peer, missing, started
from problem import EIF, LIF, MU, REST, SIGMA, sample

N, DT = 100_000, 0.02
# Own, peer, how many times faster.
COMPARED = (
    ("synfer EIF float32", "Brian2 EIF float64", 10.0),
    ("synfer EIF float64", "Brian2 EIF float64", 5.0),
    ("synfer EIF float32, every .5", "Brian2 EIF float64", None),
    ("synfer EIF float64, every .5", "Brian2 EIF float64", None),
    ("synfer EIF float32", "Brian2 EIF float32", None),
    ("synfer EIF float64", "NEST aeif", None),
    ("synfer LIF float64", "NEST iaf", None),
)
POPULATIONS = {"EIF": (EIF, REST), "LIF": (LIF, sf.Noise(mu=MU, sigma=SIGMA))}


class Exact(NamedTuple):
    """Rate [Hz], sd [mV] and kurtosis of V, without sampling."""

    rate: float
    sd: float
    kurtosis: float

    @classmethod
    def of(cls, name: str) -> "Exact":
        s = sf.stationary(*POPULATIONS[name])
        V, p = s.V.values - float(s.V_mean), s.p.values * np.gradient(s.V.values)
        p = p / p.sum()
        return cls(float(s.rate), float(s.V_sd), float((p * V**4).sum() / (p * V**2).sum() ** 2))

    def error(self, spikes: int, neuron_ms: float, V_sd: float) -> str:
        """Relative departures of a rate and of one snapshot's sd, with their standard errors."""
        rate, expected = spikes / neuron_ms * 1000, self.rate * neuron_ms / 1000
        rate_error = f"rate {100 * (rate / self.rate - 1):+.1f} +- {100 / np.sqrt(expected):.1f} %"
        own = 100 * np.sqrt((self.kurtosis - 1) / (4 * N))
        return f"{rate_error}, sd {100 * (V_sd / self.sd - 1):+.1f} +- {own:.1f} %"


class Side:
    """One simulator of a population as a task of t ms; it counts spikes over its runs."""

    def __init__(self, name: str, population: str, t: float) -> None:
        self.name, self.population, self.t = name, population, t
        self.spikes, self.runs, self.V_sd = 0, 0, 0.0

    def count(self, spikes: int, V_sd: float) -> None:
        self.spikes, self.runs, self.V_sd = self.spikes + spikes, self.runs + 1, V_sd

    def error(self) -> str:
        return Exact.of(self.population).error(self.spikes, N * self.t * self.runs, self.V_sd)

    @property
    def work(self) -> int:
        """Neuron-steps of a run."""
        return N * round(self.t / DT)


class Other(Side):
    """A peer in its own process: its loop's own seconds."""

    def __init__(self, name: str, population: str, t: float, process: Peer) -> None:
        super().__init__(name, population, t)
        self.process = process

    def __call__(self) -> float:
        answer = self.process.run()
        self.count(answer["spikes"], answer["V_sd"])
        return answer["seconds"]


class Own(Side):
    """sf.simulate, all of it; V is looked at in the middle of every bin."""

    def __init__(self, population: str, t: float, dtype: str, every: float | None = None) -> None:
        super().__init__("", population, t)
        self.dtype, self.every = dtype, every or t

    def __call__(self) -> None:
        d = sf.simulate(
            *POPULATIONS[self.population], t=self.t, n=N, dt=DT, every=self.every, seed=self.runs,
            dtype=self.dtype,
        )  # fmt: skip
        self.count(round(float(d.n_spikes.sum()) * N), float(d.V_sd[-1]))


def problem(population: str, t: float, folder: str, **more: Any) -> dict[str, Any]:
    """What a peer is told, as JSON takes it; its neurons start in the stationary state."""
    neuron, noise = POPULATIONS[population]
    V = Path(folder) / f"{population}.npy"
    np.save(V, sample(neuron, noise, N, seed=1))
    parameters = {name: value for name, value in neuron.model_dump().items() if name != "kind"}
    return parameters | {"mu": noise.mu, "sigma": noise.sigma, "dt": DT, "t": t, "V": str(V)} | more


def peers(settings: Settings, folder: str, open_peers: ExitStack) -> tuple[dict[str, Other], list[str]]:
    """The peers that this interpreter can import, built and waiting, and what to say about them."""
    t, t_nest = settings.choose((20.0, 1.0), (50.0, 5.0))
    wanted = {
        "Brian2 EIF float64": ("brian2", "brian2_eif.py", "EIF", t, {"dtype": "float64"}),
        "Brian2 EIF float32": ("brian2", "brian2_eif.py", "EIF", t, {"dtype": "float32"}),
        "NEST aeif": ("nest", "nest_eif.py", "EIF", t_nest, {"kind": "eif"}),
        "NEST iaf": ("nest", "nest_eif.py", "LIF", 4 * t_nest, {"kind": "lif"}),
    }
    found, notes = {}, []
    reasons = {module: missing(settings.peer_python, module) for module in ("brian2", "nest")}
    for name, (module, script, population, span, more) in wanted.items():
        if reasons[module]:
            notes.append(f"{name}: skipped, {settings.peer_python} cannot import {module}: {reasons[module]}")
            continue
        told = problem(population, span, folder, **more)
        process = open_peers.enter_context(started(settings.peer_python, script, told))
        found[name] = Other(name, population, span, process)
        built = process.ready
        notes.append(f"{name}: version {built['version']}, set up in {built['build']:.1f} s, not counted.")
    return found, notes


def compared(name: str, peer: Other, own: Own, seconds: dict[str, list[float]], wanted: float | None) -> Row:
    """How many times faster than a peer, per neuron-step."""
    r = ratio(seconds[peer.name], seconds[name], own.work / peer.work)
    return ratio_row(f"{name} / {peer.name}", ns(seconds[name], own.work), r, at_least=wanted, error=own.error())


def measured(settings: Settings) -> Table:
    """Brian2 and NEST, as far as the interpreter has them."""
    t = settings.choose(20.0, 50.0)
    own = {
        "synfer EIF float32": Own("EIF", t, "float32"),
        "synfer EIF float64": Own("EIF", t, "float64"),
        "synfer EIF float32, every .5": Own("EIF", t, "float32", every=0.5),
        "synfer EIF float64, every .5": Own("EIF", t, "float64", every=0.5),
        "synfer LIF float64": Own("LIF", t, "float64"),
    }
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder, ExitStack() as open_peers:
        others, notes = peers(settings, folder, open_peers)
        seconds = interleaved({**others, **own}, settings.choose(2, 4)) if others else {}
    rows = [Row(name, ns(seconds[name], peer.work), error=peer.error()) for name, peer in others.items()]
    rows += [
        compared(name, others[peer], own[name], seconds, wanted)
        for name, peer, wanted in COMPARED
        if peer in others
    ]  # fmt: skip
    notes += [
        f"dt {DT} ms. synfer: all of sf.simulate, start included, one bin per run unless every is given.",
        "Peers: their own loop. Brian2: C++ standalone, Euler-Maruyama. NEST has no neuron with white noise: a current",
        "from noise_generator, constant in a step, drives aeif_psc_delta with a = b = 0 (an EIF) and iaf_psc_delta (a",
        "LIF tested at step ends only, so that it fires too little).",
        "Errors against exact theory, of the rate over all runs and of the sd of V at one moment.",
    ]
    return Table("Monte Carlo against simulators, 1e5 neurons, one core", "neuron-step", rows, notes)
