"""The spiking chain against Brian2's published example of the same, in its own interpreter."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np

import synfer as sf
from chain_problem import LIF, MU, SIGMA, SYNAPSE, WIDTH
from measure import Row, Settings, Table, interleaved, ns, ratio, ratio_row
from peer import Peer, missing, started
from synfer.population import readout

LAYERS, T, DT, BIN, WINDOW = 10, 100.0, 0.02, 0.1, 3.0
# The example's own volley, and one near the separatrix; its time and spread.
VOLLEYS = (85, 50)
T0, SIGMA_T = 50.0, 1.0
# When the start is forgotten and no volley has come yet [ms].
REST_FROM, REST_TO = 30.0, 46.0
TOLD = (1, 2, 5, 10)
Dtype = Literal["float64", "float32"]
DTYPES: tuple[Dtype, ...] = ("float64", "float32")
PEERS = {"Brian2, its example": True, "Brian2, white noise": False}


class Side:
    """One simulator of all trials of both volleys as a task; it keeps the volleys of every run."""

    def __init__(self, trials: int) -> None:
        self.trials = trials
        self.a: list[np.ndarray] = []

    @property
    def work(self) -> int:
        """Neuron-steps of a run."""
        return len(VOLLEYS) * self.trials * LAYERS * WIDTH * round(T / DT)

    def physics(self, volley: int) -> str:
        """Spikes of a volley by layer with their standard errors, and how many of all trials survive.

        A trial's runs are averaged first: in Brian2 they share the volley that enters.
        """
        runs = np.array([run[volley] for run in self.a])
        a = runs.mean(axis=0)
        error = a.std(axis=0, ddof=1) / np.sqrt(len(a))
        survived = runs[:, :, -1] >= WIDTH / 2
        told = ", ".join(f"{a[:, layer - 1].mean():.1f} +- {error[layer - 1]:.1f}" for layer in TOLD)
        return f"{told}; {int(survived.sum())} of {survived.size} survive"


class Own(Side):
    """sf.simulate, all of it. The example transmits the background too: here it is part of each layer's mean."""

    def __init__(self, trials: int, dtype: Dtype) -> None:
        super().__init__(trials)
        self.dtype: Dtype = dtype
        mu, rest = MU, []
        for _ in range(LAYERS):
            rest.append(sf.Noise(mu, SIGMA))
            rate = float(sf.stationary(LIF, rest[-1]).rate) / 1000
            mu = MU + LIF.tau_m * WIDTH * SYNAPSE["weight"] * rate
        self.chain = sf.SynfireChain(LIF, tuple(rest), layers=LAYERS, width=WIDTH, **SYNAPSE)
        self.volleys = [sf.PulsePacket(a=a, sigma_t=SIGMA_T, t0=T0) for a in VOLLEYS]

    def __call__(self) -> None:
        d = sf.simulate(
            self.chain, self.volleys, t=T, dt=DT, trials=self.trials, window=WINDOW, every=T, seed=len(self.a),
            dtype=self.dtype,
        )  # fmt: skip
        self.a.append(d.a.transpose("point", "trial", "layer").values)


class Other(Side):
    """Brian2 in its own process: its loop's own seconds."""

    def __init__(self, trials: int, process: Peer, counts: Path) -> None:
        super().__init__(trials)
        self.process, self.counts = process, counts

    def __call__(self) -> float:
        seconds = self.process.run()["seconds"]
        rate = np.load(self.counts) * (1000 / (WIDTH * BIN))
        time = (np.arange(rate.shape[-1]) + 0.5) * BIN
        quiet = rate[..., (time > REST_FROM) & (time < REST_TO)].mean(axis=(0, 2))
        a = readout.packet(rate, quiet[:, None], time, width=WIDTH, window=WINDOW).a
        self.a.append(a.reshape(len(VOLLEYS), self.trials, LAYERS))
        return seconds


def problem(trials: int, filtered: bool, counts: Path) -> dict[str, Any]:
    """What the peer is told."""
    a = [volley for volley in VOLLEYS for _ in range(trials)]
    chain = {"layers": LAYERS, "width": WIDTH, "dt": DT, "t": T, "bin": BIN, "filtered": filtered}
    return chain | {"a": a, "t0": T0, "sigma_t": SIGMA_T, "seed": 1, "counts": str(counts)}


def peers(settings: Settings, trials: int, folder: str, open_peers: ExitStack) -> tuple[dict[str, Other], list[str]]:
    """Both chains of Brian2, built and waiting, and what to say about them."""
    reason = missing(settings.peer_python, "brian2")
    if reason:
        return {}, [f"skipped, {settings.peer_python} cannot import brian2: {reason}"]
    found, notes = {}, []
    for name, filtered in PEERS.items():
        counts = Path(folder) / f"{filtered}.npy"
        told = problem(trials, filtered, counts)
        process = open_peers.enter_context(started(settings.peer_python, "brian2_chain.py", told))
        found[name] = Other(trials, process, counts)
        built = process.ready
        notes.append(f"{name}: version {built['version']}, set up in {built['build']:.1f} s, not counted.")
    return found, notes


def measured(settings: Settings) -> Table:
    """The chain of Diesmann et al. (1999) by synfer and Brian2."""
    trials = settings.choose(10, 40)
    own = {f"synfer {dtype}": Own(trials, dtype) for dtype in DTYPES}
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder, ExitStack() as open_peers:
        others, notes = peers(settings, trials, folder, open_peers)
        seconds = interleaved({**others, **own}, settings.choose(3, 4)) if others else {}
    rows = [Row(name, ns(seconds[name], peer.work)) for name, peer in others.items()]
    for peer in others:
        for name, side in own.items():
            r = ratio(seconds[peer], seconds[name])
            rows.append(ratio_row(f"{name} / {peer}", ns(seconds[name], side.work), r))
    for i, a in enumerate(VOLLEYS):
        sides = {**others, **own} if others else {}
        rows += [Row(f"{name}, volley of {a}", error=side.physics(i)) for name, side in sides.items()]
    notes += [
        f"10 layers of {WIDTH}, {T:g} ms, dt {DT} ms (the example's own is .1), {trials} trials of each volley a run.",
        "synfer: all of sf.simulate. Brian2: its own loop, C++ standalone, without start, synapses and results.",
        f"Spikes in the fullest {WINDOW:g} ms less the background, layers {', '.join(map(str, TOLD))}, all runs.",
        "The example's noise passes the synapse's filter, which lowers its rates and raises its separatrix, and its V",
        "moves on while refractory, so that some neurons spike twice in a volley. With V held at reset and the",
        "same noise white, as synfer has it, the physics is the same but for the crossings that Euler's steps miss and",
        "the volley, of which Brian2 draws the spikes, once for all runs, and synfer takes the mean.",
    ]
    return Table("the Diesmann chain in spikes", "neuron-step", rows, notes)
