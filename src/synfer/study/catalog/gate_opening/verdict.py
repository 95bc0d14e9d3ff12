"""Does inhibition open a closed chain, for how long, and what does it take?"""

import numpy as np
import xarray as xr

from synfer.study.catalog.gate_opening.states import ALIVE, DRIFT, LEVEL, opens, spans, state, transit
from synfer.study.experiment import Row

CLOSED = 0.05
"""Spikes per neuron behind the last layer of a chain that is closed."""
SUSTAINED = 2


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: base, single layer, closed, at once, travelling, what it takes, mesh."""
    return [
        *_base(ds),
        *_single(ds),
        *_critical(ds),
        *_at_once(ds),
        *_travelling(ds),
        *_capture(ds),
        *_stated(ds),
        *_ablations(ds),
        _deeper(ds),
        *_finite(ds),
        *_mesh(ds),
    ]


def _near(claim: str, measured: float, reference: float, tolerance: float) -> Row:
    return Row(claim, measured, f"{reference:g} +- {tolerance:g}", abs(measured - reference) <= tolerance)


def _below(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"< {limit:g}", value < limit)


def _above(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"> {limit:g}", value > limit)


def _base(ds: xr.Dataset) -> list[Row]:
    rate = ds["base_rate"].values
    change = abs(rate[-1] / rate[-2] - 1)
    return [
        _near("Stationary rate of the adaptive EIF, finest mesh [Hz]", rate[-1], 6.89, 0.08),
        _below("Half the cell and half the column move that rate by, relative", change, 0.01),
    ]


def _single(ds: xr.Dataset) -> list[Row]:
    ratio = ds["single_count"] / ds["single_open"]
    first, last = ds.attrs["counted"]
    windows = {
        "counted": f"spikes from {first:g} to {last:g} ms around the volley",
        "evoked": "spikes while the rate exceeds 2 % of its peak",
    }
    rows = []
    for window, words in windows.items():
        for before, when, reference in ((0.0, "at the volley", 0.45), (20.0, "20 ms before it", 1.24)):
            claim = f"Single layer, gate that ends {when}: {words}, over those without"
            value = float(ratio.sel(window=window, single_before=before))
            rows.append(_near(claim, value, reference, 0.03))
    return rows


def _critical(ds: xr.Dataset) -> list[Row]:
    A = float(ds["critical_A"].sel(neuron="aEIF"))
    at, layers = ds.attrs["A_open"], ds.attrs["layers"]
    dark = float(ds["dark_a"].sel(A=at, layer=layers))
    return [
        _near(f"Critical drive of the ungated chain, {layers} layers [mV]", A, 13.44, 0.15),
        _below(f"At {at:g} mV the chain is closed: spikes per neuron at layer {layers}, no gate", dark, CLOSED),
    ]


def _at_once(ds: xr.Dataset) -> list[Row]:
    A, layers, deep = (ds.attrs[name] for name in ("A_at_once", "layers", "deep"))
    gate = _gate(ds)
    early = min(6, layers)
    one = ds["open_a"].sel(depth=ds.attrs["gate_depth"], A=A, lag=0.0)
    dark = float(ds["dark_a"].sel(A=A, layer=early))
    every = ds["open_a"].sel(lag=0.0).isel(layer=-1).where(ds["dark_a"].isel(layer=-1) < CLOSED)
    return [
        _above(
            f"{gate} on all layers at once carries the volley further at {A:g} mV: "
            f"a_{early} per neuron over that without",
            float(one.sel(layer=early)) / dark, 1.0,
        ),
        _below(
            f"... but for some layers only: a_{layers} at {A:g} mV per neuron", float(one.sel(layer=layers)), ALIVE
        ),
        _below(f"... and the volley is dead at layer {deep}, whatever the drive and depth", _most(every), CLOSED),
    ]  # fmt: skip


def _most(values: xr.DataArray) -> float:
    """The largest value that is one; 0 without any."""
    known = values.values[np.isfinite(values.values)]
    return float(known.max()) if known.size else 0.0


def _gate(ds: xr.Dataset) -> str:
    return f"A gate of {ds.attrs['gate_depth']:g} mV x {ds.attrs['gate_length']:g} ms"


def _travelling(ds: xr.Dataset) -> list[Row]:
    layers, deep = ds.attrs["layers"], ds.attrs["deep"]
    early = layers * 2 // 3
    moving = ds.sel(lag=ds["lag"] > 0)
    closed = moving["dark_a"].sel(layer=layers) < CLOSED
    level = moving["open_a"].sel(layer=layers) / moving["open_a"].sel(layer=early)
    passes = (level > LEVEL) & closed & (moving["open_a"].sel(layer=layers) >= ALIVE)
    lasting = (state(moving["open_a"], moving["open_t"], moving["lag"]) == SUSTAINED) & closed
    span, _ = spans(deep)
    only = f"a_{layers}/a_{early} > {LEVEL:g}"
    return [
        Row(
            f"A closed chain (a_{layers} < {CLOSED:g} N) that a travelling gate opens, {only}: drives",
            _range(passes), "some", bool(passes.any()),
        ),
        Row(
            f"The opening is sustained, a_{deep}/a_{deep - span} >= {LEVEL:g} and the volley no slower than its gate: "
            "drives",
            _range(lasting), "some", bool(lasting.any()),
        ),
        Row(
            f"{only} tells sustained openings from the rest, in closed chains: points where it does not",
            *_exceptions(passes, lasting),
        ),
        *_locked(ds),
    ]  # fmt: skip


def _range(chosen: xr.DataArray) -> str:
    """Drives and lags where something holds, by depth, in words."""
    words = []
    for depth in chosen["depth"].values:
        one = chosen.sel(depth=depth).transpose("A", "lag")
        A, lag = one["A"].values[one.any("lag").values], one["lag"].values[one.any("A").values]
        if A.size:
            words.append(f"{_ends(A)} mV at {_ends(lag)} ms per layer under {depth:g} mV")
    return "; ".join(words) or "none"


def _ends(values: np.ndarray) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"


def _exceptions(passes: xr.DataArray, lasting: xr.DataArray) -> tuple[str, str, bool]:
    false, missed = int((passes & ~lasting).sum()), int((lasting & ~passes).sum())
    return f"{false} pass and do not last, {missed} last and do not pass", "0 and 0", false == missed == 0


def _locked(ds: xr.Dataset) -> list[Row]:
    A, lag = ds.attrs["A_open"], ds.attrs["lag_open"]
    one = ds[["open_a", "open_t"]].sel(depth=ds.attrs["gate_depth"], A=A, lag=lag)
    _, pace = spans(ds.attrs["deep"])
    own = float(transit(one["open_t"], pace))
    last = f"a_{ds.attrs['deep']} at {A:g} mV, {lag:g} ms per layer"
    rows = [_above(f"Behind a travelling gate the volley lives: {last}, per neuron", float(one["open_a"][-1]), ALIVE)]
    claim = "The gate holds the volley back to its own pace: time for a layer over the lag, last layers"
    if not np.isfinite(own):
        return [*rows, Row(claim, "no volley arrives", "1 +- 0.05", False)]
    return [*rows, _near(claim, own / lag, 1.0, 0.05)]


def _capture(ds: xr.Dataset) -> list[Row]:
    """When the gate has to end: not with the volley, and not long before it."""
    A, layers = ds.attrs["A_open"], ds.sizes["shallow"]
    rows = []
    for before in ds["capture"].values[[0, -1]]:
        claim = f"A travelling gate that ends {before:g} ms before the volley opens the chain at {A:g} mV: a_{layers}"
        rows.append(_above(claim, float(ds["capture_a"].sel(capture=before).isel(shallow=-1)), ALIVE))
    return rows


def _stated(ds: xr.Dataset) -> list[Row]:
    A, lag, layers, deep = (ds.attrs[name] for name in ("A_stated", "lag_stated", "layers", "deep"))
    a = ds["stated_a"]
    result = int(state(a, ds["stated_t"], lag))
    _, pace = spans(deep)
    own = float(transit(ds["stated_t"], pace))
    at = f"At {A:g} mV and {lag:g} ms per layer"
    measured = f"a_{deep} {float(a[-1]):.2f}, {own:.2f} ms per layer" if np.isfinite(own) else f"dead at layer {deep}"
    return [
        _near(f"{at}: a_{layers} per neuron", float(a.sel(layer=layers)), 0.77, 0.03),
        _below(f"{at}, without the gate: a_{layers} per neuron", float(ds["stated_dark_a"].sel(layer=layers)), CLOSED),
        Row(
            f"{at} the opening is sustained",
            measured,
            f"level, at most {DRIFT * lag:.3g} ms per layer",
            result == SUSTAINED,
        ),
    ]


def _ablations(ds: xr.Dataset) -> list[Row]:
    """Whether the opening survives in each neuron, at the same fractions of its own critical drive."""
    last = ds.sizes["shallow"]
    early = last * 2 // 3
    judged = ds.sel(lag_ratio=ds["lag_ratio"] > 0, fraction=ds["fraction"] >= ds.attrs["fraction_judged"])
    opened = opens(judged["case_a"])
    rows = []
    for fraction in judged["fraction"].values:
        for case in ds["case"].values:
            one = judged.sel(case=case, fraction=fraction).sel(shallow=last)
            claim = (
                f"A travelling gate opens the chain at {fraction:g} of its critical drive, {case}: "
                f"a_{last}/a_{early} > {LEVEL:g}"
            )
            words = f"a_{last} {float(one['case_a'].max()):.2f}, without a gate {float(one['case_dark_a']):.2f}"
            rows.append(Row(claim, words, "opens", bool(opened.sel(case=case, fraction=fraction))))
    return rows


def _deeper(ds: xr.Dataset) -> Row:
    layers, own = ds.attrs["layers"], ds["alif_a"]
    early, late, last = (float(own.sel(gated="travelling")[i]) for i in (layers * 2 // 3 - 1, layers - 1, -1))
    dark = float(own.sel(gated="no gate")[layers - 1])
    claim = (
        f"A gate of {ds.attrs['alif_depth']:g} mV that travels {ds.attrs['alif_lag']:g} ms per layer opens the aLIF at "
        f"{ds.attrs['alif_fraction']:g} of its critical drive: a_{layers}/a_{layers * 2 // 3} > 0.95, alive at layer "
        f"{own.sizes['alif_layer']}"
    )
    measured = f"a_{layers} {late:.2f}, a_{own.sizes['alif_layer']} {last:.2f}, without a gate {dark:.3f}"
    return Row(claim, measured, "opens", dark < CLOSED and late > 0.95 * early and last > ALIVE)


def _finite(ds: xr.Dataset) -> list[Row]:
    difference = abs(ds["finite_spiking"] - ds["finite_density"])
    last = ds.sizes["shallow"]
    rows = []
    for gate in ds["gated"].values:
        one = float(difference.sel(gated=gate).max())
        claim = (
            f"{ds.attrs['finite_width']} spiking neurons per layer at {ds.attrs['A_open']:g} mV, {gate}: "
            f"largest difference to the density per neuron, layers 1 to {last}"
        )
        rows.append(_below(claim, one, 0.03))
    return rows


def _mesh(ds: xr.Dataset) -> list[Row]:
    coarse = ds["open_a"].sel(depth=ds.attrs["gate_depth"], A=ds.attrs["A_open"], lag=ds.attrs["lag_open"])
    change = abs(coarse.values[: ds.sizes["fine_layer"]] - ds["fine_a"].values).max()
    claim = (
        f"Half the cell, half the column and half the step move the travelling volley, layers 1 to "
        f"{ds.sizes['fine_layer']}: largest change of a per neuron"
    )
    return [_below(claim, change, 0.03)]
