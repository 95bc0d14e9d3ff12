"""Both ways, in size and synchrony: what holds, and what it takes."""

import numpy as np
import xarray as xr

from synfer.study.catalog.izhikevich_gate.figures import ratio
from synfer.study.catalog.izhikevich_gate.parts import COMPARED
from synfer.study.experiment import Row

ALIVE, CLOSED = 0.5, 0.05
"""Spikes per neuron behind the last layer of a chain that is open, and of one that is closed."""

RMS = (0.7, 1.5)
"""Root mean square of z-scores of numbers that differ by chance alone, some fifteen and more of them."""


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: spikes, size, synchrony, the slow variable, the density, chains, the mesh."""
    return [*_spikes(ds), *_size(ds), *_synchrony(ds), *_held(ds), *_narrow(ds), *_chains(ds), *_mesh(ds)]


def _below(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"< {limit:g}", value < limit)


def _above(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"> {limit:g}", value > limit)


def _extreme(values: xr.DataArray, largest: bool) -> tuple[float, str]:
    """The largest or smallest of some gates' ratios, and of which gate."""
    flat = values.stack(gate=("depth", "before")).dropna("gate")
    best = flat.isel(gate=int(np.argmax(flat.values) if largest else np.argmin(flat.values)))
    depth, before = float(best["depth"]), float(best["before"])
    when = f"{before:g} ms before" if before > 0 else f"{-before:g} ms after" if before < 0 else "at"
    return float(best), f"{depth:g} mV/ms, ended {when} the volley"


def _spikes(ds: xr.Dataset) -> list[Row]:
    """The density at rest against spiking neurons, in standard errors of theirs."""
    z = np.array([(ds[f"rest_{name}"] - ds[f"spiking_{name}"]) / ds[f"spiking_{name}_se"] for name in COMPARED])
    off = abs(ds["rest_rate"] / ds["spiking_rate"] - 1)
    worst = off.isel(drive=int(np.argmax(off.values)))
    drives, neurons = ds.sizes["drive"], f"{ds.attrs['n']} spiking neurons for {ds.attrs['counted']:g} ms"
    rms = float((z**2).mean() ** 0.5)
    return [
        _below(
            f"Density on its default mesh and {neurons}, {', '.join(COMPARED)} at {drives} drives: largest abs z",
            float(abs(z).max()), 5.0,
        ),
        Row("... rms z", rms, f"{RMS[0]:g} to {RMS[1]:g}", RMS[0] <= rms <= RMS[1]),
        _below(
            f"... largest relative difference of the rate (I {float(worst['drive_I']):g} mV/ms, "
            f"D {float(worst['drive_D']):g} mV^2/ms)", float(worst), 0.01,
        ),
    ]  # fmt: skip


def _size(ds: xr.Dataset) -> list[Row]:
    a = ratio(ds, "a").sel(neuron="u free")
    less, weak = _extreme(a.sel(before=ds["before"] <= 0), largest=False)
    more, strong = _extreme(a, largest=True)
    return [
        _below(f"Inhibition that overlaps takes spikes: fewest over those without ({weak})", less, 0.5),
        _above(f"Inhibition that ended before adds spikes: most over those without ({strong})", more, 1.1),
    ]


def _synchrony(ds: xr.Dataset) -> list[Row]:
    spread = ratio(ds, "sigma_t").sel(neuron="u free")
    sharp, when = _extreme(spread.sel(before=ds["before"] > 0), largest=False)
    broad, other = _extreme(spread, largest=True)
    both = (spread < 0.95) & (ratio(ds, "a").sel(neuron="u free") > 1.05)
    return [
        _below(f"Inhibition that ended before sharpens the answer: sigma_t over that without ({when})", sharp, 0.9),
        _above(f"Inhibition that overlaps can blunt it: sigma_t over that without ({other})", broad, 1.1),
        _above("Gates under which the answer is both larger and sharper, by 5 %: how many", float(both.sum()), 0.0),
    ]


def _held(ds: xr.Dataset) -> list[Row]:
    held = ds.sel(neuron="u held")
    more, _ = _extreme(ratio(ds, "a").sel(neuron="u held"), largest=True)
    sharp, _ = _extreme(ratio(ds, "sigma_t").sel(neuron="u held", before=held["before"] > 0), largest=False)
    return [
        _below("With u held no gate adds spikes: most over those without", more, 1.05),
        _above(
            "With u held no gate that ended before sharpens the answer: least sigma_t over that without", sharp, 0.95
        ),
    ]


def _narrow(ds: xr.Dataset) -> list[Row]:
    """Whether the width of the density that the volley meets tells the spread of the answer."""
    every, early = ds["before"] < np.inf, ds["before"] > 0
    rows = []
    for neuron, chosen, words in (
        ("u free", every, "u free"),
        ("u free", early, "u free, ended before the volley"),
        ("u held", every, "u held"),
    ):
        width = ratio(ds, "V_iqr").sel(neuron=neuron, before=chosen).values.ravel()
        spread = ratio(ds, "sigma_t").sel(neuron=neuron, before=chosen).values.ravel()
        known = np.isfinite(width) & np.isfinite(spread)
        claim = f"A narrower density gives a sharper answer, {words}: rank correlation of V_iqr and sigma_t over gates"
        rows.append(_above(claim, _rank_correlation(width[known], spread[known]), 0.5))
    return rows


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's, of values that differ; 0 where there is nothing to rank."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    i, j = (np.argsort(np.argsort(values)) - (len(x) - 1) / 2 for values in (x, y))
    return float(i @ j / (i @ i))


def _chains(ds: xr.Dataset) -> list[Row]:
    a = ds["chain_a"].isel(layer=-1) / ds.attrs["N"]
    closed, open_ = a.sel(A=ds.attrs["A_closed"]), a.sel(A=ds.attrs["A_open"])
    layers, A = ds.attrs["layers"], ds.attrs["A_closed"]
    at = f"{ds.attrs['chain_depth']:g} mV/ms for {ds.attrs['length']:g} ms"
    last = f"a_{layers} per neuron"
    moving = ds.sel(A=ds.attrs["A_closed"], gate="ended before, travelling")
    level = float(moving["chain_a"].isel(layer=-1) / max(float(moving["chain_a"].isel(layer=layers // 2 - 1)), 1e-9))
    return [
        _above(f"At {ds.attrs['A_open']:g} mV the chain is open: {last}", float(open_.sel(gate="no gate")), ALIVE),
        _below(f"... {at} that overlap close it: {last}", float(open_.sel(gate="overlapping")), CLOSED),
        _below(f"At {A:g} mV the chain is closed: {last}", float(closed.sel(gate="no gate")), CLOSED),
        _above(
            f"... {at} on all layers at once, ended before the volley, open it: {last}",
            float(closed.sel(gate="ended before, at once")), ALIVE,
        ),
        _above(
            f"... and travelling with the volley: {last}", float(closed.sel(gate="ended before, travelling")), ALIVE
        ),
        _above(f"... where the volley is level: a_{layers}/a_{layers // 2}", level, 0.95),
    ]  # fmt: skip


def _mesh(ds: xr.Dataset) -> list[Row]:
    size = float(abs(ds["fine_a"] - ds["coarse_a"]).max()) / ds.attrs["N"]
    spread = float(abs(ds["fine_sigma_t"] / ds["coarse_sigma_t"] - 1).max())
    rate = abs(float(ds["base_rate"][1] / ds["base_rate"][0]) - 1)
    words = "Half the cell, half the column and half the step move"
    return [
        _below(f"{words} the base rate by, relative", rate, 0.03),
        _below(f"{words} the answer of a layer by, spikes per neuron", size, 0.03),
        _below(f"{words} its spread by, relative", spread, 0.1),
    ]
