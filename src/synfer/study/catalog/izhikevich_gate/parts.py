"""The computations; each takes the spec and the dataset so far, and gives a dataset of its own."""

import numpy as np
import xarray as xr
from scipy.optimize import root_scalar

import synfer as sf
from synfer.core.results import label
from synfer.study.catalog.izhikevich_gate.spec import Spec
from synfer.study.resolution import shown

NEURONS = ("u free", "u held")
GATES = ("no gate", "overlapping", "ended before, at once", "ended before, travelling")
READ = ("a", "sigma_t", "V_iqr")
MOMENTS = ("rest", "end", "volley")
COMPARED = ("rate", "V_mean", "V_sd", "w_mean", "w_sd")


def base(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The neuron at rest, on a mesh of half the cell and column too; and the control whose u is held.

    With b = d = 0 u stays at 0, and the current is such that the rate is the neuron's own; the drive of the control's
    layer is such that it answers the volley with as many spikes.
    """
    rates = [float(sf.stationary(spec.neuron, spec.current, h=spec.mesh(k)).rate) for k in (1, 2)]
    held = _held(spec)

    def excess(I: float) -> float:
        return float(sf.stationary(held, sf.Current(I, spec.D), h=spec.h / 2).rate) - rates[0]

    I_held = float(root_scalar(excess, bracket=(spec.I, spec.I + 40.0), xtol=1e-6).root)
    free = _answer(spec, _layer(spec, spec.neuron, spec.current, spec.A), [None])["a"][0]

    def more(A: float) -> float:
        return _answer(spec, _layer(spec, held, sf.Current(I_held, spec.D), A), [None])["a"][0] - free

    A_held = float(root_scalar(more, bracket=(0.2 * spec.A, 2 * spec.A), xtol=1e-3).root)
    return xr.Dataset(
        {"base_rate": ("refined", rates, label("rate")), "I_held": ((), I_held), "A_held": ((), A_held)},
        coords={"refined": [1, 2]},
    )


def single(spec: Spec, ds: xr.Dataset) -> xr.Dataset:
    """The answer of one layer by depth and end of inhibition, u free and held: size, spread, and the density met."""
    layers = (
        _layer(spec, spec.neuron, spec.current, spec.A),
        _layer(spec, _held(spec), sf.Current(float(ds["I_held"]), spec.D), float(ds["A_held"])),
    )
    shape = (len(NEURONS), len(spec.depth), len(spec.before))
    table = {name: np.empty(shape) for name in READ}
    alone = {name: np.empty(len(NEURONS)) for name in READ}
    for i, layer in enumerate(layers):
        gates = [_gate(spec, depth, before) for depth in spec.depth for before in spec.before]
        read = _answer(spec, layer, [None, *gates])
        for name in READ:
            alone[name][i] = read[name][0]
            table[name][i] = read[name][1:].reshape(shape[1:])
    dims = ("neuron", "depth", "before")
    return xr.Dataset(
        {f"single_{name}": (dims, values, label(name)) for name, values in table.items()}
        | {f"alone_{name}": ("neuron", values, label(name)) for name, values in alone.items()},
        coords={"neuron": list(NEURONS), "depth": list(spec.depth), "before": list(spec.before)},
    )


def density(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The density over V and u at rest, at the end of the gate that opens, and when the volley comes."""
    end = spec.length + 5.0
    times = np.array([0.0, end, end + spec.chain_before])
    gate = sf.Inhibition(spec.chain_depth, on=5.0, off=end)
    drive, h = spec.current + gate, spec.mesh(2)
    run = sf.evolve(spec.neuron, drive, t=times[-1], h=h, dt=spec.dt / 2, every=2.5, record=("p_Vw",))
    some = run["p_Vw"].sel(time=times, method="nearest").transpose("time", "V", "w")
    return xr.Dataset(
        {"joint_p": (("moment", "V", "w"), some.values.astype(np.float32), label("p_Vw"))},
        coords={"moment": list(MOMENTS), "V": run["V"], "w": run["w"]},
    )


def chains(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The volley in every layer of a chain that is closed and one that is open by itself, under four gates."""
    t0 = _centre(spec)
    off = {"overlapping": -spec.chain_after, "at once": spec.chain_before, "travelling": spec.chain_before}
    lag = {"overlapping": spec.lag, "at once": 0.0, "travelling": spec.lag}
    gates = [
        None,
        *(sf.Inhibition(spec.chain_depth, on=t0 - off[k] - spec.length, off=t0 - off[k], lag=lag[k]) for k in off),
    ]
    drives = (spec.A_closed, spec.A_open)
    t = spec.dt * np.ceil((t0 + spec.layers * max(spec.lag, 3.0) + spec.tail) / spec.dt)
    with shown():  # a volley that is dying so slowly is dead
        runs = [
            sf.propagate(
                _layer(spec, spec.neuron, spec.current, A, spec.layers), _volley(spec, t0), gate=gates, t=t,
                h=spec.mesh(), dt=spec.dt,
            )
            for A in drives
        ]  # fmt: skip
    dims = ("A", "gate", "layer")
    return xr.Dataset(
        {f"chain_{name}": (dims, np.array([run[name].values for run in runs]), label(name))
         for name in ("a", "sigma_t", "t_packet")},
        coords={"A": list(drives), "gate": list(GATES), "layer": np.arange(1, spec.layers + 1)},
    )  # fmt: skip


def halved(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The single layer on half the cell, half the column and half the step: no gate, and the deepest ones."""
    gates = [None, *(_gate(spec, spec.chain_depth, before) for before in (0.0, spec.chain_before, 20.0))]
    fine, own = (_answer(spec, _layer(spec, spec.neuron, spec.current, spec.A), gates, refine=k) for k in (2, 1))
    return xr.Dataset({
        f"{prefix}_{name}": ("tested", read[name], label(name))
        for prefix, read in (("fine", fine), ("coarse", own)) for name in ("a", "sigma_t")
    })  # fmt: skip


def agreement(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The density at rest, on its default mesh, beside spiking neurons that have forgotten it, by drive.

    Spikes are counted by neuron, and the potentials are those of one moment, so that neurons are all that is averaged
    over, and the standard errors are those of independent values.
    """
    drives = [sf.Current(I, D) for I, D in spec.drives]
    rest = sf.stationary(spec.neuron, drives, method="density")
    run = {"n": spec.n, "dt": spec.spiking_dt}
    begun = sf.simulate(spec.neuron, drives, t=spec.settling, every=spec.settling, seed=spec.seed, **run)
    seen = sf.simulate(spec.neuron, drives, t=spec.counted, every=spec.counted, initial=begun, **run).isel(time=0)
    I, D = np.array(spec.drives).T
    read = {f"rest_{name}": ("drive", rest[name].values, label(name)) for name in (*COMPARED, "mesh_error")}
    for name in COMPARED:
        read |= {f"spiking_{name}{end}": ("drive", seen[f"{name}{end}"].values, label(name)) for end in ("", "_se")}
    return xr.Dataset(read, coords={"drive_I": ("drive", I), "drive_D": ("drive", D)})


def _held(spec: Spec) -> sf.Izhikevich:
    return spec.neuron.replace(b=0.0, d=0.0)


def _centre(spec: Spec) -> float:
    """Centre of the volley [ms] that leaves room for every gate before it."""
    return spec.length + max(*spec.before, spec.chain_before) + 5.0


def _volley(spec: Spec, t0: float) -> sf.PulsePacket:
    return sf.PulsePacket(a=spec.width, sigma_t=spec.sigma_t, t0=t0)


def _gate(spec: Spec, depth: float, before: float) -> sf.Inhibition:
    off = _centre(spec) - before
    return sf.Inhibition(depth, on=off - spec.length, off=off)


def _layer(spec: Spec, neuron: sf.Izhikevich, current: sf.Current, A: float, layers: int = 1) -> sf.SynfireChain:
    return sf.SynfireChain(
        neuron, noise=current, layers=layers, width=spec.width, weight=A / spec.width, tau_s=spec.tau_s
    )


def _answer(
    spec: Spec, layer: sf.SynfireChain, gates: list[sf.Inhibition | None], refine: int = 1
) -> dict[str, np.ndarray]:
    """Size and spread of a single layer's answer, and the spread of V that the volley meets, by gate."""
    t0 = _centre(spec)
    # One column costs little, and the range of V that a held u leaves stable is narrow.
    h = spec.h / refine / 2 if layer.neuron == _held(spec) else spec.mesh(refine)
    with shown():
        run = sf.evolve(
            layer, _volley(spec, t0), gate=gates, t=t0 + spec.tail, h=h, dt=spec.dt / refine / 2, every=1.0
        )  # fmt: skip
    met = run.sel(time=t0 - 3 * spec.sigma_t, method="nearest")
    values = {"a": run["a"], "sigma_t": run["sigma_t"], "V_iqr": met["V_iqr"]}
    return {name: value.values.reshape(-1) for name, value in values.items()}
