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
from synfer.population.gating.windows import arrivals
from synfer.population.packets.bracket import Brackets, first_change
from synfer.population.packets.critical import check_found, critical_drives, with_drive
from synfer.population.packets.launch import Engine, Points, Search
from synfer.population.verbs.common import spec_of

Many = Sequence
BOUNDS = {"depth": (0.02, 20.0), "g": (0.002, 10.0)}
"""Where the strength of a gate is looked for, besides 0: mV of a current, leaks of a shunt."""
UNITS = {"depth": "mV", "g": "leaks"}


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
    h: float | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The smallest depth of a gate that stops a volley, at the chain's weight or at a given safety margin.

        d_c = min {d : a_L < N/2 behind the last layer}

    Chains of different neurons can be compared at equal weight, or, with `margin`, at equal distance from failure:
    each then has the weight margin times its own ungated `critical_weight`.

    Args:
        chain: The chain.
        packet: The volley.
        gate: What is turned, as for `gating_curve`. Default: sustained, on all layers.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        margin: Weight over the critical weight; None keeps the chain's own.
        bounds: Where to look [mV, or leaks of a shunt]; default 0.02 to 20 mV, 0.002 to 10 leaks.
        tolerance: Width of the final bracket over its upper end.
        window, t, h, dt: As for `propagate`.

    chain, packet, gate and disfacilitation may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset of `depth` [mV], the middle of the bracket `depth_low`, `depth_high` (`g`, `g_low`, `g_high` of a
        shunt), and the chain's `A` [mV].

    Raises:
        ParameterError: the volley dies without the gate, or lives at every depth within the bounds.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy:
        The bracket. Halving h raises the depth by 1 % (LIF and EIF at 5 Hz, sigma 2 mV, 15 % above their critical
        weight), halving dt by less than .1 %. A volley that a gate only delays is alive if it arrives within the run.
        The default t leaves time for that: longer runs find the same depths, one of 70 ms finds 2 % less (EIF).

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
    low, high = closing(points, chosen, gates, BOUNDS[name] if bounds is None else bounds, tolerance, engine)
    for lower, upper in zip(low, high, strict=True):
        if not np.isfinite(lower):
            raise ParameterError("the packet dies without a gate; raise its a, or the weight of the chain")
        if not np.isfinite(upper):
            raise ParameterError(f"the packet survives every {name} up to {lower:g} {UNITS[name]}; raise bounds")
    variables = {name: (low + high) / 2, f"{name}_low": low, f"{name}_high": high}
    variables["A"] = np.array([point["chain"].A for point in chosen])
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
    engine: Engine,
) -> Brackets:
    """Brackets of the smallest strength of every gate that stops the volley of its point."""
    search = Search(engine)

    def stopped(index: np.ndarray, values: np.ndarray) -> np.ndarray:
        tried = [chosen[i] | {"gate": turned(gates[i], x)} for i, x in zip(index, values, strict=True)]
        return ~search.arrives(tried, [point["packet"] for point in tried])

    lowest, highest = (np.full(len(gates), end) for end in bounds)
    found = first_change(stopped, lowest, highest, tolerance=tolerance, zero=True)
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
    h: float | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The depth and the charge of a current that closes a chain, against the length and the travel of its window.

    Without `lag` every layer has its own window, around the volley's ungated arrival there. With it the windows
    leave the first arrival behind at `lag` ms per layer: 0 shuts all layers together.

    Args:
        chain: The chain.
        packet: The volley.
        length: Lengths of the window [ms].
        lag: Delays of the gate per layer [ms].
        centre: Middle of the window after the arrival [ms].
        disfacilitation, bounds, tolerance, window, t, h, dt: As for `closing_depth`.

    Returns:
        Dataset by (length[, lag]) of `depth` [mV], the middle of the bracket `depth_low`, `depth_high`; `charge`
        [mV ms], depth times length, per neuron and layer; `charge_fraction`, that over the excitatory charge of the
        ungated volley, mean over layers. Where no depth within the bounds closes, depth_high, and with it depth and
        charge, are inf.

    Raises:
        ParameterError: lengths that are not positive, a volley that dies without a gate, a window that ends before
            the run begins.
        NumericalError: a chain whose densities did not stay finite.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> volley = sf.PulsePacket(a=60, sigma_t=1, t0=10)
        >>> price = sf.closing_charge(chain, volley, length=[5, 20], tolerance=0.1, h=0.2, dt=0.1)
        >>> bool(price.depth[0] > price.depth[1])
        True
    """
    points = Points(chain=chain, packet=packet, disfacilitation=disfacilitation, gate=None)
    lengths = np.atleast_1d(np.asarray(length, dtype=float))
    if not (lengths.size and np.all(lengths > 0)):
        raise ParameterError(f"length = {length} must hold lengths > 0 ms, at least one")
    engine = Engine(window, t, h, dt)
    times = arrivals(chain, packet, engine)
    lags = [None] if lag is None else [float(x) for x in np.atleast_1d(np.asarray(lag, dtype=float))]
    gates = [_windows(times + centre, span, own) for span in lengths for own in lags]
    chosen = [points.points[0]] * len(gates)
    found = closing(points, chosen, gates, BOUNDS["depth"] if bounds is None else bounds, tolerance, engine)
    shape = (lengths.size,) if lag is None else (lengths.size, len(lags))
    low, high = (end.reshape(shape) for end in found)
    depth = (low + high) / 2
    charge = depth * (lengths if lag is None else lengths[:, None])
    variables = {"depth": depth, "depth_low": low, "depth_high": high, "charge": charge}
    variables["charge_fraction"] = charge / volley_charge(chain, packet, engine).mean()
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


def _windows(middles: np.ndarray, length: float, lag: float | None) -> Drive:
    """A window of one length on every layer around its own middle, or one that starts at the first and travels."""
    first = middles[0] - length / 2
    if (middles[0] if lag is not None else middles.min()) + length / 2 <= 0:
        raise ParameterError("a window ends before the run begins; raise centre, or the packet's t0")
    if lag is not None:
        return Drive((Inhibition(0.0, on=float(first), off=float(first + length), lag=lag),))
    ends = ((float(max(0.0, middle - length / 2)), float(middle + length / 2)) for middle in middles)
    return Drive(tuple(Inhibition(0.0, on=on, off=off, layers=(i,)) for i, (on, off) in enumerate(ends, start=1)))


def _with_margin(points: Points, margin: float, tolerance: float, engine: Engine) -> list[dict[str, Any]]:
    """The points with `margin` times their ungated critical weight (of the packet a = N, sigma_t = .5)."""
    if not margin > 0:
        raise ParameterError(f"margin = {margin:g} must be > 0; 1.15 is 15 % above the critical weight")
    open_ = Points(chain=points.column("chain"), gate=None, disfacilitation=False, sigma_t_in=0.5)
    low, high = critical_drives(open_, engine, 10.0, None, tolerance)
    for lower, upper in zip(low, high, strict=True):
        check_found("the packet", "A", "mV", lower, upper)
    return [with_drive(point, margin * A) for point, A in zip(points, (low + high) / 2, strict=True)]
