"""A slow variable at its mean: the limit of a time constant far beyond all others."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synfer.core.errors import NumericalError, ParameterError
from synfer.population.theory.mesh import Psi
from synfer.population.theory.threshold_integration import StationaryDensity, threshold_integration

Target = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_REACH = 1e6  # sigma; no w is looked for further from where it would rest


class MeanAdaptation(NamedTuple):
    """w (mV) where it stays, and the stationary density of V at this w, with rate (Hz), mean and sd of V (mV)."""

    w: float
    density: StationaryDensity


def mean_adaptation(
    psi: Psi,
    target: Target,
    *,
    tau: float,
    jump: float,
    tau_m: float,
    mu: float,
    sigma: float,
    V_top: float,
    V_reset: float,
    t_ref: float,
    g: float = 0.0,
    gE: float = 0.0,
) -> MeanAdaptation:
    """The neuron with its slow variable held at the mean that it then has.

    tau dw/dt = target(V) - w while the neuron is not refractory, w += jump at a spike. In a unit of time it may change
    for 1 - r t_ref, and there are r spikes, so that at rest

        w = mean target(V) + jump tau r/(1 - r t_ref),

    mean and r those of the one-dimensional neuron at mu - w. Exact as tau -> infinity at fixed jump tau, with an error
    of order 1/tau. Were there several such w, it is the highest: that which is reached from above.

    Args:
        psi: Spike-generating term psi(V), mV, of an array of potentials.
        target: What w relaxes to, mV, at an array of potentials, mV.
        tau: Time constant of w, ms, > 0.
        jump: Jump of w at a spike, mV, >= 0.
        tau_m, mu, sigma, V_top, V_reset, t_ref, g, gE: as for `threshold_integration`.

    Raises:
        ParameterError: tau <= 0 or jump < 0; otherwise as `threshold_integration`.
        NumericalError: no such w within 1e6 sigma.

    Accuracy:
        w to 1e-9 sigma. Against densities over (V, w) of the adaptive EIF (a_w .5, jump tau 100 mV ms, 6.5 Hz) the
        rate is .86, .21 and .056 % low at tau 500, 2000 and 8000 ms.

    References:
        La Camera, Rauch, Luescher, Senn & Fusi, Neural Comput. 16:2101 (2004).
    """
    from scipy.optimize import brentq

    check_slow(tau, jump)

    def at(w: float) -> StationaryDensity:
        rest = {"tau_m": tau_m, "mu": mu - w, "sigma": sigma, "g": g, "gE": gE}
        return threshold_integration(psi, **rest, V_top=V_top, V_reset=V_reset, t_ref=t_ref)

    def excess(w: float) -> float:
        s = at(w)
        rate = 1e-3 * s.rate
        return mean_of(target, s) + jump * tau * rate / (1.0 - rate * t_ref) - w

    centre = float(target(np.array([V_reset]))[0])
    steps = sigma * 2.0 ** np.arange(np.log2(_REACH))
    high = next((centre + s for s in steps if excess(centre + s) <= 0.0), None)
    if high is None:
        raise NumericalError(
            f"w has no rest below {centre + steps[-1]:.3g} mV at mu = {mu:g} mV: lower jump = {jump:g} mV"
        )
    low = next((high - s for s in steps if excess(high - s) > 0.0), None)
    if low is None:
        raise NumericalError(f"w has no rest above {high - steps[-1]:.3g} mV at mu = {mu:g} mV: check target")
    w = float(brentq(excess, low, high, xtol=1e-10 * sigma))  # pyright: ignore[reportArgumentType]
    return MeanAdaptation(w, at(w))


def check_slow(tau: float, jump: float) -> None:
    """Refuse what is no slow variable.

    Raises:
        ParameterError: naming the argument.
    """
    if not 0 < tau < np.inf:
        raise ParameterError(f"tau = {tau} ms must be finite and > 0 ms")
    if not 0 <= jump < np.inf:
        raise ParameterError(f"jump = {jump} mV must be finite and >= 0 mV")


def mean_of(target: Target, density: StationaryDensity) -> float:
    """Mean of target(V) over a density at nodes, normalised."""
    V, p = density.V, density.p
    return float(np.trapezoid(target(V) * p, V) / np.trapezoid(p, V))
