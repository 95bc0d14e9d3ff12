"""A slow variable that V follows: neurons drift down in w and spike up again, with rates of one-dimensional theory."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synfer.core.errors import NumericalError, ParameterError
from synfer.population.theory.mean_adaptation import Target, check_slow, mean_adaptation, mean_of
from synfer.population.theory.mesh import Psi
from synfer.population.theory.threshold_integration import threshold_integration

_NODES = 25  # of w, at which one-dimensional neurons are solved
_PER_JUMP = 100  # steps of the integration in a jump
_FIRST = 1e-9  # where the first jump's worth of w begins, in jumps
_MOST_JUMPS = 2000
_SPREADS, _JUMPS = 8.0, 12.0  # how far beyond the mean w is followed, in its sd and in jumps


class SlowAdaptation(NamedTuple):
    """rate (Hz), mean and sd of w (mV), and its density p (1/mV, integrates to 1 - rate t_ref) at w (mV)."""

    rate: float
    w_mean: float
    w_sd: float
    w: NDArray[np.float64]
    p: NDArray[np.float64]


def slow_adaptation(
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
) -> SlowAdaptation:
    """The density of w when V has settled at every w before w moves on.

    A neuron at w spikes with the hazard l = r/(1 - r t_ref) of the one-dimensional neuron at mu - w, and drifts at
    u = (mean target(V) - w)/tau. Where it drifts down, above the w_0 at which u = 0, as many neurons fall through a
    level as spike over it,

        -u p(w) = Q(w) - Q(w - jump),    Q(w) = int_{w_0}^{w} l p dw,

    an equation for Q solved from w_0 upwards, jump by jump; below w_0 there is nobody. Fluctuations of target(V) and
    the memory that V keeps of its last spike are left out.

    Args:
        psi, target, tau, jump, tau_m, mu, sigma, V_top, V_reset, t_ref, g, gE: as for `mean_adaptation`; jump > 0.

    Raises:
        ParameterError: as `mean_adaptation`.
        NumericalError: a w that never falls, or spreads over thousands of jumps.

    Accuracy: of order 1/tau at fixed jump tau, see the tests.

    References:
        Muller, Buesing, Schemmel & Meier, Neural Comput. 19:2958 (2007).
    """
    from scipy.interpolate import CubicSpline

    check_slow(tau, jump)
    if jump == 0:
        raise ParameterError("jump = 0 mV leaves w where it rests; use mean_adaptation")
    own = {"tau_m": tau_m, "sigma": sigma, "V_top": V_top, "V_reset": V_reset, "t_ref": t_ref, "g": g, "gE": gE}
    mean = mean_adaptation(psi, target, tau=tau, jump=jump, mu=mu, **own)
    w_0 = mean_adaptation(psi, target, tau=tau, jump=0.0, mu=mu, **own).w
    spread = np.sqrt(jump * max(mean.w - w_0, jump))
    nodes = np.linspace(w_0, mean.w + _SPREADS * spread + _JUMPS * jump, _NODES)
    solved = [threshold_integration(psi, mu=mu - w, **own) for w in nodes]
    rates = np.array([1e-3 * s.rate for s in solved])
    hazard = CubicSpline(nodes, np.log(np.maximum(rates / (1.0 - rates * t_ref), 1e-300)))
    rest = CubicSpline(nodes, [mean_of(target, s) for s in solved])
    jumps = (nodes[-1] - w_0) / jump
    if not jumps <= _MOST_JUMPS:
        raise NumericalError(f"w spreads over {jumps:.0f} jumps, at most {_MOST_JUMPS}: use mean_adaptation")
    first = np.exp(np.linspace(np.log(_FIRST), 0.0, 3 * _PER_JUMP))
    x = jump * np.concatenate([first, 1.0 + np.arange(1, int(jumps - 1.0) * _PER_JUMP) / _PER_JUMP])
    l, fall = np.exp(hazard(w_0 + x)), (x - (rest(w_0 + x) - rest(w_0))) / tau
    if not np.all(fall > 0):
        raise NumericalError(
            f"w = {w_0 + x[np.argmin(fall)]:.4g} mV does not fall between spikes: mean target is above"
        )
    net = _net(l / fall, x, first.size)
    p = net / fall
    # Within the first node, where Q grows as a power of w - w_0, there are Q/l neurons.
    inner = net[0] / l[0]
    mass = inner + np.trapezoid(p, x)
    w_mean = np.trapezoid(p * x, x) / mass
    w_sd = np.sqrt((w_mean**2 * inner + np.trapezoid(p * (x - w_mean) ** 2, x)) / mass)
    spikes = (inner * l[0] + np.trapezoid(p * l, x)) / mass
    rate = spikes / (1.0 + spikes * t_ref)
    return SlowAdaptation(1e3 * rate, w_0 + w_mean, float(w_sd), w_0 + x, p / mass * (1.0 - rate * t_ref))


def _net(k: NDArray[np.float64], x: NDArray[np.float64], first: int) -> NDArray[np.float64]:
    """Q(x) - Q(x - jump) from Q' = k (Q(x) - Q(x - jump)), to a factor, by the trapezoidal rule."""
    Q, delayed = np.ones(x.size), np.zeros(x.size)
    y, growth = np.log(x[:first]), k[:first] * x[:first]
    steps = 0.5 * (growth[1:] + growth[:-1]) * np.diff(y)
    log_Q = np.concatenate([-np.cumsum(steps[::-1])[::-1], [0.0]])
    Q[:first] = np.exp(log_Q)
    back = x[first : first + _PER_JUMP] - x[first - 1]
    delayed[first : first + _PER_JUMP] = np.exp(np.interp(np.log(back), y, log_Q))
    for i in range(first, x.size):
        if i >= first + _PER_JUMP:
            delayed[i] = Q[i - _PER_JUMP]
        half = 0.5 * (x[i] - x[i - 1])
        grown = Q[i - 1] + half * (k[i - 1] * (Q[i - 1] - delayed[i - 1]) - k[i] * delayed[i])
        Q[i] = grown / (1.0 - half * k[i])
        if Q[i] > 1e200:
            Q[: i + 1], delayed[: i + 1] = 1e-200 * Q[: i + 1], 1e-200 * delayed[: i + 1]
    return np.maximum(Q - delayed, 0.0)
