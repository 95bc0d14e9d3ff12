"""The columns of a slow variable: which range it needs, and how finely, from the parameters of its own point alone.

The range reaches from where w rests when V is held down to what spikes drive it up to:
    low  = min E[target] - SDS sd_V,    high = max w_bar + SDS sd_V + SHOTS jump sqrt(r tau/2) + jumps of a volley,
with the fixed point of mean adaptation w_bar = E[target] + jump tau r / (1 - r t_ref) at mu - w_bar, and the spread
that noise of V leaves in w, sd_V = abs(target') sd sqrt(tau_V/(tau_V + tau)). Where jumps are many and small w falls no
lower than w_bar - FEWER jump sqrt(r tau/2).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from synfer.core.errors import MeshError
from synfer.population import density
from synfer.population.drive import Drive, PulsePacket, Shunt
from synfer.population.neurons import Neuron, Slow
from synfer.population.signals import extreme, furthest, threshold

SDS, SHOTS, FEWER = 6.0, 3.5, 7.0
"""Standard deviations of w for which there is room: of what noise of V leaves in it, and of spikes at random times,
above the mean and below it, which is counted where jumps are many and small."""
JUMPS = 2.0
"""Spikes of a volley at least for which there is room besides."""
EXCURSION = 4.0
"""Time [ms] for which a volley may hold V at the top of its range."""
COLUMNS = 112
"""Columns that the default range has at least, about, unless they would be needlessly fine."""
FINE, FINEST = 2.5, 128
"""Columns to the sd that noise of V leaves in w, on the default mesh: w settles between spikes to that width; and to
the sd of the free membrane at most: -w joins what drives V, and the rate does not feel less of it."""
SPREAD = 2.0
"""Columns of that finest width by which a jump that is smaller than the columns may spread w."""
ROOM = 48
"""Columns of that finest width for which there is room at least: a w that hardly moves is spread over some."""
BELOW = 4
"""Columns below the default range: w falls past where it rests while V takes off, and columns spread it."""
FEWEST, MOST = 8, 640
"""The fewest columns at all, and the most that the default takes for the sake of a small jump or a small sd."""
OFFSETS = np.concatenate([-np.geomspace(1000, 0.01, 21), np.geomspace(0.01, 1000, 21)])
"""Where the fixed point is looked for, around the target at rest [mV]."""


class Columns(NamedTuple):
    """The mesh of w: lower face of the lowest column [mV], width [mV] and number of columns."""

    low: float
    dw: float
    count: int

    @property
    def high(self) -> float:
        """Upper face of the highest column [mV]."""
        return self.low + self.dw * self.count


ONE = Columns(-0.5, 1.0, 1)
"""What stands for no slow variable: one column whose w stays at 0."""


class Reach(NamedTuple):
    """Where w is: low and high [mV], and between `rest` and `busy` without doubt; sd: least that noise leaves in it.

    finest: the width [mV] below which columns need not be.
    """

    low: float
    high: float
    rest: float
    busy: float
    sd: float
    finest: float


def choose_columns(
    neuron: Neuron, drive: Drive, dw: float | None, w_range: tuple[float, float] | None, pushed: float
) -> Columns:
    """The columns of a neuron with a slow variable.

    Args:
        neuron, drive: of the point.
        dw, w_range: as asked for [mV]; None for what the parameters call for.
        pushed: what its synapses move V up by in a volley [mV].

    Raises:
        MeshError: columns wider than the jump, too few, or a range that does not hold where w is.
    """
    slow = _slow(neuron)
    if rests(neuron) and dw is None and w_range is None:
        return ONE
    reach = reach_of(neuron, drive, pushed)
    low, high = (reach.low, reach.high) if w_range is None else w_range
    if low > reach.rest or high < reach.busy:
        raise MeshError(
            f"w_range = ({low:g}, {high:g}) mV must hold {reach.rest:.4g} to {reach.busy:.4g} mV, where w rests and "
            f"where spikes lift it to; did you mean w_range = ({min(low, reach.low):.3g}, {max(high, reach.high):.3g})?"
        )
    span = high - low
    better = _width(span, slow.jump, reach)
    width = better if dw is None else dw
    if (slow.jump > 0 and width > max(slow.jump, span / COLUMNS, reach.finest)) or span / width < FEWEST:
        raise MeshError(
            f"dw = {width:g} mV is too coarse for w between {low:.4g} and {high:.4g} mV"
            f"{f' and its jump of {slow.jump:g} mV' if slow.jump > 0 else ''}; did you mean dw = {better:.3g}?"
        )
    if w_range is None:
        # Centres lie at multiples of dw, so that a w that rests at 0 is held by one column.
        low = width * (np.floor(low / width) - 0.5 - BELOW)
    return Columns(float(low), float(width), int(np.ceil((high - low) / width - 1e-9)))


def rests(neuron: Neuron) -> bool:
    """Whether nothing ever moves the slow variable away from 0."""
    target = neuron.slow_target(np.linspace(neuron.V_reset - 100, neuron.V_top, 50))
    return _slow(neuron).jump == 0 and not target.any()


@lru_cache(maxsize=512)
def reach_of(neuron: Neuron, drive: Drive, pushed: float = 0.0) -> Reach:
    """The range of w under a drive and volleys that push V up by so much [mV]."""
    slow = _slow(neuron)
    lowest, sigma = furthest(drive, down=True)
    highest, _ = furthest(drive, down=False)
    shunts = [(extreme(part.g, np.max), part.E_rev) for part in drive.parts if isinstance(part, Shunt)]
    g, gE = sum(x for x, _ in shunts), sum(x * E for x, E in shunts)
    pushed += sum(max(0.0, part.a * (part.weight or 0.0)) for part in drive.parts if isinstance(part, PulsePacket))
    still, found = (
        [
            mean_adaptation(neuron, mu, sigma, shunt, current, jump)
            for mu in sorted({lowest, highest})
            for shunt, current in sorted({(0.0, 0.0), (g, gE)})
        ]
        for jump in (0.0, slow.jump)
    )
    finest, sd = min(point.free for point in still) / FINEST, max(point.sd for point in still + found)
    shots = [slow.jump * np.sqrt(point.rate * slow.tau / 2) for point in found]
    w = [point.w for point in still + found]
    if 0 < slow.jump < finest:
        w = [max(a.w, b.w - FEWER * shot) for a, b, shot in zip(still, found, shots, strict=True)] + w[len(still) :]
        # Spikes that climb less than a column spread w by the root of half a column times what they make of it.
        made = max(b.w - a.w for a, b in zip(still, found, strict=True))
        finest = max(slow.jump, finest * min(1.0, SPREAD**2 * 2 * finest / max(made, 1e-300)))
        sd = float(np.hypot(sd, (made * finest / 2) ** 0.5))
    if neuron.background == "current":
        # Its free membrane has w at rest; one that is held there may fire without end.
        w += [float(neuron.slow_target(np.array(neuron.free_membrane(mu, sigma)[0]))) for mu in (lowest, highest)]
    jumps = slow.jump * max(JUMPS, 1 + pushed / max(threshold(neuron) - neuron.V_reset, 1.0))
    above = neuron.slow_target(np.linspace(neuron.V_reset, neuron.V_top, 50)).max() - max(w)
    excursion = max(0.0, float(above)) * min(1.0, EXCURSION / slow.tau)
    high = max(w) + SDS * sd + SHOTS * max(shots) + jumps + excursion
    least = min(point.sd for point in still + found)
    low = float(min(w) - SDS * sd)
    short = max(0.0, ROOM * finest - (high - low))
    return Reach(low - short / 2, float(high + short / 2), min(w), max(w) + slow.jump, least, finest)


class MeanAdaptation(NamedTuple):
    """A fixed point of mean adaptation: w, the rate [1/ms], the sd that noise of V leaves in w, and that of the free
    membrane.

    All but the rate in mV.
    """

    w: float
    rate: float
    sd: float
    free: float


def mean_adaptation(neuron: Neuron, mu: float, sigma: float, g: float, gE: float, jump: float) -> MeanAdaptation:
    """The root of E[target] + jump tau r/(1 - r t_ref) - w, with coarse densities at mu - w: within some percent."""
    tau = _slow(neuron).tau
    mean, sd = neuron.free_membrane((mu + gE) / (1 + g), sigma / (1 + g) ** 0.5)
    w = float(neuron.slow_target(np.array([mean]))[0]) + OFFSETS
    root, at_root = 0.0, 0.0
    for _ in range(2):
        rate, target = _held(neuron, mu - w, sigma, g, gE)
        excess = target + jump * tau * rate / (1 - rate * neuron.t_ref) - w
        after = np.flatnonzero((excess[:-1] > 0) & (excess[1:] <= 0))
        if not after.size:
            at = f"mu = {mu:g} mV" if neuron.background == "noise" else f"I = {mu:g} mV/ms"
            raise MeshError(
                f"no range of w suggests itself for {neuron!r} at {at}; give h=sf.Mesh(w_range=(low, high))"
            )
        i = after[0]
        share = excess[i] / (excess[i] - excess[i + 1])
        root, at_root = w[i] + share * (w[i + 1] - w[i]), rate[i] + share * (rate[i + 1] - rate[i])
        w = np.linspace(w[i], w[i + 1], 17)
    slope = np.ptp(neuron.slow_target(neuron.V_reset + np.array([-0.5, 0.5])))
    tau_V = neuron.tau_m * (sd / sigma) ** 2
    return MeanAdaptation(float(root), float(at_root), float(slope * sd * np.sqrt(tau_V / (tau_V + tau))), sd)


def _held(neuron: Neuron, mu: np.ndarray, sigma: float, g: float, gE: float) -> tuple[np.ndarray, np.ndarray]:
    """Rate [1/ms] and mean target [mV] of a neuron whose w is held, at every mu, on a coarse mesh."""
    each = np.ones(len(mu))
    free = [neuron.free_membrane((m + gE) / (1 + g), sigma / (1 + g) ** 0.5) for m in mu]
    V_lb = np.array([min(mean, neuron.V_reset) - 6 * sd for mean, sd in free])
    sd = np.array([sd for _, sd in free])
    lanes = density.Lanes(
        tau_m=neuron.tau_m * each,
        V_top=neuron.V_top * each,
        V_reset=neuron.V_reset * each,
        t_ref=neuron.t_ref * each,
        h=np.minimum(np.maximum(sd / 4, (neuron.V_top - V_lb) / 1000), (neuron.V_top - neuron.V_reset) / 4),
        V_lb=V_lb,
        psi=lambda V, lane: neuron.psi(V),
    )
    state, V = density.stationary(lanes, mu, sigma, g, gE), density.voltages(lanes)
    p = np.nan_to_num(state.p)
    return state.rate, (p * neuron.slow_target(V)).sum(axis=1) / p.sum(axis=1)


def _width(span: float, jump: float, reach: Reach) -> float:
    """The width [mV] of at least COLUMNS columns, FINE of them to the sd, of which a jump spans a whole number; and at
    least the finest."""
    width = span / COLUMNS if reach.sd == 0 else min(span / COLUMNS, reach.sd / FINE)
    width = max(width, min(reach.finest, span / ROOM))
    if 0 < jump <= width:
        width = max(jump, min(width, reach.finest))
    width = max(width, span / MOST)
    return jump / np.ceil(jump / width) if jump > width else width


def _slow(neuron: Neuron) -> Slow:
    if neuron.slow is None:
        raise TypeError(f"{type(neuron).__name__} has no slow variable")
    return neuron.slow
