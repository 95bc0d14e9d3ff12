"""What holds of the picture, and whether spikes and densities agree on it."""

import numpy as np
import xarray as xr

from synfer.study.experiment import Row


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: attractor, separatrix, spikes against density, survival, mesh."""
    return [*_attractor(ds), *_separatrix(ds), *_large(ds), *_survival(ds), *_mesh(ds)]


def _near(claim: str, measured: float, reference: float, tolerance: float) -> Row:
    return Row(claim, measured, f"{reference:g} +- {tolerance:g}", abs(measured - reference) <= tolerance)


def _attractor(ds: xr.Dataset) -> list[Row]:
    last = ds[["settling_a", "settling_sigma_t"]].isel(settling_layer=-1)
    a, sigma_t = last["settling_a"] / ds.attrs["N"], last["settling_sigma_t"]
    layers = ds.sizes["settling_layer"]
    met = float(a.max() - a.min())
    alive = bool(ds["settling_survived"].isel(settling_layer=-1).all())
    return [
        _near("The attractor holds nearly all neurons: a / N", float(a.isel(settling=-1)), 0.96, 0.01),
        _near("It is sharp: sigma_t [ms]", float(sigma_t.isel(settling=-1)), 0.26, 0.03),
        Row(
            f"Packets of every size and spread above the separatrix meet there within {layers} layers: spread of a / N",
            met if alive else "some die", "< 0.01", alive and met < 0.01,
        ),
    ]  # fmt: skip


def _separatrix(ds: xr.Dataset) -> list[Row]:
    N, sigma_t = ds.attrs["N"], ds.attrs["reference_sigma_t"]
    critical = float(ds["critical_a"].sel(fineness=1)) / N
    needed = ds["a_separatrix"].values / N
    finite = bool(np.isfinite(needed).all())
    return [
        _near(f"The separatrix at sigma_t {sigma_t:g} ms, {ds.attrs['layers']} layers: a / N", critical, 0.46, 0.015),
        Row(
            "The broader the packet, the more spikes it needs: smallest a / N along the separatrix",
            f"{needed[0]:.3f} to {needed[-1]:.3f}" if finite else "none survives at the largest sigma_t",
            "increasing", finite and bool(np.all(np.diff(needed) > 0)),
        ),
    ]  # fmt: skip


def _large(ds: xr.Dataset) -> list[Row]:
    rows = []
    for start in ds["large_start"].values:
        layers = [layer for layer in (1, 2, 8) if layer <= ds.attrs["layers"]]
        spikes = ds["large_a"].sel(large_start=start, layer=layers)
        density = ds["density_a"].sel(start=start, layer=layers)
        difference = float(abs(spikes - density).max())
        se = float(ds["large_a_se"].sel(large_start=start, layer=layers).max())
        words = ", ".join(map(str, layers))
        claim = (
            f"{ds.attrs['large']} spiking neurons per layer follow the density from {start:g} N, layers {words}, "
            f"{ds.attrs['window']:g}-ms window: largest difference of a / N (standard error {se:.3f})"
        )
        rows.append(Row(claim, difference, "< 0.02", difference < 0.02))
    return rows


def _survival(ds: xr.Dataset) -> list[Row]:
    N, layers = ds.attrs["N"], ds.attrs["layers"]
    rows = []
    for start, limit, below in ((0.4, 0.25, True), (0.5, 0.75, False)):
        one = ds[["survival", "survival_se"]].sel(survival_start=start, width=N).isel(layer=-1)
        value = float(one["survival"])
        claim = (
            f"Of {ds.attrs['trials']} volleys of {start:g} N in {N} neurons per layer, fraction alive at layer {layers}"
        )
        holds = value < limit if below else value > limit
        rows.append(Row(claim, value, f"{'<' if below else '>'} {limit:g}", holds))
    last = ds["survival"].isel(layer=-1)
    rise = (last.sel(survival_start=0.5) - last.sel(survival_start=0.4)).values
    rows.append(
        Row(
            "Wider layers draw the line more sharply: survival at .5 N minus at .4 N, narrowest and widest layers",
            f"{rise[0]:.2f} to {rise[-1]:.2f}", "increasing", rise[-1] > rise[0],
        )
    )  # fmt: skip
    return rows


def _mesh(ds: xr.Dataset) -> list[Row]:
    N = ds.attrs["N"]
    critical = ds["critical_a"]
    moved = abs(float(critical.sel(fineness=2) - critical.sel(fineness=1))) / N
    end = ds.isel(settling=-1, settling_layer=-1)
    a = abs(float(end["settling_a"] - ds["fine_attractor_a"])) / N
    sigma_t = abs(float(end["settling_sigma_t"] - ds["fine_attractor_sigma_t"]))
    return [
        Row("Half the cell and half the step move the separatrix: a / N", moved, "< 0.005", moved < 0.005),
        Row("Half the cell and half the step move the attractor: a / N", a, "< 0.005", a < 0.005),
        Row("Half the cell and half the step move the attractor: sigma_t [ms]", sigma_t, "< 0.015", sigma_t < 0.015),
    ]
