"""The smallest packet a chain carries, and the smallest weight at which it carries one."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population.chain import SynfireChain, at
from synfer.population.drive import Drive, PulsePacket
from synfer.population.packets.bracket import Brackets, bounds_of, check_found, first_change
from synfer.population.packets.launch import Engine, Gate, Points, Search, one_by_one, start, with_drive
from synfer.population.signals import at_rest, threshold
from synfer.population.verbs.chains.case import is_steady
from synfer.population.verbs.common import spec_of
from synfer.population.verbs.mesh import Mesh

Many = Sequence
SMALLEST_PACKET, LARGEST_PACKET = 0.02, 4.0
"""Where packets are looked for, over N."""
SMALLEST_DRIVE, LARGEST_DRIVE = 0.2, 20.0
"""Where weights are looked for: A over the distance of the mean from the threshold, or over sigma where larger."""


def critical_packet(
    chain: SynfireChain | Many[SynfireChain],
    sigma_t: float | Many[float],
    *,
    gate: Gate | Many[Gate] = None,
    disfacilitation: bool | Many[bool] = False,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.005,
    window: str | float = "evoked",
    t0: float | None = None,
    t: float | None = None,
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The smallest packet that gets through: the separatrix of the chain at sigma_t.

        a* = min {a : a_L >= N/2 behind the last layer L}

    chain, sigma_t, gate and disfacilitation may be sequences: they broadcast to a `point` dimension, and every round
    of the search sends the packets of all points in one batch. No point's answer depends on the others.

    The search begins with 16 sizes in geometric progression, each 1.42 times the last within the default bounds, and
    narrows the first step at which a packet gets through. It misses packets that live on an island of sizes narrower
    than such a step; and where larger packets die again, it does not say so (`state_plane` shows both).

    Args:
        chain: The chain.
        sigma_t: Spread of the packet [ms].
        gate: An Inhibition, a Shunt or a sum of them, under which the packet has to get through.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        bounds: Where to look [spikes]; default 0.02 to 4 N.
        tolerance: Width of the final bracket over its upper end.
        window: Read-out of the packets, "evoked" or a length in ms.
        t0: Centre of the packet [ms]; default 10, or 5 of its own sigma_t where that is later. Timed gates count from
            the start of the run: give t0 to meet packets of every sigma_t at the same moment.
        t: Duration of the runs [ms]. Without it every packet has its own, as in `propagate`, until its volley is over;
            with it a volley that comes later counts as dead, which is warned of.
        h: Cell width [mV]; default that of `propagate`.
        dt: Step [ms].

    Returns:
        Dataset of `a` [spikes], the middle of the bracket `a_low`, `a_high`: a_low dies, a_high survives; and, of
        neurons with a slow variable, `mesh_error` as `evolve` has it, the largest of the layers.

    Raises:
        ParameterError: nothing survives, or everything does, within the bounds.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy:
        Of the mesh: halving h moves a* of the Diesmann chain by .05 %, halving dt by less than .02 %. Of the search:
        half the bracket, tolerance/2.

    References:
        Diesmann, Gewaltig & Aertsen, Nature 402:529 (1999), fig. 4.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=3)
        >>> found = sf.critical_packet(chain, sigma_t=1.0, tolerance=0.05, h=0.2, dt=0.1)
        >>> bool(found.a_low < found.a < found.a_high)
        True
    """
    points = Points(chain=chain, sigma_t_in=sigma_t, gate=gate, disfacilitation=disfacilitation)
    engine, centres = Engine(window, t, h, dt), start(points.column("sigma_t_in"), t0)
    found = critical_sizes(points, search := Search(engine), centres, bounds, tolerance)
    for i, point in enumerate(points.points):
        spread = f"sigma_t = {point['sigma_t_in']:g} ms"
        check_found(f"a packet with {spread}", "a", "spikes", found.low[i], found.high[i])
    variables = {"a": (found.low + found.high) / 2, "a_low": found.low, "a_high": found.high}
    variables |= search.found((len(points),))
    return points.dataset(
        {name: ((), value) for name, value in variables.items()},
        {},
        verb="critical_packet",
        spec=spec_of(points, bounds=bounds, tolerance=tolerance, t0=centres, **engine._asdict()),
    )


def critical_sizes(
    points: Points, search: Search, t0: Sequence[float], bounds: tuple[float, float] | None, tolerance: float
) -> Brackets:
    """Brackets of the smallest packet [spikes], centred at its t0, that gets through at every point, or open ones."""
    N = np.array([chain.width for chain in points.column("chain")], dtype=float)
    ends = bounds_of(bounds, (SMALLEST_PACKET * N, LARGEST_PACKET * N))
    low, high = (np.broadcast_to(end, len(points)) for end in ends)

    def survives(index: np.ndarray, a: np.ndarray) -> np.ndarray:
        chosen = [points.points[i] for i in index]
        packets = [
            PulsePacket(a=size, sigma_t=points.points[i]["sigma_t_in"], t0=t0[i])
            for i, size in zip(index, a, strict=True)
        ]
        return search.arrives(index, chosen, packets)

    found = first_change(survives, low, high, tolerance=tolerance, in_turn=one_by_one(points))
    search.report(points)
    return found


def critical_weight(
    chain: SynfireChain | Many[SynfireChain],
    *,
    gate: Gate | Many[Gate] = None,
    disfacilitation: bool | Many[bool] = False,
    sigma_t: float | Many[float] = 0.5,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.005,
    window: str | float = "evoked",
    t0: float | None = None,
    t: float | None = None,
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The smallest weight at which a full packet, a = N, gets through the chain: the whole waveform is followed.

        J_c = min {J : a_L >= N/2 for the packet (N, sigma_t)},    A_c = N p J_c

    The search begins with 16 weights in geometric progression, each 1.36 times the last within the default bounds,
    and narrows the first step at which the packet gets through: an island of weights narrower than that can be missed.

    Args:
        chain: The chain; its own weight does not matter.
        gate: An Inhibition, a Shunt or a sum of them.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        sigma_t: Spread of the packet [ms].
        bounds: Where to look for A [mV]; default 0.2 to 20 distances of the mean from the threshold.
        tolerance: Width of the final bracket over its upper end.
        window, t0, t, h, dt: As in `critical_packet`.

    chain, gate, disfacilitation and sigma_t may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset of `weight`, the middle of the bracket `weight_low`, `weight_high`, and `A`, `A_low`, `A_high`, in mV;
        `mesh_error` as `critical_packet`.

    Raises:
        ParameterError: the packet survives at no weight, or at all, within the bounds.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy:
        Of the mesh: halving h lowers A_c by .2 % and its ratio between two gates by .002, halving dt by less than
        .03 % (LIF and EIF at 5 Hz, sigma 2 mV). Of the search: half the bracket, tolerance/2.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> found = sf.critical_weight(chain, tolerance=0.05, h=0.2, dt=0.1)
        >>> bool(found.A_low < 100 * found.weight < found.A_high)
        True
    """
    points = Points(chain=chain, gate=gate, disfacilitation=disfacilitation, sigma_t_in=sigma_t)
    engine, centres = Engine(window, t, h, dt), start(points.column("sigma_t_in"), t0)
    found = critical_drives(points, search := Search(engine), centres, bounds, tolerance)
    per_A = np.array([chain.width * chain.probability for chain in points.column("chain")])
    for low, high in zip(*found, strict=True):
        check_found("the packet", "A", "mV", low, high)
    low, high = found
    variables = {"A": (low + high) / 2, "A_low": low, "A_high": high}
    variables |= {name.replace("A", "weight"): value / per_A for name, value in variables.items()}
    variables |= search.found((len(points),))
    return points.dataset(
        {name: ((), value) for name, value in variables.items()},
        {},
        verb="critical_weight",
        spec=spec_of(points, bounds=bounds, tolerance=tolerance, t0=centres, **engine._asdict()),
    )


def critical_drives(
    points: Points, search: Search, t0: Sequence[float], bounds: tuple[float, float] | None, tolerance: float
) -> Brackets:
    """Brackets of the smallest A [mV] at which the packet (N, sigma_t) gets through, open where there is none."""
    distances = np.array([_distance(chain) for chain in points.column("chain")])
    ends = bounds_of(bounds, (SMALLEST_DRIVE * distances, LARGEST_DRIVE * distances))
    lowest, highest = (np.broadcast_to(end, len(points)) for end in ends)

    def survives(index: np.ndarray, A: np.ndarray) -> np.ndarray:
        chosen = [with_drive(points.points[i], x) for i, x in zip(index, A, strict=True)]
        packets = [
            PulsePacket(a=point["chain"].width, sigma_t=point["sigma_t_in"], t0=t0[i])
            for i, point in zip(index, chosen, strict=True)
        ]
        return search.arrives(index, chosen, packets)

    found = first_change(survives, lowest, highest, tolerance=tolerance, in_turn=one_by_one(points))
    search.report(points)
    return found


def _distance(chain: SynfireChain) -> float:
    """How far the membrane has to be moved [mV]: from its mean to where it spikes by itself, at least sigma."""
    neuron, background = at(chain.neuron, 0), at(chain.noise, 0)
    if not is_steady(Drive((background,))):
        raise ParameterError("noise varies in time, so that no weight is natural; give bounds=(low, high) of A in mV")
    mu, sigma, _, _ = at_rest(Drive((background,)))
    mean, sd = neuron.free_membrane(mu, sigma)
    return max(threshold(neuron) - mean, sd)
