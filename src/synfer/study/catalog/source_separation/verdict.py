"""Where sources are told apart, what beliefs say of the prior, and what the prior says of learning elsewhere."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from synfer.study.catalog.source_separation.parts import MEAN, OTHER, PERSISTENCE, SAME, SWAPPED
from synfer.study.catalog.source_separation.spec import KNOWN, KNOWN_MEAN
from synfer.study.experiment import Row

FLANKS = (0.05, 0.95)
PLATEAU = (0.58, 0.03)
"""Correlation of a state that stands for both sources alike, and how far one may be off."""

THEIRS = 0.02
"""Standard error of means from the independent program, of an unknown number of draws; one of 40 has up to .02."""
FAR = 0.3 - 1e-9
"""Distance of priors from 1/2 at which the mean belief is far off."""


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument."""
    return [*_separation(ds), *_known(ds), *_priors(ds), *_synapses(ds)]


def _separation(ds: xr.Dataset) -> Iterator[Row]:
    own, other = (ds[name].mean("draw") for name in ("own", "other"))
    D1, n = ds["D1"].values.tolist(), ds.sizes["draw"]
    if 0.5 in D1:
        value = float(own.sel(D1=0.5))
        yield Row(f"At D1 .5 a state stands for its own source: mean correlation over {n} draws", value, ">= 0.82",
                  value >= 0.82)  # fmt: skip
    for flank in FLANKS:
        if flank in D1:
            a, b = float(own.sel(D1=flank)), float(other.sel(D1=flank))
            level, reach = PLATEAU
            holds = max(abs(a - level), abs(b - level)) <= reach and abs(a - b) <= reach
            yield Row(f"At D1 {flank:g} it stands for both alike: own and other", f"{a:.3f}, {b:.3f}",
                      f"{level} +- {reach}, no further apart than {reach}", holds)  # fmt: skip
    if D1[0] < 0.4 and D1[-1] > 0.6:
        best = float(own.idxmax("D1"))
        yield Row("Separation is best at D1", best, "0.4 to 0.6, the truth being .5", 0.4 <= best <= 0.6)
    inside = ds["mirrored"].sel(D1=slice(0.3, 0.7))
    outside = float(ds["mirrored"].where((ds["D1"] < 0.3) | (ds["D1"] > 0.7)).mean())
    if inside.size and np.isfinite(outside):
        part = float(inside.mean())
        yield Row("States that are on where the sources are off: part of draws with D1 in [.3, .7], and further out",
                  f"{part:.3f}, {outside:.3f}", "none inside", part == 0)  # fmt: skip


def _known(ds: xr.Dataset) -> Iterator[Row]:
    if not ds.attrs["as_known"]:
        return
    root = np.sqrt(ds.sizes["draw"])
    pairs = [(name, D1, pair[k]) for D1, pair in KNOWN.items() for k, name in enumerate(("own", "other"))]
    for claim, known in (("Correlations", pairs), ("Mean belief", [("s_mean", *pair) for pair in KNOWN_MEAN.items()])):
        ours = [(ds[name].sel(D1=D1), value) for name, D1, value in known if D1 in ds["D1"]]
        if ours:
            z = [abs(float(x.mean()) - value) / np.hypot(THEIRS, float(x.std(ddof=1)) / root) for x, value in ours]
            yield Row(f"{claim} known from an independent program, at {len(ours)} places: largest abs z",
                      max(z), "<= 4", max(z) <= 4)  # fmt: skip


def _priors(ds: xr.Dataset) -> Iterator[Row]:
    error = abs(ds["logit_error"])
    exact = float(error.sel(estimator="residual").max())
    yield Row("The residual estimator of the prior, counts known: largest error of its log odds [nats]", exact,
              "<= 1e-6", exact <= 1e-6)  # fmt: skip
    wrong, sd = (
        float(error.sel(estimator="residual, wrong counts").mean()),
        ds["residual_sd"].mean(("D1", "estimate_draw")),
    )
    noticed = wrong > 1e-3 and float(sd[1]) > 1e6 * float(sd[0])
    yield Row("Sham: with wrong counts at the start it is off on average [nats], and the residual's sd tells",
              f"{wrong:.3f}, sd {float(sd[1]):.3f} for {float(sd[0]):.1g}", "> 0.001, sd a million times as large",
              noticed)  # fmt: skip
    off = abs(ds["D1"] - 0.5) > FAR
    if off.any():
        inward = ((ds["s_mean"] - ds["D1"]) * np.sign(0.5 - ds["D1"])).where(off, drop=True)
        z = inward.mean("draw") / (inward.std("draw", ddof=1) / np.sqrt(ds.sizes["draw"]))
        yield Row("The mean belief is biased towards 1/2 at priors .3 or more from it: least bias in its SE",
                  float(z.min()), "> 4", float(z.min()) > 4)  # fmt: skip


def _synapses(ds: xr.Dataset) -> Iterator[Row]:
    last = ds["synapse_error"].isel(learned=-1)
    n = ds.sizes["agent"]
    same = float(last.sel(prediction=SAME).max())
    yield Row(f"Synapses elsewhere from estimated priors, the same inputs, {n} agents: largest squared relative error",
              same, "<= 1e-12", same <= 1e-12)  # fmt: skip
    ours = last.sel(prediction=OTHER)
    for null, least in ((PERSISTENCE, 0.9), (SWAPPED, 0.9), (MEAN, 0.6)):
        theirs = last.sel(prediction=null)
        value, other, part = float(ours.mean()), float(theirs.mean()), float((theirs > ours).mean())
        claim = f"... inputs unseen: mean error against that of the null, {null}; part of agents predicted better"
        yield Row(claim, f"{value:.2g} for {other:.2g}; {part:.2f}", f"smaller, >= {least:g} of agents",
                  value < other and part >= least)  # fmt: skip
