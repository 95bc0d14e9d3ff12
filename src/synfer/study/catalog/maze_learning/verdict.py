"""What agrees with the exact first trial, with what was published, and what is lost without risk."""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy.special import bdtr, bdtrc

from synfer.study.catalog.maze_learning.parts import CONDITIONS, OWN
from synfer.study.catalog.maze_learning.spec import BLOCKS, PUBLISHED, PUBLISHED_FIRST, PUBLISHED_MAZES
from synfer.study.experiment import Row

FOUR = 6.3e-5
"""Probability of a normal number beyond 4 standard errors."""
KOLMOGOROV = 1e-3
"""Probability that any of the distributions exceeds its limit by chance."""
FEWEST = 10
"""Mazes over which a standard error is known well enough to judge 3 of them."""


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: the first trial, learning, what was published, shams."""
    return [*_first(ds), *_fresh(ds), *_learning(ds), *_published(ds), *_shams(ds), *_energy(ds)]


def _at_most(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"<= {limit:.3g}", value <= limit)


def block_means(ds: xr.Dataset, condition: str, E_right: float, block: tuple[int, int]) -> np.ndarray:
    """(maze,) mean steps of trials start .. stop, from 1."""
    chosen = (ds["condition"] == condition) & (ds["E_right"] == E_right)
    return ds["steps"].sel(run=chosen).isel(trial=slice(block[0] - 1, block[1])).mean("trial").values


def known_blocks(ds: xr.Dataset) -> list[tuple[int, int]]:
    """Of the published blocks, those that were run."""
    return [block for block in BLOCKS if block[1] <= ds.sizes["trial"]]


def _first(ds: xr.Dataset) -> list[Row]:
    """Standard errors are the oracle's own."""
    steps, n = ds["first_steps"], ds.sizes["first_run"]
    off, se = steps.mean("first_run") - ds["first_steps_mean"], ds["first_steps_sd"] / np.sqrt(n)
    z = xr.where(abs(off) < 1e-6, 0.0, abs(off) / np.maximum(se, 1e-9))
    reached, p = (steps < ds.attrs["T"]).sum("first_run").values, ds["first_probability"].values.clip(0, 1)
    chance = np.minimum(1, 2 * np.minimum(bdtr(reached, n, p), np.where(reached > 0, bdtrc(reached - 1, n, p), 1)))
    limit = np.sqrt(-np.log(KOLMOGOROV / ds["first_ks"].size / 2) / 2)
    where = f"first trial of {n} agents in each of {ds.sizes['first_maze']} mazes at {ds.sizes['first_E_right']} priors"
    return [
        _at_most(f"Mean steps, {where}, against the exact ones: largest abs z", float(z.max()), 4.0),
        Row("... how many reach the goal: least binomial probability of being so far off", float(chance.min()),
            f">= {FOUR:g}, 4 SE", float(chance.min()) >= FOUR),
        _at_most("... their distribution: largest Kolmogorov distance x sqrt(runs)", float(ds["first_ks"].max()),
                 float(limit)),
    ]  # fmt: skip


def _fresh(ds: xr.Dataset) -> list[Row]:
    if ds.attrs["E_right"] != 0.25 or ds.sizes["fresh_maze"] < FEWEST:
        return []
    p = ds["fresh_probability"].values
    published, se = PUBLISHED_FIRST
    z = abs(p.mean() - published) / np.hypot(se, p.std(ddof=1) / np.sqrt(len(p)))
    claim = f"Exact probability of the goal, first trial, {len(p)} fresh mazes: {p.mean():.3f} for {published:g} known"
    return [_at_most(f"{claim}: abs z", float(z), 3.0)]


def _learning(ds: xr.Dataset) -> list[Row]:
    """Agents with a prior of 1/4 learn, by the last published block that was run."""
    E_right, blocks = ds.attrs["E_right"], known_blocks(ds)
    before, after = (block_means(ds, OWN, E_right, block) for block in (blocks[0], blocks[-1]))
    fall = before - after
    t = fall.mean() / (fall.std(ddof=1) / np.sqrt(len(fall)))
    last = f"trials {blocks[-1][0]} to {blocks[-1][1]}"
    claim = f"At E_right {E_right:g} agents learn: steps in {last} over those in trials 1 to 10, {len(fall)} mazes"
    ratio = float(after.mean() / before.mean())
    return [
        Row(claim, ratio, "< 0.9", ratio < 0.9),
        Row("... the fall in its standard errors, over mazes", float(t), "> 2.5", t > 2.5),
    ]


def _published(ds: xr.Dataset) -> Iterator[Row]:
    for E_right in np.unique(ds["E_right"]).tolist():
        if E_right not in PUBLISHED:
            continue
        known = PUBLISHED[E_right]
        for k, block in enumerate(known_blocks(ds)):
            own = block_means(ds, OWN, E_right, block)
            mean, se = float(own.mean()), float(own.std(ddof=1) / np.sqrt(len(own)))
            other = known.steps[k]
            where = f"E_right {E_right:g}, trials {block[0]} to {block[1]}: mean steps over {len(own)} mazes"
            both = se if known.sd is None else float(np.hypot(se, known.sd[k] / np.sqrt(PUBLISHED_MAZES)))
            if known.sd is not None and len(own) >= FEWEST:
                within = abs(mean - other) <= 3 * both
                yield Row(where, f"{mean:.0f} +- {se:.0f}", f"{other:.0f}, within 3 combined SE of {both:.0f}", within)
            # A limit narrower than three standard errors would be met or missed by chance.
            if 3 * both <= known.limit[k] * other:
                yield _at_most(
                    f"{where}, off the published {other:.0f}, relative", abs(mean / other - 1), known.limit[k]
                )


def _shams(ds: xr.Dataset) -> Iterator[Row]:
    E_right, block = ds.attrs["E_right"], known_blocks(ds)[-1]
    own = block_means(ds, OWN, E_right, block)
    for name in CONDITIONS:
        if name != OWN:
            null = block_means(ds, name, E_right, block)
            more = null.mean() - own.mean()
            se = np.hypot(*(values.std(ddof=1) / np.sqrt(len(values)) for values in (null, own)))
            claim = f"Sham: {name} throughout: steps in trials {block[0]} to {block[1]} beyond those with risk"
            yield Row(f"{claim}, in SE", float(more / se), "> 3", more > 3 * se)


def _energy(ds: xr.Dataset) -> list[Row]:
    """A free energy that falls is no sign of learning."""
    F = (ds["free_energy"] / (ds["steps"] - 2)).where(ds["E_right"] == ds.attrs["E_right"])
    change = F.isel(trial=slice(-10, None)).mean("trial") - F.isel(trial=slice(0, 10)).mean("trial")
    own, null = (float(change.where(ds["condition"] == name).mean()) for name in (OWN, "Gamma = 0"))
    claim = "Sham: the free energy of a step falls where no maze is learned, with Gamma = 0, by more than with risk"
    return [Row(f"{claim}: change [nats]", f"{null:.0f}, with risk {own:.0f}", "lower", null < min(0.0, own))]
