"""The computations; each takes the spec and gives a dataset of its own."""

import numpy as np
import xarray as xr
from scipy.special import logit

from synfer.core.seeds import child
from synfer.inference.model import GenerativeModel
from synfer.inference.separation import residual_prior, separate, source_correlation, source_model, synapse_error
from synfer.inference.tasks import Sources
from synfer.study.catalog.source_separation.spec import Spec

ESTIMATORS = ("residual", "residual, wrong counts", "mean belief")
SAME, OTHER, MEAN, SWAPPED, PERSISTENCE = (
    "same inputs", "other inputs", "mean belief as prior", "swapped prior", "no change",
)  # fmt: skip
PREDICTIONS = (SAME, OTHER, MEAN, SWAPPED, PERSISTENCE)
"""All but the first are held against learning from inputs that the prediction does not see."""
SHOWN = 1
"""Number of the prior of the agent whose synapses are drawn."""


def _model(spec: Spec, D1: float, factor: float = 1.0) -> GenerativeModel:
    task = Sources(mixing=spec.mixing)
    return source_model(D1, task=task, own=spec.own, other=spec.other, total=factor * spec.total)


def _shown(spec: Spec, mixing: float, *names: object) -> xr.Dataset:
    seed = child(spec.seed, "source-separation", *map(str, names))
    return Sources(mixing=mixing).generate(spec.steps, seed)


def sweep(spec: Spec) -> xr.Dataset:
    """What the first state stands for, by prior and draw."""
    own, other, mean = (np.empty((len(spec.D1), spec.seeds)) for _ in range(3))
    for k in range(spec.seeds):
        shown = _shown(spec, spec.mixing, "sweep", k)
        for i, D1 in enumerate(spec.D1):
            run = separate(_model(spec, D1), shown["input"], every=spec.steps)
            own[i, k], other[i, k] = source_correlation(run, shown["stimulus"])[0]
            mean[i, k] = run["s"][1:, 0].mean()
    dims = ("D1", "draw")
    return xr.Dataset(
        {
            "own": (dims, abs(own)),
            "other": (dims, abs(other)),
            "mirrored": (dims, own < 0),
            "s_mean": (dims, mean),
        },
        coords={"D1": list(spec.D1)},
    )


def priors(spec: Spec) -> xr.Dataset:
    """Priors as estimated from inputs and beliefs; the wrong counts are a sham."""
    shape = (len(spec.D1), spec.residual_seeds)
    estimate, sd = np.empty((len(ESTIMATORS), *shape)), np.empty((2, *shape))
    for k in range(spec.residual_seeds):
        o = _shown(spec, spec.mixing, "sweep", k)["input"][: spec.residual_steps]
        for i, D1 in enumerate(spec.D1):
            run = separate(_model(spec, D1), o, every=spec.steps)
            for e, factor in enumerate((1.0, spec.wrong_total)):
                found = residual_prior(_model(spec, 0.5, factor), o, run["s"])
                estimate[e, i, k], sd[e, i, k] = found["D1"][0], found["logit_D_sd"][0]
            estimate[2, i, k] = found["s_mean"][0]
    dims = ("estimator", "D1", "estimate_draw")
    return xr.Dataset(
        {
            "estimate": (dims, estimate),
            "logit_error": (dims, logit(estimate) - logit(np.array(spec.D1))[:, None]),
            "residual_sd": (("residual_estimator", *dims[1:]), sd),
        },
        coords={"estimator": list(ESTIMATORS), "D1": list(spec.D1)},
    )


def synapses(spec: Spec) -> xr.Dataset:
    """Learning elsewhere as predicted from priors, and its nulls; the trajectories of one agent."""
    task = Sources(mixing=spec.new_mixing)
    start = source_model(task=task, own=spec.new_own, other=spec.new_other, total=spec.new_total)
    errors: list[np.ndarray] = []
    correlations: list[np.ndarray] = []
    for i, D1 in enumerate(spec.agents_D1):
        for k in range(spec.agents):
            known = _shown(spec, spec.mixing, "known", D1, k)["input"][: spec.residual_steps]
            found = residual_prior(_model(spec, 0.5), known, separate(_model(spec, D1), known)["s"])
            own, other = (_shown(spec, spec.new_mixing, name, D1, k)["input"] for name in ("new", "other"))
            learned = separate(start.replace(D=[D1, D1]), own, every=spec.every)
            cases = {
                SAME: (found["D1"].values, own),
                OTHER: (found["D1"].values, other),
                MEAN: (found["s_mean"].values, other),
                SWAPPED: ([spec.agents_D1[-1 - i]] * 2, other),
            }
            predicted = {
                name: separate(start.replace(D=prior), o, every=spec.every) for name, (prior, o) in cases.items()
            }
            held = [synapse_error(learned, one) for one in predicted.values()]
            errors.append(np.stack([*(one["error"] for one in held), held[0]["persistence"]]))
            correlations.append(np.array([*(one["correlation"][-1] for one in held), 0.0]))
            if i == min(SHOWN, len(spec.agents_D1) - 1) and k == 0:
                drawn = xr.concat([one["A1"] for one in (learned, predicted[OTHER], predicted[SWAPPED])], "shown")
    dims, many = ("prediction", "agent"), len(spec.agents_D1)
    return xr.Dataset(
        {
            "synapse_error": ((*dims, "learned"), np.stack(errors, 1)),
            "change_correlation": (dims, np.stack(correlations, 1)),
            "synapse": (("shown", "learned", "observation", "state"), drawn.values),
            "own_input": (("observation", "state"), task.own),
        },
        coords={
            "prediction": list(PREDICTIONS),
            "agent_D1": ("agent", np.repeat(spec.agents_D1, spec.agents)),
            "learned": drawn["learned"].values,
            "shown": ["learned", OTHER, SWAPPED],
        },
    ).assign_coords(agent=np.arange(many * spec.agents))
