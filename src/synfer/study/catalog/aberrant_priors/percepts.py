"""Displaced thresholds of sensory neurons, and the counter-shifts that undo them."""

import numpy as np
import xarray as xr
from scipy.special import expit, logit
from scipy.stats import rankdata

from synfer.inference.aberrant import counter_shift, displace_states, percept_rate, rescue
from synfer.inference.aberrant.percepts import Rule
from synfer.inference.equivalence import to_network
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork, activity
from synfer.study.catalog.aberrant_priors import world
from synfer.study.catalog.aberrant_priors.spec import Spec
from synfer.study.catalog.aberrant_priors.world import INPUTS, draw_inputs, rates, scores, sensory

RULES: tuple[Rule, ...] = ("sample", "threshold")


def _model(spec: Spec, kind: str, n: int) -> GenerativeModel:
    return sensory(spec, n, contrast=0.5 if kind == "uninformative" else None)


def _beliefs(net: CanonicalNetwork, o: np.ndarray) -> np.ndarray:
    return activity(net, o).x.values[1:]


def detection(spec: Spec) -> xr.Dataset:
    """Rates of percepts against displacement: networks that are run, and what the model says by enumeration.

    One neuron for every displacement, all with the same inputs. The sham displaces the neuron beside the one that
    reports.
    """
    shift, steps = np.array(spec.shift), spec.runs * spec.steps
    size = (len(RULES), len(INPUTS), len(shift))
    rate, se, exact = (np.empty(size) for _ in range(3))
    potentials = {}
    for i, kind in enumerate(INPUTS):
        model = _model(spec, kind, len(shift))
        run = activity(displace_states(to_network(model), shift), draw_inputs(spec, kind, steps))
        potentials[kind] = run.u.values[1:]
        for k, rule in enumerate(RULES):
            rate[k, i], se[k, i] = rates(spec, run.x.values[1:], rule, salt=i)
            law = percept_rate(displace_states(model, shift), world.p_input(spec, kind), rule=rule)
            exact[k, i] = law.percept_rate
    pair = to_network(_model(spec, "noise", 2))
    sham = [
        rates(
            spec, _beliefs(displace_states(pair, d, 1), draw_inputs(spec, "noise", steps, "sham", str(k))), salt=20 + k
        )
        for k, d in enumerate(shift)
    ]
    dims = ("rule", "input", "shift")
    auc = [_area(potentials["absent"][:, k], potentials["present"][:, k]) for k in range(len(shift))]
    return xr.Dataset(
        {
            "rate": (dims, rate),
            "rate_error": (dims, se),
            "rate_exact": (dims, exact),
            "rate_z": (dims, scores(rate, exact, steps)),
            "sham_rate": (("shift",), np.array([own.mean[0] for own in sham])),
            "sham_error": (("shift",), np.array([own.se[0] for own in sham])),
            "area": (("shift",), np.array(auc)),
        },
        {"rule": list(RULES), "input": list(INPUTS), "shift": shift},
    )


def _area(absent: np.ndarray, present: np.ndarray) -> float:
    """Under the receiver operating characteristic; potentials that differ by rounding are ties."""
    ranks = rankdata(np.concatenate([absent, present]).round(9))
    own = ranks[len(absent) :].sum() - len(present) * (len(present) + 1) / 2
    return float(own / (len(absent) * len(present)))


def rescued(spec: Spec) -> xr.Dataset:
    """Counter-shifts computed from potentials that were recorded under noise, and what rates they restore.

    They know the healthy rate and the potentials of the sick neuron, not its displacement. Healthy and rescued neurons
    are then compared with the same inputs and draws, which neither the healthy rate nor the potentials came from. The
    sham gives every neuron the counter-shift of the next one. "From rates" is logit(healthy) - logit(sick).
    """
    shift, steps = np.array(spec.shift), spec.runs * spec.steps
    n = len(shift)
    restored, error, from_rates, within = {}, {}, {}, {}
    r, r_se = np.empty(n), np.empty(n)
    for kind in ("uninformative", "noise"):
        healthy = to_network(_model(spec, kind, n))
        sick = displace_states(healthy, shift)
        target = _beliefs(healthy, draw_inputs(spec, kind, spec.calibration, "healthy"))[:, 0]
        u = activity(sick, draw_inputs(spec, kind, spec.calibration, "sick")).u.values[1:]
        own = np.array([counter_shift(u[:, k], target.mean()) for k in range(n)])
        crude = logit(target.mean()) - logit(expit(u).mean(0))
        if kind == "noise":
            r, x = own, expit(u + own)
            # Both means have errors of their own, and the slope of the mean belief turns them into nats.
            r_se = np.sqrt((target.var() + x.var(0)) / spec.calibration) / (x * (1 - x)).mean(0)
        for name, change in {"rescue": own, "sham": np.roll(own, 1), "from rates": crude}.items():
            cured = displace_states(sick, change)
            for i, shown in enumerate(("noise", "present")):
                o = draw_inputs(spec, shown, steps, "test")
                restored[name, kind, i], error[name, kind, i] = rates(spec, _beliefs(cured, o), salt=40 + i)
                base = rates(spec, _beliefs(healthy, o), salt=40 + i)
                restored["healthy", kind, i], error["healthy", kind, i] = base
                within[name, kind, i] = abs(restored[name, kind, i] - base.mean) <= 1.96 * base.se
                within["healthy", kind, i] = np.ones(n, bool)
        from_rates[kind] = crude
    arms, kinds = ("healthy", "rescue", "sham", "from rates"), ("uninformative", "noise")
    dims = ("arm", "neuron", "shown", "shift")
    stacked = {
        name: (dims, np.array([[[values[a, k, i] for i in range(2)] for k in kinds] for a in arms]))
        for name, values in {"restored": restored, "restored_error": error, "within": within}.items()
    }
    return xr.Dataset(
        stacked
        | {
            "counter_shift": (("shift",), r),
            "counter_shift_error": (("shift",), r_se),
            "crude_shift": (("neuron", "shift"), np.array([from_rates[k] for k in kinds])),
        },
        {"arm": list(arms), "neuron": list(kinds), "shown": ["noise", "present"], "shift": shift},
    )


def recurrent(spec: Spec) -> xr.Dataset:
    """The same with neurons that excite themselves, as they expect signals to last.

    A counter-shift from recorded potentials takes what comes back through the synapses for given; `rescue` does not.
    """
    n, steps, d = 2, spec.runs * spec.steps, spec.recurrent_shift
    # Neurons say nothing about one another: P(s_{t-1} | s_t) = 1/2 off the diagonal.
    B1 = np.full((n, n), 0.5) + np.eye(n) * (spec.persistence - 0.5)
    lasting = GenerativeModel.from_probabilities(
        A1=np.full((spec.inputs, n), spec.contrast), A0=np.full((spec.inputs, n), 1 - spec.contrast), B1=B1, B0=1 - B1,
        D=np.full(n, spec.D), total=1e6, expectation="ratio",
    )  # fmt: skip
    healthy = to_network(lasting)
    target = float(_beliefs(healthy, draw_inputs(spec, "noise", spec.calibration, "healthy"))[:, 0].mean())
    measured = draw_inputs(spec, "noise", spec.calibration, "sick")
    sick = displace_states(healthy, d)
    open_loop = counter_shift(activity(sick, measured).u.values[1:, 0], target)
    _, closed = rescue(sick, measured[: spec.calibration // 2], target)
    o = draw_inputs(spec, "noise", steps, "test")
    arms = {"healthy": 0.0, "displaced": d, "recorded potentials": d + open_loop, "network run": d + closed}
    nets = [displace_states(healthy, total) for total in arms.values()]
    beliefs = np.stack([_beliefs(net, o)[:, 0] for net in nets], axis=1)
    found = rates(spec, beliefs, salt=60)
    flat = rates(spec, _beliefs(displace_states(to_network(sensory(spec, 2)), [0, d]), o), salt=61)
    return xr.Dataset(
        {
            "recurrent_rate": (("recurrent_arm",), found.mean),
            "recurrent_error": (("recurrent_arm",), found.se),
            "recurrent_shift": (("recurrent_arm",), np.array(list(arms.values()))),
            "recurrent_effect": (("synapses",), np.array([flat.mean[1] - flat.mean[0], found.mean[1] - found.mean[0]])),
            "recurrent_effect_error": (
                ("synapses",),
                np.hypot(*np.array([flat.se, found.se[:2]]).T),
            ),
        },
        {"recurrent_arm": list(arms), "synapses": ["none", "recurrent"]},
    )
