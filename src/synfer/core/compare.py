"""Whether two results agree, in standard errors."""

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError

MOMENTS = ("V_mean", "V_sd", "V_iqr")


def compare(a: xr.Dataset, b: xr.Dataset, *, width: float | None = None) -> xr.Dataset:
    """z-scores of a against b, by variable: (a - b)/standard error.

    Rates are compared as means over bins of a stated width: a deterministic rate, known at nodes, is
    integrated over each bin by the trapezoidal rule; spike counts are added up and their
    error comes from the scatter of independent blocks of neurons. Moments are compared at the times of the
    stochastic result, where the deterministic one is interpolated.

    Args:
        a, b: Results of `evolve` or `simulate` over the same window, with the same points.
        width: Bin width for rates [ms], a multiple of the bins of the stochastic results; default their own.

    Returns:
        Dataset of z by variable, with the width in attrs; `time` at bin centres for the rate, `V_time` for moments.

    Raises:
        ParameterError: no standard errors on either side, unequal windows, or bins that do not fit.
    """
    stochastic = [ds for ds in (a, b) if "rate_se" in ds]
    if not stochastic:
        raise ParameterError("neither result has standard errors, so there are no z-scores; compare one with simulate")
    windows = [(ds.attrs["t_start"], ds.attrs["t_end"]) for ds in (a, b)]
    if not np.allclose(windows[0], windows[1], rtol=0, atol=1e-9):
        raise ParameterError(
            f"the windows differ, {windows[0]} ms against {windows[1]} ms; run both from the same start for the same t"
        )
    if a.sizes.get("point") != b.sizes.get("point"):
        raise ParameterError(
            f"the points differ, {a.sizes.get('point', 1)} against {b.sizes.get('point', 1)}; run both on the same"
        )
    edges = _edges(stochastic, width, windows[0])
    (rate_a, var_a), (rate_b, var_b) = (_binned(ds, edges) for ds in (a, b))
    z = {"rate": (rate_a.dims, _z(rate_a.values - rate_b.values, var_a + var_b))}
    finer = stochastic[0].coords["time"].values
    for name in MOMENTS:
        values = [ds[name].interp(time=finer) for ds in (a, b)]
        variance = sum((ds[f"{name}_se"].interp(time=finer).values ** 2 for ds in (a, b) if f"{name}_se" in ds), 0.0)
        dims = tuple("V_time" if d == "time" else d for d in values[0].dims)
        z[name] = (dims, _z(values[0].values - values[1].values, variance))
    ds = xr.Dataset(
        {name: (dims, values, {"units": "1", "long_name": f"z-score of {name}"}) for name, (dims, values) in z.items()},
        coords={
            "time": ("time", (edges[1:] + edges[:-1]) / 2, {"units": "ms", "long_name": "time"}),
            "V_time": ("V_time", finer, {"units": "ms", "long_name": "time"}),
        },
    )
    ds.attrs = {"width_ms": float(edges[1] - edges[0])}
    return ds


def _z(difference: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return difference / np.sqrt(variance)


def _edges(stochastic: list[xr.Dataset], width: float | None, window: tuple[float, float]) -> np.ndarray:
    bins = [ds.attrs["bin_ms"] for ds in stochastic]
    chosen = max(bins) if width is None else float(width)
    for own in (*bins, window[1] - window[0]):
        ratio = chosen / own if own in bins else own / chosen
        if chosen <= 0 or abs(ratio - round(ratio)) > 1e-6 or round(ratio) < 1:
            raise ParameterError(
                f"width = {chosen} ms must be a multiple of the bins ({bins} ms) and divide the window "
                f"({window[1] - window[0]} ms); try width = {max(bins)}"
            )
    return window[0] + chosen * np.arange(round((window[1] - window[0]) / chosen) + 1)


def _binned(ds: xr.Dataset, edges: np.ndarray) -> tuple[xr.DataArray, np.ndarray]:
    """Mean rate in each bin and its variance."""
    if "rate_se" not in ds:
        nodes = ds.coords["time"].values
        rate = ds["rate"].transpose(..., "time")
        steps = np.diff(nodes) * (rate.values[..., 1:] + rate.values[..., :-1]) / 2
        area = np.concatenate([np.zeros((*steps.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)
        at_edges = np.apply_along_axis(lambda y: np.interp(edges, nodes, y), -1, area)
        mean = np.diff(at_edges, axis=-1) / np.diff(edges)
        return xr.DataArray(mean, dims=rate.dims), np.zeros_like(mean)
    own = ds.attrs["bin_ms"]
    group = round((edges[1] - edges[0]) / own)
    coarse = ds[["rate", "rate_se", "rate_block"]].coarsen(time=group).mean()
    if group == 1:
        return coarse["rate"].transpose(..., "time"), coarse["rate_se"].transpose(..., "time").values ** 2
    blocks = coarse["rate_block"]
    variance = blocks.var("block", ddof=1) / blocks.sizes["block"]
    return coarse["rate"].transpose(..., "time"), variance.transpose(..., "time").values
