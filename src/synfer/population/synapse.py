"""Postsynaptic kernels of unit area, convolved with a Gaussian volley, in closed form.

A spike of weight J [mV] is worth a step of J in a passive membrane: the current is
``tau_m J k(t)`` with the integral of k equal to 1. For a volley of `a` spikes, Gaussian in time around t0
with sd sigma_t, the input is the convolution k * N(t0, sigma_t^2); its integral gives the mean input over a
step of an engine, so that no charge is lost however short the volley.
"""

from typing import Literal

import numpy as np
from scipy.special import erfcx, ndtr

Kernel = Literal["alpha", "exponential", "biexponential", "delta"]


def check_times(kernel: str, tau_s: float | None, tau_r: float | None) -> None:
    """A ValueError for time constants that do not belong to a kernel; whether tau_s may be missing is the caller's."""
    if kernel == "delta" and tau_s is not None:
        raise ValueError("tau_s has no meaning for kernel='delta', which has no time constant; leave tau_s out")
    if (tau_r is not None) != (kernel == "biexponential"):
        raise ValueError("tau_r is for kernel='biexponential', which needs it")
    if tau_r is not None and tau_s is not None and tau_r >= tau_s:
        raise ValueError(f"tau_r = {tau_r} ms must be < tau_s = {tau_s} ms; for equal times use kernel='alpha'")


def volley_cumulative(
    x: np.ndarray, sigma_t: float, kernel: Kernel, tau_s: float | None = None, tau_r: float | None = None
) -> np.ndarray:
    """The fraction of a volley's charge delivered by time x after its centre.

    Args:
        x: Times relative to the volley's centre [ms], any shape.
        sigma_t: Standard deviation of the spike times [ms], >= 0.
        kernel: alpha: t/tau_s^2 e^{-t/tau_s}; exponential: e^{-t/tau_s}/tau_s; biexponential:
            (e^{-t/tau_s} - e^{-t/tau_r})/(tau_s - tau_r), tau_r < tau_s; delta.
        tau_s: Decay time [ms] (not for delta).
        tau_r: Rise time [ms] (biexponential only).

    Returns:
        Values in [0, 1] of the shape of x.

    Accuracy: 1e-14 absolute while sigma_t < 100 tau_s.
    """
    x = np.asarray(x, dtype=np.float64)
    arrived = ndtr(x / sigma_t) if sigma_t > 0 else (x >= 0).astype(np.float64)
    if kernel == "delta":
        return arrived
    if kernel == "exponential":
        return arrived - _decaying(x, sigma_t, tau_s)[0]
    if kernel == "alpha":
        first, second = _decaying(x, sigma_t, tau_s)
        return arrived - first - second
    slow, fast, difference = _biexponential(x, sigma_t, tau_s, tau_r)
    return arrived - slow - (slow - fast) * (tau_r or 0) / difference


def volley_intensity(
    x: np.ndarray, sigma_t: float, kernel: Kernel, tau_s: float | None = None, tau_r: float | None = None
) -> np.ndarray:
    """The derivative of `volley_cumulative` [1/ms], from the left where it jumps. Arguments as there."""
    x = np.asarray(x, dtype=np.float64)
    if kernel == "delta":
        density = (
            np.exp(-0.5 * (x / sigma_t) ** 2) / (np.sqrt(2 * np.pi) * sigma_t) if sigma_t > 0 else np.zeros_like(x)
        )
    elif kernel == "exponential":
        density = _decaying(x, sigma_t, tau_s)[0] / tau_s
    elif kernel == "alpha":
        density = _decaying(x, sigma_t, tau_s)[1] / tau_s
    else:
        slow, fast, difference = _biexponential(x, sigma_t, tau_s, tau_r)
        density = (slow - fast) / difference
    return density if sigma_t > 0 else np.where(x > 0, density, 0.0)


def _biexponential(
    x: np.ndarray, sigma_t: float, tau_s: float | None, tau_r: float | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """The slow and the fast decaying part, and tau_s - tau_r."""
    if tau_s is None or tau_r is None:
        raise TypeError("a biexponential kernel has two time constants")
    return _decaying(x, sigma_t, tau_s)[0], _decaying(x, sigma_t, tau_r)[0], tau_s - tau_r


def _decaying(x: np.ndarray, sigma_t: float, tau: float | None) -> tuple[np.ndarray, np.ndarray]:
    """E[e^{-u/tau}; u > 0] and E[(u/tau) e^{-u/tau}; u > 0] for u = x - s, s ~ N(0, sigma_t^2).

    With m = (x - sigma_t^2/tau)/sigma_t: both are e^{-x/tau + sigma_t^2/2 tau^2} times Phi(m) and
    (sigma_t/tau)(m Phi(m) + phi(m)); the erfcx form is used for m < 0, where the factor may overflow.
    """
    if tau is None:
        raise TypeError("every kernel but delta has a time constant")
    if sigma_t == 0:
        u = np.maximum(x, 0) / tau
        first = np.where(x >= 0, np.exp(-u), 0.0)
        return first, u * first
    ratio = sigma_t / tau
    z = x / sigma_t
    m = z - ratio
    gauss = np.exp(-0.5 * z**2)
    below = 0.5 * erfcx(np.maximum(-m, 0) / np.sqrt(2))
    above = np.exp(np.minimum(0.5 * ratio**2 - x / tau, 700.0)) * (m > 0)
    phi = 1 / np.sqrt(2 * np.pi)
    first = np.where(m > 0, above * ndtr(m), gauss * below)
    second = np.where(m > 0, above * ndtr(m) * m + gauss * phi, gauss * (m * below + phi))
    return first, ratio * second
