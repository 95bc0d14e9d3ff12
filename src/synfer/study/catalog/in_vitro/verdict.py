"""What is published and what is in excess of chance; and whether the analysis finds what is there, and nothing else."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from synfer.study.catalog.in_vitro.spec import PUBLISHED
from synfer.study.experiment import Row

LEVEL = 0.05
NORMAL = 3.29
"""Standard errors that chance exceeds once in a thousand."""
ENOUGH = 200
"""Cultures from which on rates are held against their limits; with fewer, against what chance allows."""
MANY = 100
"""Of shifts, likewise."""
PERMUTED = {"sessions": "permuted sessions", "states": "permuted responses"}
MEASURED = {"fall": "fall of the free energy", "skill": "skill of the forecast"}


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument."""
    return [*_published(ds), *_excess(ds), *_fixed(ds), *_power(ds), *_shifts(ds)]


def _published(ds: xr.Dataset) -> Iterator[Row]:
    """The published numbers of each culture, to the digits in which they are known."""
    last, k = ds["W_error"].isel(session=-1), ds.attrs["learn_sessions"]
    for origin, known in PUBLISHED.items():
        own = (ds["origin"] == origin).values
        if not own.any() or int(own.sum()) != len(known["forecast"]):
            continue
        for name in ("forecast", "persistence"):
            found = last.sel(predictor=name).values[own]
            off = float(abs(found - np.array(known[name])).max())
            yield Row(f"{origin}, as published, not evidence of plasticity by themselves: errors of W^ by {name}",
                      _list(found, 4), _list(known[name], 4), off <= 5.1e-5)  # fmt: skip
        found = ds["change_correlation"].values[own]
        yield Row(f"{origin}, as published: correlation of predicted and observed change", _list(found, 3),
                  _list(known["change"], 3), float(abs(found - np.array(known["change"])).max()) <= 5.1e-4)  # fmt: skip
        L = ds["free_energy"].values[own]
        ends, limits = (L[:, :k].mean(), L[:, -k:].mean()), known["free_energy"]
        yield Row(f"{origin}, as published: mean free energy of first and last sessions [nats]", _list(ends, 1),
                  _list(limits, 1), float(abs(np.subtract(ends, limits)).max()) <= 0.051)  # fmt: skip


def _list(values: object, digits: int) -> str:
    return " ".join(f"{value:.{digits}f}" for value in np.ravel(np.asarray(values)))


def _excess(ds: xr.Dataset) -> Iterator[Row]:
    """As it comes out, with the p of every culture; a claim holds where all cultures are beyond chance."""
    for origin in dict.fromkeys(ds["origin"].values.tolist()):
        own = ds.isel(culture=np.flatnonzero((ds["origin"] == origin).values))
        own = own.isel(culture=np.flatnonzero(own["status"].values == 0))
        if origin == "synthetic":
            continue
        for name, words in MEASURED.items():
            for null in ds["null"].values.tolist():
                p = own[f"{name}_p"].sel(null=null).values
                small = int((p <= LEVEL).sum())
                yield Row(
                    f"{origin}: {words} exceeds that of {PERMUTED[null]}: p by culture; cultures with p <= {LEVEL}",
                    f"{_list(p, 3)}; {small} of {len(p)}", "all", small == len(p),
                )  # fmt: skip


def _fixed(ds: xr.Dataset) -> Iterator[Row]:
    """With fixed synapses a test rejects as often as its level says."""
    n = int((ds["fixed_status"] == 0).sum())
    for name, words in MEASURED.items():
        for null in ds["null"].values.tolist():
            rate = float(ds["fixed_rejected"].sel(statistic=name, null=null))
            reach = 0.03 if n >= ENOUGH else NORMAL * np.sqrt(LEVEL * (1 - LEVEL) / n)
            yield Row(f"{n} synthetic cultures with fixed synapses: a {words} beyond that of {PERMUTED[null]} is found",
                      rate, f"{LEVEL} +- {reach:.2g}", abs(rate - LEVEL) <= reach)  # fmt: skip
    for name in ("D", "skill"):
        part, se = (float(ds[f"fixed_coverage{end}"].sel(measure=name)) for end in ("", "_se"))
        low, high = (0.85, 0.95) if n >= ENOUGH else (0.9 - NORMAL * max(se, 0.03), 1.0)
        yield Row(
            f"... intervals of 90 % hold the truth of {name}", part, f"{low:.2f} to {high:.2f}", low <= part <= high
        )


def _power(ds: xr.Dataset) -> Iterator[Row]:
    """Power is shown as a curve; with the strongest plasticity most cultures are found."""
    strongest, n = ds["power_plasticity"].values[-1], ds.sizes["power_culture"]
    for name, words in MEASURED.items():
        curve = ds["power_rejected"].sel(statistic=name, null="sessions")
        strengths = " ".join(f"{value:g}" for value in curve["power_plasticity"].values)
        yield Row(f"Power against plasticity {strengths}, {n} cultures each: {words}",
                  _list(curve, 2), f">= 0.8 at {strongest:g}", float(curve[-1]) >= 0.8)  # fmt: skip


def _shifts(ds: xr.Dataset) -> Iterator[Row]:
    n = ds.sizes["shifted_culture"] * ds.sizes["shift"]
    better = float(ds["shifted_better"].mean())
    shifts, least = _list(ds["shift"], 1), 0.9 if n >= MANY else 0.9 - NORMAL * np.sqrt(0.09 / n)
    yield Row(f"{n} synthetic cultures: the forecast that knows of a shift of logit D ({shifts}) is better, fraction",
              better, f">= {least:.2f}", better >= least)  # fmt: skip
