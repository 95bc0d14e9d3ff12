"""The computations; each takes the spec and the two chains, and gives a dataset of its own."""

from typing import Any

import numpy as np
import xarray as xr

import synfer as sf
from synfer.core.results import label
from synfer.population.gating import closing_charge, gate_windows, gating_curve
from synfer.study.catalog.gate_timing.spec import Spec
from synfer.study.resolution import shown

KINDS = ("EIF", "LIF")
Chains = list[sf.SynfireChain]


def chains(spec: Spec) -> Chains:
    """The chain of the EIF, and that of the LIF of the same rate."""
    noise = sf.noise_for_rate(spec.neuron, rate=spec.rate, sigma=spec.sigma)
    shared: dict[str, Any] = {"noise": noise, "layers": spec.layers, "width": spec.width, "tau_s": spec.tau_s}
    return [
        sf.SynfireChain(spec.neuron, weight=spec.A_eif / spec.width, **shared),
        sf.SynfireChain(sf.rate_matched(spec.neuron, noise), weight=spec.A_lif / spec.width, **shared),
    ]


def windows(spec: Spec, both: Chains) -> xr.Dataset:
    """The volley behind every layer, each inhibited around the volley's ungated arrival there."""
    gates = [_around(spec, chain, half) for chain in both for half in spec.half]
    repeated = [chain for chain in both for _ in spec.half]
    curve = gating_curve(repeated, depth=spec.depth, packet=spec.volley, gate=gates, h=spec.h, dt=spec.dt)
    dims = ("neuron", "half", "depth", "layer")
    shape = (len(both), len(spec.half), len(spec.depth), spec.layers)
    return xr.Dataset(
        {name: (dims, curve[name].values.reshape(shape)) for name in ("a", "sigma_t", "t_packet", "survived")},
        coords={
            "neuron": list(KINDS),
            "half": list(spec.half),
            "depth": list(spec.depth),
            "layer": np.arange(1, spec.layers + 1),
        },
    )


def readings(spec: Spec, both: Chains) -> xr.Dataset:
    """The reference window read in other ways: synchronous spikes only, no later ones, and with disfacilitation."""
    table = np.empty((3, len(both), len(spec.depth)))
    for i, chain in enumerate(both):
        gate = _around(spec, chain, spec.reference_half)
        shared: dict[str, Any] = {"depth": spec.depth, "packet": spec.volley, "gate": gate, "h": spec.h, "dt": spec.dt}
        arrival = float(sf.propagate(chain, spec.volley, h=spec.h, dt=spec.dt)["t_packet"].isel(layer=-1).squeeze())
        end = spec.dt * round((arrival + spec.patience) / spec.dt)
        ways: tuple[dict[str, Any], ...] = ({"window": spec.short_window}, {"t": end}, {"disfacilitation": True})
        for k, way in enumerate(ways):
            with shown():  # one reader stops waiting
                table[k, i] = gating_curve(chain, **shared, **way)["a"].isel(layer=-1)
    names = ("within the short window", "within the patience", "disfacilitation")
    return xr.Dataset({"read_a": (("reading", "neuron", "depth"), table, label("a"))}, coords={"reading": list(names)})


def travelling(spec: Spec, both: Chains) -> xr.Dataset:
    """The last layer under a window that leaves the first arrival behind at a lag per layer."""
    lags = np.array([np.array(spec.lag_ratio) * _lag(spec, chain) for chain in both])
    gates, repeated = [], []
    for chain, own in zip(both, lags, strict=True):
        first = float(_arrivals(spec, chain)[0]) - spec.travel_length / 2
        for lag in own:
            gates.append(sf.Inhibition(0.0, on=first, off=first + spec.travel_length, lag=float(lag)))
            repeated.append(chain)
    depths = [spec.weak, spec.travel_depth]
    curve = gating_curve(repeated, depth=depths, packet=spec.volley, gate=gates, h=spec.h, dt=spec.dt)
    last = curve["a"].isel(layer=-1).values.reshape(len(both), len(spec.lag_ratio), len(depths))
    return xr.Dataset(
        {
            "travel_a": (("neuron", "lag_ratio", "travel_depth"), last, label("a")),
            "travel_lag": (("neuron", "lag_ratio"), lags),
        },
        coords={"lag_ratio": list(spec.lag_ratio), "travel_depth": depths},
    )


def price(spec: Spec, both: Chains) -> xr.Dataset:
    """The charge that closes a chain, against the length of its windows, and against the lag of travelling ones."""
    shared: dict[str, Any] = {"bounds": spec.depth_bounds, "tolerance": spec.tolerance, "h": spec.h, "dt": spec.dt}
    names = ("depth", "depth_low", "depth_high", "charge", "charge_fraction")
    still = [closing_charge(chain, spec.volley, length=spec.length, **shared) for chain in both]
    moving = []
    for chain in both:
        lag = (np.array(spec.price_lag_ratio) * _lag(spec, chain)).tolist()
        moving.append(closing_charge(chain, spec.volley, length=[spec.travel_length], lag=lag, **shared).isel(length=0))
    return xr.Dataset(
        {f"closing_{name}": (("neuron", "length"), np.array([one[name] for one in still])) for name in names}
        | {
            f"moving_{name}": (("neuron", "price_lag_ratio"), np.array([one[name] for one in moving])) for name in names
        },
        coords={"length": list(spec.length), "price_lag_ratio": list(spec.price_lag_ratio)},
    )


def waves(spec: Spec, both: Chains) -> xr.Dataset:
    """Rates by layer and time of both chains, ungated and under the windows of the reference at 3 mV."""
    length = spec.t0 + 10.0 * spec.layers
    rates = []
    for chain in both:
        gate = gate_windows(
            chain, spec.volley, sf.Inhibition(3.0), before=spec.reference_half, after=spec.reference_half,
            h=spec.h, dt=spec.dt,
        )  # fmt: skip
        with shown():
            out = sf.evolve(chain, spec.volley, gate=[None, gate], t=length, h=spec.h, dt=spec.dt, every=2 * spec.dt)
        rates.append(out["rate"].values)
    return xr.Dataset(
        {
            "wave_rate": (("neuron", "wave_depth", "layer", "time"), np.array(rates), label("rate")),
            "arrival": (("neuron", "layer"), np.array([_arrivals(spec, chain) for chain in both]), label("t_packet")),
        },
        coords={"wave_depth": [0.0, 3.0], "time": out["time"].values},
    )


def halved(spec: Spec, both: Chains) -> xr.Dataset:
    """The last layer under the reference window with half the cell and half the step."""
    h, dt = spec.h / 2, spec.dt / 2
    depths, fine = (1.25, spec.weak, 3.0), []
    for chain in both:
        gate = _around(spec, chain, spec.reference_half, h, dt)
        fine.append(gating_curve(chain, depth=depths, packet=spec.volley, gate=gate, h=h, dt=dt)["a"].isel(layer=-1))
    return xr.Dataset(
        {"fine_a": (("neuron", "fine_depth"), np.array(fine), label("a"))},
        coords={"fine_depth": list(depths)},
    )


def _around(
    spec: Spec, chain: sf.SynfireChain, half: float, h: float | None = None, dt: float | None = None
) -> sf.Drive:
    return gate_windows(
        chain, spec.volley, sf.Inhibition(0.0), before=half, after=half, h=h or spec.h, dt=dt or spec.dt
    )


def _arrivals(spec: Spec, chain: sf.SynfireChain) -> np.ndarray:
    """Mean times [ms] of the ungated volley, by layer."""
    return sf.propagate(chain, spec.volley, h=spec.h, dt=spec.dt)["t_packet"].values.reshape(-1)


def _lag(spec: Spec, chain: sf.SynfireChain) -> float:
    """Time [ms] that the ungated volley takes from layer to layer."""
    times = _arrivals(spec, chain)
    return float(times[-1] - times[0]) / (len(times) - 1)
