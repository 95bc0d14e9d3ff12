"""Hebbian plasticity with homeostasis and modulation: descent of the neural cost.

    -dL/dW1 = sum_t x o^T - (sum_t x) 1^T * sig W1,                                    W0: x -> 1 - x; K: o -> x_{t-1},
    -dL/dV1 = sum_t (1 - 2 Gamma) y x_{t-1}^T - (sum_t (1 - 2 Gamma) y) 1^T * sig V1.
It rests where sig W1 = sum x o^T / sum x, a ratio of counts. Synapses that have seen lambda before get there at once by
    sig W1 <- (lambda_W sig W1 + sum x o^T) / (lambda_W + sum x),  lambda_W <- lambda_W + sum x,
which, one step at a time, is sig W <- sig W + (x o^T - x * sig W) / (lambda + x).
Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eqs. 8-10.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from scipy.special import expit

from synfer.core.errors import ParameterError, did_you_mean
from synfer.inference.network import arguments
from synfer.inference.network.canonical import BLOCKS, CanonicalNetwork

Rule = Literal["counts", "gradient"]


def plasticity(
    net: CanonicalNetwork,
    x: Any,
    y: Any,
    o: Any,
    Gamma: Any = 0.0,
    *,
    rule: Rule = "counts",
    rate: float | None = None,
    steps: int = 1,
    window: int | None = None,
    floor: float | None = None,
) -> CanonicalNetwork:
    """The network after it has learned from a trajectory.

    Thresholds follow the weights unless they are frozen (`net.freeze()`), and phi the mean activity if the network has
    `lambda_phi`: phi1 <- ln((lambda_phi e^phi1 + sum x) / (lambda_phi + T)).

    Args:
        net: The network before.
        x: (T + 1, Nx) firing of the hidden neurons in [0, 1].
        y: (T + 1, Ny) firing of the outputs, or the decisions that they emitted; None without outputs.
        o: (T, No) inputs in [0, 1].
        Gamma: risk in [0, 1], a number or (T,); the neuromodulator 1 - 2 Gamma multiplies plasticity of V.
        rule: "counts", or "gradient": flow along -dL/dW + lambda (sig W_before - sig W), which comes to rest at the
            weights that "counts" gives.
        rate: of the gradient flow, per count, > 0.
        steps: of the gradient flow; with 1 the change is -rate dL/dW.
        window: Steps after which traces of V are applied, and the floor with them, window by window; None: once.
        floor: Least count of each kind that a synapse V keeps, > 0; None: no floor.

    Raises:
        ParameterError: something out of bounds; a rate that overshoots; modulation that takes more counts than V has.
    """
    o = arguments.inputs(net, o)
    x, y = arguments.trajectory(net, x, len(o)), arguments.emitted(net, y, len(o))
    learning = 1 - 2 * arguments.gamma(Gamma, len(o))
    if rule not in ("counts", "gradient"):
        raise ParameterError(f"rule = {rule!r} is not known{did_you_mean(str(rule), ['counts', 'gradient'])}")
    sums = pair_sums(net, x, y, o, learning)
    priors = mean_activity(net, np.stack([x[1:].sum(0), (1 - x[1:]).sum(0)]), len(o))
    if rule == "gradient":
        if window is not None or floor is not None:
            raise ParameterError("window and floor belong to rule='counts'; leave them out of a gradient flow")
        return net.replace(**_flow(net, sums, rate, steps), **priors)
    if rate is not None or steps != 1:
        raise ParameterError("rate and steps belong to rule='gradient'; counts learn as fast as lambda says")
    changes = grown(net, {block: sums[block] for block in sums if block != "V"})
    floor = check_floor(floor)
    if net.V1 is not None:
        changes |= from_counts(net, "V", *_windows(net, x, y, learning, window, floor))
    return net.replace(**changes, **priors)


def hebbian_gradient(net: CanonicalNetwork, x: Any, y: Any, o: Any, Gamma: Any = 0.0) -> dict[str, np.ndarray]:
    """-dL by matrix: W1, W0 and, where there are any, K1, K0, V1, V0; arguments as in `plasticity`."""
    o = arguments.inputs(net, o)
    x, y = arguments.trajectory(net, x, len(o)), arguments.emitted(net, y, len(o))
    changes = {}
    for block, sums in pair_sums(net, x, y, o, 1 - 2 * arguments.gamma(Gamma, len(o))).items():
        hebb, home = sums[0], sums.sum(0)
        change = hebb - home * expit(net.weights(block))
        changes |= {f"{block}1": change[0], f"{block}0": change[1]}
    return changes


def pair_sums(
    net: CanonicalNetwork, x: np.ndarray, y: np.ndarray, o: np.ndarray, learning: np.ndarray
) -> dict[str, np.ndarray]:
    """By block, (2, 2, post, pre): sums over steps of post (up, down) x pre (active first, then silent)."""
    post, before = np.stack([x[1:], 1 - x[1:]]), arguments.before(net, x)
    sums = {"W": products(post, np.stack([o, 1 - o]))}
    if net.K1 is not None:
        sums["K"] = products(post, before)
    if net.V1 is not None:
        sums["V"] = products(learning[:, None] * np.stack([y[1:], 1 - y[1:]]), before)
    return sums


def products(post: np.ndarray, pre: np.ndarray) -> np.ndarray:
    """(2 pre, 2 post, post, pre) from (2, T, post) and (2, T, pre), summed over steps."""
    return np.swapaxes(post, 1, 2)[None] @ pre[:, None]


def grown(net: CanonicalNetwork, sums: Mapping[str, np.ndarray], floor: float = -np.inf) -> dict[str, np.ndarray]:
    """Weights and lambda of some blocks with more of each pair seen, no less than a floor in all."""
    changes = {}
    for block, more in sums.items():
        one, zero = (np.maximum(floor, c + m) for c, m in zip(net.counts(block), more, strict=True))
        changes |= from_counts(net, block, one, zero)
    return changes


def from_counts(net: CanonicalNetwork, block: str, one: np.ndarray, zero: np.ndarray) -> dict[str, np.ndarray]:
    """Weights and lambda of a block from what it has seen of active and of silent pre."""
    for pre, counts in (("active", one), ("silent", zero)):
        if not (counts > 0).all():
            v, j, i = (int(k) for k in np.unravel_index(int(np.argmin(counts)), counts.shape))
            raise ParameterError(
                f"{block}{'10'[v]}[{j}, {i}] has seen {counts[v, j, i]:.6g} of an {pre} {BLOCKS[block][1]} neuron and "
                f"must keep > 0: Gamma > 1/2 takes away more than there was; give floor=1.0, or a larger lambda_{block}"
            )
    weights = np.log(one) - np.log(zero)
    return {f"{block}1": weights[0], f"{block}0": weights[1], f"lambda_{block}": one + zero}


def check_floor(floor: float | None) -> float:
    """The floor, -infinity for None."""
    if floor is not None and not (floor > 0 and np.isfinite(floor)):
        raise ParameterError(f"floor = {floor!r} must be > 0, such as 1.0, or None")
    return -np.inf if floor is None else float(floor)


def _windows(
    net: CanonicalNetwork, x: np.ndarray, y: np.ndarray, learning: np.ndarray, window: int | None, floor: float
) -> tuple[np.ndarray, np.ndarray]:
    """What synapses V have seen of active and of silent pre, after all windows in the order of time."""
    if window is not None and (isinstance(window, bool) or not isinstance(window, (int, np.integer)) or window < 1):
        raise ParameterError(f"window = {window!r} must be a whole number of steps >= 1, or None")
    (one, zero), size = net.counts("V"), len(learning) if window is None else int(window)
    post, before = learning[:, None] * np.stack([y[1:], 1 - y[1:]]), arguments.before(net, x)
    for t in range(0, len(learning), size):
        e = products(post[:, t : t + size], before[:, t : t + size])
        one, zero = np.maximum(floor, one + e[0]), np.maximum(floor, zero + e[1])
    return one, zero


def _flow(net: CanonicalNetwork, sums: Mapping[str, np.ndarray], rate: Any, steps: int) -> dict[str, np.ndarray]:
    if not (isinstance(rate, (int, float)) and 0 < rate < np.inf):
        raise ParameterError(f"rate = {rate!r} must be > 0, per count; give rate=... with rule='gradient'")
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise ParameterError(f"steps = {steps!r} must be a whole number >= 1")
    changes = {}
    for block, (active, silent) in sums.items():
        one, zero = net.counts(block)
        hebb, home = one + active, one + active + zero + silent
        # The slope of home * sig W is home / 4 at most, and Euler steps over a slope g overshoot at rate > 2 / g.
        if steps > 1 and rate * home.max() > 8:
            raise ParameterError(
                f"rate = {rate:.6g} overshoots in {block}, where the counts come to {home.max():.6g}; "
                f"give rate <= {8 / home.max():.3g} and more steps"
            )
        weights = np.array(net.weights(block))
        for _ in range(steps):
            weights += rate * (hebb - home * expit(weights))
        changes |= {f"{block}1": weights[0], f"{block}0": weights[1]}
    return changes


def mean_activity(net: CanonicalNetwork, fired: np.ndarray, steps: int) -> dict[str, Any]:
    """phi and its lambda after firing up and down (2, Nx), summed over steps; nothing where phi does not adapt."""
    if net.lambda_phi is None:
        return {}
    total = net.lambda_phi + steps
    phi = np.log((net.lambda_phi * np.exp(net.phi) + fired) / total)
    return {"phi1": phi[0], "phi0": phi[1], "lambda_phi": total}
