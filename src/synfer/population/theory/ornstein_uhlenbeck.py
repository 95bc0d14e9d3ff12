"""Moments of the free membrane, an Ornstein-Uhlenbeck process under time-varying input."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

Signal = Callable[[float], float]


def ou_moments(
    t: ArrayLike,
    mu: ArrayLike,
    sigma: ArrayLike,
    g: ArrayLike,
    gE: ArrayLike,
    *,
    tau_m: float,
    mean_0: ArrayLike,
    var_0: ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of tau_m dV/dt = mu + gE - (1 + g) V + sigma sqrt(2 tau_m) xi, input constant by pieces.

    Over a piece of length d the mean relaxes to (mu + gE)/(1 + g) by exp(-k d) and the variance to
    sigma^2/(1 + g) by exp(-2 k d), k = (1 + g)/tau_m: exact.

    Args:
        t: Times, ms, increasing, (n + 1,).
        mu, sigma, g, gE: mV, mV, units of the leak (> -1), mV; scalars or (..., n), the value on
            [t_i, t_{i+1}].
        tau_m: Membrane time constant, ms.
        mean_0, var_0: Mean (mV) and variance (mV^2) at t_0, scalars or (...).

    Returns:
        (mean, var) at the times, (..., n + 1).

    Raises:
        ValueError: t does not increase, or g <= -1.

    Accuracy:
        Rounding.

    References:
        Gardiner, Handbook of Stochastic Methods, sec. 3.8.4.
    """
    times = np.asarray(t, dtype=float)
    if times.ndim != 1 or np.any(np.diff(times) <= 0):
        raise ValueError("t must be one increasing sequence of times in ms")
    leak = 1.0 + np.asarray(g, dtype=float)
    if np.any(leak <= 0):
        raise ValueError("g must be > -1: the membrane must leak")
    steps = np.diff(times)
    decay = np.exp(-leak / tau_m * steps)
    mean_inf = (np.asarray(mu, dtype=float) + np.asarray(gE, dtype=float)) / leak
    var_inf = np.asarray(sigma, dtype=float) ** 2 / leak
    start = np.broadcast_shapes(np.shape(mean_0), np.shape(var_0))
    shape = np.broadcast_shapes(decay.shape, mean_inf.shape, var_inf.shape, (*start, 1))
    decay, mean_inf, var_inf = (np.broadcast_to(x, shape) for x in (decay, mean_inf, var_inf))
    mean, var = np.empty((2, *shape[:-1], steps.size + 1))
    mean[..., 0], var[..., 0] = mean_0, var_0
    for i in range(steps.size):
        e = decay[..., i]
        mean[..., i + 1] = mean_inf[..., i] + e * (mean[..., i] - mean_inf[..., i])
        var[..., i + 1] = var_inf[..., i] + e * e * (var[..., i] - var_inf[..., i])
    return mean, var


def ou_moments_smooth(
    t: ArrayLike,
    mu: Signal,
    sigma: Signal,
    g: Signal,
    gE: Signal,
    *,
    tau_m: float,
    mean_0: float,
    var_0: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same moments under smooth input: tau_m m' = mu + gE - (1 + g) m, tau_m v' = 2 sigma^2 - 2 (1 + g) v.

    Args:
        t: Times, ms, increasing, (n,).
        mu, sigma, g, gE: Smooth functions of time (ms), in the units of `ou_moments`.
        tau_m, mean_0, var_0: as for `ou_moments`, scalars.

    Returns:
        (mean, var) at the times, (n,).

    Raises:
        RuntimeError: the integrator failed (a signal is not finite).

    Accuracy:
        DOP853 at rtol 3e-14; 1e-10 mV against the closed solution of a sinusoidal mu.
    """
    times = np.asarray(t, dtype=float)

    def rhs(time: float, y: NDArray[np.float64]) -> list[float]:
        leak = 1.0 + g(time)
        return [(mu(time) + gE(time) - leak * y[0]) / tau_m, 2 * (sigma(time) ** 2 - leak * y[1]) / tau_m]

    solution = solve_ivp(
        rhs, (times[0], times[-1]), [mean_0, var_0], "DOP853", t_eval=times, rtol=3e-14, atol=1e-13, max_step=tau_m
    )
    if not solution.success or not np.all(np.isfinite(solution.y)):
        raise RuntimeError(f"the moment equations could not be integrated: {solution.message}")
    return solution.y[0], solution.y[1]
