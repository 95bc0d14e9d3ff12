"""Whether two results agree, in standard errors."""

from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError

MOMENTS = ("V_mean", "V_sd", "V_iqr", "w_mean", "w_sd")
"""Those that both results have are compared."""
NODES = 1.0
"""Distance of nodes [ms] up to which the moments of a density are interpolated."""
BLOCKS = 32
"""Blocks of neurons from which the scatter of added-up bins is known well enough for a nearly Gaussian z."""
TRIALS = 8
"""Trials of a chain at least, whose scatter gives the error."""


def compare(a: xr.Dataset, b: xr.Dataset, *, width: float | None = None) -> xr.Dataset:
    """z-scores of a against b, by variable: (a - b) / standard error.

    Rates are compared as means over bins of a stated width. A density's mean rate over a bin is its number of spikes; a
    simulation's bins are added up, and the error of the sum is taken from the scatter between independent blocks of
    neurons (a single bin brings its own error), or between the trials of a chain. Moments are compared at the times at
    which the simulation took them; of chains the volleys are compared instead, where both were read in the same window.

    Two reservations on chains. Layers of N neurons are not infinite ones: where the transfer bends, their fluctuations
    move the mean. And the fullest window of a noisy count is fuller than that of its mean: with N = 100, a = 60 and
    3 ms, `a` of the simulation is one spike larger in the first layers.

    Args:
        a, b: Results of `evolve` and `simulate`, at least one of them simulated, over the same window and points.
        width: Width of the bins [ms], a multiple of the simulation's; default its own.

    Returns:
        Dataset of z-scores: `rate` by `time` (bin centres), `V_mean`, `V_sd`, `V_iqr` (and `w_mean`, `w_sd` of a
        slow variable) by `V_time`; the width in attrs.
        Where neither result has a spike in a bin, z is 0. For chains by `layer`, with `a` and `t_packet` in place of
        moments.

    Raises:
        ParameterError: no simulation, windows or points that differ, or a width that does not fit.

    Example:
        >>> import synfer as sf
        >>> lif, rest = sf.LIF.diesmann1999(), sf.Noise(mu=-61.8, sigma=2.85)
        >>> z = sf.compare(sf.evolve(lif, rest, t=20), sf.simulate(lif, rest, t=20, n=2000, seed=1), width=10)
        >>> z.rate.sizes["time"]
        2
    """
    results = [a, b]
    for ds in results:
        if not isinstance(ds, xr.Dataset) or ds.attrs.get("verb") not in ("evolve", "simulate"):
            raise ParameterError("compare takes results of evolve and simulate")
    simulated = [ds for ds in results if "rate_se" in ds]
    if not simulated:
        raise ParameterError("neither result has standard errors, so there are no z-scores; compare one with simulate")
    window = _window(results)
    edges = _edges(simulated, width, window)
    (rate_a, var_a), (rate_b, var_b) = (_binned(ds, edges) for ds in results)
    variance = _with_floor(var_a + var_b, rate_a, rate_b, results, edges)
    leading = tuple(str(dim) for dim in simulated[0]["rate"].dims if dim != "time")
    z = {"rate": ((*leading, "time"), _z(rate_a - rate_b, variance))}
    coords: dict[str, Any] = {"time": ("time", (edges[1:] + edges[:-1]) / 2, {"units": "ms", "long_name": "time"})}
    same_window = len({ds.attrs.get("window") for ds in results}) == 1
    if "layer" in leading and not same_window:
        coords["layer"] = simulated[0]["layer"]
    elif "layer" in leading:
        z |= {name: (leading, values) for name, values in _packets(results).items()}
        coords["layer"] = simulated[0]["layer"]
    else:
        times = min((ds["V_time"].transpose(..., "time").values for ds in simulated), key=lambda taken: taken.shape[-1])
        taken = times.reshape(-1, times.shape[-1])[0]
        coords["V_time"] = ("V_time", taken, {"units": "ms", "long_name": "time"})
        for name in (own for own in MOMENTS if all(own in ds for ds in results)):
            values = [_at(ds, name, times) for ds in results]
            variance = np.sum([_at(ds, f"{name}_se", times) ** 2 for ds in simulated], axis=0)
            z[name] = ((*leading, "V_time"), _z(values[0] - values[1], variance))
    labelled = {n: (dims, v, {"units": "1", "long_name": f"z-score of {n}"}) for n, (dims, v) in z.items()}
    return xr.Dataset(labelled, coords).assign_attrs(width_ms=float(edges[1] - edges[0]))


def _packets(results: list[xr.Dataset]) -> dict[str, np.ndarray]:
    """z-scores of the size and time of volleys by layer, NaN where neither result has one in every trial."""
    windows = {ds.attrs["window"] for ds in results}
    if len(windows) > 1:
        raise ParameterError(
            f"volleys were read in different windows, {' and '.join(sorted(windows))}; use one window="
        )
    z = {}
    for name in ("a", "t_packet"):
        means, variance = [], 0.0
        for ds in results:
            values = ds[name].transpose(..., "layer")
            if "trial" in ds.dims:
                variance = variance + (values.var("trial", ddof=1) / ds.sizes["trial"]).values
                values = values.mean("trial", skipna=False)
            means.append(values.values)
        z[name] = _z(means[0] - means[1], np.asarray(variance))
    return z


def _z(difference: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """The z-score; 0 where nothing differs, infinite where a difference has no error to explain it."""
    with np.errstate(divide="ignore"):
        return np.where(difference == 0, 0.0, difference / np.sqrt(np.where(difference == 0, 1.0, variance)))


def _window(results: list[xr.Dataset]) -> tuple[float, float]:
    windows = [(ds.attrs["t_start"], ds.attrs["t_end"]) for ds in results]
    if not np.allclose(windows[0], windows[1], rtol=0, atol=1e-9):
        text = " and ".join(f"{start:g} to {end:g} ms" for start, end in windows)
        raise ParameterError(f"the windows differ, {text}; run both from the same start for the same t")
    points = [ds.sizes.get("point") for ds in results]
    if points[0] != points[1]:
        raise ParameterError(f"the points differ, {points[0] or 1} and {points[1] or 1}; run both on the same")
    return windows[0]


def _edges(simulated: list[xr.Dataset], width: float | None, window: tuple[float, float]) -> np.ndarray:
    bins = [float(ds.attrs["bin_ms"]) for ds in simulated]
    length = window[1] - window[0]
    chosen = max(bins) if width is None else width
    if isinstance(chosen, bool) or not isinstance(chosen, (int, float)) or not np.isfinite(chosen):
        raise ParameterError(f"width = {chosen!r} must be a number of ms; leave it out for the simulation's own bins")
    ratios = [chosen / own for own in bins] + [length / chosen if chosen > 0 else 0.0]
    if not all(round(ratio) >= 1 and abs(ratio - round(ratio)) < 1e-6 for ratio in ratios):
        raise ParameterError(
            f"width = {chosen:g} ms must be a multiple of the bins ({max(bins):g} ms) and divide the window "
            f"({length:g} ms); try width = {max(bins):g}"
        )
    return window[0] + chosen * np.arange(round(length / chosen) + 1)


def _binned(ds: xr.Dataset, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean rate in each bin [Hz] and its variance, (..., bins)."""
    width = edges[1] - edges[0]
    if "rate_se" not in ds:
        spikes = np.cumsum(ds["n_spikes"].transpose(..., "time").values, axis=-1)
        nodes = ds["time"].values
        if np.abs(nodes[np.searchsorted(nodes, edges - 1e-6)] - edges).max() > 1e-6:
            raise ParameterError(
                f"the density has no node at every {width:g} ms; evolve it with every={width:g} or less"
            )
        at_edges = np.apply_along_axis(lambda y: np.interp(edges, nodes, y), -1, spikes)
        mean = 1000 * np.diff(at_edges, axis=-1) / width
        return mean, np.zeros_like(mean)
    group = round(width / ds.attrs["bin_ms"])
    if "trial" in ds.dims:
        if ds.sizes["trial"] < TRIALS:
            raise ParameterError(f"{ds.sizes['trial']} trials scatter too little to tell; simulate {TRIALS} or more")
        coarse = ds["rate_trial"].transpose("trial", ..., "time").coarsen(time=group).mean()
        return coarse.mean("trial").values, (coarse.var("trial", ddof=1) / ds.sizes["trial"]).values
    if group == 1:
        return ds["rate"].transpose(..., "time").values, ds["rate_se"].transpose(..., "time").values ** 2
    if ds.sizes["block"] < BLOCKS:
        raise ParameterError(
            "too few neurons to add up bins with their error; simulate 2048 or more, or bins of that width"
        )
    coarse = ds[["rate", "rate_block"]].coarsen(time=group).mean()
    scatter = coarse["rate_block"].var("block", ddof=1) / ds.sizes["block"]
    return coarse["rate"].transpose(..., "time").values, scatter.transpose(..., "time").values


def _with_floor(
    variance: np.ndarray, rate_a: np.ndarray, rate_b: np.ndarray, results: list[xr.Dataset], edges: np.ndarray
) -> np.ndarray:
    """The variance, and where a bin is too empty to show its own, that of the Poisson count expected there."""
    width = edges[1] - edges[0]
    expected = np.maximum(rate_a, rate_b)
    n = min(int(ds["n_neurons"].min()) * ds.sizes.get("trial", 1) for ds in results if "n_neurons" in ds)
    poisson = 1000 * expected / (n * width)
    few = expected / 1000 * width * n < 10
    return np.where(few, np.maximum(variance, poisson), variance)


def _at(ds: xr.Dataset, name: str, times: np.ndarray) -> np.ndarray:
    """A variable at given times (..., times), linear between its own."""
    values = ds[name].transpose(..., "time").values
    spacing = float(np.diff(ds["time"].values).max(initial=0.0))
    if "V_time" not in ds and spacing > NODES + 1e-9:
        raise ParameterError(f"the density has nodes every {spacing:g} ms; evolve it with every={NODES:g} or less")
    own = np.broadcast_to(
        ds["V_time"].transpose(..., "time").values if "V_time" in ds else ds["time"].values, values.shape
    )
    wanted = np.broadcast_to(times, (*values.shape[:-1], times.shape[-1]))
    rows = zip(*(x.reshape(-1, x.shape[-1]) for x in (wanted, own, values)), strict=True)
    return np.array([np.interp(*row) for row in rows]).reshape(wanted.shape)
