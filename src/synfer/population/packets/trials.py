"""How often a volley gets through a chain of finitely many neurons."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError, ParameterError
from synfer.core.seeds import seed_sequence
from synfer.population.chain import SynfireChain
from synfer.population.drive import PulsePacket
from synfer.population.packets.launch import Engine, Gate, Points, Search, check_chain, check_one, check_packet
from synfer.population.verbs import simulate
from synfer.population.verbs.common import spec_of

Z = 1.959963984540054
"""Half-width of a 95 % interval in standard errors."""


def survival(
    chain: SynfireChain,
    packet: PulsePacket | Sequence[PulsePacket],
    *,
    width: int | Sequence[int] | None = None,
    trials: int = 100,
    gate: Gate = None,
    disfacilitation: bool = False,
    window: float = 3.0,
    t: float | None = None,
    dt: float = 0.02,
    connections: Literal["shared", "individual"] = "shared",
    seed: int = 0,
) -> xr.Dataset:
    """The fraction of trials in which a volley is alive behind every layer, by spikes, against the layers' width N.

    Chains of other widths are the same chain in the limit of the density: the weight is scaled so that A = N p J
    stays, and the packet so that a/N does.

    Args:
        chain: The chain; its width and weight set A.
        packet: What is sent, in spikes of chain.width; a sequence makes a `point` dimension.
        width: Neurons per layer N; default that of the chain.
        trials: Runs for every point and width.
        gate: An Inhibition, a Shunt or a sum of them.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        window: Read-out of the packets, a length in ms.
        t: Duration [ms]; default the longest that `propagate` takes for these packets, and for full ones of N spikes,
            until their volleys are over: trials that live by chance are late too.
        dt: Step [ms].
        connections: "shared" or "individual", see `simulate`.
        seed: Every width has a stream of its own under it.

    Returns:
        Dataset by ([point,] width, layer) of `survival`, its binomial standard error `survival_se` and 95 % interval
        `survival_low`, `survival_high` (Wilson).

    Raises:
        ParameterError: no width, or a width that is not a positive whole number; several chains; a packet that is not
            one PulsePacket.
        NumericalError: trials that did not stay finite.

    Accuracy:
        That of the binomial: +-.05 for 100 trials at one half. A volley is the fullest window of a trial, less the
        background's mean, so that chance adds to it: at N = 100, a = 60 and 3 ms 1.2 +- .3 spikes in the first two
        layers, .4 +- .1 where the volley has settled. That counts where volleys of about N/2 spikes are broad, which
        is near the separatrix and in the first layers: survival is too high there. Behind the last layer of a long
        chain volleys are full or gone, and a spike does not matter.

    References:
        Wilson, J Am Stat Assoc 22:209 (1927). Diesmann, Gewaltig & Aertsen, Nature 402:529 (1999), fig. 2.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> s = sf.survival(chain, sf.PulsePacket(a=90, sigma_t=1, t0=10), width=[20, 100], trials=4, dt=0.05)
        >>> s.survival.dims
        ('width', 'layer')
    """
    check_one("survival", chain=chain)
    check_chain(chain)
    points = Points(chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation)
    for point in points:
        check_packet(point["packet"])
    widths = _widths(chain.width if width is None else width)
    run = {
        "t": _duration(points, dt) if t is None else t,
        "dt": dt,
        "window": window,
        "trials": trials,
        "connections": connections,
    }
    k = np.stack([_survivors(points, int(N), seed, run) for N in widths], axis=1)
    fraction = k / trials
    low, high = wilson(k, trials)
    se = np.sqrt(fraction * (1 - fraction) / trials)
    dims = ("width", "layer")
    variables = {"survival": fraction, "survival_se": se, "survival_low": low, "survival_high": high}
    return points.dataset(
        {name: (dims, values) for name, values in variables.items()},
        {"width": (("width",), widths), "layer": (("layer",), np.arange(1, chain.layers + 1))},
        verb="survival",
        spec=spec_of(points, width=widths, seed=seed, **run),
        window=str(window),
    )


def wilson(successes: np.ndarray, trials: int) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of Wilson (1927) for a probability; honest at 0 and 1, where the standard error is 0."""
    p = successes / trials
    middle = (p + Z**2 / (2 * trials)) / (1 + Z**2 / trials)
    half = Z / (1 + Z**2 / trials) * np.sqrt(p * (1 - p) / trials + Z**2 / (4 * trials**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _duration(points: Points, dt: float) -> float:
    """How long the volleys of all points take by density, theirs and full ones [ms], a multiple of dt."""
    search = Search(Engine())
    both = [*points, *points]
    packets = [point["packet"] for point in points]
    full = [
        packet.replace(a=max(packet.a, float(point["chain"].width)))
        for packet, point in zip(packets, points, strict=True)
    ]
    ends = search.sent(range(len(both)), both, [*packets, *full]).t_end.values
    search.report(points)
    return float(np.ceil(ends.max() / dt - 1e-9) * dt)


def _survivors(points: Points, N: int, seed: int, run: dict[str, Any]) -> np.ndarray:
    """Trials alive behind every layer, (points, layers)."""
    chains, packets = [], []
    for point in points:
        chain, packet = point["chain"], point["packet"]
        chains.append(chain.replace(width=N, weight=chain.weight * chain.width / N))
        packets.append(packet.replace(a=packet.a * N / chain.width))
    own = int(seed_sequence(seed, "survival", str(N)).generate_state(1)[0])
    switch = {"gate": points.column("gate"), "disfacilitation": points.column("disfacilitation")}
    out = simulate(chains, packets, seed=own, **switch, **run)
    failed = int((out.status != 0).sum())
    if failed:
        raise NumericalError(f"{failed} of {out.status.size} trials with width = {N} did not stay finite; lower dt")
    return out.survived.sum("trial").transpose("point", "layer").values


def _widths(width: int | Sequence[int]) -> np.ndarray:
    widths = np.atleast_1d(np.asarray(width))
    if widths.ndim != 1 or widths.size == 0 or widths.dtype.kind not in "iu" or np.any(widths < 1):
        raise ParameterError(f"width = {width!r} must hold whole numbers of neurons >= 1")
    return widths
