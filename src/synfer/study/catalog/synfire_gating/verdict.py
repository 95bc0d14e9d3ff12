"""What holds of the claim, at which comparison, and at what price."""

import numpy as np
import xarray as xr

from synfer.study.experiment import Row


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: weights, closing depths, the contrast, the response, the switch, the price."""
    return [*_weights(ds), *_closing(ds), *_contrast(ds), *_response(ds), *_switch(ds), *_price(ds), *_mesh(ds)]


def _near(claim: str, measured: float, reference: float, tolerance: float) -> Row:
    return Row(claim, measured, f"{reference:g} +- {tolerance:g}", abs(measured - reference) <= tolerance)


def _between(claim: str, measured: float, low: float, high: float) -> Row:
    return Row(claim, measured, f"{low:g} to {high:g}", low <= measured <= high)


def _weights(ds: xr.Dataset) -> list[Row]:
    A_c, depth = ds["critical_A"], ds.attrs["critical_depth"]
    ratio = A_c.isel(critical_depth=1) / A_c.isel(critical_depth=0)
    lif = float(A_c.isel(critical_depth=0).sel(neuron="LIF"))
    at = f"{depth:g} mV of sustained inhibition raise the critical weight of the"
    return [
        _near(f"Critical weight A_c of the LIF chain, {ds.attrs['layers']} layers [mV]", lif, 8.72, 0.26),
        _near(f"{at} EIF by", float(ratio.sel(neuron="EIF")), 1.27, 0.03),
        _near(f"{at} LIF by as much", float(ratio.sel(neuron="LIF")), 1.27, 0.03),
    ]


def _closing(ds: xr.Dataset) -> list[Row]:
    depth = ds["closing_depth"].sel(case="equal margin")
    at = f"at {ds.attrs['margin']:g} x its own critical weight, volley of {ds.attrs['a']:g} N [mV]"
    return [
        _between(f"Closing depth of the EIF chain {at}", float(depth.sel(neuron="EIF")), 1.0, 1.3),
        _between(f"Closing depth of the LIF chain {at}", float(depth.sel(neuron="LIF")), 0.9, 1.25),
    ]


def _contrast(ds: xr.Dataset) -> list[Row]:
    """The claim itself: the EIF chain closes where the LIF chain does not."""
    rows = []
    for case, words in (("equal weight", "equal synaptic weight"), ("equal margin", "equal safety margin")):
        depth = ds["closing_depth"].sel(case=case)
        for control in ("LIF", "linearised EIF"):
            ratio = float(depth.sel(neuron=control) / depth.sel(neuron="EIF"))
            claim = (
                f"Inhibition gates the EIF chain and not that of the {control}, {words}: closing depth over the EIF's"
            )
            rows.append(Row(claim, ratio, "> 1.5", ratio > 1.5))
    return rows


def _response(ds: xr.Dataset) -> list[Row]:
    """What a gate that does not close makes of the volley in the first layer."""
    one = ds[["a", "sigma_t", "t_packet"]].sel(case="equal margin", neuron="EIF").isel(layer=0)
    closing = float(ds["closing_depth"].sel(case="equal margin", neuron="EIF"))
    below = one.sel(depth=one["depth"] < closing).isel(depth=-1)
    open_ = one.sel(depth=0.0)
    depth = float(below["depth"])
    sharper, larger = (float(below[name] / open_[name]) for name in ("sigma_t", "a"))
    peaks = ds["wave_rate"].isel(layer=0).max("time")
    higher, gated = float(peaks.isel(wave_depth=1) / peaks.isel(wave_depth=0)), float(ds["wave_depth"][1])
    late = float(below["t_packet"] - open_["t_packet"])
    at = f"of the EIF at {depth:g} mV, layer 1"
    return [
        Row(f"Inhibition makes the response {at} sharper: sigma_t over that without", sharper, "< 1", sharper < 1),
        Row(f"Inhibition makes the response {at} larger: a over that without", larger, "> 1", larger > 1),
        Row(
            f"Inhibition makes the response of the EIF at {gated:.3g} mV, layer 1 higher: peak rate over that without",
            higher, "> 1", higher > 1,
        ),
        Row(f"Inhibition makes the response {at} earlier: shift of its mean time [ms]", late, "< 0", late < 0),
    ]  # fmt: skip


def _switch(ds: xr.Dataset) -> list[Row]:
    depth = ds["closing_depth"]
    ratio = depth.sel(case="disfacilitation") / depth.sel(case="equal margin")
    rows = []
    for neuron in ("EIF", "LIF"):
        claim = f"Disfacilitation halves the closing depth of the {neuron} chain: with over without"
        rows.append(_near(claim, float(ratio.sel(neuron=neuron)), 0.5, 0.1))
    return rows


def _price(ds: xr.Dataset) -> list[Row]:
    charge, atp = ds["cost_charge_fraction"], ds["cost_atp_fraction"]
    hold = f"Holding the EIF chain closed for {ds.attrs['hold']:g} ms"
    rows = []
    for gate in ds["gate"].values:
        own = charge.sel(gate=gate, neuron="EIF"), atp.sel(gate=gate, neuron="EIF")
        rows.append(Row(f"{hold} by {gate} takes less charge than the volley brings: fraction", *_less(own[0], 1.0)))
        rows.append(
            Row(
                f"{hold} by {gate} takes a small part of the ATP of the volley's spikes: fraction", *_less(own[1], 0.05)
            )
        )
    return rows


def _less(measured: xr.DataArray, limit: float) -> tuple[float | str, str, bool]:
    value = float(measured)
    finite = bool(np.isfinite(value))
    return (value if finite else "nothing to compare with"), f"< {limit:g}", finite and value < limit


def _mesh(ds: xr.Dataset) -> list[Row]:
    agrees = ds["fine_agrees"]
    return [
        Row(
            "Half the cell and half the step: critical weights within 2 %, closing depths within .06 mV",
            f"{int(agrees.sum())} of {agrees.size}", f"{agrees.size} of {agrees.size}", bool(agrees.all()),
        )
    ]  # fmt: skip
