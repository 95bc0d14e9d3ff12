"""Neural cost by term: what activity and plasticity descend.

    L = sum_t { [x; x-] . (ln[x; x-] - [W1; W0] o - [K1; K0] x_{t-1} - [h1; h0])
              + [y; y-] . (ln[y; y-] - (1 - 2 Gamma_t) ([V1; V0] x_{t-1} + ln(1 - sig[V1; V0]) 1) - [psi1; psi0]) },
x- = 1 - x; x, y, o at step t where no other is named; t = 1..T. Its terms go by their names in the free energy.
"""

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import xlogy

from synfer.core.errors import NumericalError
from synfer.core.results import dataset
from synfer.inference.network import arguments
from synfer.inference.network.canonical import CanonicalNetwork

TERMS = ("likelihood", "transition", "prior", "decision", "entropy")
"""Of the neural cost at a step; 0 where the network has no such part."""


def neural_cost(net: CanonicalNetwork, x: Any, y: Any, o: Any, Gamma: Any = 0.0) -> xr.Dataset:
    """L of any trajectory, by term and step.

    Args:
        net: The network.
        x: (T + 1, Nx) firing of the hidden neurons in [0, 1], step 0 before the first input.
        y: (T + 1, Ny) firing of the outputs; None for a network without them.
        o: (T, No) inputs in [0, 1].
        Gamma: risk in [0, 1], a number or (T,); the neuromodulator is 1 - 2 Gamma.

    Returns:
        `terms` (term, step): likelihood (synapses W and their part of h), transition (K and its part), prior (phi),
        decision (all of y) and entropy (of x, negative); and `neural_cost` (step), their sum; nats, step = 1..T.

    Raises:
        ParameterError: something out of bounds or of the wrong shape.
        NumericalError: names the term, or their sum, and the step that is not finite.

    Accuracy: 1e-13 of the sum of absolute terms, against the free energy of its model, which is computed apart.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eq. 7.

    Example:
        >>> net = CanonicalNetwork(W1=[[2.0]], W0=[[-2.0]])
        >>> L = neural_cost(net, [[0.5], [0.75]], None, [[1.0]])
        >>> L.terms.sel(term="likelihood").values.round(3).tolist(), L.neural_cost.values.round(3).tolist()
        ([0.627], [0.758])
    """
    o = arguments.inputs(net, o)
    x, y = arguments.trajectory(net, x, len(o)), arguments.emitted(net, y, len(o))
    cost = terms(net, x, y, arguments.before(net, x), o, arguments.gamma(Gamma, len(o)))
    return dataset(
        {
            "terms": (("term", "step"), cost, {"long_name": "neural cost by term"}),
            "neural_cost": (("step",), cost.sum(0)),
        },
        {"term": (("term",), list(TERMS)), "step": (("step",), np.arange(1, len(o) + 1))},
        verb="neural_cost",
        network=net.digest(),
    )


def terms(
    net: CanonicalNetwork,
    x: np.ndarray,
    y: np.ndarray,
    before: np.ndarray,
    o: np.ndarray,
    Gamma: np.ndarray,
    first: int = 1,
) -> np.ndarray:
    """(5, T): the terms in the order of TERMS, from step `first` on; refuses those that are not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        cost = _terms(net, x, y, before, o, Gamma)
        parts = zip((*TERMS, "neural_cost"), (*cost, cost.sum(0)), strict=True)
    for name, values in parts:
        if not np.isfinite(values).all():
            t = int(np.argmax(~np.isfinite(values)))
            raise NumericalError(f"{name} = {values[t]} at step {first + t}; the weights may be too large for float64")
    return cost


def _terms(
    net: CanonicalNetwork, x: np.ndarray, y: np.ndarray, before: np.ndarray, o: np.ndarray, Gamma: np.ndarray
) -> np.ndarray:
    post, out = np.stack([x[1:], 1 - x[1:]]), np.stack([y[1:], 1 - y[1:]])
    cost = np.zeros((len(TERMS), len(o)))
    cost[0] = -_dot(post, _input(net, "W", np.stack([o, 1 - o])))
    if net.K1 is not None:
        cost[1] = -_dot(post, _input(net, "K", before))
    cost[2] = -_dot(post, net.phi[:, None, :])
    if net.n_outputs:
        cost[3] = xlogy(out, out).sum((0, 2)) - _dot(out, net.psi[:, None, :])
        if net.V1 is not None:
            cost[3] -= (1 - 2 * Gamma) * _dot(out, _input(net, "V", before))
    cost[4] = xlogy(post, post).sum((0, 2))
    return cost


def _input(net: CanonicalNetwork, block: str, pre: np.ndarray) -> np.ndarray:
    """(2, T, post): synaptic input of each pathway with its part of the threshold, from pre (2, T, n)."""
    weights, silence = net.weights(block), net.silence(block)
    return pre[0] @ np.swapaxes(weights, 1, 2) + pre.sum(0) @ np.swapaxes(silence, 1, 2)


def _dot(post: np.ndarray, values: np.ndarray) -> np.ndarray:
    return (post * values).sum((0, 2))
