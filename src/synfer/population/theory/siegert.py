"""Stationary rate of the leaky integrate-and-fire neuron under white noise: Siegert's formula."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import dawsn, erfcx

from synfer.core.errors import ParameterError

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_FAR = 50.0  # beyond it five terms of the asymptotic series of erfcx are exact to rounding
LIMIT = 1e12  # no description comes near it; squares and products of larger numbers overflow


def siegert(
    mu: ArrayLike, sigma: ArrayLike, *, tau_m: ArrayLike, V_th: ArrayLike, V_reset: ArrayLike, t_ref: ArrayLike
) -> NDArray[np.float64] | np.float64:
    """The LIF fires at 1/r = t_ref + tau_m sqrt(pi) int_{y_reset}^{y_th} erfcx(-x) dx, y = (V - mu)/(sqrt(2) sigma).

    erfcx(-x) = exp(x^2) (1 + erf x). Below zero erfcx is integrated as it stands; above zero
    exp(x^2) is integrated in closed form (Dawson's function) and exp(y_th^2) is divided out, so
    that nothing overflows. sigma = 0 is the deterministic neuron,
    1/r = t_ref + tau_m ln((mu - V_reset)/(mu - V_th)) if mu > V_th, else r = 0.

    Args:
        mu: Mean of the free membrane, mV. All arguments broadcast.
        sigma: Standard deviation of the free membrane, mV, >= 0 (Brunel's sigma is sqrt(2) larger).
        tau_m: Membrane time constant, ms.
        V_th: Threshold, mV.
        V_reset: Reset, mV, < V_th.
        t_ref: Refractory time, ms, >= 0.

    Returns:
        Rate, Hz, in the broadcast shape.

    Raises:
        ParameterError: sigma < 0, t_ref < 0, tau_m <= 0, V_reset >= V_th, or a number not finite or beyond 1e12.

    Accuracy:
        Against mpmath at 40 digits, y_th from -1e8 to 26: relative error below 3e-15 for rates above
        1 Hz and 2 y_th^2 2^-52 below, where exp(-y_th^2) itself limits it (1e-14 at 1e-9 Hz, 3e-13 at
        1e-290 Hz). Rates below 1e-305 Hz underflow to 0.

    References:
        Siegert, Phys. Rev. 81:617 (1951); Brunel, J. Comput. Neurosci. 8:183 (2000), eq. 21.
    """
    arrays = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (mu, sigma, tau_m, V_th, V_reset, t_ref)))
    mu_, sigma_, tau, threshold, reset, refractory = arrays
    check(mu=mu_, sigma=sigma_, tau_m=tau, V_th=threshold, V_reset=reset, t_ref=refractory)
    noisy = sigma_ > 0
    width = np.sqrt(2.0) * np.where(noisy, sigma_, 1.0)
    with np.errstate(over="ignore", under="ignore"):
        y_th, span = (threshold - mu_) / width, (threshold - reset) / width
        damp, integral = _scaled_integral(y_th, span)
        rate = damp / (refractory * damp + tau * np.sqrt(np.pi) * integral)
    if not noisy.all():
        rate = np.where(noisy, rate, _deterministic(mu_, tau, threshold, reset, refractory))
    return 1e3 * rate


def check(**arguments: ArrayLike) -> None:
    """A ParameterError that names the first argument (mu, sigma, tau_m, V_th, V_reset, t_ref) out of bounds."""
    values = {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in arguments.items()}
    bounds = {"sigma": ("mV", 0.0), "tau_m": ("ms", 1 / LIMIT), "t_ref": ("ms", 0.0)}
    for name, value in values.items():
        unit, lowest = bounds.get(name, ("mV", -LIMIT))
        wrong = ~((value >= lowest) & (value <= LIMIT))
        if wrong.any():
            raise ParameterError(
                f"{name} = {value[wrong][0]:g} {unit} must be >= {lowest:g} {unit} and <= {LIMIT:g} {unit}"
            )
    below = values["V_reset"] < values["V_th"]
    if not below.all():
        V_reset, V_th = (np.broadcast_to(values[name], below.shape)[~below][0] for name in ("V_reset", "V_th"))
        raise ParameterError(f"V_reset = {V_reset:g} mV must lie below V_th = {V_th:g} mV")


def siegert_slope(mu: float, sigma: float, *, tau_m: float, V_th: float, V_reset: float, t_ref: float) -> np.float64:
    """The derivative of `siegert` to mu, Hz/mV: r^2 tau_m sqrt(pi/2) [erfcx(-y_th) - erfcx(-y_reset)]/sigma.

    Args:
        mu, sigma, tau_m, V_th, V_reset, t_ref: as for `siegert`; sigma > 0.

    Returns:
        dr/dmu, Hz/mV.

    Raises:
        ParameterError: as `siegert`, and sigma = 0.

    Accuracy:
        Relative error 1e-13 against 40-digit differentiation; the difference of erfcx loses
        digits when V_th - V_reset is much less than sigma.
    """
    if not sigma > 0:
        raise ParameterError(f"sigma = {sigma} mV must be > 0 mV: the noiseless rate has a kink at threshold")
    rate = siegert(mu, sigma, tau_m=tau_m, V_th=V_th, V_reset=V_reset, t_ref=t_ref) / 1e3
    if rate == 0.0:
        return np.float64(0.0)
    y_th, y_reset = (np.array([V_th, V_reset]) - mu) / (np.sqrt(2.0) * sigma)
    top = max(y_th, 0.0) ** 2
    # rate exp(top) is finite where rate^2 underflows and erfcx(-y_th) overflows.
    damped = _damped_erfcx(y_th, top) - _damped_erfcx(y_reset, top)
    return np.float64(1e3 * rate * np.exp(top + np.log(rate)) * tau_m * np.sqrt(np.pi / 2) * damped / sigma)


def _damped_erfcx(y: float, top: float) -> float:
    """exp(-top) erfcx(-y), top >= y^2 for y > 0."""
    return 2 * np.exp(y * y - top) - np.exp(-top) * erfcx(y) if y > 0 else np.exp(-top) * erfcx(-y)


def _deterministic(mu: NDArray, tau_m: NDArray, V_th: NDArray, V_reset: NDArray, t_ref: NDArray) -> NDArray:
    drive = np.where(mu > V_th, mu - V_th, np.inf)
    interval = t_ref + tau_m * np.log1p((V_th - V_reset) / drive)
    return np.where(mu > V_th, 1.0 / np.where(mu > V_th, interval, 1.0), 0.0)


def _scaled_integral(y_th: NDArray, span: NDArray) -> tuple[NDArray, NDArray]:
    """(d, d int_{y_th - span}^{y_th} erfcx(-x) dx) with d = exp(-max(y_th, 0)^2)."""
    y_reset = y_th - span
    damp = np.exp(-(np.maximum(y_th, 0.0) ** 2))
    lower = np.maximum(-y_th, 0.0)
    below = _erfcx_integral(lower, np.where(y_th <= 0, span, np.maximum(-y_reset, 0.0)))
    # Above zero: erfcx(-x) = 2 exp(x^2) - erfcx(x); nothing is left of it when y_th <= 0.
    start = np.maximum(y_reset, 0.0)
    length = np.where(y_reset > 0, span, np.maximum(y_th, 0.0))
    fall = length * (start + np.maximum(y_th, 0.0))  # y_th^2 - start^2
    closed = dawsn(np.maximum(y_th, 0.0)) - np.exp(-fall) * dawsn(start)
    # Where exp(x^2) barely changes the difference cancels, and quadrature is exact.
    near = fall < 1
    x = 0.5 * length[..., None] * (1.0 + _NODES)
    drop = (length[..., None] - x) * (2 * start[..., None] + x + length[..., None])
    drop = np.where(near[..., None], drop, 1.0)
    smooth = 0.5 * length * np.sum(_WEIGHTS * np.exp(-drop), axis=-1)
    growing = 2.0 * np.where(near, smooth, closed)
    return damp, growing + damp * (below - _erfcx_integral(start, length))


def _erfcx_integral(lower: NDArray, length: NDArray) -> NDArray:
    """int_lower^{lower + length} erfcx(x) dx for lower, length >= 0: direct to 1, in ln x to 50, a series beyond."""
    upper = lower + length
    width = np.where(upper <= 1, length, np.maximum(1.0 - lower, 0.0))
    x = np.minimum(lower, 1.0)[..., None] + 0.5 * width[..., None] * (1.0 + _NODES)
    total = 0.5 * width * np.sum(_WEIGHTS * erfcx(x), axis=-1)
    start = np.clip(lower, 1.0, _FAR)
    rise = np.log1p(np.clip(np.where(lower >= 1, length, upper - 1.0), 0.0, _FAR - start) / start)
    x = start[..., None] * np.exp(0.5 * rise[..., None] * (1.0 + _NODES))
    total = total + 0.5 * rise * np.sum(_WEIGHTS * erfcx(x) * x, axis=-1)
    start = np.maximum(lower, _FAR)
    rise = np.log1p(np.maximum(np.where(lower >= _FAR, length, upper - _FAR), 0.0) / start)
    far = rise + 0.25 / start**2 * np.expm1(-2 * rise) + _tail(start * np.exp(rise)) - _tail(start)
    return total + far / np.sqrt(np.pi)


def _tail(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """sqrt(pi) int erfcx dx - ln x - 1/(4 x^2), for large x."""
    u = 1.0 / x**2
    return u * u * (-3 / 16 + u * (15 / 48 - u * 105 / 128))
