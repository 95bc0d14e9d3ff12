"""The computations, each a dataset of its own."""

import numpy as np
import xarray as xr

from synfer.core.seeds import child
from synfer.inference.recordings import ImplicitFreeEnergy, recovery, shift_recovery, synthetic_cultures
from synfer.io.download import find_recordings
from synfer.io.responses import load_responses
from synfer.study.catalog.in_vitro.spec import Spec

LABELS = {
    "origin": {"units": "1", "long_name": "where the culture comes from"},
    "x_state": {"units": "1", "long_name": "mean response by state of the sources"},
    "state": {"units": "1", "long_name": "state of the sources"},
    "preferred": {"units": "1", "long_name": "inputs"},
    "W_group": {"units": "1", "long_name": "P(input = 1 | x = 1), mean of inputs"},
    "W_group_forecast": {"units": "1", "long_name": "P(input = 1 | x = 1) foretold, mean of inputs"},
}
STATES = ("00", "01", "10", "11")
KEPT = (
    "free_energy", "free_energy_permuted", "D", "D_low", "D_high", "plasticity", "x_mean",
    "fall", "fall_low", "fall_high", "fall_permuted", "fall_excess", "fall_p",
    "skill", "skill_low", "skill_high", "skill_permuted", "skill_excess", "skill_p", "status",
)  # fmt: skip
SYNTHETIC = "synthetic"


def found(spec: Spec) -> dict[str, xr.Dataset]:
    """Recordings by condition; synthetic ones, of which every other culture learns, where there are no others."""
    paths = find_recordings() if spec.recordings == "found" else {}
    if paths:
        return {name: load_responses(path) for name, path in paths.items()}
    plasticity = np.arange(spec.cultures) % 2 / 10
    seed = child(spec.seed, "in-vitro", "recordings")
    return {
        SYNTHETIC: synthetic_cultures(
            spec.cultures, plasticity=plasticity, seed=seed, sessions=spec.sessions, steps=spec.steps
        )
    }


def recordings(spec: Spec) -> xr.Dataset:
    """Every culture, analysed."""
    return xr.concat([_analysed(name, rec, spec) for name, rec in found(spec).items()], "culture", combine_attrs="drop")


def _analysed(condition: str, rec: xr.Dataset, spec: Spec) -> xr.Dataset:
    fit = ImplicitFreeEnergy(
        spec.learn_sessions, base=spec.base_bic if condition == "bic" else None, permutations=spec.permutations,
        resamples=spec.resamples, seed=child(spec.seed, "in-vitro", condition),
    ).fit(rec)  # fmt: skip
    result, told = fit.result_, fit.forecast()
    ds = result[[*KEPT]].merge(told[["W_error", "change_correlation"]])
    ds["x_state"] = _by_state(result["x"], rec["stimulus"])
    own = _own_inputs(rec)
    groups = xr.DataArray(["of its own source", "of the other"], dims="preferred")
    for name, W in (("W_group", result["W_hat"]), ("W_group_forecast", told["W_hat_forecast"])):
        W = W.sel(value=1, drop=True)
        ds[name] = xr.concat([W.where(own).mean("input"), W.where(~own).mean("input")], groups)
    return ds.assign_coords(origin=("culture", [condition] * ds.sizes["culture"]))


def _own_inputs(rec: xr.Dataset) -> xr.DataArray:
    """(culture, source, input) whether an input tells of this source more than of the other."""
    s, o, valid = rec["stimulus"], rec["input"].variable, rec["valid"]
    told = [xr.DataArray(o, dims=o.dims).where(valid & (s == value)).mean(("session", "step")) for value in (1, 0)]
    effect = abs(told[0] - told[1])
    return effect == effect.max("source")


def _by_state(x: xr.DataArray, stimulus: xr.DataArray) -> xr.DataArray:
    """(culture, session, source, state) means of x."""
    state = 2 * stimulus.isel(source=0).astype(int) + stimulus.isel(source=1)
    means = [x.where(state == k).mean("step") for k in range(len(STATES))]
    return xr.concat(means, xr.DataArray(list(STATES), dims="state"))


def fixed(spec: Spec) -> xr.Dataset:
    """Cultures in which there is nothing to find."""
    ds = recovery(
        _estimator(spec), cultures=spec.fixed, repeats=spec.repeats, seed=child(spec.seed, "in-vitro", "fixed")
    )
    return _renamed(ds.isel(plasticity=0, drop=True), "fixed", ("culture",))


def power(spec: Spec) -> xr.Dataset:
    """Cultures that learn, more and more."""
    ds = recovery(
        _estimator(spec), cultures=spec.power_cultures, plasticity=spec.plasticity, repeats=spec.repeats,
        seed=child(spec.seed, "in-vitro", "power"), sessions=spec.sessions, steps=spec.steps,
    )  # fmt: skip
    return _renamed(ds, "power", ("culture", "plasticity"))


def shifted(spec: Spec) -> xr.Dataset:
    """Cultures whose excitability changes after the learnt sessions."""
    ds = shift_recovery(
        ImplicitFreeEnergy(spec.learn_sessions, detrend=False), shift=spec.shifts, cultures=spec.shift_cultures,
        seed=child(spec.seed, "in-vitro", "shifts"), sessions=spec.sessions, steps=spec.steps,
    )  # fmt: skip
    return _renamed(ds, "shifted", ("culture",))


def _estimator(spec: Spec) -> ImplicitFreeEnergy:
    return ImplicitFreeEnergy(
        spec.learn_sessions, permutations=spec.fixed_permutations, resamples=max(20, spec.resamples)
    )


def _renamed(ds: xr.Dataset, name: str, dims: tuple[str, ...]) -> xr.Dataset:
    """Variables, and what they do not share with the recordings, under names of their own."""
    own = {str(v): f"{name}_{v}" for v in ds.data_vars} | {d: f"{name}_{d}" for d in dims}
    named = ds.rename(own).drop_attrs(deep=False)
    for old, new in own.items():
        named[new].attrs = dict(ds[old].attrs)
    return named
