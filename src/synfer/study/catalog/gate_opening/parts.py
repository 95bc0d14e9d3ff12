"""The computations; each takes the spec and the dataset so far, and gives a dataset of its own."""

from typing import Any

import numpy as np
import xarray as xr

import synfer as sf
from synfer.core.results import label
from synfer.population import readout
from synfer.study.catalog.gate_opening.controls import CASES, NEURONS, Population, mesh, populations, rate_of
from synfer.study.catalog.gate_opening.spec import Spec
from synfer.study.resolution import shown

PROFILE = {"a": "a", "t": "t_packet"}
REFINED = (1, 2, 4)
WINDOWS = ("evoked", "counted")
MOMENTS = ("before", "end", "after")


def base(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The stationary rate on meshes of half and a quarter of the cell and the column."""
    rates = [float(sf.stationary(spec.neuron, spec.noise, h=mesh(spec, spec.neuron, k)).rate) for k in REFINED]
    return xr.Dataset({"base_rate": ("refined", rates, label("rate"))}, coords={"refined": list(REFINED)})


def density(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The density over V and w at rest, at the end of the gate, and `before` later."""
    end = spec.gate_length + 10.0
    gate = sf.Inhibition(spec.gate_depth, on=10.0, off=end)
    times = np.array([0.0, end, end + max(spec.before, 5.0)])
    run = sf.evolve(spec.neuron, spec.noise + gate, t=times[-1], dt=spec.dt / 2, every=5.0, record=("p_Vw",))
    some = run["p_Vw"].sel(time=times, method="nearest")
    return xr.Dataset(
        {"joint_p": (("moment", "V", "w"), some.transpose("time", "V", "w").values.astype(np.float32), label("p_Vw"))},
        coords={"moment": list(MOMENTS), "moment_time": ("moment", times - end), "V": run["V"], "w": run["w"]},
    )


def single(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """What a single layer answers, by when its gate ended, read in two windows; and without a gate."""
    length = max(spec.single_before)
    t0 = spec.start(length)
    chain = spec_chain(spec, Population(spec.neuron, spec.noise), spec.A_single, 1)
    offs = [t0 - before for before in spec.single_before]
    gates = [None, *(sf.Inhibition(spec.gate_depth, on=off - spec.gate_length, off=off) for off in offs)]
    with shown():
        run = sf.evolve(
            chain, spec.volley(t0), gate=gates, t=t0 + spec.tail, h=mesh(spec, spec.neuron, 2), dt=spec.dt / 2,
        ).isel(layer=0)  # fmt: skip
    time, first, last = run["time"], t0 + spec.counted[0], t0 + spec.counted[1]
    evoked = run["rate"] - run["quiet_rate"]
    inside = evoked.sel(time=slice(first - spec.dt / 8, last + spec.dt / 8)).integrate("time") / 1000
    counts = np.array([run["a"].values / spec.width, inside.values])
    shown_rate = evoked.sel(time=slice(t0 - 10, t0 + 30)).values
    return xr.Dataset(
        {
            "single_open": ("window", counts[:, 0]),
            "single_count": (("window", "single_before"), counts[:, 1:]),
            "single_sigma_t": ("single_before", run["sigma_t"].values[1:], label("sigma_t")),
            "single_sigma_t_open": ((), run["sigma_t"].values[0], label("sigma_t")),
            "single_rate": (("single_before", "since"), shown_rate[1:]),
            "single_rate_open": ("since", shown_rate[0]),
        },
        coords={
            "window": list(WINDOWS),
            "single_before": list(spec.single_before),
            "since": time.sel(time=slice(t0 - 10, t0 + 30)).values - t0,
        },
    )


def critical(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The smallest drive that carries the ungated volley through `layers`, and its transit there, by neuron."""
    table = np.array([_critical(spec, population) for population in populations(spec).values()])
    return xr.Dataset(
        {
            "critical_A": ("neuron", np.sqrt(table[:, 0] * table[:, 1])),
            "critical_A_low": ("neuron", table[:, 0]),
            "critical_A_high": ("neuron", table[:, 1]),
            "critical_transit": ("neuron", table[:, 2]),
        },
        coords={"neuron": list(NEURONS)},
    )


def _critical(spec: Spec, population: Population) -> tuple[float, float, float]:
    """Bracket [mV] by bisection, and the mean time [ms] that the volley takes for a layer at its upper end."""
    low, high, transit = *spec.A_bounds, np.nan
    while high - low > spec.tolerance * high or np.isnan(transit):
        A = float(np.sqrt(low * high))
        run = follow(spec, population, A, spec.layers)
        if run["survived"][-1]:
            high = A
            transit = float(run["t_packet"][-1] - run["t_packet"][0]) / (spec.layers - 1)
        elif high == spec.A_bounds[1] and high - A < spec.tolerance * high:
            raise sf.ParameterError(f"no drive up to A = {spec.A_bounds[1]:g} mV carries the volley; raise A_bounds")
        else:
            low = A
    return low, high, transit


def opening(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The volley under gates by depth, drive and lag, and without one by drive, in a deep chain."""
    own = Population(spec.neuron, spec.noise)
    dims = ("depth", "A", "lag", "layer")
    table = {name: np.empty((len(spec.depth), len(spec.A), len(spec.lag), spec.deep)) for name in PROFILE}
    for i, depth in enumerate(spec.depth):
        for j, A in enumerate(spec.A):
            for k, lag in enumerate(spec.lag):
                run = follow(spec, own, A, spec.deep, spec.gate(lag, depth=depth))
                for name, source in PROFILE.items():
                    table[name][i, j, k] = run[source]
    dark = [follow(spec, own, A, spec.deep)["a"].values for A in spec.A]
    return xr.Dataset(
        {
            "open_a": (dims, table["a"] / spec.width),
            "open_t": (dims, table["t"], label("t_packet")),
            "dark_a": (("A", "layer"), np.array(dark) / spec.width),
        },
        coords={
            "depth": list(spec.depth),
            "A": list(spec.A),
            "lag": list(spec.lag),
            "layer": np.arange(1, spec.deep + 1),
        },
    )


def stated(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """Where an opening was first reported: with the travelling gate, and without one."""
    own = Population(spec.neuron, spec.noise)
    run = follow(spec, own, spec.A_stated, spec.deep, spec.gate(spec.lag_stated))
    dark = follow(spec, own, spec.A_stated, spec.deep)
    return xr.Dataset(
        {
            "stated_a": ("layer", run["a"].values / spec.width),
            "stated_t": ("layer", run["t_packet"].values, label("t_packet")),
            "stated_dark_a": ("layer", dark["a"].values / spec.width),
        }
    )


def capture(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The travelling gate when it ends at other times before the volley enters."""
    own = Population(spec.neuron, spec.noise)
    runs = [
        follow(spec, own, spec.A_open, spec.layers, spec.gate(spec.lag_open, before), before=before)
        for before in spec.capture
    ]
    a = np.array([run["a"].values for run in runs]) / spec.width
    return xr.Dataset({"capture_a": (("capture", "shallow"), a)}, coords={"capture": list(spec.capture)})


def ablations(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """The same gates on each neuron at the same fractions of its own critical drive, lags by its own transit."""
    own = populations(spec)
    shape = (len(CASES), len(spec.fraction), len(spec.lag_ratio), spec.layers)
    table = {name: np.empty(shape) for name in PROFILE}
    dark, rates = np.empty((len(CASES), len(spec.fraction), spec.layers)), np.empty(len(CASES))
    for i, (name, disfacilitation) in enumerate(CASES.values()):
        population, critical = own[name], ds.sel(neuron=name)
        rates[i] = rate_of(spec, population)
        for j, fraction in enumerate(spec.fraction):
            A = fraction * float(critical["critical_A"])
            dark[i, j] = follow(spec, population, A, spec.layers)["a"]
            for k, ratio in enumerate(spec.lag_ratio):
                gate = spec.gate(ratio * float(critical["critical_transit"]))
                run = follow(spec, population, A, spec.layers, gate, disfacilitation=disfacilitation)
                for variable, source in PROFILE.items():
                    table[variable][i, j, k] = run[source]
    dims = ("case", "fraction", "lag_ratio", "shallow")
    transit = [float(ds["critical_transit"].sel(neuron=name)) for name, _ in CASES.values()]
    return xr.Dataset(
        {
            "case_a": (dims, table["a"] / spec.width),
            "case_t": (dims, table["t"], label("t_packet")),
            "case_dark_a": (("case", "fraction", "shallow"), dark / spec.width),
            "case_rate": ("case", rates, label("rate")),
            "case_transit": ("case", transit),
        },
        coords={
            "case": list(CASES),
            "fraction": list(spec.fraction),
            "lag_ratio": list(spec.lag_ratio),
            "shallow": np.arange(1, spec.layers + 1),
        },
    )


def deeper(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """The aLIF near its own critical drive, without a gate and under a deeper one at the pace of its volley."""
    own, critical = populations(spec)["aLIF"], float(ds["critical_A"].sel(neuron="aLIF"))
    gates = (None, spec.gate(spec.alif_lag, depth=spec.alif_depth))
    runs = [follow(spec, own, spec.alif_fraction * critical, spec.deep, gate) for gate in gates]
    return xr.Dataset(
        {"alif_a": (("gated", "alif_layer"), np.array([run["a"].values for run in runs]) / spec.width)},
        coords={"gated": ["no gate", "travelling"], "alif_layer": np.arange(1, spec.deep + 1)},
    )


def halved(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The first half of the chain under the travelling gate with half the cell, half the column and half the step."""
    layers = max(2, spec.layers // 2)
    own = Population(spec.neuron, spec.noise)
    run = follow(spec, own, spec.A_open, layers, spec.gate(spec.lag_open), refine=2)
    return xr.Dataset(
        {"fine_a": ("fine_layer", run["a"].values / spec.width)}, coords={"fine_layer": np.arange(1, layers + 1)}
    )


def finite(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """Spiking chains of finite layers, with the travelling gate and without, beside their densities.

    Both are read in a window of fixed length, the spikes as the mean of all trials: the end of a volley in
    a noisy count is no matter of 2 %.
    """
    own = Population(spec.neuron, spec.noise)
    table = {name: np.empty((2, spec.layers)) for name in ("spiking", "density")}
    for i, gate in enumerate((None, spec.gate(spec.lag_open))):
        t0, t = _frame(spec, spec.layers, gate, None, spec.dt)
        chain = spec_chain(spec, own, spec.A_open, spec.layers).replace(
            width=spec.finite_width, weight=spec.A_open / spec.finite_width
        )
        packet = spec.volley(t0).replace(a=spec.finite_width)
        with shown():
            run = sf.simulate(chain, packet, t=t, gate=gate, dt=spec.finite_dt, trials=spec.trials, seed=spec.seed + i)
        volley = readout.packet(run["rate"], run["quiet_rate"], run["time"], width=1, window=spec.window)
        fine = follow(spec, own, spec.A_open, spec.layers, gate, window=spec.window, refine_w=2)
        table["spiking"][i], table["density"][i] = volley.a, fine["a"].values / spec.width
    return xr.Dataset(
        {f"finite_{name}": (("gated", "shallow"), values) for name, values in table.items()},
        coords={"gated": ["no gate", "travelling"]},
    )


def spec_chain(spec: Spec, population: Population, A: float, layers: int) -> sf.SynfireChain:
    """A chain of some layers that drives each by A [mV]."""
    return sf.SynfireChain(
        population.neuron, noise=population.noise, layers=layers, width=spec.width, weight=A / spec.width,
        tau_s=spec.tau_s,
    )  # fmt: skip


def follow(
    spec: Spec,
    population: Population,
    A: float,
    layers: int,
    gate: sf.Inhibition | None = None,
    *,
    before: float | None = None,
    disfacilitation: bool = False,
    window: Any = "evoked",
    refine: int = 1,
    refine_w: int = 1,
) -> xr.Dataset:
    """The volley in every layer of a chain, run for a time that leaves even a slow volley its tail."""
    dt = spec.dt / refine
    t0, t = _frame(spec, layers, gate, before, dt)
    own = mesh(spec, population.neuron, refine)
    h = own if own.dw is None else own.replace(dw=own.dw / refine_w)
    with shown():  # a volley that is dying so slowly is dead
        return sf.propagate(
            spec_chain(spec, population, A, layers), spec.volley(t0), t=t, gate=gate,
            disfacilitation=disfacilitation, window=window, h=h, dt=dt,
        )  # fmt: skip


def _frame(spec: Spec, layers: int, gate: sf.Inhibition | None, before: float | None, dt: float) -> tuple[float, float]:
    """Centre of the packet [ms], and the length [ms] of a run of whole steps that leaves the last volley its tail."""
    t0 = 10.0 * spec.sigma_t if gate is None else spec.start(before)
    pace = max(spec.pace, 0.0 if gate is None else gate.lag)
    return t0, float(dt * np.ceil((t0 + layers * pace + spec.tail) / dt))
