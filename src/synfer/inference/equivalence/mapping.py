"""From a generative model to the network that infers with it, and back.

sig W1, sig W0 = A given s = 1, s = 0, transposed;  K: B;  V: C;  phi = ln D;  psi = ln E;  lambda = sums of counts
"""

from typing import Any

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork

COUNTS = {"W": "a", "K": "b", "V": "c"}
"""Synapses by block, and the counts that they stand for."""


def to_network(model: GenerativeModel, *, tau: float = 1.0, hold: float = float("inf")) -> CanonicalNetwork:
    """The canonical network whose neural cost is the free energy of a model.

    Args:
        model: of which logarithms are expected by "ratio": a network has one weight for the odds of a pair, and its
            threshold follows; digamma(a) - digamma(a + b) is not the logarithm of a probability, and no weight.
        tau: Time constant of neurons, ms.
        hold: How long each input lasts, ms; the network infers what the model does if hold >> tau.

    Raises:
        ParameterError: another expectation.
    """
    if model.expectation != "ratio":
        raise ParameterError(
            f"expectation = {model.expectation!r} has no canonical network: weights are logs of ratios of counts; "
            f"give model.replace(expectation='ratio')"
        )
    fields: dict[str, Any] = {}
    for block, name in COUNTS.items():
        counts = getattr(model, name)
        if counts is not None:
            one, zero = (np.transpose(c, (1, 2, 0)) for c in counts)
            weights = np.log(one) - np.log(zero)
            fields |= {f"{block}1": weights[0], f"{block}0": weights[1], f"lambda_{block}": one + zero}
    for name, weights in {"phi": model.D, "psi": model.E}.items():
        if weights is not None:
            fields |= {f"{name}{v}": np.log(w) for v, w in zip("10", weights, strict=True)}
    fields |= {"inputs": model.observations, "hidden": model.states, "outputs": model.decisions}
    return CanonicalNetwork(**fields, initial=model.initial, tau=tau, hold=hold)


def to_model(net: CanonicalNetwork) -> GenerativeModel:
    """The generative model that a canonical network holds implicitly; time constants and lambda_phi have no part in it.

    Raises:
        ParameterError: frozen thresholds that are not those of the weights, or weights too large for counts > 0.
    """
    for block in COUNTS:
        frozen = getattr(net, f"{block}_h")
        if frozen is not None and not np.array_equal(frozen, np.asarray(net.weights(block))):
            raise ParameterError(
                f"thresholds are frozen at {block}_h, which differs from {block} by up to "
                f"{abs(frozen - net.weights(block)).max():.3g}: no model has them; give net.thaw() for the model of "
                f"the weights, or net.absorb() for one whose priors D and E hold the difference"
            )
    fields: dict[str, Any] = {}
    for block, name in COUNTS.items():
        if net.weights(block) is not None:
            fields[name] = np.stack([np.transpose(c, (2, 0, 1)) for c in net.counts(block)])
    with np.errstate(over="ignore"):
        fields["D"] = np.exp(net.phi)
        fields["E"] = np.exp(net.psi) if net.n_outputs else None
    fields |= {"observations": net.inputs, "states": net.hidden, "decisions": net.outputs}
    return GenerativeModel(**fields, initial=net.initial, expectation="ratio")
