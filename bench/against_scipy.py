"""The density of one population and of many against scipy.linalg.solve_banded."""

from typing import NamedTuple

import numpy as np

import banded
import synfer as sf
from measure import Row, Settings, Table, drop, interleaved, ns, ratio, ratio_row
from problem import CELLS, LIF, MU, NODE, SIGMA, H, largest_step, mean_input, volleys

# Horizon of error measurements [ms]: two volleys.
HORIZON = 100.0


class Peer:
    """The scipy population under volleys for t [ms], with steps of NODE/m; inputs are sampled beforehand."""

    def __init__(self, t: float, m: int, mu: float = MU) -> None:
        self.m, self.dt = m, NODE / m
        self.mu = mean_input(volleys(t, mu), round(t / NODE) * m, self.dt)
        self.mesh = banded.Mesh(LIF.V_th, H, np.zeros(CELLS))
        self.start = banded.stationary(self.mesh, mu, SIGMA, LIF.tau_m, LIF.V_reset, LIF.t_ref)
        self.rates = np.empty(0)

    def __call__(self) -> None:
        p, rate = self.start
        self.rates = 1000 * banded.evolve(
            self.mesh, p.copy(), rate, self.mu, sigma=SIGMA, tau_m=LIF.tau_m, V_reset=LIF.V_reset,
            t_ref=LIF.t_ref, dt=self.dt,
        )  # fmt: skip

    @property
    def at_nodes(self) -> np.ndarray:
        """Rates [Hz] at the nodes after the first."""
        return self.rates[self.m - 1 :: self.m]


def evolved(t: float, dt: float, scheme: str = "sdirk2", every: float = NODE) -> np.ndarray:
    """synfer's rates [Hz] at the nodes after the first."""
    d = sf.evolve(LIF, volleys(t), t=t, h=H, dt=dt, every=every, scheme=scheme)
    return d.rate.values[1:]


def distance(rate: np.ndarray, reference: np.ndarray) -> float:
    """Relative L1."""
    return float(np.abs(rate - reference).sum() / np.abs(reference).sum())


def same_scheme(settings: Settings) -> list[Row]:
    """Backward Euler on the same mesh with the same step, both ways."""
    t, dt = settings.choose(200.0, 1000.0), 0.05
    work = round(t / dt) * CELLS
    peer, drive = Peer(t, round(NODE / dt)), volleys(t)
    tasks = {
        "scipy": peer,
        "synfer": lambda: drop(sf.evolve(LIF, drive, t=t, h=H, dt=dt, every=NODE, scheme="backward-euler")),
    }
    seconds = interleaved(tasks, settings.choose(3, 7))
    apart = np.abs(evolved(t, dt, "backward-euler") - peer.at_nodes).max()
    r = ratio(seconds["scipy"], seconds["synfer"])
    return [
        Row("scipy solve_banded, backward Euler, dt .05", ns(seconds["scipy"], work)),
        ratio_row("synfer, the same scheme", ns(seconds["synfer"], work), r, at_least=5),
        Row(
            "  largest difference of the rates", error=f"{apart:.1e} Hz", target="<= 1e-09 Hz", met=bool(apart <= 1e-9)
        ),
    ]


class Match(NamedTuple):
    """A step of synfer [ms], its error, and the scipy step NODE/m that has an error no smaller."""

    dt: float
    error: float
    m: int
    peer_error: float


def match(dt: float, reference: np.ndarray) -> Match:
    """The finest backward-Euler step whose error is no smaller than SDIRK2's at dt; the error is of first order."""
    error = distance(evolved(HORIZON, dt), reference)
    m = 16
    for _ in range(4):
        peer = Peer(HORIZON, m)
        peer()
        peer_error = distance(peer.at_nodes, reference)
        if error <= peer_error < 1.02 * error:
            break
        m = max(1, int(m * peer_error / error))
    return Match(dt, error, m, peer_error)


def equal_error(settings: Settings, dt: float, judged: bool) -> list[Row]:
    """SDIRK2 at dt against backward Euler at the step that has the same error, one population and 256."""
    t, batch = settings.choose(100.0, 500.0), 256
    found = match(dt, evolved(HORIZON, NODE / 80))
    peer_t = HORIZON
    peer, drive = Peer(peer_t, found.m), volleys(t)
    many = [volleys(t, mu) for mu in np.linspace(MU - 0.5, MU + 0.5, batch)]
    tasks = {
        "scipy": peer,
        "single": lambda: drop(sf.evolve(LIF, drive, t=t, h=H, dt=dt, every=NODE)),
        "batch": lambda: drop(sf.evolve(LIF, many, t=t, h=H, dt=dt, every=NODE)),
    }
    seconds = interleaved(tasks, settings.choose(2, 3))
    single = ratio(seconds["scipy"], seconds["single"], t / peer_t)
    each = ratio(seconds["scipy"], seconds["batch"], batch * t / peer_t)
    steps = t / dt * CELLS
    error = f"{found.error:.2g} relative L1"
    peer_ns = ns(seconds["scipy"], len(peer.mu) * CELLS)
    name, targets = f"synfer SDIRK2, dt {dt:.3g}", (12, 60) if judged else (None, None)
    ns_single, ns_each = ns(seconds["single"], steps), ns(seconds["batch"], batch * steps)
    return [
        Row(f"scipy backward Euler, dt {peer.dt:.2g}", peer_ns, error=f"{found.peer_error:.2g} relative L1"),
        ratio_row(f"{name}, one population", ns_single, single, at_least=targets[0], error=error),
        ratio_row(f"{name}, each of {batch}", ns_each, each, at_least=targets[1], error=error),
    ]


def measured(settings: Settings) -> Table:
    """All comparisons with scipy."""
    largest = largest_step(volleys(HORIZON), HORIZON)
    rows = same_scheme(settings) + equal_error(settings, largest, True)
    if not settings.quick:
        rows += equal_error(settings, 0.05, False)
    notes = [
        f"LIF, {CELLS} cells, a volley every 50 ms, sf.evolve(..., every={NODE}) as a user calls it, start included.",
        f"dt {largest:.3g} ms is the largest step {NODE}/m with abs(f) dt <= 1 mV below threshold; at equal error the",
        "ratio is of run times for the same biological time. Error: relative L1 of the rate over two volleys against",
        f"SDIRK2 at dt {NODE / 80:g} on the same mesh. The scipy side gets its inputs sampled beforehand.",
    ]
    return Table("density against scipy.linalg.solve_banded, float64", "cell-step", rows, notes)
