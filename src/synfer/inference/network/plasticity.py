"""Hebbian plasticity with homeostasis and modulation: descent of the neural cost.

    -dL/dW1 = sum_t x o^T - (sum_t x) 1^T * sig W1,                                    W0: x -> 1 - x; K: o -> x_{t-1},
    -dL/dV1 = sum_t (1 - 2 Gamma) y x_{t-1}^T - (sum_t (1 - 2 Gamma) y) 1^T * sig V1.
It rests where sig W1 = sum x o^T / sum x, a ratio of counts. Synapses that have seen lambda before get there at once by
    sig W1 <- (lambda_W sig W1 + sum x o^T) / (lambda_W + sum x),  lambda_W <- lambda_W + sum x,
which, one step at a time, is sig W <- sig W + (x o^T - x * sig W) / (lambda + x).
Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eqs. 8-10.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from scipy.special import expit

from synfer.core.checks import check_choice, check_count, check_floor, check_positive, place
from synfer.core.errors import ParameterError
from synfer.inference.network import arguments
from synfer.inference.network.canonical import CanonicalNetwork

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
            weights that "counts" gives, and is refused where "counts" is: nothing would stop it.
        rate: of the gradient flow, per count, > 0.
        steps: of the gradient flow; with 1 the change is -rate dL/dW, wherever it would go on to.
        window: Steps after which traces of V are applied, and the floor with them, window by window; None: once.
        floor: Least count of each kind that a synapse V keeps, > 0; None: no floor.

    Returns:
        The network, of which weights differ, and lambda after counts.

    Raises:
        ParameterError: something out of bounds; a rate that overshoots; modulation that takes more counts than V has.

    Accuracy: counts to 1e-12, against those of the model that the network is; the gradient to 1e-11 of dL by
        differences in 60 digits.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eqs. 8-10.

    Example:
        >>> net = CanonicalNetwork(W1=[[0.0]], W0=[[0.0]], lambda_W=2.0)
        >>> learned = plasticity(net, [[0.5], [1.0], [1.0]], None, [[1.0], [1.0]])  # fires twice, the input each time
        >>> expit(learned.W1).round(3).tolist(), learned.lambda_W[0].tolist()
        ([[0.75]], [[4.0]])
    """
    o = arguments.inputs(net, o)
    x, y = arguments.trajectory(net, x, len(o)), arguments.emitted(net, y, len(o))
    learning = 1 - 2 * arguments.gamma(Gamma, len(o))
    check_choice("rule", rule, get_args(Rule))
    sums = pair_sums(net, x, y, o, learning)
    priors = mean_activity(net, np.stack([x[1:].sum(0), (1 - x[1:]).sum(0)]), len(o))
    if rule == "gradient":
        if window is not None or floor is not None:
            raise ParameterError("window and floor belong to rule='counts'; leave them out of a gradient flow")
        return net.replace(**_flow(net, sums, rate, steps), **priors)
    if rate is not None or check_count("steps", steps) != 1:
        raise ParameterError("rate and steps belong to rule='gradient'; counts learn as fast as lambda says")
    changes = grown(net, {block: sums[block] for block in sums if block != "V"})
    size, least = len(o) if window is None else check_count("window", window), check_floor(floor)
    if net.V1 is not None:
        changes |= from_counts(net, "V", *_windows(net, x, y, learning, size, least))
    return net.replace(**changes, **priors)


def hebbian_gradient(net: CanonicalNetwork, x: Any, y: Any, o: Any, Gamma: Any = 0.0) -> dict[str, np.ndarray]:
    """-dL by matrix: W1, W0 and, where there are any, K1, K0, V1, V0; arguments as in `plasticity`.

    Accuracy: 1e-11 of the sum over steps, against differences of the cost in 60 digits.

    Example:
        >>> net = CanonicalNetwork(W1=[[0.0]], W0=[[0.0]])
        >>> hebbian_gradient(net, [[0.5], [1.0]], None, [[1.0]])["W1"].tolist()  # x o - x sig W1
        [[0.5]]
    """
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
    check_left(net, block, one, zero, "give floor=1.0")
    weights = np.log(one) - np.log(zero)
    return {f"{block}1": weights[0], f"{block}0": weights[1], f"lambda_{block}": one + zero}


def check_left(net: CanonicalNetwork, block: str, one: np.ndarray, zero: np.ndarray, repair: str) -> None:
    """Refuses counts of a block that are not > 0, where weights would be infinite."""
    for pre, before, counts in zip(("an active", "a silent"), net.counts(block), (one, zero), strict=True):
        if (counts > 0).all():
            continue
        pre = f"{pre} {'input' if block == 'W' else 'hidden neuron'}"
        v, j, i = (int(k) for k in np.unravel_index(int(np.argmin(counts)), counts.shape))
        synapse = f"{block}{'10'[v]}"
        if not before[v, j, i] > 0:
            raise ParameterError(
                f"{place(synapse, net.weights(block)[v], before[v] <= 0)} leaves no count of {pre} that "
                f"float64 holds; give weights in -700 .. 700"
            )
        raise ParameterError(
            f"{synapse}[{j}, {i}] has seen {counts[v, j, i]:.6g} of {pre} and must keep > 0: "
            f"Gamma > 1/2 takes away more than there was; {repair}, or a larger lambda_{block}"
        )


def _windows(
    net: CanonicalNetwork, x: np.ndarray, y: np.ndarray, learning: np.ndarray, size: int, floor: float
) -> tuple[np.ndarray, np.ndarray]:
    """What synapses V have seen of active and of silent pre, after all windows in the order of time."""
    one, zero = net.counts("V")
    post, before = learning[:, None] * np.stack([y[1:], 1 - y[1:]]), arguments.before(net, x)
    for t in range(0, len(learning), size):
        e = products(post[:, t : t + size], before[:, t : t + size])
        one, zero = np.maximum(floor, one + e[0]), np.maximum(floor, zero + e[1])
    return one, zero


def _flow(net: CanonicalNetwork, sums: Mapping[str, np.ndarray], rate: Any, steps: int) -> dict[str, np.ndarray]:
    rate = check_positive("rate", rate, "give rate=1e-3, per count, with rule='gradient'")
    steps = check_count("steps", steps)
    changes = {}
    for block, (active, silent) in sums.items():
        one, zero = net.counts(block)
        hebb, home = one + active, one + active + zero + silent
        if steps > 1:
            check_left(net, block, hebb, zero + silent, "give rule='counts' with floor=1.0")
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
    with np.errstate(divide="ignore"):  # phi = -inf is refused by the network
        phi = np.log((net.lambda_phi * np.exp(net.phi) + fired) / total)
    return {"phi1": phi[0], "phi0": phi[1], "lambda_phi": total}
