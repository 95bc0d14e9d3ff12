"""The computations; each takes the spec and the dataset so far, and gives a dataset of its own."""

from typing import Any

import numpy as np
import xarray as xr

import synfer as sf
from synfer.core.results import label
from synfer.population.gating import closing_depth, cost, gating_curve
from synfer.population.neurons import Neuron
from synfer.population.packets import critical_weight
from synfer.study.catalog.synfire_gating.spec import Spec
from synfer.study.resolution import shown

KINDS = ("EIF", "LIF", "linearised EIF")
CASES = ("equal margin", "equal weight", "disfacilitation")
"""Chains of the three neurons: each at margin x its own critical weight; all at the EIF's weight; the first again,
with the switch on."""


def critical(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """Critical weights of the three chains, open and under a sustained current; the weights that follow."""
    noise, trio = _population(spec)
    chains = [_chain(spec, neuron, noise, 1.0) for neuron in trio]
    gates = [None] * 3 + [sf.Inhibition(depth=spec.critical_depth)] * 3
    found = critical_weight(
        chains * 2, gate=gates, bounds=spec.A_bounds, tolerance=min(spec.tolerance, 0.012), h=spec.h, dt=spec.dt
    )
    A_c = found["A"].values.reshape(2, 3)
    own = spec.margin * A_c[0]
    A = np.array([own, np.full(3, own[0]), own])
    return xr.Dataset(
        {"critical_A": (("critical_depth", "neuron"), A_c), "A": (("case", "neuron"), A)},
        coords={"neuron": list(KINDS), "case": list(CASES), "critical_depth": [0.0, spec.critical_depth]},
    )


def curves(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """The volley behind every layer against depth, in every case."""
    curve = gating_curve(_chains(spec, ds), depth=spec.depth, packet=spec.volley, **_switches(spec))
    names = ("a", "sigma_t", "t_packet", "survived")
    dims = ("case", "neuron", "depth", "layer")
    shape = (len(CASES), len(KINDS), len(spec.depth), spec.layers)
    return xr.Dataset(
        {name: (dims, curve[name].values.reshape(shape)) for name in names},
        coords={"depth": list(spec.depth), "layer": np.arange(1, spec.layers + 1)},
    )


def shunts(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """The same for a shunt, at equal safety margin."""
    gate = sf.Shunt(g=0.0, E_rev=spec.E_rev)
    chains = _chains(spec, ds)[: len(KINDS)]
    curve = gating_curve(chains, depth=spec.g, packet=spec.volley, gate=gate, h=spec.h, dt=spec.dt)
    dims = ("neuron", "g", "layer")
    return xr.Dataset(
        {f"shunt_{name}": (dims, curve[name].values, label(name)) for name in ("a", "sigma_t", "survived")},
        coords={"g": list(spec.g)},
    )


def closing(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """The smallest current that closes every chain, and the smallest shunt at equal margin."""
    shared: dict[str, Any] = {"tolerance": spec.tolerance, "h": spec.h, "dt": spec.dt}
    current = closing_depth(_chains(spec, ds), spec.volley, bounds=spec.depth_bounds, **(shared | _switches(spec)))
    shunt = closing_depth(
        _chains(spec, ds)[: len(KINDS)], spec.volley, gate=sf.Shunt(g=0.0, E_rev=spec.E_rev), bounds=spec.g_bounds,
        **shared,
    )  # fmt: skip
    shape = (len(CASES), len(KINDS))
    ends = {"closing_depth": "depth", "closing_depth_low": "depth_low", "closing_depth_high": "depth_high"}
    return xr.Dataset(
        {name: (("case", "neuron"), current[old].values.reshape(shape)) for name, old in ends.items()}
        | {
            name.replace("depth", "g"): ("neuron", shunt[old.replace("depth", "g")].values)
            for name, old in ends.items()
        }
    )


def price(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """What holding a chain closed for `hold` ms costs, by current and by shunt, mean over layers."""
    names = (
        "charge",
        "charge_pA",
        "atp",
        "volley_charge",
        "volley_atp",
        "charge_fraction",
        "atp_fraction",
        "atp_saved",
    )
    table = {name: np.empty((2, len(KINDS))) for name in names}
    for i, chain in enumerate(_chains(spec, ds)[: len(KINDS)]):
        depth = float(ds["closing_depth_high"].isel(case=0, neuron=i))
        g = float(ds["closing_g_high"].isel(neuron=i))
        for k, gate in enumerate((sf.Inhibition(depth=depth), sf.Shunt(g=g, E_rev=spec.E_rev))):
            with shown():
                paid = cost(chain, spec.volley, gate, t=spec.hold, g_L=spec.g_L, h=spec.h, dt=spec.dt)
            for name in names:
                table[name][k, i] = float(paid[name].mean("layer"))
    return xr.Dataset(
        {f"cost_{name}": (("gate", "neuron"), values) for name, values in table.items()},
        coords={"gate": ["current", "shunt"]},
    )


def waves(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """Rates by layer and time, and densities of some layers, of the EIF's chain open and well closed."""
    chain = _chains(spec, ds)[0]
    depths = np.array([0.0, 1.25 * float(ds["closing_depth_high"].isel(case=0, neuron=0))])
    length = spec.t0 + 7.0 * spec.layers
    gates = [sf.Inhibition(depth=d) for d in depths]
    with shown():
        out = sf.evolve(chain, spec.volley, gate=gates, t=length, h=spec.h, dt=spec.dt, every=5 * spec.dt, record="p")
    some = out["p"].sel(layer=spec.shown)
    return xr.Dataset(
        {
            "wave_rate": (("wave_depth", "layer", "time"), out["rate"].values, label("rate")),
            "wave_p": (("wave_depth", "shown_layer", "time", "V"), some.values.astype(np.float32), label("p")),
        },
        coords={
            "wave_depth": depths,
            "shown_layer": spec.shown,
            "time": out["time"].values,
            "V": out["V"].values,
        },
    )


def halved(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """Whether, with half the cell and half the step, the volley still passes below and stops above every threshold.

    Each critical weight is tried at (1 -+ 2 %), each closing depth at -+ .06 mV; EIF and LIF, equal margin.
    """
    noise, trio = _population(spec)
    full = sf.PulsePacket(a=spec.width, sigma_t=0.5, t0=spec.t0)
    chains, packets, gates = [], [], []
    for depth in ds["critical_depth"].values:
        for i, neuron in enumerate(trio[:2]):
            for factor in (0.98, 1.02):
                A_c = float(ds["critical_A"].sel(critical_depth=depth)[i])
                chains.append(_chain(spec, neuron, noise, factor * A_c))
                packets.append(full)
                gates.append(sf.Inhibition(depth=depth))
    for i, chain in enumerate(_chains(spec, ds)[:2]):
        for shift in (-0.06, 0.06):
            chains.append(chain)
            packets.append(spec.volley)
            gates.append(sf.Inhibition(depth=max(0.0, float(ds["closing_depth"].isel(case=0)[i]) + shift)))
    out = sf.propagate(chains, packets, gate=gates, h=spec.h / 2, dt=spec.dt / 2)
    alive = out["survived"].isel(layer=-1).values.reshape(3, 2, 2)
    # A weight lets the volley pass from below, a gate from above.
    expected = np.array([[False, True], [False, True], [True, False]])[:, None, :]
    return xr.Dataset(
        {"fine_agrees": (("threshold", "tested"), (alive == expected).all(axis=-1))},
        coords={"threshold": ["critical weight", "critical weight, gated", "closing depth"], "tested": list(KINDS[:2])},
    )


def _population(spec: Spec) -> tuple[sf.Noise, list[Neuron]]:
    """The background, and the three neurons that fire at the same rate under it."""
    noise = sf.noise_for_rate(spec.neuron, rate=spec.rate, sigma=spec.sigma)
    return noise, [spec.neuron, sf.rate_matched(spec.neuron, noise), sf.rate_matched(spec.neuron, noise, kind="linear")]


def _chain(spec: Spec, neuron: Neuron, noise: sf.Noise, A: float) -> sf.SynfireChain:
    weight = A / spec.width
    return sf.SynfireChain(neuron, noise, layers=spec.layers, width=spec.width, weight=weight, tau_s=spec.tau_s)


def _chains(spec: Spec, ds: xr.Dataset) -> list[sf.SynfireChain]:
    """The chains of all cases, neuron by neuron."""
    noise, trio = _population(spec)
    return [_chain(spec, trio[i], noise, float(A)) for row in ds["A"].values for i, A in enumerate(row)]


def _switches(spec: Spec) -> dict[str, Any]:
    on = [case == "disfacilitation" for case in CASES for _ in KINDS]
    return {"disfacilitation": on, "h": spec.h, "dt": spec.dt}
