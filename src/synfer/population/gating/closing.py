"""The smallest gate that stops a volley."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.population.chain import SynfireChain
from synfer.population.drive import Drive, Inhibition, PulsePacket
from synfer.population.gating.curve import one_strength
from synfer.population.gating.price import volley_charge
from synfer.population.gating.strength import SUSTAINED, Template, turned
from synfer.population.packets.bracket import Brackets, bounds_of, check_found, first_change
from synfer.population.packets.critical import critical_drives
from synfer.population.packets.launch import (
    Engine,
    Points,
    Search,
    check_chain,
    check_one,
    check_packet,
    one_by_one,
    start,
    ungated,
    with_drive,
)
from synfer.population.verbs.common import numbers, spec_of
from synfer.population.verbs.mesh import Mesh

Many = Sequence
BOUNDS = {"depth": (0.02, 20.0), "g": (0.002, 10.0)}
"""Where the strength of a gate is looked for, besides 0: mV of a current, leaks of a shunt."""
UNITS = {"depth": "mV", "g": "leaks"}
DIES = "the packet dies without a gate; raise its a, or the weight of the chain"


def closing_depth(
    chain: SynfireChain | Many[SynfireChain],
    packet: PulsePacket | Many[PulsePacket],
    *,
    gate: Template | Many[Template] = SUSTAINED,
    disfacilitation: bool | Many[bool] = False,
    margin: float | None = None,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.005,
    window: str | float = "evoked",
    t: float | None = None,
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The smallest depth of a gate that stops a volley, at the chain's weight or at a given safety margin.

        d_c = min {d : a_L < N/2 behind the last layer}

    Chains of different neurons can be compared at equal weight, or, with `margin`, at equal distance from failure:
    each then has the weight margin times its own ungated `critical_weight`.

    The search begins with no gate and 16 strengths in geometric progression, each 1.58 times the last (1.76 of a
    shunt) within the default bounds, and narrows the first step at which the volley is stopped. An island of closed
    strengths narrower than such a step can be missed, and a gate that lets the volley pass again when it is stronger
    does not show: `gating_curve` shows both.

    Args:
        chain: The chain.
        packet: The volley.
        gate: What is turned, as for `gating_curve`. Default: sustained, on all layers.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        margin: Weight over the critical weight; None keeps the chain's own.
        bounds: Where to look [mV, or leaks of a shunt]; default 0.02 to 20 mV, 0.002 to 10 leaks.
        tolerance: Width of the final bracket over its upper end.
        t: Duration of the runs [ms]. Without it every volley has its own, as in `propagate`, until it is over, however
            much the gate delays it; with it a volley that comes later counts as stopped, which is warned of.
        window, h, dt: As for `propagate`.

    chain, packet, gate and disfacilitation may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset of `depth` [mV], the middle of the bracket `depth_low`, `depth_high` (`g`, `g_low`, `g_high` of a
        shunt), and the chain's `A` [mV]; `mesh_error` as `critical_packet`.

    Raises:
        ParameterError: the volley dies without the gate, or lives at every depth within the bounds.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy:
        Of the mesh: halving h raises the depth by .8 % (EIF) and 1.2 % (LIF, both at 5 Hz, sigma 2 mV, 15 % above
        their critical weight), halving dt by less than .1 %. Of the search: half the bracket, tolerance/2. A volley
        that a gate only delays is alive: runs of 150 and 300 ms find what the default finds, one of 70 ms finds 2 %
        less for the EIF, whose volley comes late.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=3)
        >>> volley = sf.PulsePacket(a=90, sigma_t=1, t0=10)
        >>> closing = sf.closing_depth(chain, volley, tolerance=0.1, h=0.2, dt=0.1)
        >>> bool(closing.depth_low < closing.depth < closing.depth_high)
        True
    """
    points = Points(chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation)
    name, engine = one_strength(points), Engine(window, t, h, dt)
    chosen = list(points) if margin is None else _with_margin(points, margin, tolerance, engine)
    gates = [point["gate"] for point in chosen]
    low, high = closing(points, chosen, gates, bounds_of(bounds, BOUNDS[name]), tolerance, search := Search(engine))
    for lower, upper in zip(low, high, strict=True):
        if not np.isfinite(lower):
            raise ParameterError(DIES)
        if not np.isfinite(upper):
            raise ParameterError(f"the packet survives every {name} up to {lower:g} {UNITS[name]}; raise bounds")
    variables = {name: (low + high) / 2, f"{name}_low": low, f"{name}_high": high}
    variables["A"] = np.array([point["chain"].A for point in chosen])
    variables |= search.found((len(points),))
    return points.dataset(
        {variable: ((), values) for variable, values in variables.items()},
        {},
        verb="closing_depth",
        spec=spec_of(points, margin=margin, bounds=bounds, tolerance=tolerance, **engine._asdict()),
    )


def closing(
    points: Points,
    chosen: Sequence[dict[str, Any]],
    gates: Sequence[Template],
    bounds: tuple[float, float],
    tolerance: float,
    search: Search,
) -> Brackets:
    """Brackets of the smallest strength of every gate that stops the volley of its point."""

    def stopped(index: np.ndarray, values: np.ndarray) -> np.ndarray:
        tried = [chosen[i] | {"gate": turned(gates[i], x)} for i, x in zip(index, values, strict=True)]
        return ~search.arrives(index, tried, [point["packet"] for point in tried])

    lowest, highest = (np.full(len(gates), end) for end in bounds)
    found = first_change(stopped, lowest, highest, tolerance=tolerance, zero=True, in_turn=one_by_one(chosen))
    search.report(points)
    return found


def closing_charge(
    chain: SynfireChain,
    packet: PulsePacket,
    *,
    length: Sequence[float],
    lag: Sequence[float] | None = None,
    centre: float = 0.0,
    disfacilitation: bool = False,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 0.01,
    window: str | float = "evoked",
    t: float | None = None,
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The depth and the charge of a current that closes a chain, against the length and the travel of its window.

    Without `lag` every layer has its own window, around the volley's ungated arrival there. With it the windows
    leave the first arrival behind at `lag` ms per layer: 0 shuts all layers together. The search is that of
    `closing_depth`, with its steps.

    Args:
        chain: The chain.
        packet: The volley.
        length: Lengths of the window [ms].
        lag: Delays of the gate per layer [ms].
        centre: Middle of the window after the arrival [ms].
        disfacilitation, bounds, tolerance, window, t, h, dt: As for `closing_depth`.

    Returns:
        Dataset by (length[, lag]) of `depth` [mV], the middle of the bracket `depth_low`, `depth_high`; `charge`
        [mV ms] per neuron, mean over layers: depth times how long the window is on in the run, which is its length
        but for what lies before 0 and, where t is given, after t (the charge of `cost`); `charge_fraction`, that over
        the excitatory charge of the ungated volley, mean over layers; `mesh_error` as `critical_packet`. Where no
        depth within the bounds closes, depth_high, and with it depth and charge, are inf.

    Raises:
        ParameterError: lengths that are not positive, a volley that dies without a gate, windows of which nothing lies
            in the run, sequences of chains, packets or switches.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy:
        That of `closing_depth`.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> volley = sf.PulsePacket(a=60, sigma_t=1, t0=10)
        >>> price = sf.closing_charge(chain, volley, length=[5, 20], tolerance=0.1, h=0.2, dt=0.1)
        >>> bool(price.depth[0] > price.depth[1])
        True
    """
    check_one("closing_charge", chain=chain, packet=packet, disfacilitation=disfacilitation)
    check_chain(chain)
    check_packet(packet)
    points = Points(chain=chain, packet=packet, disfacilitation=disfacilitation, gate=None)
    lengths = numbers("length", length, "ms")
    if not (lengths.size and np.all(lengths > 0)):
        raise ParameterError(f"length = {length} must hold lengths > 0 ms, at least one")
    engine = Engine(window, t, h, dt)
    open_ = ungated(chain, packet, engine)
    if not open_.survived[-1]:
        raise ParameterError(DIES)
    points.warnings += open_.attrs["warnings"]
    middles = open_.t_packet.values + centre
    lags = [None] if lag is None else [float(x) for x in numbers("lag", lag, "ms")]
    starts = [(_starts(middles, span, own), float(span)) for span in lengths for own in lags]
    gates, on = [_windows(*each) for each in starts], np.array([_time_on(*each, t) for each in starts])
    if not np.all(on > 0):
        raise ParameterError("a window lies outside the run on every layer; change centre, lag, t or the packet's t0")
    chosen = [points.points[0]] * len(gates)
    found = closing(points, chosen, gates, bounds_of(bounds, BOUNDS["depth"]), tolerance, search := Search(engine))
    shape = (lengths.size,) if lag is None else (lengths.size, len(lags))
    low, high = (end.reshape(shape) for end in found)
    if not np.all(np.isfinite(low)):
        raise ParameterError(DIES)
    depth = (low + high) / 2
    charge = depth * on.reshape(shape)
    variables = {"depth": depth, "depth_low": low, "depth_high": high, "charge": charge}
    variables |= search.found(shape)
    variables["charge_fraction"] = charge / volley_charge(chain, packet, open_.a.values).mean()
    dims = ("length",) if lag is None else ("length", "lag")
    return dataset(
        {name: (dims, values) for name, values in variables.items()},
        {"length": (("length",), lengths)} | ({} if lag is None else {"lag": (("lag",), lags)}),
        verb="closing_charge",
        spec=spec_of(
            points, length=lengths, lag=lag, centre=centre, bounds=bounds, tolerance=tolerance, **engine._asdict()
        ),
        warnings=points.warnings,
    )


def _starts(arrivals: np.ndarray, length: float, lag: float | None) -> np.ndarray:
    """Where a window of one length starts on every layer [ms]: around its own middle, or behind the first at a lag."""
    middles = arrivals if lag is None else arrivals[0] + lag * np.arange(arrivals.size)
    return middles - length / 2


def _windows(starts: np.ndarray, length: float) -> Drive:
    """A window of one length on every layer from its own start; nothing acts before the run."""
    return Drive(
        tuple(
            Inhibition(0.0, on=float(start), off=float(start + length), layers=(layer,))
            for layer, start in enumerate(starts, start=1)
        )
    )


def _time_on(starts: np.ndarray, length: float, t: float | None) -> float:
    """How long these windows are on between 0 and the end of the run [ms], mean over layers."""
    ends = np.minimum(starts + length, np.inf if t is None else t)
    return float(np.maximum(ends - np.maximum(starts, 0.0), 0.0).mean())


def _with_margin(points: Points, margin: float, tolerance: float, engine: Engine) -> list[dict[str, Any]]:
    """The points with `margin` times their ungated critical weight (of the packet a = N, sigma_t = .5)."""
    if not margin > 0:
        raise ParameterError(f"margin = {margin:g} must be > 0; 1.15 is 15 % above the critical weight")
    open_ = Points(chain=points.column("chain"), gate=None, disfacilitation=False, sigma_t_in=0.5)
    low, high = critical_drives(open_, Search(engine), start(open_.column("sigma_t_in"), None), None, tolerance)
    for lower, upper in zip(low, high, strict=True):
        check_found("the packet", "A", "mV", lower, upper)
    return [with_drive(point, margin * A) for point, A in zip(points, (low + high) / 2, strict=True)]
