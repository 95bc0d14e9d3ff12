"""Whether a network is canonical: its cost against the free energy of its model, term by term, and what descends it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import logit

from synfer.core.checks import check_count, check_function, check_kind, check_numbers, shortly
from synfer.core.errors import ParameterError, did_you_mean
from synfer.inference.beliefs import expected_log, free_energy
from synfer.inference.equivalence.literal import activity_slope, weight_slope
from synfer.inference.equivalence.mapping import COUNTS, to_model, to_network
from synfer.inference.equivalence.rows import Checks, Identity
from synfer.inference.model import GenerativeModel, check_model
from synfer.inference.network import CanonicalNetwork, arguments, hebbian_gradient, neural_cost
from synfer.inference.network.activity import Wiring
from synfer.inference.network.cost import TERMS

COST_TOLERANCE = 1e-13
GRADIENT_TOLERANCE = 1e-11
LEAST = 0.01
"""Of a threshold, and of a synapse's part of it: they are logs of e^phi, e^psi and of a / (a + b), and where these are
near 1 they carry the rounding of 1, of which 1e-13 x this is nine."""
Trajectory = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def check_equivalence(
    net: CanonicalNetwork | GenerativeModel,
    x: Any,
    y: Any,
    o: Any,
    Gamma: Any = 0.0,
    *,
    model: GenerativeModel | None = None,
    cost: Callable[..., Mapping[str, Any]] | None = None,
    activity: Callable[..., Any] | None = None,
    rule: Callable[..., Mapping[str, Any]] | None = None,
    entries: int = 64,
) -> Checks:
    """Rows of one identity each: network, model, their difference, what rounding allows, whether it holds, why not.

    The terms of the cost are those of the free energy; parts of the thresholds are sums of ln P(pre = 0 | post);
    activity (outputs at Gamma = 0, which does not enter it) and plasticity descend the cost, whose derivatives are
    taken by complex steps of the cost written out a second time. A network of one's own is given as a CanonicalNetwork
    with whatever of it differs in cost, activity and rule.

    Args:
        net: A network, or a model, which stands for its network.
        x: (T + 1, Nx) firing in [0, 1], on any trajectory.
        y: (T + 1, Ny) firing of outputs or emitted decisions; None without outputs.
        o: (T, No) inputs in [0, 1].
        Gamma: risk in [0, 1], a number or (T,).
        model: to compare with; default to_model of the network, with thresholds that follow its weights.
        cost: (net, x, y, o, Gamma) -> {term: (T,) nats}, or `terms` (term, step) as `neural_cost` gives, in its place.
        activity: (x_t, x_{t-1}, o_t) -> (Nx,) rates of the potentials x tau, in place of -logit(x) + I.
        rule: (net, x, y, o, Gamma) -> {"W1": (Nx, No), ...}, in place of `hebbian_gradient`.
        entries: synapses of each matrix whose slope is taken, evenly spread; all where there are fewer.

    Returns:
        A table that prints; `.holds`, `.reason`, `.to_dataset()`. Activity is compared where x (y) lies inside (0, 1):
        no derivative exists at 0 and 1, and there is no row where all are.

    Raises:
        ParameterError: something out of bounds or of the wrong shape.

    Accuracy: a row of the cost holds to 1e-13, a derivative to 1e-11 of the sum of the absolute terms it is made of.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.

    Example:
        >>> net = CanonicalNetwork(W1=[[2.0]], W0=[[-2.0]])
        >>> check_equivalence(net, [[0.5], [0.75]], None, [[1.0]]).holds
        True
        >>> twice = lambda *given: {name: 2 * rates for name, rates in hebbian_gradient(*given).items()}
        >>> check_equivalence(net, [[0.5], [0.75]], None, [[1.0]], rule=twice).reason[:40]
        'W1: differs by 0.0894 at (0, 0), where r'
    """
    if not isinstance(net, (CanonicalNetwork, GenerativeModel)):
        raise ParameterError(
            f"net = {shortly(net)} must be a CanonicalNetwork, or a GenerativeModel that stands for it"
        )
    for name, own, form in (
        ("cost", cost, "(net, x, y, o, Gamma) -> {term: (T,) nats}"),
        ("activity", activity, "(x_t, x_{t-1}, o_t) -> (Nx,) rates"),
        ("rule", rule, '(net, x, y, o, Gamma) -> {"W1": (Nx, No), ...}'),
    ):
        if own is not None:
            check_function(name, own, form)
    entries = check_count("entries", entries)
    net = to_network(net) if isinstance(net, GenerativeModel) else net
    o = arguments.inputs(net, o)
    x, y = arguments.trajectory(net, x, len(o)), arguments.emitted(net, y, len(o))
    risk = arguments.gamma(Gamma, len(o))
    model = to_model(net.thaw()) if model is None else check_model(model)
    pre = arguments.before(net, x)
    scales = _Scales(net, x, y, o, risk, pre)
    rows = _terms(net, model, (cost or neural_cost)(net, x, y, o, risk), x, y, o, risk, scales)
    rows += _thresholds(net, model)
    p, trajectory = {f.name: getattr(net, f.name) for f in fields(net)}, (x[1:], y[1:], o, risk, pre)
    rows += _activity(net, p, trajectory, activity, scales)
    rows += _plasticity(net, p, trajectory, (rule or hebbian_gradient)(net, x, y, o, risk), entries)
    return Checks(rows)


class _Scales:
    """Sums of absolute terms: (T, Nx) of the synaptic input of hidden neurons by part, (T, Ny) of outputs."""

    def __init__(self, net: CanonicalNetwork, x: Any, y: Any, o: Any, risk: Any, pre: Any) -> None:
        post, out = (np.stack([z[1:], 1 - z[1:]]) for z in (x, y))
        zero = np.zeros((2, len(o), 1))
        W = _magnitude(net, "W", np.stack([o, 1 - o]))
        K = zero if net.K1 is None else _magnitude(net, "K", pre)
        V = zero if net.V1 is None else abs(1 - 2 * risk)[:, None] * _magnitude(net, "V", pre)
        phi, psi = (np.maximum(abs(z), LEAST)[:, None] for z in (net.phi, net.psi))
        self.input, self.output = (W + K + phi).sum(0), (V + psi).sum(0)
        self.terms = {
            "likelihood": (post * W).sum((0, 2)),
            "transition": (post * K).sum((0, 2)),
            "prior": (post * phi).sum((0, 2)),
            "decision": (out * (V + psi + abs(_ln(out)))).sum((0, 2)),
            "entropy": (post * abs(_ln(post))).sum((0, 2)),
        }


def _magnitude(net: CanonicalNetwork, block: str, pre: np.ndarray) -> np.ndarray:
    weights, silence = abs(net.weights(block)), np.maximum(abs(net.silence(block)), LEAST)
    return pre[0] @ np.swapaxes(weights, 1, 2) + pre.sum(0) @ np.swapaxes(silence, 1, 2)


def _ln(values: np.ndarray) -> np.ndarray:
    return np.log(np.where(values > 0, values, 1))


def _row(term: str, own: Any, other: Any, tolerance: Any, place: Callable[[Sequence[int]], str], hint: str) -> Identity:
    """The row of two arrays, by the entry whose difference is the largest in units of its tolerance."""
    own, other, tolerance = np.broadcast_arrays(own, other, tolerance)
    difference = abs(own - other)
    holds = bool((difference <= tolerance).all())
    excess = difference / np.maximum(tolerance, np.finfo(float).tiny)
    worst = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
    d, t = float(difference.flat[worst]), float(tolerance.flat[worst])
    where = place([int(k) for k in np.unravel_index(worst, own.shape)])
    reason = "" if holds else f"differs by {d:.3g} {where}, where rounding allows {t:.1g}; {hint}"
    return Identity(term, float(own.sum()), float(other.sum()), d, t, holds, reason)


def _at_step(place: Sequence[int]) -> str:
    return f"at step {place[0] + 1}"


def _of_neuron(place: Sequence[int]) -> str:
    return f"in neuron {place[1]} at step {place[0] + 1}"


def _of_pathway(block: str, place: Sequence[int]) -> str:
    return f"in neuron {place[1]}, pathway {block}{1 - place[0]}"


def _of_synapse(entries: np.ndarray, place: Sequence[int]) -> str:
    return f"at {tuple(entries[place[0]].tolist())}"


def _terms(
    net: CanonicalNetwork, model: GenerativeModel, L: Any, x: Any, y: Any, o: Any, risk: Any, scales: Any
) -> list[Identity]:
    F = free_energy(model, x, y if net.n_outputs else None, o, risk)
    frozen = "its thresholds are frozen and not ln(1 - sig) of its weights: see net.thaw() and net.absorb()"
    hints = {
        "likelihood": frozen if net.W_h is not None else "W and its part of h must be those of A",
        "transition": frozen if net.K_h is not None else "K and its part of h must be those of B",
        "prior": "phi must be ln D",
        "decision": frozen if net.V_h is not None else "1 - 2 Gamma multiplies V and its part of m, not psi = ln E",
        "entropy": "x ln x + (1 - x) ln(1 - x) is that of a logistic transfer function",
    }
    own = _by_term(L, len(o))
    rows = []
    for name in TERMS:
        bayes, tolerance = F.terms.sel(term=name).values, COST_TOLERANCE * scales.terms[name]
        rows.append(_row(name, own[name], bayes, tolerance, _at_step, hints[name]))
    total = np.sum([own[name] for name in TERMS], axis=0)
    tolerance = COST_TOLERANCE * np.sum(list(scales.terms.values()), axis=0)
    return [*rows, _row("total", total, F.free_energy.values, tolerance, _at_step, "see its terms")]


def _by_term(L: Any, steps: int) -> dict[str, np.ndarray]:
    """(T,) of each term, of what a cost gave."""
    if isinstance(L, xr.Dataset) and "terms" in L:
        L = {str(name): L["terms"].sel(term=name) for name in L["term"].values}
    given = check_kind("what cost gives", L, Mapping, "let it give {term: (T,) nats}")
    own = {}
    for name in TERMS:
        if name not in given:
            raise ParameterError(f"cost gives no term {name!r}{did_you_mean(name, map(str, given))}")
        own[name] = check_numbers(f"{name} of cost", given[name], finite=False)
        if own[name].shape != (steps,):
            raise ParameterError(f"cost gives {name} of shape {own[name].shape} and must give ({steps},), one a step")
    return own


def _thresholds(net: CanonicalNetwork, model: GenerativeModel) -> list[Identity]:
    rows = []
    for block, name in COUNTS.items():
        if net.weights(block) is not None:
            own, counts = net.silence(block), getattr(model, name)
            if counts is None:
                raise ParameterError(f"the network has synapses {block} and the model no {name}; give one with {name}")
            silent = np.transpose(expected_log(counts, model.expectation)[1], (1, 2, 0))
            tolerance = COST_TOLERANCE * (abs(own) + abs(net.weights(block))).sum(2)
            hint = f"this part of the threshold must be ln(1 - sig {block}) 1, sum of ln P(pre = 0 | post)"
            rows.append(
                _row(
                    f"threshold {block}",
                    own.sum(2),
                    silent.sum(2),
                    tolerance,
                    partial(_of_pathway, block),
                    hint,
                )
            )
    return rows


def _activity(net: CanonicalNetwork, p: Any, trajectory: Trajectory, own: Any, scales: Any) -> list[Identity]:
    x, y, o, risk, pre = trajectory
    wiring = Wiring.of(net)
    drives = [wiring.drive(row, pre[:, t]) for t, row in enumerate(o)]
    rows = []
    for name, z, scale in (("x", x, scales.input), ("y", y, scales.output)):
        inside = (z > 0) & (z < 1)
        if not inside.any():
            continue
        potential = logit(np.where(inside, z, 0.5))
        if name == "x" and own is not None:
            rate = check_numbers("rates of activity", [own(z[t], pre[0, t], o[t]) for t in range(len(o))], finite=False)
            if rate.shape != z.shape:
                raise ParameterError(f"activity gives {rate.shape[1:]} rates and must give ({net.n_hidden},)")
        else:
            rate = np.stack([drive["xy".index(name)] for drive in drives]) - potential
        # Gamma does not enter activity, and outputs descend the cost without it.
        slope = -activity_slope(p, name, x, y, o, risk if name == "x" else 0 * risk, pre)
        tolerance = GRADIENT_TOLERANCE * (scale + abs(potential))
        hint = f"{name} must descend the cost: {'-logit(x) + I' if name == 'x' else '-logit(y) + J'}"
        rows.append(
            _row(
                f"activity {name}",
                np.where(inside, rate, 0),
                np.where(inside, slope, 0),
                np.where(inside, tolerance, np.inf),
                _of_neuron,
                hint,
            )
        )
    return rows


def _plasticity(
    net: CanonicalNetwork, p: Any, trajectory: Trajectory, changes: Mapping[str, Any], entries: int
) -> list[Identity]:
    x, y, o, risk, pre = trajectory
    changes = check_kind("what rule gives", changes, Mapping, 'let it give {"W1": (Nx, No), ...}')
    silent = {"W": np.stack([o, 1 - o]), "K": pre, "V": pre}
    rows = []
    for block in COUNTS:
        if net.weights(block) is None:
            continue
        for v, post in zip("10", (y, 1 - y) if block == "V" else (x, 1 - x), strict=True):
            name = f"{block}{v}"
            if name not in changes:
                raise ParameterError(f"rule gives no change of {name}{did_you_mean(name, map(str, changes))}")
            change = check_numbers(f"{name} of rule", changes[name], finite=False)
            if change.shape != p[name].shape:
                raise ParameterError(f"rule gives {name} of shape {change.shape} and must give {p[name].shape}")
            chosen = np.unique(np.linspace(0, change.size - 1, min(entries, change.size)).round().astype(int))
            where = np.stack(np.unravel_index(chosen, change.shape), axis=1)
            slope = -weight_slope(p, name, where, *trajectory)
            learning = abs(1 - 2 * risk)[:, None] if block == "V" else 1.0
            scale = (learning * post).T @ silent[block].sum(0)
            at = tuple(where.T)
            hint = "plasticity must be -dL: Hebbian sums less homeostatic sums * sig of the weight"
            tolerance = GRADIENT_TOLERANCE * scale[at]
            rows.append(_row(name, change[at], slope, tolerance, partial(_of_synapse, where), hint))
    return rows
