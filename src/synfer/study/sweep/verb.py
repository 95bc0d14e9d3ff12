"""sf.sweep: one call for a whole sweep."""

import tempfile
from pathlib import Path
from typing import Any

import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import PulsePacket
from synfer.study import store
from synfer.study.experiment import Progress, silent
from synfer.study.folder import StoreError
from synfer.study.sweep import units
from synfer.study.sweep.conduct import conduct
from synfer.study.sweep.gather import gather
from synfer.study.sweep.plan import plan
from synfer.study.sweep.spec import Sweep


def sweep(
    chain: SynfireChain | Network | Sweep,
    packet: PulsePacket | None = None,
    *,
    out: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    many: bool = False,
    progress: Progress = silent,
    **base: Any,
) -> xr.Dataset:
    """A chain, a packet and gates over a grid, a list or a Sobol sequence of any of their parameters.

    Points of one shape are computed side by side. A point that fails is recorded with its reason, and the rest go on.
    Results depend on the sweep alone: not on workers, scheduler, or how often it was interrupted.

    Args:
        chain: A SynfireChain or Network; or a whole Sweep, for example `Sweep.from_toml(path)`.
        packet: The PulsePacket that enters.
        out: Folder for data.zarr and the finished units; the same sweep there goes on where it ended. Nothing is
            kept without it.
        workers: Processes; 1 (default) is this one. In a script, more need `if __name__ == "__main__":`.
        scheduler: URL of a dask scheduler whose workers compute instead.
        many: Confirms a sweep of more than a million points.
        progress: Told stage and fraction now and then.
        **base: The other fields of a `Sweep`: gate, disfacilitation, engine, window, h, dt, t, trials, connections,
            seed, points_per_unit, and one of axes, points, sobol.

    Returns:
        Dataset of a [spikes], sigma_t [ms], t_packet [ms], survived by (axes..., layer), and by trial for
        engine="simulate"; mesh_error of densities with a slow variable, by layer; status and reason by (axes...). Axes
        are named by the last word of their path, ``a_in`` and ``sigma_t_in`` for the packet's; lists and Sobol points
        have the dimension `point`. Chains shorter than the longest have NaN beyond their end, failed points throughout.

    Memory: every worker holds one unit at a time (332 MB at 32 gated chains of ten layers, most of it libraries); the
    driver holds the result twice while it writes it. `synfer sweep --dry-run` says both for a given sweep.

    Raises:
        ParameterError: no sweep, or another one in `out`.
        StoreError: `out` cannot be written.
        SweepIncomplete: the disk is full, or workers were killed again and again; what is finished is kept.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.8, 2.85), weight=0.158, tau_s=0.325)
        >>> volley = sf.PulsePacket(a=60, sigma_t=1, t0=10)
        >>> ds = sf.sweep(chain, volley, axes={"packet.a": [40, 60, 80]}, out="plane")  # doctest: +SKIP
    """
    if isinstance(chain, Sweep):
        if packet is not None or base:
            raise ParameterError("a Sweep is complete; change it with .replace, or give chain and packet instead")
        spec = chain
    else:
        spec = Sweep(chain=chain, packet=packet, **base)
    if out is not None:
        return _run(spec, Path(out), workers, scheduler, progress, many)
    with tempfile.TemporaryDirectory(prefix="synfer-sweep-") as folder:
        return _run(spec, Path(folder) / "sweep", workers, scheduler, progress, many)


def _run(spec: Sweep, out: Path, workers: int, scheduler: str | None, progress: Progress, many: bool) -> xr.Dataset:
    conduct(spec, out, workers=workers, scheduler=scheduler, progress=progress, many=many)
    return store.open(out / "data.zarr")


def read(spec: Sweep, out: str | Path) -> xr.Dataset:
    """The result of a sweep, or as much of it as is finished: points that are not have status 3.

    Raises:
        StoreError: there is no sweep at `out`.
        ParameterError: there is another one.
    """
    out = Path(out)
    if not (out / units.NAME).exists():
        raise StoreError(f"there is no sweep at {out}; make one with synfer sweep")
    units.check_ours(out, units.canonical(spec))
    return gather(plan(spec, many=True), units.finished(out))
