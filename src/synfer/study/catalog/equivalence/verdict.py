"""Which identities hold, and what breaks them."""

import xarray as xr

from synfer.study.catalog.equivalence.parts import COST, DERIVATIVES, SHAMS
from synfer.study.experiment import Row

WHAT = {
    "likelihood": "synapses W and their part of h: likelihood",
    "transition": "synapses K and their part of h: transition",
    "prior": "phi: prior D",
    "decision": "outputs, V, m: decision",
    "entropy": "transfer function: entropy",
    "total": "all of L: F",
    "threshold W": "thresholds of W: sum of ln P(o = 0 | s)",
    "threshold K": "thresholds of K: sum of ln P(s_{t-1} = 0 | s)",
    "threshold V": "thresholds of V: sum of ln P(s_{t-1} = 0 | d)",
}
COST_LIMIT, DERIVATIVE_LIMIT, TRIP_LIMIT, LEARNING_LIMIT, STATE_LIMIT = 1e-13, 1e-11, 1e-12, 1e-10, 1e-10
"""Rounding: sums of up to 1e3 terms, their derivatives, logs of counts and back, sums over windows, over states."""
SETTLED = 1e-10
"""Distance from the posterior when inputs last 30 time constants and more: e^-30 x potentials below 100, / 4."""


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: cost, what descends it, learning, settling, truth by enumeration, shams."""
    return [
        *_cost(ds),
        *_derivatives(ds),
        *_learning(ds),
        *_settling(ds),
        *_enumeration(ds),
        *_existence(ds),
        *_shams(ds),
    ]


def _at_most(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"<= {limit:g}", value <= limit)


def _worst(ds: xr.Dataset, name: str) -> tuple[float, int]:
    own = ds["error"].sel(identity=name).dropna("network")
    return float(own.max()) if own.size else 0.0, own.size


def _cost(ds: xr.Dataset) -> list[Row]:
    rows = []
    for name in COST:
        worst, count = _worst(ds, name)
        claim = f"{WHAT[name]}, largest difference over the sum of absolute terms, {count} random networks"
        rows.append(_at_most(claim, worst, COST_LIMIT))
    trip = float(ds["round_trip"].max())
    return [*rows, _at_most("Network to model and back, largest relative change of a weight", trip, TRIP_LIMIT)]


def _derivatives(ds: xr.Dataset) -> list[Row]:
    words = {"activity x": "Activity x' = -dL/dx", "activity y": "Activity y' = -dL/dy at Gamma = 0"}
    rows = []
    for name in ("activity x", "activity y", "W", "K", "V"):
        own = [key for key in DERIVATIVES if key.startswith(name)]
        worst = max(_worst(ds, key)[0] for key in own)
        claim = words.get(name, f"Plasticity of {name} is -dL, by complex steps")
        rows.append(_at_most(f"{claim}, largest difference over the sum of absolute terms", worst, DERIVATIVE_LIMIT))
    return rows


def _learning(ds: xr.Dataset) -> list[Row]:
    trace, counts = (float(ds[name].max()) for name in ("trace_error", "counts_error"))
    return [
        _at_most("Traces that wait for the modulator learn what the batch does, floor included, relative", trace,
                 LEARNING_LIMIT),
        _at_most("What synapses learn is the model's counts a, b, c, relative", counts, LEARNING_LIMIT),
    ]  # fmt: skip


def _settling(ds: xr.Dataset) -> list[Row]:
    distance, excess = ds["distance"].max("settled"), float(ds["excess"].max())
    long, short = float(distance.isel(hold=-1)), float(distance.sel(hold=ds["hold"] <= 2).min())
    return [
        _at_most("abs(u - I) shrinks by e^(-hold/tau) in every input: largest excess, relative", excess, 1e-12),
        _at_most(
            f"Inputs that last {float(ds['hold'][-1]):g} tau: largest distance of firing from the posterior",
            long,
            SETTLED,
        ),
        Row("Sham: inputs that last 2 tau or less: it stays away from the posterior", short, "> 0.01", short > 0.01),
    ]


def _enumeration(ds: xr.Dataset) -> list[Row]:
    marginal, least = (float(ds[name].max()) for name in ("marginal_error", "least_error"))
    beyond = float(ds["beyond"].min())
    return [
        _at_most("Posterior against all 2^Ns states: largest difference", marginal, STATE_LIMIT),
        _at_most("Least F_t against -ln of their sum: largest relative difference", least, STATE_LIMIT),
        Row("Sham: other beliefs than the posterior: least rise of F_t [nats]", beyond, "> 0", beyond > 0),
    ]


def _existence(ds: xr.Dataset) -> list[Row]:
    rows = []
    for kind, wanted in (("canonical", True), ("symmetric coupling", True), ("one-sided coupling", False)):
        one = ds.sel(coupling=kind)
        sham = "" if wanted else "Sham: "
        claim = f"{sham}{kind}: does any cost exist that the activity descends?"
        reference = "a cost exists" if wanted else "no cost exists"
        rows.append(Row(claim, str(one["reason"].item()), reference, bool(one["cost_exists"]) == wanted))
    return rows


def _shams(ds: xr.Dataset) -> list[Row]:
    rows = []
    for sham, (broken, *_) in SHAMS.items():
        error = ds["sham_error"].sel(sham=sham)
        limit = COST_LIMIT if broken in COST else DERIVATIVE_LIMIT
        share = float((error > limit).mean())
        claim = (
            f"Sham: {sham}: share of networks that break the identity of {broken} (median {float(error.median()):.1e})"
        )
        rows.append(Row(claim, share, "> 0.95", share > 0.95))
    return rows
