"""What holds of the claim, and by which measure."""

import xarray as xr

from synfer.study.experiment import Row

WORDS = {
    "V_sd": "sd",
    "V_iqr": "interquartile range",
    "V_sd_below_V_T": "sd below the soft threshold V_T",
    "V_sd_below_V_u": "sd below the unstable point",
    "mass_above_V_u": "probability above the unstable point",
}


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: the claim, its measures, its range, its control, and the computations."""
    return [*_claim(ds), *_measures(ds), *_tail(ds), *_range(ds), *_shunt(ds), *_pulse(ds), *_agreement(ds)]


def _below(claim: str, measured: xr.DataArray | float, limit: float = 1.0) -> Row:
    value = float(measured)
    return Row(claim, value, f"< {limit:g}", value < limit)


def _not_below(claim: str, measured: xr.DataArray | float, limit: float = 1.0) -> Row:
    value = float(measured)
    return Row(claim, value, f">= {limit:g}", value >= limit)


def _ratio(variable: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    """A measure at the reference depth, relative to no inhibition."""
    return variable.sel(depth=ds.attrs["reference_depth"]) / variable.sel(depth=0.0)


def _at_reference(variable: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    return variable.sel(sigma=ds.attrs["reference_sigma"], base_rate=ds.attrs["reference_rate"])


def _claim(ds: xr.Dataset) -> list[Row]:
    where = "{reference_depth:g} mV at sigma {reference_sigma:g} mV, {reference_rate:g} Hz".format(**ds.attrs)
    eif, lif, linear = _at_reference(_ratio(ds["V_sd"], ds), ds)
    return [
        _below(f"Inhibition narrows the EIF: sd(V) after / before, {where}", eif),
        _not_below("It does not narrow the LIF of the same rate", lif),
        _not_below("Nor the EIF with its sodium current linearised", linear),
    ]


def _measures(ds: xr.Dataset) -> list[Row]:
    rows = []
    for name, words in list(WORDS.items())[1:]:
        variable = ds[name].sel(neuron="EIF") if "neuron" in ds[name].dims else ds[name]
        rows.append(_below(f"The EIF narrows by its {words}, after / before", _at_reference(_ratio(variable, ds), ds)))
    return rows


def _tail(ds: xr.Dataset) -> list[Row]:
    """How much of the fall in variance is the runaway tail above the unstable point."""

    def fall(variable: xr.DataArray) -> float:
        square = _at_reference(variable, ds) ** 2
        return float(square.sel(depth=0.0) - square.sel(depth=ds.attrs["reference_depth"]))

    share = 1 - fall(ds["V_sd_below_V_u"]) / fall(ds["V_sd"].sel(neuron="EIF"))
    return [_not_below("Share of the EIF's fall in variance that is the tail above the unstable point", share, 0.5)]


def _range(ds: xr.Dataset) -> list[Row]:
    """Where over (sigma, base rate) the claim holds; rows whose range the map does not reach are left out."""
    ratio = ds["map_ratio"]
    slow = ratio.sel(map_rate=ratio["map_rate"] <= 10)
    inside = slow.sel(map_sigma=(ratio["map_sigma"] >= 2) & (ratio["map_sigma"] <= 3))
    change = abs(slow.sel(map_sigma=ratio["map_sigma"] >= 4, map_neuron="EIF") - 1)
    rows = []
    if inside.size:
        eif, lif = inside.sel(map_neuron="EIF"), inside.sel(map_neuron="LIF")
        rows.append(_below("At sigma 2 to 3 mV and up to 10 Hz the EIF narrows everywhere: largest ratio", eif.max()))
        rows.append(_not_below("There the LIF narrows nowhere: smallest ratio", lif.min()))
    if change.size:
        rows.append(_below("At sigma 4 mV and above the EIF's effect is small: largest change", change.max(), 0.05))
    eif, lif = ds["control_ratio"].values
    claim = "Negative control: at low noise and high rate inhibition narrows the LIF too, so the contrast is gone"
    return [*rows, Row(claim, f"EIF {eif:.2f}, LIF {lif:.2f}", "both < 1", eif < 1 and lif < 1)]


def _shunt(ds: xr.Dataset) -> list[Row]:
    active = ds["shunt_V_sd_active"]
    eif, lif, linear = active.isel(g=-1) / active.isel(g=0)
    return [
        _below(f"A shunt of {float(ds['g'][-1]):g} narrows the EIF beyond the passive factor 1/sqrt(1 + g)", eif),
        _not_below("It does not narrow the LIF beyond the passive factor", lif),
        _not_below("Nor the linearised EIF, whose leak is 1 - slope", linear),
    ]


def _pulse(ds: xr.Dataset) -> list[Row]:
    sd = ds["pulse_V_sd"]
    eif, lif, _ = sd.sel(pulse_time=ds.attrs["pulse_off"], method="nearest") / sd.isel(pulse_time=0)
    return [
        _below("At the end of the pulse the EIF has narrowed: sd(V) relative to before", eif),
        _not_below("The LIF has not", lif),
    ]


def _agreement(ds: xr.Dataset) -> list[Row]:
    sd = ds["ways_V_sd"]
    theory, density, spikes = (sd.sel(way=way) for way in ("theory", "density", "spikes"))
    return [
        _below(
            "Density gives theory's sd(V) at every depth: largest difference", abs(density / theory - 1).max(), 0.005
        ),
        _below("So do spikes: largest difference", abs(spikes / theory - 1).max(), 0.005),
        _below("Spikes against theory: largest z of sd(V)", (abs(spikes - theory) / ds["ways_V_sd_se"]).max(), 5),
        _below("Density and spikes agree during the pulse: largest z of rate", ds["pulse_z_rate"].max(), 5),
        _below("Density and spikes agree during the pulse: largest z of sd(V)", ds["pulse_z_V_sd"].max(), 5),
    ]
