"""Does short weak inhibition suffice?"""

import numpy as np
import xarray as xr

from synfer.study.experiment import Row


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: the claim, windows, the escape, travelling gates, the price, the mesh."""
    return [*_claim(ds), *_windows(ds), *_escape(ds), *_travel(ds), *_price(ds), *_mesh(ds)]


def _last(ds: xr.Dataset, neuron: str, half: float, depth: float) -> float:
    return float(ds["a"].sel(neuron=neuron, half=half, depth=depth).isel(layer=-1)) / ds.attrs["N"]


def _below(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"< {limit:g}", value < limit)


def _above(claim: str, value: float, limit: float) -> Row:
    return Row(claim, value, f"> {limit:g}", value > limit)


def _claim(ds: xr.Dataset) -> list[Row]:
    half, weak, layers = (ds.attrs[name] for name in ("reference_half", "weak", "layers"))
    claim = (
        "Short weak inhibition, {:g} mV for +-{:g} ms around each arrival, stops the volley of the {}: "
        "a / N at layer {}"
    )
    return [
        _below(claim.format(weak, half, neuron, layers), _last(ds, neuron, half, weak), 0.5)
        for neuron in ("EIF", "LIF")
    ]


def _windows(ds: xr.Dataset) -> list[Row]:
    half, weak = ds.attrs["reference_half"], ds.attrs["weak"]
    rows = []
    for neuron in ("EIF", "LIF"):
        at = f"Windows of +-{half:g} ms at 1.25 mV let the volley of the {neuron} pass: a / N at the last layer"
        rows.append(_above(at, _last(ds, neuron, half, 1.25), 0.8))
    for neuron in ("EIF", "LIF"):
        at = f"Windows of +-{half:g} ms at 3 mV close the chain of the {neuron}: a / N at the last layer"
        rows.append(_below(at, _last(ds, neuron, half, 3.0), 0.25))
    claim = f"Twice as long, +-10 ms, {weak:g} mV stop the volley of the EIF: a / N at the last layer"
    return [*rows, _below(claim, _last(ds, "EIF", 10.0, weak), 0.5)]


def _escape(ds: xr.Dataset) -> list[Row]:
    """How the EIF's volley gets past 3 mV; no rows where it does not."""
    half, N, short, patience = (ds.attrs[name] for name in ("reference_half", "N", "short_window", "patience"))
    three = ds[["sigma_t", "t_packet"]].sel(neuron="EIF", half=half).isel(layer=-1)
    late = float(three["t_packet"].sel(depth=3.0) - three["t_packet"].sel(depth=0.0))
    spread = float(three["sigma_t"].sel(depth=3.0) / three["sigma_t"].sel(depth=0.0))
    read = ds["read_a"].sel(neuron="EIF", depth=3.0) / N
    if not np.isfinite(late):
        return []
    return [
        _above("What the EIF lets through at 3 mV comes late: delay at the last layer [ms]", late, 10),
        _above("What the EIF lets through at 3 mV is spread out: sigma_t over that without a gate", spread, 2),
        _below(
            f"Asked for synchrony, within any {short:g} ms, 3 mV close the EIF chain: a / N at the last layer",
            float(read.sel(reading="within the short window")), 0.25,
        ),
        _below(
            f"To a reader who waits {patience:g} ms beyond the ungated arrival, 3 mV close the EIF chain: a / N",
            float(read.sel(reading="within the patience")), 0.25,
        ),
        _below(
            "With disfacilitation 3 mV close the chain of the EIF: a / N at the last layer",
            float(read.sel(reading="disfacilitation")), 0.25,
        ),
    ]  # fmt: skip


def _travel(ds: xr.Dataset) -> list[Row]:
    fraction = ds["moving_charge_fraction"]
    rows = []
    for neuron in ("EIF", "LIF"):
        together, along = (float(fraction.sel(neuron=neuron, price_lag_ratio=ratio)) for ratio in (0.0, 1.0))
        claim = (
            f"A {ds.attrs['travel_length']:g}-ms gate that travels with the volley of the {neuron} closes for less "
            "charge than one that shuts all layers at once: ratio"
        )
        if not np.isfinite(along):
            rows.append(Row(claim, "no depth within the bounds closes", "< 1", False))
        elif not np.isfinite(together):
            rows.append(Row(claim, "at once, no depth within the bounds closes", "< 1", True))
        else:
            rows.append(_below(claim, along / together, 1.0))
    a = ds["travel_a"].sel(neuron="EIF").isel(travel_depth=-1)
    best = float(ds["lag_ratio"][int(a.values.argmin())])
    claim = "The EIF is gated best by a window slower than the ungated volley: lag of the smallest a, over the volley's"
    return [*rows, _above(claim, best, 1)]


def _price(ds: xr.Dataset) -> list[Row]:
    rows = []
    for neuron in ("EIF", "LIF"):
        fraction = ds["closing_charge_fraction"].sel(neuron=neuron)
        closed = fraction.where(np.isfinite(fraction), drop=True)
        claim = f"Closing the chain of the {neuron} takes 12 to 27 % of a volley's charge, windows of {_span(ds)} ms"
        if not closed.size:
            rows.append(Row(claim, "no depth within the bounds closes", "0.12 to 0.27", False))
            continue
        low, high = float(closed.min()), float(closed.max())
        # The claim is stated in whole percents.
        rows.append(
            Row(claim, f"{low:.2f} to {high:.2f}", "0.12 to 0.27", round(low, 2) >= 0.12 and round(high, 2) <= 0.27)
        )
        growth = float(closed.isel(length=-1) / closed.isel(length=0))
        rows.append(
            _above(f"Shorter windows close the {neuron} chain for less: charge, longest over shortest", growth, 1)
        )
    return rows


def _span(ds: xr.Dataset) -> str:
    length = ds["length"].values
    return f"{length[0]:g} to {length[-1]:g}"


def _mesh(ds: xr.Dataset) -> list[Row]:
    depths = ds["fine_depth"].values
    coarse = ds["a"].sel(half=ds.attrs["reference_half"], depth=depths).isel(layer=-1)
    change = float(abs(coarse.values - ds["fine_a"].values).max()) / ds.attrs["N"]
    return [_below("Half the cell and half the step move the last layers above: largest change of a / N", change, 0.05)]
