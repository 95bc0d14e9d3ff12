"""From a generative model to the network that infers with it, and back.

sig W1, sig W0 = A given s = 1, s = 0, transposed;  K: B;  V: C;  phi = ln D;  psi = ln E;  lambda = sums of counts
"""

from typing import Any

import numpy as np

from synfer.core.checks import place
from synfer.core.errors import ParameterError
from synfer.inference.model import GenerativeModel, check_model
from synfer.inference.network import CanonicalNetwork
from synfer.inference.network.arguments import check_network

COUNTS = {"W": "a", "K": "b", "V": "c"}
"""Synapses by block, and the counts that they stand for."""
LARGEST = 8e307
"""Of a weight, so that it can be added to another."""


def to_network(model: GenerativeModel, *, tau: float = 1.0, hold: float = float("inf")) -> CanonicalNetwork:
    """The canonical network whose neural cost is the free energy of a model.

    Args:
        model: of which logarithms are expected by "ratio": a network has one weight for the odds of a pair, and its
            threshold follows; digamma(a) - digamma(a + b) is not the logarithm of a probability, and no weight.
        tau: Time constant of neurons, ms.
        hold: How long each input lasts, ms; the network infers what the model does if hold >> tau.

    Raises:
        ParameterError: another expectation.

    Accuracy: weights and back to counts 1e-12, relative.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, table 1.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.9]], A0=[[0.2]], total=100, expectation="ratio")
        >>> net = to_network(model)
        >>> net.W1.round(3).tolist() == [[round(float(np.log(0.9 / 0.1)), 3)]], net.lambda_W[0].tolist()
        (True, [[100.0]])
    """
    check_model(model)
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
        ParameterError: frozen thresholds that are not those of the weights, or weights or thresholds that are too
            large: their exponentials are counts and priors.

    Accuracy: to_network and back 1e-12 of a weight above 1, and of 1 below.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, table 1.

    Example:
        >>> net = CanonicalNetwork(W1=[[2.0]], W0=[[0.0]], phi1=-1.0, phi0=-2.0)
        >>> model = to_model(net)
        >>> model.A[0, 0, :, 0].round(3).tolist(), np.log(model.D).ravel().round(3).tolist()
        ([0.881, 0.5], [-1.0, -2.0])
    """
    check_network(net)
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
            for v, weights in enumerate(net.weights(block)):
                _refuse(f"{block}{1 - v}", weights, fields[name][:, :, v].min(0).T > 0, "leaves a count of 0")
    for name, threshold, n in (("phi", net.phi, net.n_hidden), ("psi", net.psi, net.n_outputs)):
        with np.errstate(over="ignore"):
            weights = np.exp(threshold)
        for v in range(2):
            held = (weights[v] > 0) & (weights[v] < LARGEST)
            _refuse(f"{name}{1 - v}", threshold[v], held, f"is a prior of e^{name}{1 - v}")
        fields["D" if name == "phi" else "E"] = weights if n else None
    fields |= {"observations": net.inputs, "states": net.hidden, "decisions": net.outputs}
    return GenerativeModel(**fields, initial=net.initial, expectation="ratio")


def _refuse(name: str, values: np.ndarray, held: np.ndarray, what: str) -> None:
    """Refuses weights or thresholds whose exponentials float64 does not hold."""
    if not held.all():
        raise ParameterError(f"{place(name, values, ~held)} {what}: float64 holds e^-700 .. e^700; give -700 .. 700")
