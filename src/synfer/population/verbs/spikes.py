"""Spiking runs as a labelled dataset."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError
from synfer.core.results import label as attrs_of
from synfer.population import spiking
from synfer.population.neurons import EIF, Izhikevich, LinearisedEIF, Neuron
from synfer.population.verbs import continuation
from synfer.population.verbs.common import Points, Window
from synfer.population.verbs.mesh import rebin, uniform

MOMENTS = ("n_free", "V_mean", "V_mean_se", "V_sd", "V_sd_se", "V_iqr_se")
Histogram = tuple[float, float, int]


def engine_neuron(neuron: Neuron) -> spiking.Neuron:
    """A neuron as the spiking engine sees it."""
    shared: dict[str, Any] = {"tau_m": neuron.tau_m, "V_top": neuron.V_top, "V_reset": neuron.V_reset}
    shared |= {"t_ref": neuron.t_ref, "slow": _slow(neuron)}
    if isinstance(neuron, Izhikevich):
        return spiking.Neuron(**shared, psi_0=140.0, slope=6.0, curvature=0.04)
    if isinstance(neuron, EIF):
        return spiking.Neuron(**shared, Delta_T=neuron.Delta_T, V_T=neuron.V_T)
    if isinstance(neuron, LinearisedEIF):
        return spiking.Neuron(**shared, psi_0=neuron.psi_0 - neuron.slope * neuron.V_0, slope=neuron.slope)
    return spiking.Neuron(**shared)


def _slow(neuron: Neuron) -> spiking.Slow | None:
    """Its slow variable, whose target is a straight line up to a potential."""
    if neuron.slow is None:
        return None
    clip = getattr(neuron, "V_clip", None)
    low, high = neuron.V_reset, neuron.V_top if clip is None else clip
    at_low, at_high = neuron.slow_target(np.array([low, high])).tolist()
    gain = (at_high - at_low) / (high - low)
    return spiking.Slow(*neuron.slow, gain, at_low - gain * low, high)


class Run(NamedTuple):
    """One point's results and its histograms."""

    result: spiking.Run
    histogram: Histogram | None  # of V: lowest edge, width, cells
    columns: Histogram | None  # of w
    looked: float  # when in a bin V is looked at, ms
    finite: bool  # whether its inputs and membranes are, at the end


def common_cells(histograms: list[Histogram | None]) -> int:
    """Cells of the one grid that holds all histograms."""
    return 0 if histograms[0] is None else len(_grid(histograms)) - 1


def common_columns(histograms: list[Histogram | None]) -> int:
    """Cells of the one grid of w that holds all histograms."""
    return 0 if histograms[0] is None else len(_columns(histograms)) - 1


def label(points: Points, runs: list[Run], window: Window, arguments: dict[str, Any]) -> xr.Dataset:
    """The dataset of `simulate`.

    Raises:
        NumericalError: no point stayed finite; where only some did not, their status says so.
    """
    n = np.array([point["n"] for point in points], dtype=float)[:, None]
    variables = _rates(runs, n, 1000 / window.spacing)
    for name in MOMENTS:
        variables[name] = (("time",), np.stack([run.result.snapshots[name] for run in runs]))
    slow = any(run.result.state.is_slow for run in runs)
    for name in spiking.SLOW_COLUMNS if slow else ():
        # A neuron without a slow variable has its w at 0.
        none = np.zeros(window.count)
        variables[name] = (("time",), np.stack([run.result.snapshots.get(name, none) for run in runs]))
    iqr = [run.result.snapshots["V_q75"] - run.result.snapshots["V_q25"] for run in runs]
    variables["V_iqr"] = (("time",), np.stack(iqr))
    finite = np.isfinite(variables["V_mean"][1]) & np.isfinite(variables["V_sd"][1])
    bad = np.any(~finite & (variables["n_free"][1] > 0), axis=-1) | ~np.array([run.finite for run in runs])
    if bad.all():
        raise NumericalError("no population stayed finite; lower dt, and look for extreme parameters")
    if bad.any():
        points.warn(f"{int(bad.sum())} of {len(points)} points did not stay finite; see status")
    variables["status"] = ((), bad.astype(np.int8))
    centres = window.start + window.spacing * (np.arange(window.count) + 0.5)
    looked = window.start + window.spacing * np.arange(window.count) + np.array([[run.looked] for run in runs])
    variables["V_time"] = (("time",), looked)
    coords: dict[str, Any] = {"time": (("time",), centres)}
    if runs[0].histogram is not None:
        grid = _grid([run.histogram for run in runs])
        coords["V"] = (("V",), (grid[1:] + grid[:-1]) / 2)
        counted = [np.asarray(run.result.histogram) for run in runs]
        variables["p"] = (("time", "V"), _densities([run.histogram for run in runs], counted, n[:, 0], grid))
    if runs[0].columns is not None:
        grid = _columns([run.columns for run in runs])
        coords["w"] = (("w",), (grid[1:] + grid[:-1]) / 2)
        counted = [_counted_slow(run) for run in runs]
        variables["p_w"] = (("time", "w"), _densities([run.columns for run in runs], counted, n[:, 0], grid))
    variables |= continuation.save_spiking([run.result.state for run in runs], points)
    end = window.start + window.spacing * window.count
    status = "some points failed" if bad.any() else "ok"
    ds = points.dataset(
        variables, coords, verb="simulate", spec=arguments, t_start=window.start, t_end=end, bin_ms=window.spacing,
        status=status,
    )  # fmt: skip
    return ds if runs[0].result.spike_time is None else ds.assign(_trains(runs, window.start, points.many))


def _rates(runs: list[Run], n: np.ndarray, per_second: float) -> dict[str, Any]:
    count = np.stack([run.result.count for run in runs])
    spread = np.stack([run.result.count_sq for run in runs]) / n - (count / n) ** 2
    by_block = [run.result.block_count / run.result.block_size[:, None] * per_second for run in runs]
    return {
        "rate": (("time",), count / n * per_second),
        "rate_se": (("time",), np.sqrt(np.maximum(spread, 0.0) / (n - 1)) * per_second),
        "rate_block": (("block", "time"), np.stack(by_block)),
        "n_spikes": (("time",), count / n),
        "n_neurons": ((), n[:, 0].astype(np.int64)),
    }


def _grid(histograms: list[Histogram | None]) -> np.ndarray:
    cells = [cell for cell in histograms if cell is not None]
    top, low = max(start + width * k for start, width, k in cells), min(start for start, _, _ in cells)
    return uniform(top, low, min(width for _, width, _ in cells))


def _columns(histograms: list[Histogram | None]) -> np.ndarray:
    """Edges of the one grid of w that holds all: the lowest end, the finest width, the highest end."""
    cells = [cell for cell in histograms if cell is not None]
    low, high = min(start for start, _, _ in cells), max(start + width * k for start, width, k in cells)
    width = min((width for _, width, k in cells if k > 1), default=cells[0][1])
    return low + width * np.arange(np.ceil((high - low) / width - 1e-9) + 1)


def _counted_slow(run: Run) -> np.ndarray:
    """Neurons by w; one that has none is in the one cell around 0."""
    counted = run.result.slow_histogram
    return run.result.snapshots["n_free"][:, None] if counted is None else counted


def _densities(
    histograms: list[Histogram | None], counted: list[np.ndarray], n: np.ndarray, grid: np.ndarray
) -> np.ndarray:
    """Densities of all points on one grid, of neurons counted in their own cells."""
    p = []
    for cells, own, size in zip(histograms, counted, n, strict=True):
        start, width, k = cells or (0.0, 1.0, 0)
        p.append(rebin(own / (size * width), start + width * np.arange(k + 1), grid))
    return np.stack(p)


def _trains(runs: list[Run], start: float, many: bool) -> dict[str, xr.Variable]:
    """Spike times and neurons of all points, one after another, with the point of each where there are several."""
    times = [np.asarray(run.result.spike_time) + start for run in runs]
    columns = {
        "spike_time": np.concatenate(times),
        "spike_neuron": np.concatenate([np.asarray(run.result.spike_neuron) for run in runs]),
    }
    if many:
        columns["spike_point"] = np.repeat(np.arange(len(runs)), [len(own) for own in times])
    return {name: xr.Variable("spike", values, attrs_of(name)) for name, values in columns.items()}
