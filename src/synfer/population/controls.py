"""Populations that share a base rate: operating points, and the controls of every gating experiment."""

from collections.abc import Callable
from typing import Literal, overload

import numpy as np
from scipy.optimize import root_scalar

from synfer.core.errors import NumericalError, ParameterError
from synfer.population.drive import Drive, Noise, as_drive
from synfer.population.neurons import EIF, LIF, AdaptiveEIF, AdaptiveLIF, AdaptiveLinearisedEIF, LinearisedEIF, Neuron
from synfer.population.readout import stable_point
from synfer.population.signals import sustained
from synfer.population.theory import siegert
from synfer.population.verbs import stationary
from synfer.population.verbs.columns import mean_adaptation
from synfer.population.verbs.common import Points, check_neuron, check_positive
from synfer.population.verbs.mesh import Mesh, choose

FURTHEST = 5.0
"""How far above V_top an adaptive neuron is driven, over V_top - V_reset: to hundreds of Hz. Beyond, its density over V
and w takes minutes, if it settles at all."""
SMALLEST_RATE = 1e-200
"""Rates below this [Hz] count as none."""


@overload
def rate_matched(eif: AdaptiveEIF, noise: Noise | Drive, kind: Literal["lif"] = "lif") -> AdaptiveLIF: ...
@overload
def rate_matched(eif: AdaptiveEIF, noise: Noise | Drive, kind: Literal["linear"]) -> AdaptiveLinearisedEIF: ...
@overload
def rate_matched(eif: EIF, noise: Noise | Drive, kind: Literal["lif"] = "lif") -> LIF: ...
@overload
def rate_matched(eif: EIF, noise: Noise | Drive, kind: Literal["linear"]) -> LinearisedEIF: ...
def rate_matched(eif: EIF, noise: Noise | Drive, kind: Literal["lif", "linear"] = "lif") -> LIF | LinearisedEIF:
    """The linear neuron that fires at the EIF's stationary rate under the same drive.

    kind="lif" drops psi. kind="linear" keeps its tangent at the stable fixed point V_0 of the drive, so it
    keeps the subthreshold slope and loses only the runaway. Either has the EIF's tau_m, V_reset and t_ref, and
    the hard threshold V_th that solves Siegert's equation for the EIF's rate.

    An AdaptiveEIF is matched by a linear neuron with the same adaptation, whose V_th gives its density over V and w the
    same rate; V_0 is the stable point at the mean of w. A V_clip that would lie above V_th is left out.

    Args:
        eif: The neuron to match.
        noise: Its sustained drive.
        kind: "lif" or "linear".

    Returns:
        LIF or LinearisedEIF; AdaptiveLIF or AdaptiveLinearisedEIF for an AdaptiveEIF.

    Raises:
        ParameterError: a kind that does not exist, a drive that varies in time, or, for "linear", a drive above the
            rheobase, where there is no stable point.

    Accuracy: the rates agree to 1e-9 relative; with adaptation to 1e-6, on equal meshes.

    Example:
        >>> import synfer as sf
        >>> round(sf.rate_matched(sf.EIF.fourcaud2003(), sf.Noise(-64.22720614, 2)).V_th, 4)
        -59.6047
    """
    if kind not in ("lif", "linear"):
        raise ParameterError(f"kind = {kind!r} must be 'lif' or 'linear'")
    if not isinstance(eif, EIF):
        raise ParameterError(f"rate_matched makes a linear control for an EIF, and got {eif!r}")
    drive = as_drive(noise)
    mu, sigma, g, gE = sustained(drive)
    state = stationary(eif, drive)
    if eif.slow is not None:
        mu -= float(state.w_mean)
    shared = {"tau_m": eif.tau_m, "V_reset": eif.V_reset, "t_ref": eif.t_ref}
    V_0, psi_0, slope = (0.0, 0.0, 0.0) if kind == "lif" else _tangent(eif, mu, g, gE)
    leak = 1 + g - slope
    free = ((mu + gE + psi_0 - slope * V_0) / leak, sigma / np.sqrt(leak))
    target = float(state.rate)
    if target < SMALLEST_RATE:
        raise ParameterError(f"the EIF fires at {target:g} Hz, too slowly to be matched; raise mu or sigma of {drive}")
    V_th = _threshold(target, *free, eif.tau_m / leak, eif.V_reset, eif.t_ref)
    line = {} if kind == "lif" else {"V_0": V_0, "psi_0": psi_0, "slope": slope}
    if isinstance(eif, AdaptiveEIF):
        return _adaptive(
            eif, AdaptiveLIF if kind == "lif" else AdaptiveLinearisedEIF, shared | line, drive, target, V_th
        )
    return (LIF if kind == "lif" else LinearisedEIF)(V_th=V_th, **shared, **line)


def _adaptive(
    eif: AdaptiveEIF,
    kind: type[AdaptiveLIF] | type[AdaptiveLinearisedEIF],
    shared: dict[str, float],
    drive: Drive,
    rate: float,
    start: float,
) -> AdaptiveLIF | AdaptiveLinearisedEIF:
    """The linear neuron of this kind with the adaptation of an AdaptiveEIF that fires at a rate [Hz].

    `start` is the threshold [mV] without the fluctuations of w.
    """

    def made(V_th: float) -> AdaptiveLIF | AdaptiveLinearisedEIF:
        clip = eif.V_clip if eif.V_clip is not None and eif.V_clip <= V_th else None
        adaptation = {name: getattr(eif, name) for name in ("tau_w", "a_w", "b", "E_w")}
        return kind(V_th=V_th, V_clip=clip, **adaptation, **shared)

    def excess(V_th: float, h: Mesh) -> float:
        return float(np.log(max(float(stationary(made(V_th), drive, h=h).rate), SMALLEST_RATE) / rate))

    return made(_root_on_its_mesh(excess, lambda V_th: _mesh(made(V_th), drive), start, lowest=eif.V_reset))


def noise_for_rate(neuron: Neuron, rate: float, sigma: float) -> Noise:
    """The Noise of a given sigma under which a neuron fires at a given stationary rate.

    Args:
        neuron: A neuron that a Noise drives, adaptive or not.
        rate: Stationary rate [Hz], > 0 and below 1/t_ref.
        sigma: sd of the free membrane [mV], > 0.

    Raises:
        ParameterError: a rate that the neuron cannot reach, or a value out of bounds.

    Accuracy: the rate is met to 1e-9 relative; with adaptation to 1e-6, on equal meshes.

    Example:
        >>> import synfer as sf
        >>> round(sf.noise_for_rate(sf.EIF.fourcaud2003(), rate=5, sigma=2).mu, 5)
        -64.22721
    """
    neuron = check_neuron(neuron)
    if neuron.background != "noise":
        raise ParameterError(f"no Noise drives {neuron!r}; choose a Current, for example sf.Current(I=4, D=1)")
    target, sigma = check_positive("rate", rate, "Hz"), check_positive("sigma", sigma, "mV")
    if target * neuron.t_ref >= 1000:
        raise ParameterError(f"rate = {target:g} Hz must be < 1/t_ref = {1000 / neuron.t_ref:g} Hz")
    adapts = neuron.slow is not None

    def excess(mu: float, h: Mesh | None = None) -> float:
        found = (
            1000 * mean_adaptation(neuron, mu, sigma, 0.0, 0.0, neuron.slow.jump).rate
            if neuron.slow is not None and h is None
            else float(stationary(neuron, Noise(mu, sigma), h=h).rate)
        )
        return float(np.log(max(found, SMALLEST_RATE) / target))

    span = neuron.V_top - neuron.V_reset
    highest = neuron.V_top + FURTHEST * span if adapts else neuron.V_reset + 1e6
    low = high = neuron.V_reset
    while excess(high) < 0:
        if high >= highest:
            raise ParameterError(f"rate = {target:g} Hz takes more than mu = {highest:g} mV of this neuron; lower it")
        step = max(2 * sigma, 5.0) if high < neuron.V_top + 50 else 2 * (high - neuron.V_reset)
        high = min(high + step, highest)
    while excess(low) > 0:
        low -= max(2 * sigma, 5.0)
    mu = _root(excess, low, high, xtol=1e-3 if adapts else 1e-12)
    if adapts:
        mu = _root_on_its_mesh(excess, lambda mu: _mesh(neuron, as_drive(Noise(mu, sigma))), mu)
    return Noise(mu, sigma)


def _mesh(neuron: Neuron, drive: Drive) -> Mesh:
    """The mesh that a neuron would get by default, spelled out."""
    cells = choose({"neuron": neuron, "drive": drive, "h": None}, Points())
    columns = cells.columns
    if columns is None or columns.count == 1:
        return Mesh(cells.h)
    return Mesh(cells.h, columns.dw, (columns.low, columns.high))


def _root_on_its_mesh(
    function: Callable[[float, Mesh], float], mesh: Callable[[float], Mesh], start: float, lowest: float = -np.inf
) -> float:
    """A root of function(x, mesh(x)), which jumps by the mesh's error where the mesh changes with x."""
    root, last = start, None
    for _ in range(4):
        own = mesh(root)
        if own == last:
            break
        root, last = _root_near(lambda x, own=own: function(x, own), root, lowest), own
    return root


def _root_near(function: Callable[[float], float], start: float, lowest: float = -np.inf) -> float:
    """A root of a monotonic function near `start` [mV]."""
    step, at_start = 0.25, function(start)
    for _ in range(8):
        ends = max(start - step, lowest + 0.1 * step), start + step
        values = [function(end) for end in ends]
        inside = [end for end, value in zip(ends, values, strict=True) if value * at_start <= 0]
        if inside:
            return _root(function, *sorted((start, inside[0])), xtol=1e-7)
        step *= 2
    raise NumericalError(f"no solution lies within {step:g} mV of {start:g} mV; change rate, mu or sigma")


def _tangent(eif: EIF, mu: float, g: float, gE: float) -> tuple[float, float, float]:
    V_lb = min(eif.V_reset, mu, (mu + gE) / (1 + g)) - 1
    V_0 = stable_point(eif.psi, mu, V_lb=V_lb, V_top=eif.V_cut, g=g, gE=gE)
    if V_0 is None:
        raise ParameterError(
            f"mu = {mu} mV lies above the rheobase, so there is no stable point to linearise at; lower mu"
        )
    psi_0 = float(eif.psi(np.array(V_0)))
    return V_0, psi_0, psi_0 / eif.Delta_T


def _threshold(rate: float, mean: float, sd: float, tau: float, V_reset: float, t_ref: float) -> float:
    def excess(V_th: float) -> float:
        matched = float(siegert(mean, sd, tau_m=tau, V_th=V_th, V_reset=V_reset, t_ref=t_ref))
        return float(np.log(max(matched, SMALLEST_RATE) / rate))

    low, high = V_reset + 1e-6 * sd, max(mean, V_reset) + sd
    while excess(high) > 0:
        high += 2 * sd
        if high > mean + 200 * sd:
            raise NumericalError(f"no threshold gives {rate:g} Hz at mean {mean:g} mV and sd {sd:g} mV")
    return _root(excess, low, high)


def _root(function: Callable[[float], float], low: float, high: float, xtol: float = 1e-12) -> float:
    if function(low) * function(high) > 0:
        raise NumericalError(f"no solution lies between {low:g} and {high:g} mV; change rate, mu or sigma")
    return float(root_scalar(function, bracket=(low, high), method="brentq", xtol=xtol, rtol=1e-14).root)
