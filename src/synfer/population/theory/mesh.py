"""Where the theory of one-dimensional neurons puts its nodes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synfer.core.errors import MeshError, ParameterError

Psi = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_DEPTH = 42.0  # exp(-42) = 6e-19 of the density at its peak: the mass left out stays below 1e-15
_GROWTH = 1.1
MAX_CELLS = 4_000_000
_LIMIT = 1e12  # no description comes near it; squares and products of larger numbers overflow
_UNITS = {"tau_m": "ms", "t_ref": "ms", "g": "leaks"} | dict.fromkeys(("mu", "sigma", "gE", "V_top", "V_reset"), "mV")


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

    @property
    def width(self) -> float:
        """sd of the free membrane under its shunt, sigma/sqrt(1 + g), mV: what a mesh has to resolve."""
        return self.sigma / max(1.0 + self.g, 1.0) ** 0.5


def check(neuron: Membrane) -> None:
    """Refuse what no density describes: no noise, no time scale, a reset beyond the spike, numbers near overflow.

    Raises:
        ParameterError: naming the argument, what was got and what is allowed.
    """
    if not neuron.sigma > 0:
        raise ParameterError(
            f"sigma = {neuron.sigma} mV must be > 0 mV: without noise there is no density; "
            "for the noiseless LIF use siegert(mu, 0, ...)"
        )
    if not (neuron.tau_m > 0 and neuron.t_ref >= 0):
        raise ParameterError(f"tau_m = {neuron.tau_m} ms must be > 0 ms and t_ref = {neuron.t_ref} ms >= 0 ms")
    for name, unit in _UNITS.items():
        value = getattr(neuron, name)
        if not abs(value) <= _LIMIT:
            raise ParameterError(f"{name} = {value:g} {unit} must lie within +-{_LIMIT:g} {unit}")
    for name in ("sigma", "tau_m"):
        if not getattr(neuron, name) >= 1 / _LIMIT:
            raise ParameterError(f"{name} = {getattr(neuron, name):g} {_UNITS[name]} must be >= {1 / _LIMIT:g}")
    if not neuron.V_reset < neuron.V_top:
        raise ParameterError(f"V_reset = {neuron.V_reset} mV must lie below V_top = {neuron.V_top} mV")


def lower_boundary(neuron: Membrane) -> float:
    """The potential below which less than 1e-15 of the mass lies, mV.

    Below V_reset the flux is zero and p ~ exp(int a dV); the boundary is where that has fallen to
    exp(-42) of its peak, at least one sigma below V_reset.

    Raises:
        ParameterError: the drift does not confine V from below.
    """
    reach = 16.0 * neuron.sigma
    for _ in range(48):
        V = np.linspace(neuron.V_reset - reach, neuron.V_reset, 4001)
        a = neuron.slope(V)
        log_p = np.concatenate([[0.0], np.cumsum(0.5 * (a[1:] + a[:-1]) * np.diff(V))])
        deep = np.flatnonzero(log_p[: np.argmax(log_p) + 1] < log_p.max() - _DEPTH)
        if deep.size:
            return float(min(V[deep[-1]], neuron.V_reset - neuron.sigma))
        reach *= 2.0
    low = neuron.V_reset - reach
    raise ParameterError(
        f"the drift does not hold V above {low:.3g} mV: 1 + g - psi' must be > 0 there, g = {neuron.g:g}"
    )


def first_cell(neuron: Membrane) -> float:
    """A cell, mV, at which fourth order has set in: a hundredth of the width, and less where psi rises within less.

    A fifth of a length, at most Delta_T ln 2 for EIF, over which psi at V_top doubles.
    """
    span = neuron.V_top - neuron.V_reset
    drop = span * np.exp2(-np.arange(40.0))
    psi = neuron.psi(neuron.V_top - drop)
    steep = float(drop[np.argmax(psi >= 0.5 * neuron.psi(np.array([neuron.V_top])))])
    return min(neuron.width / 100, span / 40, steep / 5)


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
        ParameterError: V_lb >= V_reset, h <= 0, or psi not finite at V_reset or V_top.
        MeshError: more than 4e6 cells, or cells that the potentials' own digits cannot tell apart.
    """
    if not V_lb < neuron.V_reset:
        raise ParameterError(f"V_lb = {V_lb} mV must lie below V_reset = {neuron.V_reset} mV")
    if not 0 < h < np.inf:
        raise ParameterError(f"h = {h} mV must be finite and > 0 mV")
    cells = (neuron.V_top - V_lb) / h
    if not cells <= MAX_CELLS:
        raise MeshError(
            f"sigma = {neuron.sigma:g} mV with g = {neuron.g:g} would need {cells:.0e} cells from {V_lb:.4g} mV to "
            f"V_top = {neuron.V_top:g} mV, at most {MAX_CELLS:.0e}: raise sigma or h, lower g or V_top, or take the "
            "noiseless limit"
        )
    if not h > 16 * np.spacing(max(abs(V_lb), abs(neuron.V_top))):
        raise MeshError(f"h = {h:.3g} mV is lost in the digits of potentials of {V_lb:.3g} mV: raise sigma or h")
    a_reset, a_top = neuron.slope(np.array([neuron.V_reset, neuron.V_top]))
    for name, a in (("V_reset", a_reset), ("V_top", a_top)):
        if not np.isfinite(a):
            raise ParameterError(f"psi is not finite at {name} = {getattr(neuron, name)} mV: lower {name}")
    below = _segment(V_lb, neuron.V_reset, h, a_reset)
    return np.concatenate([below, _segment(neuron.V_reset, neuron.V_top, h, a_top)[1:]]), below.size - 1


def _segment(start: float, end: float, h: float, a: float) -> NDArray[np.float64]:
    """Nodes from start to end: uniform cells <= h, then cells that shrink to .1/a, as V's digits allow, at the end."""
    first = min(h, max(0.1 / a, 4 * np.spacing(abs(end)))) if a > 0 else h
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
