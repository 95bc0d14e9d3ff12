"""The computations, each a dataset of its own."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

import synfer as sf
from synfer.core.results import label
from synfer.population.neurons import Neuron
from synfer.study.catalog.weak_inhibition.spec import Spec

MEASURES = ("V_sd", "V_iqr", "V_sd_below_V_T", "V_sd_below_V_u", "mass_above_V_u")
KINDS = ("EIF", "LIF", "linearised EIF")


def _trio(spec: Spec, noise: sf.Noise) -> list[Neuron]:
    return [spec.neuron, sf.rate_matched(spec.neuron, noise), sf.rate_matched(spec.neuron, noise, kind="linear")]


def _reference(spec: Spec) -> sf.Noise:
    return sf.noise_for_rate(spec.neuron, rate=spec.reference_rate, sigma=spec.reference_sigma)


def _inhibited(noise: sf.Noise, depth: Sequence[float]) -> list[sf.Drive]:
    return [noise + sf.Inhibition(depth=d) for d in depth]


def grid(spec: Spec) -> xr.Dataset:
    """Stationary states of the three neurons over base rate, noise and depth.

    NaN where mu lies above the rheobase: without a stable point there is nothing to linearise at, and without an
    unstable one nothing to measure above it.
    """
    sigmas, rates, depths = (spec.with_reference(name) for name in ("sigma", "rate", "depth"))
    shape = (len(KINDS), len(sigmas), len(rates), len(depths))
    names = ("rate", "V_mean", "V_sd", "V_iqr")
    table = {name: np.full(shape, np.nan) for name in names}
    only_eif = {name: np.full(shape[1:], np.nan) for name in MEASURES[2:]}
    base = np.empty(shape[1:3])
    for i, sigma in enumerate(sigmas):
        for j, rate in enumerate(rates):
            noise = sf.noise_for_rate(spec.neuron, rate=rate, sigma=sigma)
            base[i, j] = mu = np.asarray(noise.mu).item()
            below_rheobase = mu < spec.neuron.V_T - spec.neuron.Delta_T
            trio = _trio(spec, noise) if below_rheobase else [spec.neuron, sf.rate_matched(spec.neuron, noise)]
            for k, neuron in enumerate(trio):
                s = sf.stationary(neuron, _inhibited(noise, depths))
                for name in names:
                    table[name][k, i, j] = s[name]
                if k == 0 and below_rheobase:
                    for name in MEASURES[2:]:
                        only_eif[name][i, j] = s[name]
    dims = ("sigma", "base_rate", "depth")
    variables = {name: (("neuron", *dims), values) for name, values in table.items()}
    variables |= {name: (dims, values) for name, values in only_eif.items()}
    coords = {"neuron": list(KINDS), "sigma": sigmas, "base_rate": rates, "depth": depths}
    return xr.Dataset(variables | {"mu": (dims[:2], base)}, coords=coords)


def three_ways(spec: Spec) -> xr.Dataset:
    """sd(V), rate and density at the reference point by theory, density and spikes."""
    noise = _reference(spec)
    drives = _inhibited(noise, spec.with_reference("depth"))
    rows: dict[str, list] = {
        name: [] for name in ("ways_rate", "ways_V_sd", "ways_V_sd_se", "ways_rate_se", "theory_p")
    }
    grid = np.arange(spec.neuron.V_reset - 20, spec.neuron.V_cut, 0.1)
    for neuron in _trio(spec, noise):
        theory = sf.stationary(neuron, drives)
        density = sf.stationary(neuron, drives, method="density")
        spikes = sf.simulate(neuron, drives, t=spec.t, n=spec.n, every=50, dtype="float32", seed=spec.seed)
        snapshots = spikes.sizes["time"]
        rows["ways_V_sd"].append([theory.V_sd, density.V_sd, spikes.V_sd.mean("time")])
        rows["ways_V_sd_se"].append(np.sqrt((spikes.V_sd_se**2).sum("time")) / snapshots)
        rows["ways_rate"].append([theory.rate, density.rate, spikes.rate.mean("time")])
        rows["ways_rate_se"].append(
            np.sqrt(spikes.rate_block.mean("time").var("block", ddof=1) / spikes.sizes["block"])
        )
        rows["theory_p"].append(theory.p.interp(V=grid, kwargs={"fill_value": 0.0}))
    three = ("neuron", "way", "depth")
    return xr.Dataset(
        {
            "ways_V_sd": (three, np.array(rows["ways_V_sd"]), label("V_sd")),
            "ways_rate": (three, np.array(rows["ways_rate"]), label("rate")),
            "ways_V_sd_se": (("neuron", "depth"), np.array(rows["ways_V_sd_se"]), label("V_sd_se")),
            "ways_rate_se": (("neuron", "depth"), np.array(rows["ways_rate_se"]), label("rate_se")),
            "p": (("neuron", "depth", "V"), np.array(rows["theory_p"])),
        },
        coords={
            "neuron": list(KINDS),
            "way": ["theory", "density", "spikes"],
            "depth": spec.with_reference("depth"),
            "V": grid,
        },
    )


def shunts(spec: Spec) -> xr.Dataset:
    """sd(V) under a shunt, and what is left of it when the passive narrowing is taken out.

    A leak l narrows the free membrane by sqrt(l/(l + g)); l is 1, or 1 - slope for the linearised EIF.
    """
    noise = _reference(spec)
    conductance = np.array(sorted({0.0, *spec.g}))
    drives = [noise + sf.Shunt(g=g, E_rev=spec.E_rev) for g in conductance]
    trio = _trio(spec, noise)
    states = [sf.stationary(neuron, drives) for neuron in trio]
    leaks = [1 - neuron.slope if isinstance(neuron, sf.LinearisedEIF) else 1.0 for neuron in trio]
    active = [s.V_sd.values * np.sqrt(1 + conductance / leak) for s, leak in zip(states, leaks, strict=True)]
    return xr.Dataset(
        {
            "shunt_V_sd": (("neuron", "g"), [s.V_sd.values for s in states], label("V_sd")),
            "shunt_V_sd_active": (
                ("neuron", "g"),
                active,
                {"units": "mV", "long_name": "sd of V without the passive effect of the shunt"},
            ),
            "shunt_rate": (("neuron", "g"), [s.rate.values for s in states], label("rate")),
        },
        coords={
            "neuron": list(KINDS),
            "g": ("g", conductance, {"units": "1", "long_name": "shunt in units of the leak"}),
        },
    )


def pulse(spec: Spec) -> xr.Dataset:
    """The reference point before, during and after a pulse of inhibition, by density and by spikes."""
    noise = _reference(spec)
    drive = noise + sf.Inhibition(depth=spec.reference_depth, on=spec.pulse_on, off=spec.pulse_on + spec.pulse_width)
    trio = _trio(spec, noise)
    d = sf.evolve(trio, drive, t=spec.pulse_run, dt=0.05, every=0.5)
    m = sf.simulate(trio, drive, t=spec.pulse_run, n=spec.n, dt=0.025, every=2.5, dtype="float32", seed=spec.seed)
    p = sf.evolve(spec.neuron, drive, t=spec.pulse_run, dt=0.05, every=0.5, record="p").p
    names = {"V_sd": "pulse_V_sd", "rate": "pulse_rate", "V_mean": "pulse_V_mean", "V_iqr": "pulse_V_iqr"}
    density = _by_kind(d[list(names)]).rename(names | {"time": "pulse_time"})
    kept = ("V_sd", "V_sd_se", "rate", "rate_se")
    spikes = _by_kind(m[list(kept)]).rename({name: f"pulse_spikes_{name}" for name in kept} | {"time": "bin_time"})
    z = _by_kind(np.abs(sf.compare(m, d, width=10)))
    worst = xr.Dataset({"pulse_z_rate": z["rate"].max("time"), "pulse_z_V_sd": z["V_sd"].max("V_time")})
    image = p.rename(time="pulse_time", V="pulse_V").rename("pulse_p").to_dataset()
    return xr.merge([density, spikes, worst, image], combine_attrs="drop_conflicts")


def _by_kind(ds: xr.Dataset) -> xr.Dataset:
    """Points of the trio as the dimension `neuron`."""
    own = [name for name, coord in ds.coords.items() if coord.dims == ("point",)]
    return ds.drop_vars(own).rename(point="neuron").assign_coords(neuron=list(KINDS))


def sd_map(spec: Spec) -> xr.Dataset:
    """The ratio of sd(V) with and without inhibition, EIF and rate-matched LIF, over noise and base rate."""
    pairs = [(s, r) for s in spec.map_sigma for r in spec.map_rate] + [(spec.control_sigma, spec.control_rate)]
    ratios = []
    for sigma, rate in pairs:
        noise = sf.noise_for_rate(spec.neuron, rate=rate, sigma=sigma)
        both = [spec.neuron, sf.rate_matched(spec.neuron, noise)]
        sd = [sf.stationary(neuron, _inhibited(noise, (0.0, spec.reference_depth))).V_sd.values for neuron in both]
        ratios.append([s[1] / s[0] for s in sd])
    table = np.array(ratios[:-1]).T.reshape(2, len(spec.map_sigma), len(spec.map_rate))
    attrs = {"units": "1", "long_name": "sd(V) with inhibition / without"}
    return xr.Dataset(
        {
            "map_ratio": (("map_neuron", "map_sigma", "map_rate"), table, attrs),
            "control_ratio": ("map_neuron", np.array(ratios[-1]), attrs),
        },
        coords={
            "map_neuron": list(KINDS[:2]),
            "map_sigma": ("map_sigma", list(spec.map_sigma), label("sigma")),
            "map_rate": ("map_rate", list(spec.map_rate), {"units": "Hz", "long_name": "base rate"}),
        },
    )
