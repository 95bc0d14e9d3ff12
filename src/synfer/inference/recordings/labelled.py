"""Results of the estimator as labelled datasets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.results import dataset, label
from synfer.inference.recordings.analysis import PREDICTORS, TERMS, errors, predict, skill, trend
from synfer.inference.recordings.base import Base
from synfer.inference.recordings.nulls import ENDS, NULLS, STATISTICS, p_value
from synfer.inference.recordings.outcome import Outcome
from synfer.inference.recordings.states import Conventions

OK, FAILED = 0, 2
Found = Mapping[str, Outcome]
SYNAPSES = ("culture", "session", "value", "source", "input")
COORDS = {"null": NULLS, "end": ENDS, "predictor": PREDICTORS, "value": (1, 0), "term": TERMS}
RESPONSES = ("culture", "session", "step", "source")
HIDDEN = (
    "with detrend=True the trend that is taken away of what is observed holds nearly all of a shift; fit with "
    "detrend=False to see it"
)


class Table:
    """Variables by culture, filled for those that were found."""

    def __init__(self, rec: xr.Dataset, found: Found) -> None:
        self.rec, self.found = rec, found
        self.names = rec["culture"].values.tolist()
        self.variables: dict[str, tuple[Any, ...]] = {}

    def add(self, name: str, dims: Sequence[str], of: Callable[[Outcome], Any]) -> None:
        """A variable (culture, *dims), NaN for other cultures; a session or step takes the place that it has."""
        size = {**self.rec.sizes, **{name: len(of) for name, of in COORDS.items()}}
        whole = np.full((len(self.names), *(size[d] for d in dims)), np.nan)
        for k, culture in enumerate(self.names):
            if culture not in self.found:
                continue
            out, values = self.found[culture], np.asarray(of(self.found[culture]))
            if tuple(dims[:2]) == ("session", "step"):
                for s, own in enumerate(out.culture.sessions):
                    n = out.culture.n[s]
                    whole[k, own, out.culture.steps[s, :n]] = values[s, :n]
            elif "session" in dims:
                axis = list(dims).index("session")
                whole[k][(*[slice(None)] * axis, out.culture.sessions)] = values
            else:
                whole[k] = values
        self.variables[name] = (("culture", *dims), whole)

    def add_nulls(self, k: int) -> None:
        """What is observed of a statistic, its interval, and what permuted sessions give."""
        name = STATISTICS[k]
        self.add(name, (), lambda out: out.summary[k])
        for j, end in enumerate(("low", "high")):
            self.add(f"{name}_{end}", (), lambda out, j=j: out.reach[k, j])
        self.add(f"{name}_permuted", ("null",), lambda out: out.permuted[:, k].mean(-1))
        self.add(f"{name}_excess", ("null",), lambda out: out.summary[k] - out.permuted[:, k].mean(-1))
        self.add(f"{name}_p", ("null",), lambda out: p_value(np.full(2, out.summary[k]), out.permuted[:, k]))

    def dataset(self, why: Sequence[str], **attrs: Any) -> xr.Dataset:
        status = np.where([bool(text) for text in why], FAILED, OK).astype(np.int8)
        if any(why):
            attrs |= {"status": "some cultures failed", "reasons": list(why)}
        else:
            attrs |= {"status": "ok"}
        self.variables["status"] = (("culture",), status)
        used = {d for dims, *_ in self.variables.values() for d in dims}
        coords = {d: ((d,), self.rec[d].values) for d in ("culture", "session", "step", "source", "unit") if d in used}
        coords |= {d: ((d,), list(values)) for d, values in COORDS.items() if d in used}
        return dataset(self.variables, coords, condition=self.rec.attrs.get("condition"), **attrs)


def fitted(
    rec: xr.Dataset, found: Found, why: Sequence[str], base: Base, arguments: dict[str, Any]
) -> xr.Dataset:  # fmt: skip
    """The result of a fit."""
    table = Table(rec, found)
    table.add("x", RESPONSES[1:], lambda out: np.moveaxis(out.sums.x, 0, -1))
    table.add("W_hat", SYNAPSES[1:], lambda out: out.found.W_hat)
    table.add("W_window", SYNAPSES[1:], lambda out: out.found.W_window)
    table.add("phi", ("value", "source"), lambda out: out.found.phi)
    table.add("x_mean", ("source",), lambda out: np.exp(out.found.phi[0]))
    table.add("terms", ("term", "session"), lambda out: out.found.terms)
    table.add("free_energy", ("session",), lambda out: out.found.terms.sum(0))
    table.add("free_energy_permuted", ("null", "end", "session"), lambda out: out.band)
    for k, name in enumerate(("logit_D", "plasticity")):
        table.add(name, ("source",), lambda out, k=k: out.implied[:, k])
        for j, end in enumerate(("low", "high")):
            table.add(f"{name}_{end}", ("source",), lambda out, k=k, j=j: out.implied_reach[:, k, j])
    for end in ("", "_low", "_high"):
        dims, values = table.variables[f"logit_D{end}"]
        table.variables[f"D{end}"] = (dims, expit(values))
    table.variables["determined"] = (("culture", "source"), np.isfinite(table.variables["D_low"][1]))
    table.add_nulls(0)
    table.add_nulls(1)
    table.add("rate", ("session", "source"), lambda out: out.culture.session_mean.T)
    table.variables["rate"] += ({"units": "spikes", "long_name": "mean count of the ensemble per stimulus"},)
    table.variables |= _counted(rec, found)
    undetermined = [
        f"{name}, source {e}: {text}" for name, out in found.items() for e, text in enumerate(out.why) if text
    ]
    told = {"base": base.value, "base_se": base.se, "warnings": [base.warning] if base.warning else None}
    return table.dataset(why, verb="fit", arguments=arguments, undetermined=undetermined or None, **told).assign(
        valid=rec["valid"].drop_attrs()
    )


def _counted(rec: xr.Dataset, found: Found) -> dict[str, tuple[Any, ...]]:
    names = rec["culture"].values.tolist()
    units = np.zeros((len(names), 2, rec.sizes["unit"]), dtype=bool)
    for k, name in enumerate(names):
        if name in found:
            own = found[name].culture.units
            units[k, :, : own.shape[1]] = own
    return {
        "n_steps": (("culture", "session"), rec["valid"].values.sum(2)),
        "in_ensemble": (("culture", "source", "unit"), units),
        "n_ensemble": (("culture", "source"), units.sum(2)),
    }


def forecast(
    rec: xr.Dataset, found: Found, why: Sequence[str], conventions: Conventions, shifts: np.ndarray | None,
    fit: xr.Dataset,
) -> xr.Dataset:  # fmt: skip
    """The result of a forecast."""
    k, table = conventions.learn_sessions, Table(rec, found)
    names = table.names
    expected = {name: (out.W_forecast, out.x_forecast) for name, out in found.items()}
    if shifts is not None:
        expected = {
            name: predict(out.culture, out.found, conventions, np.arange(len(out.culture.n)),
                          shift=shifts[names.index(name)])
            for name, out in found.items()
        }  # fmt: skip
    W = lambda out: expected[out.culture.name][0]  # noqa: E731
    x = lambda out: expected[out.culture.name][1]  # noqa: E731
    table.add("x_forecast", RESPONSES[1:], lambda out: np.moveaxis(x(out), 0, -1))
    table.add("W_hat_forecast", SYNAPSES[1:], W)
    table.add("W_hat_trend", SYNAPSES[1:], lambda out: trend(out.found.W_hat, k))
    table.add("W_error", ("predictor", "session"), lambda out: errors(out.found, W(out), k))
    table.add("x_error", ("predictor",), lambda out: _response_errors(out, x(out), k))
    table.add("change_correlation", (), lambda out: _correlation(out.found.W_hat, W(out), k))
    if shifts is not None:
        table.add("skill_shifted", (), lambda out: skill(out.found, W(out), k))
        table.variables["shift"] = (("culture", "source"), shifts)
    told = [HIDDEN] if conventions.detrend and shifts is not None and shifts.any() else None
    ds = table.dataset(
        why, verb="forecast", base=fit.attrs["base"], arguments=fit.attrs["arguments"], warnings=told
    )  # fmt: skip
    nulls = [name for name in fit if str(name).split("_")[0] in STATISTICS]
    return ds.assign({name: fit[name] for name in nulls})


def _correlation(W_hat: np.ndarray, expected: np.ndarray, k: int) -> float:
    observed, told = ((W[-1] - W_hat[k - 1]).ravel() for W in (W_hat, expected))
    spread = observed.std() * told.std()
    return float(np.mean((observed - observed.mean()) * (told - told.mean())) / spread) if spread > 0 else 0.0


def _response_errors(out: Outcome, expected: np.ndarray, k: int) -> np.ndarray:
    """Mean squares of x - expected in later sessions, by PREDICTORS: persistence is the mean x of each state of the
    learnt sessions, the trend straight lines through its means by session."""
    culture = out.culture
    hot = (culture.state[..., None] == np.arange(4)) & (np.arange(culture.y.shape[2]) < culture.n[:, None])[..., None]
    sums = np.einsum("est,stk->esk", out.sums.x, hot.astype(np.float64))
    persistent = sums[:, :k].sum(1) / culture.counts[:k].sum(0)
    line = np.moveaxis(trend(np.moveaxis(sums / culture.counts, 1, 0), k), 0, 1)
    rivals = (expected, np.broadcast_to(persistent[:, None], line.shape), line)
    total = []
    for rival in rivals:
        told = rival if rival is expected else np.einsum("esk,stk->est", rival, hot.astype(np.float64))
        square = ((out.sums.x - told) ** 2 * hot.any(-1))[:, k:].sum()
        total.append(square / (2 * culture.n[k:].sum()))
    return np.array(total)


def excess(result: xr.Dataset, name: str, null: str) -> xr.DataArray:
    """What is observed in excess of a null, of the cultures that were analysed."""
    return result[f"{name}_excess"].sel(null=null, drop=True)[result["status"].values == OK]


def responses_of(rec: xr.Dataset, x: np.ndarray) -> xr.DataArray:
    """x (culture, session, step, source) with the coordinates of a recording."""
    coords = {d: rec[d] for d in RESPONSES}
    return xr.DataArray(x, coords, RESPONSES, name="x_forecast", attrs=label("x_forecast"))
