"""The computations; each takes the spec and gives a dataset of its own."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import digamma

from synfer.core.seeds import generator
from synfer.inference.agent import maze_model
from synfer.inference.beliefs import TERMS, free_energy, infer, update_counts
from synfer.inference.equivalence import check_equivalence, correspondence, cost_exists, to_model, to_network
from synfer.inference.equivalence.check import COST_TOLERANCE, GRADIENT_TOLERANCE
from synfer.inference.model import GenerativeModel
from synfer.inference.network import (
    CanonicalNetwork,
    EligibilityTrace,
    activity,
    hebbian_gradient,
    neural_cost,
    plasticity,
)
from synfer.study.catalog.equivalence import draws
from synfer.study.catalog.equivalence.spec import Spec

COST = (*TERMS, "total", "threshold W", "threshold K", "threshold V")
"""Identities of the cost; the others are derivatives."""
DERIVATIVES = ("activity x", "activity y", "W1", "W0", "K1", "K0", "V1", "V0")
SHAMS = {
    "modulator on psi too": ("total",),
    "thresholds frozen, W moved by 0.01": ("likelihood",),
    "exact expectation (digamma)": ("total",),
    "no homeostasis": ("W1",),
    "linear leak": ("activity x",),
}
"""Networks that are not quite canonical, and the identity that each must break."""
GAMMA = (0.0, 0.45, 0.55, 1.0)
PARTS = ("W1", "W0", "K1", "K0", "V1", "V0", "phi1", "phi0", "psi1", "psi0", "lambda_W", "lambda_K", "lambda_V")
"""Of a network, as a model has them too."""


def identities(spec: Spec) -> xr.Dataset:
    """L against F by term, thresholds against priors, and what descends L, on any trajectory; and back."""
    names = (*COST, *DERIVATIVES)
    error = np.full((spec.networks, len(names)), np.nan)
    sums = np.full((2, spec.networks, len(TERMS) + 1), np.nan)
    back = np.empty(spec.networks)
    for n in range(spec.networks):
        rng = generator(spec.seed, "equivalence", "identities", str(n))
        net = draws.network(rng, spec)
        own = draws.trajectory(rng, net, int(rng.integers(1, spec.steps + 1)))
        table = check_equivalence(net, *own, entries=spec.entries)
        for row in table:
            error[n, names.index(row.term)] = relative(row)
        sums[:, n] = [[row.network for row in table[:6]], [row.model for row in table[:6]]]
        back[n] = _round_trip(net)
    return xr.Dataset(
        {
            "error": (("network", "identity"), error),
            "L": (("network", "term"), sums[0]),
            "F": (("network", "term"), sums[1]),
            "round_trip": ("network", back),
        },
        coords={"identity": list(names), "term": [*TERMS, "total"]},
    )


def relative(row: Any) -> float:
    """The difference of a row over the sum of the absolute terms that it is made of."""
    unit = COST_TOLERANCE if row.term in COST else GRADIENT_TOLERANCE
    return 0.0 if row.difference == 0 else row.difference / row.tolerance * unit


def _round_trip(net: CanonicalNetwork) -> float:
    """Largest difference of a weight, a threshold or a lambda after to_model and back, over max(1, its size)."""
    back = to_network(to_model(net))
    worst = 0.0
    for name in PARTS:
        own, other = getattr(net, name), getattr(back, name)
        if name.startswith("lambda") and net.weights(name[-1]) is None:
            continue
        if own is not None:
            worst = max(worst, float(np.max(abs(other - own) / np.maximum(1, abs(own)))))
    return worst


def shams(spec: Spec) -> xr.Dataset:
    """The same on networks that break one rule each: how far off the identity is."""
    error = np.empty((len(SHAMS), spec.shammed))
    for n in range(spec.shammed):
        rng = generator(spec.seed, "equivalence", "shams", str(n))
        net = draws.network(rng, spec, outputs=True)
        x, y, o, _ = draws.trajectory(rng, net, spec.steps)
        Gamma = rng.uniform(0.05, 0.95, spec.steps)
        x[1:] = np.clip(x[1:], 0.01, 0.99)
        for k, ((_, broken), (base, options)) in enumerate(zip(SHAMS.items(), _cases(net), strict=True)):
            table = check_equivalence(base, x, y, o, Gamma, entries=spec.entries, **options)
            error[k, n] = max(relative(row) for row in table if row.term in broken)
    return xr.Dataset({"sham_error": (("sham", "shammed"), error)}, coords={"sham": list(SHAMS)})


def _cases(net: CanonicalNetwork) -> list[tuple[CanonicalNetwork, dict[str, Any]]]:
    """In the order of SHAMS: a network, and what of it differs."""
    return [
        (net, {"cost": _modulates_psi}),
        (net.freeze().replace(W1=net.W1 + 0.01), {}),
        (net, {"model": to_model(net).replace(expectation="digamma")}),
        (net, {"rule": _hebb_alone}),
        (net, {"activity": _linear(net)}),
    ]


def _modulates_psi(net: CanonicalNetwork, x: Any, y: Any, o: Any, Gamma: Any) -> dict[str, np.ndarray]:
    L = neural_cost(net, x, y, o, Gamma)
    cost = {term: L.terms.sel(term=term).values for term in TERMS}
    psi = sum((fires[1:] * p).sum(1) for fires, p in zip((y, 1 - y), net.psi, strict=True))
    return cost | {"decision": cost["decision"] + 2 * Gamma * psi}


def _hebb_alone(net: CanonicalNetwork, x: Any, y: Any, o: Any, Gamma: Any) -> dict[str, np.ndarray]:
    return hebbian_gradient(net, x, y, o, Gamma) | {"W1": x[1:].T @ o}


def _linear(net: CanonicalNetwork) -> Callable[..., np.ndarray]:
    K = 0.0 if net.K1 is None else net.K1 - net.K0

    def rates(x: np.ndarray, before: np.ndarray, o: np.ndarray) -> np.ndarray:
        return -(4 * x - 2) + (net.W1 - net.W0) @ o + np.dot(K, before) + net.h[0] - net.h[1]

    return rates


def settling(spec: Spec) -> xr.Dataset:
    """Networks that see each input for a while: how far x, y are from the posterior, and u from its resting point."""
    distance = np.empty((len(spec.hold), spec.settled))
    excess = np.empty_like(distance)
    for n in range(spec.settled):
        rng = generator(spec.seed, "equivalence", "settling", str(n))
        net = draws.network(rng, spec, outputs=True)
        net = net.replace(tau=float(rng.uniform(1, 30)))
        o = rng.integers(0, 2, (spec.settled_steps, net.n_inputs)).astype(float)
        posterior = infer(to_model(net), o)
        for k, ratio in enumerate(spec.hold):
            out = activity(net, o, hold=ratio * net.tau)
            x, y = (abs(out[a].values - posterior[b].values)[1:].max() for a, b in (("x", "s"), ("y", "q_d")))
            distance[k, n] = max(x, y)
            excess[k, n] = _excess(net, out, o, ratio)
    return xr.Dataset(
        {"distance": (("hold", "settled"), distance), "excess": (("hold", "settled"), excess)},
        coords={"hold": list(spec.hold)},
    )


def _excess(net: CanonicalNetwork, out: xr.Dataset, o: np.ndarray, ratio: float) -> float:
    """How much abs(u_end - I) exceeds abs(u_start - I) e^{-hold/tau}, over abs(I) + abs(u_start); <= 0 is none."""
    u, x = out["u"].values, out["x"].values
    before = np.stack([x, 1 - x], axis=1)[:-1]
    if net.initial is not None:
        before[0] = net.initial
    I = o @ (net.W1 - net.W0).T + (net.phi1 - net.phi0) + (net.silence("W")[0] - net.silence("W")[1]).sum(1)
    if net.K1 is not None:
        silent = net.silence("K")[0] - net.silence("K")[1]
        I = I + before[:, 0] @ (net.K1 - net.K0).T + before.sum(1) @ silent.T
    bound = abs(u[:-1] - I) * np.exp(-ratio)
    return float(((abs(u[1:] - I) - bound) / (abs(I) + abs(u[:-1]))).max())


def learning(spec: Spec) -> xr.Dataset:
    """Traces that wait for the modulator against the rule on the whole trajectory; synapses against counts."""
    trace, counts = np.empty(spec.learned), np.empty(spec.learned)
    for n in range(spec.learned):
        rng = generator(spec.seed, "equivalence", "learning", str(n))
        net = draws.network(rng, spec, outputs=True)
        x, _, o, _ = draws.trajectory(rng, net, spec.learned_steps)
        y = np.eye(net.n_outputs)[rng.integers(0, net.n_outputs, spec.learned_steps + 1)]
        windows = rng.choice(GAMMA, -(-spec.learned_steps // spec.window))
        Gamma = np.repeat(windows, spec.window)[: spec.learned_steps]
        batch = plasticity(net, x, y, o, Gamma, window=spec.window, floor=spec.floor)
        model = update_counts(to_model(net), o, x, y, Gamma, window=spec.window, floor=spec.floor)
        own = _by_traces(spec, net, x, y, windows)
        trace[n] = max(_apart(a, b) for a, b in zip(own.counts("V"), batch.counts("V"), strict=True))
        learned = to_model(batch)
        counts[n] = max(
            _apart(getattr(learned, name), getattr(model, name))
            for name in "abc"
            if getattr(model, name) is not None
        )  # fmt: skip
    return xr.Dataset({"trace_error": ("learned", trace), "counts_error": ("learned", counts)})


def _by_traces(spec: Spec, net: CanonicalNetwork, x: Any, y: Any, windows: np.ndarray) -> CanonicalNetwork:
    trace = EligibilityTrace.empty(net)
    for t in range(1, len(y)):
        first = t == 1 and net.initial is not None
        trace = trace.add(net.initial if first else x[t - 1], y[t])
        if t % spec.window == 0 or t == len(y) - 1:
            net, trace = trace.release(net, Gamma=windows[(t - 1) // spec.window], floor=spec.floor)
    return net


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(abs(a / b - 1).max())


def enumeration(spec: Spec) -> xr.Dataset:
    """Every one of 2^Ns states, its weight written out: marginals against s, -ln sum against the least F_t."""
    marginal, least, beyond = np.empty((3, spec.enumerated))
    for n in range(spec.enumerated):
        rng = generator(spec.seed, "equivalence", "enumeration", str(n))
        model = draws.model(rng, spec)
        o = rng.integers(0, 2, (3, model.n_observations)).astype(float)
        s = infer(model, o).s.values
        F = free_energy(model, s, None, o).free_energy.values
        worse = np.clip(s + rng.uniform(-0.1, 0.1, s.shape), 0, 1)
        worse[0] = s[0]
        before = np.stack([s, 1 - s], axis=1)
        before[0] = model.D / model.D.sum(0) if model.initial is None else model.initial
        own = [_enumerated(model, o[t], before[t]) for t in range(len(o))]
        marginal[n] = max(abs(p - s[t + 1]).max() for t, (p, _) in enumerate(own))
        least[n] = max(abs(f - F[t]) / max(1, abs(f)) for t, (_, f) in enumerate(own))
        # At the first step the past is the same, so that F can only rise.
        beyond[n] = free_energy(model, worse[:2], None, o[:1]).free_energy.values[0] - F[0]
    return xr.Dataset(
        {
            "marginal_error": ("enumerated", marginal),
            "least_error": ("enumerated", least),
            "beyond": ("enumerated", beyond),
        }
    )


def _enumerated(model: GenerativeModel, o: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, float]:
    """Marginals of s_t = 1 and -ln of the sum of weights, with everything written out again."""

    def expected(n: np.ndarray, k: tuple[int, ...]) -> float:
        _, i, post, j = k
        total = n[0, i, post, j] + n[1, i, post, j]
        if model.expectation == "digamma":
            return float(digamma(n[k]) - digamma(total))
        return float(np.log(n[k] / total))

    states = list(product((1, 0), repeat=model.n_states))
    log = np.zeros(len(states))
    for m, state in enumerate(states):
        for j, value in enumerate(state):
            post = 1 - value
            log[m] += np.log(model.D[post, j])
            for i, seen in enumerate(o):
                log[m] += expected(model.a, (1 - int(seen), i, post, j))
            if model.b is not None:
                for i, pre in product(range(model.n_states), (0, 1)):
                    log[m] += before[pre, i] * expected(model.b, (pre, i, post, j))
    top = float(log.max())
    p = np.exp(log - top)
    return p @ np.array(states, dtype=float) / p.sum(), -top - float(np.log(p.sum()))


def existence(spec: Spec) -> xr.Dataset:
    """Whether neurons that are coupled at once descend a cost: not at all, both ways alike, one way more."""
    rng = generator(spec.seed, "equivalence", "existence")
    n = 5
    I, J = rng.normal(0, 1, n), rng.normal(0, 1, (n, n))
    kinds = {"canonical": 0 * J, "symmetric coupling": (J + J.T) / 2, "one-sided coupling": J}

    def rates(coupling: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        return lambda u: -u + I + coupling @ (1 / (1 + np.exp(-u)))

    found = [cost_exists(rates(coupling), n, transfer="logistic", seed=spec.seed) for coupling in kinds.values()]
    return xr.Dataset(
        {
            "cost_exists": ("coupling", [answer.exists for answer in found]),
            "asymmetry": ("coupling", [answer.asymmetry for answer in found]),
            "reason": ("coupling", [answer.reason.partition(" at ")[0] for answer in found]),
        },
        coords={"coupling": list(kinds)},
    )


def table(spec: Spec) -> xr.Dataset:
    """The correspondence of network and model, of the agent that learns mazes."""
    rows = correspondence(maze_model(spec.E_right))
    names = ("network", "network_values", "model", "model_values")
    return xr.Dataset({f"row_{name}": ("row", [str(getattr(row, name)) for row in rows]) for name in names})
