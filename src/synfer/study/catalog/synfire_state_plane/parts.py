"""The computations, each a dataset of its own."""

from typing import Any

import numpy as np
import xarray as xr

import synfer as sf
from synfer.core.results import label
from synfer.population.packets import critical_packet, state_plane, survival
from synfer.study.catalog.synfire_state_plane.spec import Spec
from synfer.study.resolution import shown


def _packets(spec: Spec, starts: tuple[float, ...], width: int) -> list[sf.PulsePacket]:
    return [sf.PulsePacket(a=a * width, sigma_t=spec.reference_sigma_t, t0=spec.t0) for a in starts]


def plane(spec: Spec) -> xr.Dataset:
    """Trajectories of packets of all sizes and spreads, the field, and the separatrix."""
    a_in = np.array(spec.a_in) * spec.width
    ds = state_plane(
        spec.chain, a_in=a_in.tolist(), sigma_t_in=spec.sigma_t_in, tolerance=spec.tolerance, h=spec.h, dt=spec.dt
    )  # fmt: skip
    kept = ["a", "sigma_t", "survived", "a_step", "sigma_t_step", "a_separatrix", "a_separatrix_low"]
    return ds[[*kept, "a_separatrix_high"]]


def separatrix(spec: Spec) -> xr.Dataset:
    """The critical packet at the reference spread, on the mesh and on one twice as fine in V and in time."""
    fine = np.array([1, 2])
    found = [
        critical_packet(spec.chain, spec.reference_sigma_t, tolerance=spec.tolerance / 2, h=spec.h / k, dt=spec.dt / k)
        for k in fine
    ]
    return xr.Dataset(
        {f"critical_{name}": ("fineness", np.array([float(one[name]) for one in found])) for name in ("a", "a_low")}
        | {"critical_a_high": ("fineness", np.array([float(one["a_high"]) for one in found]))},
        coords={"fineness": fine},
    )


def attractor(spec: Spec) -> xr.Dataset:
    """Packets on their way through a long chain, to where all that survive meet; the same on the finer mesh."""
    chain = spec.chain.replace(layers=spec.attractor_layers)
    late = max(spec.t0, max(5 * sigma_t for _, sigma_t in spec.settling))
    packets = [sf.PulsePacket(a=a * spec.width, sigma_t=sigma_t, t0=late) for a, sigma_t in spec.settling]
    coarse = sf.propagate(chain, packets, h=spec.h, dt=spec.dt)
    fine = sf.propagate(chain, packets[-1:], h=spec.h / 2, dt=spec.dt / 2).isel(point=0, layer=-1)
    dims = ("settling", "settling_layer")
    return xr.Dataset(
        {
            "settling_a": (dims, coarse["a"].values, label("a")),
            "settling_sigma_t": (dims, coarse["sigma_t"].values, label("sigma_t")),
            "settling_survived": (dims, coarse["survived"].values, label("survived")),
            "fine_attractor_a": ((), float(fine["a"]), label("a")),
            "fine_attractor_sigma_t": ((), float(fine["sigma_t"]), label("sigma_t")),
        },
        coords={"settling_layer": np.arange(1, spec.attractor_layers + 1)},
    )


def spikes(spec: Spec) -> xr.Dataset:
    """Large and small chains of spiking neurons, and the density read in the same window."""
    chain, N = spec.chain, spec.large
    large = chain.replace(width=N, weight=spec.A / N)
    shared: dict[str, Any] = {"t": spec.t, "dt": spec.spike_dt, "window": spec.window}
    many = sf.simulate(large, _packets(spec, spec.large_start, N), trials=spec.large_trials, seed=spec.seed, **shared)
    few = sf.simulate(
        chain, _packets(spec, spec.small_start, spec.width), trials=spec.small_trials, seed=spec.seed, **shared
    )
    starts = sorted({*spec.large_start, *spec.small_start})
    density = sf.propagate(chain, _packets(spec, tuple(starts), spec.width), window=spec.window, h=spec.h, dt=spec.dt)
    trials = ("small_start", "trial", "layer")
    fraction = {"units": "N", "long_name": "spikes in the volley, within the window"}
    return xr.Dataset(
        {
            "large_a": (("large_start", "layer"), many["a"].mean("trial").values / N, fraction),
            "large_a_se": (
                ("large_start", "layer"),
                many["a"].std("trial", ddof=1).values / N / np.sqrt(spec.large_trials),
                {"units": "N", "long_name": "its standard error over trials"},
            ),
            "small_a": (trials, few["a"].transpose("point", "trial", "layer").values, label("a")),
            "small_sigma_t": (trials, few["sigma_t"].transpose("point", "trial", "layer").values, label("sigma_t")),
            "small_survived": (trials, few["survived"].transpose("point", "trial", "layer").values, label("survived")),
            "density_a": (("start", "layer"), density["a"].values / spec.width, fraction),
            "density_sigma_t": (("start", "layer"), density["sigma_t"].values, label("sigma_t")),
        },
        coords={
            "large_start": np.array(spec.large_start),
            "small_start": np.array(spec.small_start),
            "start": np.array(starts),
            "layer": np.arange(1, spec.layers + 1),
            "trial": np.arange(1, spec.small_trials + 1),
        },
    )


def alive(spec: Spec) -> xr.Dataset:
    """How often packets get through chains of finite width."""
    starts = sorted({*spec.survival_start, 0.4, 0.5})
    ds = survival(
        spec.chain,
        _packets(spec, tuple(starts), spec.width),
        width=sorted({*spec.widths, spec.width}),
        trials=spec.survival_trials,
        window=spec.window,
        dt=spec.spike_dt,
        seed=spec.seed,
    )
    kept = ds[["survival", "survival_se", "survival_low", "survival_high"]].rename(point="survival_start")
    own = [name for name, coord in kept.coords.items() if coord.dims == ("survival_start",)]
    return kept.drop_vars(own).assign_coords(survival_start=starts)


def waves(spec: Spec) -> xr.Dataset:
    """The rate of every layer in time for a packet below the separatrix and one above."""
    starts = (spec.small_start[0], spec.small_start[-1])
    length = spec.t0 + 3 * spec.layers
    with shown():
        ds = sf.evolve(spec.chain, _packets(spec, starts, spec.width), t=length, h=spec.h, dt=spec.dt, every=0.1)
    dims = ("wave_start", "layer", "time")
    return xr.Dataset(
        {"wave_rate": (dims, ds["rate"].values, label("rate"))},
        coords={
            "wave_start": np.array(starts),
            "time": ("time", ds["time"].values, label("time")),
            "layer": np.arange(1, spec.layers + 1),
        },
    )
