"""Populations that share a base rate: operating points, and the controls of every gating experiment."""

from collections.abc import Callable
from typing import Literal, overload

import numpy as np
from scipy.optimize import root_scalar

from synfer.core.errors import NumericalError, ParameterError
from synfer.population.drive import Drive, Noise, as_drive
from synfer.population.neurons import EIF, LIF, LinearisedEIF, Neuron
from synfer.population.readout import stable_point
from synfer.population.signals import sustained
from synfer.population.theory import siegert
from synfer.population.verbs import stationary
from synfer.population.verbs.common import check_neuron, check_positive

SMALLEST_RATE = 1e-200
"""Rates below this [Hz] count as none."""


@overload
def rate_matched(eif: EIF, noise: Noise | Drive, kind: Literal["lif"] = "lif") -> LIF: ...
@overload
def rate_matched(eif: EIF, noise: Noise | Drive, kind: Literal["linear"]) -> LinearisedEIF: ...
def rate_matched(eif: EIF, noise: Noise | Drive, kind: Literal["lif", "linear"] = "lif") -> LIF | LinearisedEIF:
    """The linear neuron that fires at the EIF's stationary rate under the same drive.

    kind="lif" drops psi. kind="linear" keeps its tangent at the stable fixed point V_0 of the drive, so it
    keeps the subthreshold slope and loses only the runaway. Either has the EIF's tau_m, V_reset and t_ref, and
    the hard threshold V_th that solves Siegert's equation for the EIF's rate.

    Args:
        eif: The neuron to match.
        noise: Its sustained drive.
        kind: "lif" or "linear".

    Returns:
        LIF or LinearisedEIF.

    Raises:
        ParameterError: a kind that does not exist, a drive that varies in time, or, for "linear", a drive above the
            rheobase, where there is no stable point.

    Accuracy: the rates agree to 1e-9 relative.

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
    shared = {"tau_m": eif.tau_m, "V_reset": eif.V_reset, "t_ref": eif.t_ref}
    V_0, psi_0, slope = (0.0, 0.0, 0.0) if kind == "lif" else _tangent(eif, mu, g, gE)
    leak = 1 + g - slope
    free = ((mu + gE + psi_0 - slope * V_0) / leak, sigma / np.sqrt(leak))
    target = float(stationary(eif, drive).rate)
    if target < SMALLEST_RATE:
        raise ParameterError(f"the EIF fires at {target:g} Hz, too slowly to be matched; raise mu or sigma of {drive}")
    V_th = _threshold(target, *free, eif.tau_m / leak, eif.V_reset, eif.t_ref)
    if kind == "lif":
        return LIF(V_th=V_th, **shared)
    return LinearisedEIF(V_th=V_th, V_0=V_0, psi_0=psi_0, slope=slope, **shared)


def noise_for_rate(neuron: Neuron, rate: float, sigma: float) -> Noise:
    """The Noise of a given sigma under which a neuron fires at a given stationary rate.

    Args:
        neuron: LIF, EIF or LinearisedEIF.
        rate: Stationary rate [Hz], > 0 and below 1/t_ref.
        sigma: sd of the free membrane [mV], > 0.

    Raises:
        ParameterError: a rate that the neuron cannot reach, or a value out of bounds.

    Accuracy: the rate is met to 1e-9 relative.

    Example:
        >>> import synfer as sf
        >>> round(sf.noise_for_rate(sf.EIF.fourcaud2003(), rate=5, sigma=2).mu, 5)
        -64.22721
    """
    neuron = check_neuron(neuron)
    target, sigma = check_positive("rate", rate, "Hz"), check_positive("sigma", sigma, "mV")
    if target * neuron.t_ref >= 1000:
        raise ParameterError(f"rate = {target:g} Hz must be < 1/t_ref = {1000 / neuron.t_ref:g} Hz")

    def excess(mu: float) -> float:
        return float(np.log(max(float(stationary(neuron, Noise(mu, sigma)).rate), SMALLEST_RATE) / target))

    low = high = neuron.V_reset
    while excess(high) < 0:
        high += max(2 * sigma, 5.0) if high < neuron.V_top + 50 else 2 * (high - neuron.V_reset)
        if high > neuron.V_reset + 1e6:
            raise ParameterError(f"rate = {target:g} Hz is beyond this neuron; lower it")
    while excess(low) > 0:
        low -= max(2 * sigma, 5.0)
    return Noise(_root(excess, low, high), sigma)


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


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    if function(low) * function(high) > 0:
        raise NumericalError(f"no solution lies between {low:g} and {high:g} mV; change rate, mu or sigma")
    return float(root_scalar(function, bracket=(low, high), method="brentq", xtol=1e-12, rtol=1e-14).root)
