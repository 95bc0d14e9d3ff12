"""The columns of a slow variable: which range it needs, and how finely, from the parameters of its own point alone.

The range reaches from where w rests when V is held down to what spikes drive it up to:
    low  = min E[target] - SDS sd_V,    high = max w_bar + SDS sd_V + SHOTS jump sqrt(r tau/2) + jumps of a volley,
with the fixed point of mean adaptation w_bar = E[target] + jump tau r / (1 - r t_ref) at mu - w_bar, and the spread
that noise of V leaves in w, sd_V = abs(target') sd sqrt(tau_V/(tau_V + tau)).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from synfer.core.errors import MeshError
from synfer.population import density
from synfer.population.drive import Drive, PulsePacket, Shunt
from synfer.population.neurons import Neuron, Slow
from synfer.population.signals import extreme, furthest, threshold

SDS, SHOTS = 6.0, 3.5
"""Standard deviations of w for which there is room: of what noise of V leaves in it, and of spikes at random times."""
JUMPS = 2.0
"""Spikes of a volley at least for which there is room besides."""
EXCURSION = 4.0
"""Time [ms] for which a volley may hold V at the top of its range."""
COLUMNS = 112
"""Columns that the default range has at least, about."""
FINE = 2.5
"""Columns to the sd that noise of V leaves in w, on the default mesh: w settles between spikes to that width."""
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
    """Where w is: low and high [mV], and between `rest` and `busy` without doubt; sd: least that noise leaves in it."""

    low: float
    high: float
    rest: float
    busy: float
    sd: float


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
    width = _width(high - low, slow.jump, reach.sd) if dw is None else dw
    span = high - low
    if (slow.jump > 0 and width > max(slow.jump, span / COLUMNS)) or span / width < FEWEST:
        better = _width(span, slow.jump, reach.sd)
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
    found = [
        mean_adaptation(neuron, mu, sigma, shunt, current, jump)
        for mu in {lowest, highest}
        for shunt, current in {(0.0, 0.0), (g, gE)}
        for jump in {0.0, slow.jump}
    ]
    w, sd = [point.w for point in found], max(point.sd for point in found)
    if neuron.background == "current":
        # Its free membrane has w at rest; one that is held there may fire without end.
        w += [float(neuron.slow_target(np.array(neuron.free_membrane(mu, sigma)[0]))) for mu in (lowest, highest)]
    rate = max(point.rate for point in found if point.jump == slow.jump)
    shot = slow.jump * np.sqrt(rate * slow.tau / 2)
    jumps = slow.jump * max(JUMPS, 1 + pushed / max(threshold(neuron) - neuron.V_reset, 1.0))
    above = neuron.slow_target(np.linspace(neuron.V_reset, neuron.V_top, 50)).max() - max(w)
    excursion = max(0.0, float(above)) * min(1.0, EXCURSION / slow.tau)
    high = max(w) + SDS * sd + SHOTS * shot + jumps + excursion
    least = min(point.sd for point in found)
    return Reach(float(min(w) - SDS * sd), float(high), min(w), max(w) + slow.jump, least)


class MeanAdaptation(NamedTuple):
    """A fixed point of mean adaptation: the jump it is for, w, the rate [1/ms], and the sd that noise of V leaves in w.

    All but the rate in mV.
    """

    jump: float
    w: float
    rate: float
    sd: float


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
    return MeanAdaptation(jump, float(root), float(at_root), float(slope * sd * np.sqrt(tau_V / (tau_V + tau))))


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


def _width(span: float, jump: float, sd: float) -> float:
    """The width [mV] of at least COLUMNS columns, FINE of them to the sd, of which a jump spans a whole number."""
    width = span / COLUMNS if sd == 0 else min(span / COLUMNS, sd / FINE)
    if 0 < jump <= width:
        width = jump
    width = max(width, span / MOST)
    return jump / np.ceil(jump / width) if jump > width else width


def _slow(neuron: Neuron) -> Slow:
    if neuron.slow is None:
        raise TypeError(f"{type(neuron).__name__} has no slow variable")
    return neuron.slow
