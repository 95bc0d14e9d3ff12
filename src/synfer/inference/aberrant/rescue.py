"""The rescue: the counter-shift of a threshold that restores a rate of percepts.

Found from what the network does, not from what was done to it: the shift r at which its mean belief is the rate wanted,
    mean_t sig(u_t + r) = rate,
u its potentials. With recurrent synapses the shift changes what comes back as well, and the network has to be run at
every r that is tried.
"""

from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from synfer.core.checks import check_kind, check_numbers
from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.aberrant.displacement import Which, displace_states, places
from synfer.inference.network import CanonicalNetwork, activity

WIDEST = 100.0
"""nats, the largest counter-shift that is tried."""
CLOSE, CLOSE_RUN = 1e-10, 1e-6
"""nats, of a root; the second where every trial is a run of the network."""


def counter_shift(u: Any, rate: float) -> float:
    """The shift r [nats] with mean sig(u + r) = rate, of a neuron whose potentials do not depend on its past.

    Args:
        u: (T,) log odds of beliefs, potentials of a neuron [nats].
        rate: Of percepts that are sampled from beliefs, in (0, 1).

    Raises:
        ParameterError: u not finite, or a rate outside (0, 1).

    Example:
        >>> round(counter_shift([1.5, 1.5], 0.5), 6)
        -1.5
    """
    u = check_numbers("u", u)
    if not u.size:
        raise ParameterError(f"u has shape {u.shape} and must hold potentials [nats]; give one or more")
    target = logit(_check_rate(rate))
    # The mean of sig(u + r) lies between those of the least and of the largest u.
    low, high = target - u.max() - 1, target - u.min() + 1
    return float(brentq(lambda r: expit(u + r).mean() - rate, low, high, xtol=CLOSE))  # type: ignore[arg-type]


def rescue(net: CanonicalNetwork, o: Any, rate: float, which: Which = 0) -> tuple[CanonicalNetwork, float]:
    """A network whose neuron reports at a wanted rate, and the counter-shift of phi1 - phi0 [nats] that does it.

    Args:
        net: As it is found.
        o: (T, No) inputs to measure with, in [0, 1]; the longer, the closer: the rate holds for these.
        rate: Of sampled percepts, in (0, 1): that of a healthy network.
        which: The hidden neuron, by number or name.

    Raises:
        ParameterError: a rate outside (0, 1), an unknown neuron, inputs that do not fit.
        NumericalError: no shift of 100 nats or less gives the rate, as recurrent synapses hold the neuron.

    Accuracy: the mean belief meets the rate to 1e-6.

    Example:
        >>> net = displace_states(CanonicalNetwork(W1=[[0.0]], W0=[[0.0]]), 3.0)
        >>> round(rescue(net, [[1.0], [0.0]], 0.5)[1], 6)
        -3.0
    """
    check_kind("net", net, CanonicalNetwork, "for example sf.to_network(model)")
    _check_rate(rate)
    at = places(which, net.hidden, "hidden neuron")
    if len(at) != 1:
        raise ParameterError(f"which = {which!r} must be one hidden neuron; rescue others one after the other")
    if net.K1 is None:
        shift = counter_shift(activity(net, o).u.values[1:, at[0]], rate)
        return displace_states(net, shift, at), shift

    @cache
    def excess(r: float) -> float:
        return float(activity(displace_states(net, r, at), o).x.values[1:, at[0]].mean()) - rate

    for reach in (4.0, 20.0, WIDEST):
        if excess(-reach) < 0 < excess(reach):
            shift = float(brentq(excess, -reach, reach, xtol=CLOSE_RUN))  # type: ignore[arg-type]
            return displace_states(net, shift, at), shift
    raise NumericalError(
        f"no counter-shift of {WIDEST:g} nats or less brings {net.hidden[at[0]]} to a rate of {rate:.6g}: "
        f"its synapses outweigh its threshold; give other inputs, or weaken K"
    )


def _check_rate(rate: float) -> float:
    if not (isinstance(rate, (int, float, np.number)) and 0 < rate < 1):
        raise ParameterError(f"rate = {rate!r} must be in (0, 1): no finite threshold makes a percept certain")
    return float(rate)
