"""Where the theory of one-dimensional neurons puts its nodes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Psi = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_DEPTH = 42.0  # exp(-42) = 6e-19 of the density at its peak: the mass left out stays below 1e-15
_GROWTH = 1.1
_MAX_CELLS = 4_000_000


class Membrane(NamedTuple):
    """tau_m dV/dt = mu + gE - (1 + g) V + psi(V) + sigma sqrt(2 tau_m) xi(t), spike at V_top. mV, ms."""

    psi: Psi
    tau_m: float
    mu: float
    sigma: float
    g: float
    gE: float
    V_top: float
    V_reset: float
    t_ref: float

    def slope(self, V: NDArray[np.float64]) -> NDArray[np.float64]:
        """a(V) = f/D, 1/mV: drift over diffusion, the logarithmic slope of the density at zero flux."""
        return (self.mu + self.gE - (1.0 + self.g) * V + self.psi(V)) / self.sigma**2

    @property
    def diffusion(self) -> float:
        """D = sigma^2/tau_m, mV^2/ms."""
        return self.sigma**2 / self.tau_m


def check(neuron: Membrane) -> None:
    """Refuse what no density describes: no noise, no time scale, a reset beyond the spike.

    Raises:
        ValueError: naming the argument, what was got and what is allowed.
    """
    if not neuron.sigma > 0:
        raise ValueError(
            f"sigma = {neuron.sigma} mV must be > 0 mV: without noise there is no density; "
            "for the noiseless LIF use siegert(mu, 0, ...)"
        )
    if not (neuron.tau_m > 0 and neuron.t_ref >= 0):
        raise ValueError(f"tau_m = {neuron.tau_m} ms must be > 0 ms and t_ref = {neuron.t_ref} ms >= 0 ms")
    if not neuron.V_reset < neuron.V_top:
        raise ValueError(f"V_reset = {neuron.V_reset} mV must lie below V_top = {neuron.V_top} mV")


def lower_boundary(neuron: Membrane) -> float:
    """The potential below which less than 1e-15 of the mass lies, mV.

    Below V_reset the flux is zero and p ~ exp(int a dV); the boundary is where that has fallen to
    exp(-42) of its peak, at least one sigma below V_reset.

    Raises:
        ValueError: the drift does not confine V from below.
    """
    reach = 16.0 * neuron.sigma
    for _ in range(24):
        V = np.linspace(neuron.V_reset - reach, neuron.V_reset, 4001)
        a = neuron.slope(V)
        log_p = np.concatenate([[0.0], np.cumsum(0.5 * (a[1:] + a[:-1]) * np.diff(V))])
        deep = np.flatnonzero(log_p[: np.argmax(log_p) + 1] < log_p.max() - _DEPTH)
        if deep.size:
            return float(min(V[deep[-1]], neuron.V_reset - neuron.sigma))
        reach *= 2.0
    raise ValueError(f"the drift does not hold V above {neuron.V_reset - reach:.3g} mV: 1 + g - psi' must be > 0 there")


def first_cell(neuron: Membrane) -> float:
    """A cell, mV, at which fourth order has set in: sigma/100, and less where psi rises within less.

    A fifth of a length, at most Delta_T ln 2 for EIF, over which psi at V_top doubles.
    """
    span = neuron.V_top - neuron.V_reset
    drop = span * np.exp2(-np.arange(40.0))
    psi = neuron.psi(neuron.V_top - drop)
    steep = float(drop[np.argmax(psi >= 0.5 * neuron.psi(np.array([neuron.V_top])))])
    return min(neuron.sigma / 100, span / 40, steep / 5)


def climbing_cell(neuron: Membrane, V_lb: float) -> float:
    """`first_cell`, and at most .04/max(-a): a polynomial step up a barrier of 500 in log p keeps its digits."""
    climb = float(np.max(-neuron.slope(np.linspace(V_lb, neuron.V_top, 4001))))
    return min(first_cell(neuron), 0.04 / climb) if climb > 0 else first_cell(neuron)


def nodes(neuron: Membrane, V_lb: float, h: float) -> tuple[NDArray[np.float64], int]:
    """Nodes from V_lb to V_top with cells <= h and V_reset exactly on one; its index.

    Below V_top and below V_reset the cells shrink geometrically to a tenth of D/f: within that
    distance the density rises from the absorbing boundary and falls where re-injection ends.

    Args:
        neuron: Description.
        V_lb: Lower boundary, mV, < V_reset.
        h: Largest cell, mV.

    Returns:
        (V, k) with V[k] == V_reset.

    Raises:
        ValueError: V_lb >= V_reset, psi not finite at V_top, or more than 4e6 cells.
    """
    if not V_lb < neuron.V_reset:
        raise ValueError(f"V_lb = {V_lb} mV must lie below V_reset = {neuron.V_reset} mV")
    if (neuron.V_top - V_lb) / h > _MAX_CELLS:
        raise ValueError(
            f"sigma = {neuron.sigma} mV would need {(neuron.V_top - V_lb) / h:.0e} cells, more than {_MAX_CELLS:.0e}: "
            "raise sigma or h, lower V_top, or take the noiseless limit"
        )
    a_reset, a_top = neuron.slope(np.array([neuron.V_reset, neuron.V_top]))
    if not np.isfinite(a_top):
        raise ValueError(f"psi is not finite at V_top = {neuron.V_top} mV: lower V_top")
    below = _segment(V_lb, neuron.V_reset, h, a_reset)
    return np.concatenate([below, _segment(neuron.V_reset, neuron.V_top, h, a_top)[1:]]), below.size - 1


def _segment(start: float, end: float, h: float, a: float) -> NDArray[np.float64]:
    """Nodes from start to end: uniform cells <= h, then cells that shrink to .1/a before the end."""
    first = min(h, 0.1 / a) if a > 0 else h
    count = int(np.log(h / first) / np.log(_GROWTH))
    layer = np.cumsum(first * _GROWTH ** np.arange(count))
    layer = layer[layer < 0.5 * (end - start)]
    inner = end - layer[-1] if layer.size else end
    uniform = np.linspace(start, inner, int(np.ceil((inner - start) / h)) + 1)
    return uniform if not layer.size else np.concatenate([uniform, end - layer[-2::-1], [end]])


def halved(V: NDArray[np.float64]) -> NDArray[np.float64]:
    """V with the middle of every cell inserted."""
    points = np.empty(2 * V.size - 1)
    points[::2], points[1::2] = V, 0.5 * (V[1:] + V[:-1])
    return points
