"""First passage of the leaky integrate-and-fire neuron in closed form."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc, erfcx

from synfer.core.errors import NumericalError, ParameterError
from synfer.population.theory.siegert import LIMIT, check, siegert

_NODES, _WEIGHTS = leggauss(20)
_UNIT, _HALF = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
_FAR = 1000.0  # sigma; so far mpmath's parabolic cylinder functions answer within milliseconds
FASTEST = 1e4  # abs(s) tau_m; beyond, their series take seconds or do not converge


def passage_transform(
    s: ArrayLike, *, tau_m: float, mu: float, sigma: float, V_th: float, V_reset: float
) -> NDArray[np.float64] | NDArray[np.complex128]:
    """E[exp(-s T)] = exp((x_r^2 - x_th^2)/4) D_{-s tau_m}(-x_r)/D_{-s tau_m}(-x_th), x = (V - mu)/sigma.

    T is the first passage of the LIF from V_reset to V_th, without refractory time; D_nu is the
    parabolic cylinder function.

    Args:
        s: Laplace variable, 1/ms, real or complex with Re s >= 0, any shape.
        tau_m, mu, sigma, V_th, V_reset: as for `siegert`; sigma > 0.

    Returns:
        The transform in the shape of s, real if s is.

    Raises:
        ParameterError: as `siegert`; sigma <= 0; Re s < 0; abs(s) tau_m > 1e4; V_th or V_reset more than
            1000 sigma from mu.
        NumericalError: a series that does not converge.

    Accuracy:
        1e-14 relative (30 digits inside).

    References:
        Darling & Siegert, Ann. Math. Stat. 24:624 (1953); Alili, Patie & Pedersen (2005), eq. 2.6.
    """
    import mpmath

    _check_noisy(tau_m, mu, sigma, V_th, V_reset)
    check_near(mu, sigma, V_th, V_reset)
    s_ = np.asarray(s)
    if not np.all((np.abs(s_) <= FASTEST / tau_m) & (np.real(s_) >= 0)):
        raise ParameterError(f"s = {s} 1/ms must have Re s >= 0 and abs(s) <= {FASTEST / tau_m:g} 1/ms")
    x_th, x_r = (V_th - mu) / sigma, (V_reset - mu) / sigma
    out = np.empty(s_.shape, complex if np.iscomplexobj(s_) else float)
    with mpmath.workdps(30):
        scale = mpmath.exp((mpmath.mpf(x_r) ** 2 - mpmath.mpf(x_th) ** 2) / 4)
        for index, value in np.ndenumerate(s_):
            nu = -tau_m * mpmath.mpmathify(value.item())
            ratio = scale * cylinder(nu, -x_r) / cylinder(nu, -x_th)
            out[index] = complex(ratio) if out.dtype == complex else float(mpmath.re(ratio))
    return out


def cylinder(nu: Any, x: float) -> Any:
    """The parabolic cylinder function D_nu(x) in mpmath's precision of the moment."""
    import mpmath
    from mpmath.libmp import NoConvergence

    try:
        return mpmath.pcfd(nu, x)
    except (ValueError, NoConvergence):
        raise NumericalError(
            f"D_nu(x) does not converge at nu = {complex(nu):.3g}, x = {x:.3g}; lower s or w"
        ) from None


def check_near(mu: float, sigma: float, V_th: float, V_reset: float) -> None:
    """A ParameterError where V_th or V_reset is so many sigma from mu that the closed forms would take minutes."""
    far = max(abs(V_th - mu), abs(V_reset - mu))
    if not far <= _FAR * sigma:
        raise ParameterError(
            f"sigma = {sigma:g} mV must be >= {far / _FAR:.3g} mV, {1 / _FAR:g} of the way from mu = {mu:g} mV"
        )


def mean_passage(
    *, tau_m: ArrayLike, mu: ArrayLike, sigma: ArrayLike, V_th: ArrayLike, V_reset: ArrayLike
) -> NDArray[np.float64] | np.float64:
    """The mean first passage from V_reset to V_th, ms: Siegert's integral without refractory time.

    Args:
        tau_m, mu, sigma, V_th, V_reset: as for `siegert`; they broadcast.

    Returns:
        Mean passage time, ms; inf where the threshold is never reached (sigma = 0, mu <= V_th) or the
        time exceeds 1e308 ms.

    Accuracy:
        As `siegert`.
    """
    rate = siegert(mu, sigma, tau_m=tau_m, V_th=V_th, V_reset=V_reset, t_ref=0.0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.float64(1e3) / rate


def lif_cv(*, tau_m: float, mu: float, sigma: float, V_th: float, V_reset: float, t_ref: float) -> float:
    """The LIF's CV: sd of its intervals, Var = 2 pi tau_m^2 int_{y_r}^{y_th} H(x) dx, over their mean.

    H(x) = exp(x^2) int_{-inf}^x exp(-y^2) erfcx(-y)^2 dy, y = (V - mu)/(sqrt(2) sigma). H is carried from
    panel to panel by Gauss-Legendre; above zero with exp(2 x^2) divided out, so that the CV stays
    exact when intervals are astronomically long (it tends to 1, or above it when the reset is near
    the threshold).

    Args:
        tau_m, mu, sigma, V_th, V_reset, t_ref: as for `siegert`, scalars; sigma > 0.

    Returns:
        The coefficient of variation of the interspike interval, t_ref in the mean.

    Raises:
        ParameterError: as `siegert`; sigma <= 0; V_th more than 1e6 sigma above mu.
        NumericalError: the interval left the numbers.

    Accuracy:
        Against the double integral at 25 digits: relative error 2e-14; y_th^2 2^-52 if that is larger.

    References:
        Brunel, J. Comput. Neurosci. 8:183 (2000), appendix, eq. 35 (its sigma is sqrt(2) larger).
    """
    _check_noisy(tau_m, mu, sigma, V_th, V_reset, t_ref)
    y_r, y_th = ((V - mu) / (np.sqrt(2.0) * sigma) for V in (V_reset, V_th))
    if not y_th <= 1e6:
        raise ParameterError(
            f"sigma = {sigma} mV must exceed (V_th - mu)/1e6 = {(V_th - mu) / 1e6:.3g} mV to count digits; raise it"
        )
    top = max(y_th, 0.0)
    H, variance, mean = float(_inner_below_zero(np.zeros(1))[0]), 0.0, 0.0
    start = min(y_r, 0.0)
    # Climbing far above zero only the last exp(-50) counts, in the outer and in the inner integral.
    climb = max(top**2 - 100.0, max(y_r, 0.0) ** 2 - 50.0)
    if climb > 0:
        start, H = np.sqrt(climb), 0.0
    edges = _panels(start, y_r, y_th)
    for b, end in pairwise(edges):
        x = b + (end - b) * np.append(_UNIT, 1.0)
        inside = _inner_below_zero(x) if b < 0 else _carry(H, b, x)
        H = inside[-1] if b >= 0 else H
        if b >= y_r:
            x, weight = x[:-1], (end - b) * _HALF
            rise = np.maximum(x, 0.0) ** 2 - top**2
            variance += float(np.sum(weight * np.exp(2 * rise) * inside[:-1]))
            mean += float(np.sum(weight * np.exp(rise) * _damped(x)))
    interval = tau_m * np.sqrt(np.pi) * mean + t_ref * np.exp(-(top**2))
    if not 0 < interval < np.inf:
        raise NumericalError(
            f"the CV at mu = {mu:g} mV, sigma = {sigma:g} mV left the numbers: bring mu nearer to V_th"
        )
    return float(tau_m * np.sqrt(2 * np.pi * variance) / interval)


def _check_noisy(tau_m: float, mu: float, sigma: float, V_th: float, V_reset: float, t_ref: float = 0.0) -> None:
    if not sigma >= 1 / LIMIT:
        raise ParameterError(f"sigma = {sigma} mV must be > 0 mV; the noiseless LIF is siegert(mu, 0, ...)")
    check(mu=mu, sigma=sigma, tau_m=tau_m, V_th=V_th, V_reset=V_reset, t_ref=t_ref)


def _damped(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-max(y, 0)^2) erfcx(-y)."""
    return np.where(y > 0, erfc(-y), erfcx(np.maximum(-y, 0.0)))


def _panels(start: float, y_r: float, y_th: float) -> list[float]:
    """Panels no longer than 1/2, nor than the scale 1/y on which exp(y^2) grows; edges at 0 and y_r."""
    edges = [start]
    for stop in sorted({stop for stop in (0.0, y_r, y_th) if start < stop <= y_th}):
        while edges[-1] < stop:
            b = edges[-1]
            step = 0.1 * abs(b) if b < -5 else min(0.5, 1.0 / max(b, 1.0))
            edges.append(stop if b + 1.25 * step >= stop else b + step)
    return edges


def _carry(H: float, b: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-2 x^2) H(x) at points x of a panel that starts at b >= 0, given exp(-2 b^2) H(b)."""
    y = b + (x - b)[:, None] * _UNIT
    new = (x - b) * np.sum(_HALF * np.exp(y * y - x[:, None] ** 2) * _damped(y) ** 2, axis=-1)
    return new + H * np.exp((b - x) * (b + x))


def _inner_below_zero(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """H(x) = int_0^inf exp(2 x t - t^2) erfcx(t - x)^2 dt for x <= 0, up to 2 abs(x) t + t^2 = 38."""
    reach = 38.0 / (np.sqrt(x * x + 38.0) - x)
    t = reach[:, None] * (np.arange(8)[:, None] + _UNIT).ravel() / 8
    inside = np.exp(2 * x[:, None] * t - t * t) * erfcx(t - x[:, None]) ** 2
    return reach / 8 * np.sum(np.tile(_HALF, 8) * inside, axis=-1)
