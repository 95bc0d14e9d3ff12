"""Whether priors are recovered, and whether they predict."""

import xarray as xr

from synfer.study.experiment import Row

ENOUGH = 200
"""Agents from which on coverage is held against 90 to 98 %; with fewer, against what chance allows."""
MANY = 30
"""Mazes from which on the error itself is held against its limit; with fewer, two standard errors are let go."""
NORMAL = 3.29
"""Standard errors that chance exceeds once in a thousand."""


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: what behaviour tells of priors, and what priors tell of learning."""
    return [*_recovery(ds), *_prediction(ds)]


def _below(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"<= {limit:.3g}", value <= limit)


def _over(claim: str, error: float, null: float) -> Row:
    """At most half of a null; one that is 0 is no null: nobody came to the end of any maze."""
    return _below(claim, error / null, 0.5) if null > 0 else Row(claim, "the null is 0", "<= 0.5", False)


def _recovery(ds: xr.Dataset) -> list[Row]:
    rows = []
    n, trials = ds.sizes["agent"], ds.attrs["recovery_trials"]
    for E_right in ds["recovery_E_right"].values:
        own = ds.sel(recovery_E_right=E_right)
        where = f"E_right {E_right:g}, {n} agents, {trials} trials"
        bias = _in_errors(own, "frequency")
        rows.append(
            Row(f"{where}: frequencies in the last trial are biased, largest abs bias / s.e.", bias, "> 4", bias > 4)
        )
        for name in ("likelihood, all trials", "likelihood"):
            rows += _estimator(own, name, where)
        rows.append(_actions(own, where))
    return rows


def _in_errors(own: xr.Dataset, estimator: str) -> float:
    """The largest bias of the four sums, in its standard errors."""
    one = own.sel(estimator=estimator)
    return float((abs(one["recovery_bias"]) / one["recovery_bias_se"]).max())


def _estimator(own: xr.Dataset, name: str, where: str) -> list[Row]:
    """Bias and coverage, where behaviour determines E; how often it does."""
    share = float(own["recovery_determined"].sel(estimator=name).mean())
    words = "all trials" if name.endswith("all trials") else "the last trial alone"
    claim = f"{where}: likelihood of {words}"
    rows = [Row(f"{claim} determines E, fraction of agents", share, ">= 0.95", share >= 0.95)]
    if share < 0.95:
        return rows
    n = round(share * own.sizes["agent"])
    low, high = (0.9, 0.98) if n >= ENOUGH else (0.95 - NORMAL * (0.95 * 0.05 / n) ** 0.5, 1.0)
    coverage = own["recovery_coverage"].sel(estimator=name)
    least, most = float(coverage.min()), float(coverage.max())
    rows.append(
        Row(
            f"{claim}: 95 % intervals of the four sums hold the truth", f"{least:.3f} to {most:.3f}",
            f"{low:.3g} to {high:.3g}", low <= least and most <= high,
        )
    )  # fmt: skip
    rows.append(_below(f"{claim} is unbiased, largest abs bias / s.e.", _in_errors(own, name), 4.0))
    return rows


def _actions(own: xr.Dataset, where: str) -> Row:
    """What is lost where only actions are seen: the bias, beside the standard error of one estimate."""
    name = "actions, all trials"
    one = own.sel(estimator=name)
    ratio = float((abs(one["recovery_bias"]) / one["recovery_E_action_se"].mean("agent")).max())
    return _below(f"{where}: seen by actions alone, all trials: largest abs bias / s.e. of one estimate", ratio, 1.0)


def _prediction(ds: xr.Dataset) -> list[Row]:
    rows = []
    for k, E_right in enumerate(ds["E_right"].values):
        own = ds.sel(E_right=E_right)
        error = own["error"]
        where = f"E_right {E_right:g}, {ds.sizes['maze']} mazes never seen"
        for name in ("frequency", "likelihood"):
            claim = f"{where}: relative error of mean steps, E by {name}"
            noise = 0.0 if ds.sizes["maze"] >= MANY else 2 * own["error_se"].sel(prior=name).item()
            rows.append(_below(claim, error.sel(prior=name).item(), 0.1 + noise))
        ours = error.sel(prior="frequency").item()
        swapped, permuted = error.sel(prior="swapped").item(), own["permuted"].sel(prior="frequency").item()
        wrong = ds.attrs["wrong"][k]
        rows.append(_over(f"... over that of a prior of {wrong:g}, {swapped:.3g}", ours, swapped))
        rows.append(_over(f"... over that for other mazes (permuted), {permuted:.3g}", ours, permuted))
    return rows
