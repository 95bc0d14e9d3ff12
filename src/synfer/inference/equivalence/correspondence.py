"""Which part of a network is which part of a model, with the numbers of both."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from synfer.core.checks import shortly
from synfer.core.errors import ParameterError
from synfer.inference.equivalence.mapping import COUNTS, to_model, to_network
from synfer.inference.equivalence.rows import Rows
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork

MEANING = {"W": "A", "K": "B", "V": "C"}
MAPS = {"W": "P(o_t | s_t)", "K": "P(s_{t-1} | s_t)", "V": "P(s_{t-1} | d_t)"}


class Correspondence(NamedTuple):
    """What a network calls one thing and a model another; numbers are lowest ... highest."""

    network: str
    network_values: str
    model: str
    model_values: str


def correspondence(model: GenerativeModel | CanonicalNetwork) -> Rows:
    """Rows of network, its numbers, model, its numbers, for a model or a network of one's own; it prints.

    Raises:
        ParameterError: neither a model nor a network, or one that has no counterpart.

    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, table 1.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.9]], A0=[[0.2]], total=100, expectation="ratio")
        >>> correspondence(model)[1]
        Correspondence(network='sig W1', network_values='0.9', model='A = P(o_t | s_t) of s = 1', model_values='0.9')
    """
    net, model = pair(model)
    sizes = f"{net.n_hidden} + {net.n_outputs} neurons", f"{model.n_states} + {model.n_decisions} factors"
    rows = [Correspondence("firing x, y", sizes[0], "posterior of states s, decisions d", sizes[1])]
    present = [block for block in COUNTS if net.weights(block) is not None]
    post = {"W": "s", "K": "s", "V": "d"}
    for block in present:
        P = getattr(model, MEANING[block])
        for v, one in enumerate("10"):
            own = _range(expit(getattr(net, f"{block}{one}")))
            name = f"{MEANING[block]} = {MAPS[block]} of {post[block]} = {one}"
            rows.append(Correspondence(f"sig {block}{one}", own, name, _range(P[0, :, v])))
    for threshold, weights, name in (("phi", model.D, "D"), ("psi", model.E, "E")):
        for one, weight in () if weights is None else zip("10", weights, strict=True):
            own = _range(getattr(net, f"{threshold}{one}"))
            rows.append(Correspondence(f"{threshold}{one}", own, f"ln {name}, of {one}", _range(np.log(weight))))
    for block in present:
        below = np.log(getattr(model, MEANING[block])[1]).sum(0)
        part = "m" if block == "V" else "h"
        name = f"sum of ln P(pre = 0) in {MEANING[block]}"
        rows.append(Correspondence(f"{part}, part of {block}", _range(net.silence(block).sum(2)), name, _range(below)))
    for block in present:
        name = f"counts {COUNTS[block]}: how slowly {MEANING[block]} is learned"
        own, other = getattr(net, f"lambda_{block}"), getattr(model, COUNTS[block]).sum(0)
        rows.append(Correspondence(f"lambda_{block}, insensitivity", _range(own), name, _range(other)))
    rows.append(Correspondence("cost L", "neural_cost", "free energy F of states and decisions", "free_energy"))
    if net.n_outputs:
        rows.append(Correspondence("neuromodulator 1 - 2 Gamma", "-1 ... 1", "risk Gamma of decisions", "0 ... 1"))
    return Rows(rows)


def pair(either: GenerativeModel | CanonicalNetwork) -> tuple[CanonicalNetwork, GenerativeModel]:
    """A network and its model, of which one is given."""
    if isinstance(either, CanonicalNetwork):
        return either, to_model(either)
    if isinstance(either, GenerativeModel):
        return to_network(either), either
    raise ParameterError(f"{shortly(either)} must be a GenerativeModel or a CanonicalNetwork; make one of these")


def _range(values: np.ndarray | float) -> str:
    low, high = f"{np.min(values):.4g}", f"{np.max(values):.4g}"
    return low if low == high else f"{low} ... {high}"
