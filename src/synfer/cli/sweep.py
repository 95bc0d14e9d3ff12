"""synfer sweep: many chains, packets and gates from one file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synfer.cli import show
from synfer.cli.progress import watching

if TYPE_CHECKING:  # it costs most of a second, which --help should not
    from synfer.study.sweep import Sweep


def sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The base, and the axes that vary.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the result goes.", show_default="results/FILE"),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=1, help="Processes; 1 is this one.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="URL", help="A dask scheduler whose workers compute instead.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many points, how much memory and time; write nothing.")
    ] = False,
    many: Annotated[bool, typer.Option("--many", help="Confirm more than a million points.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    r"""Compute a grid, list or Sobol sequence of chains, packets and gates.

    FILE.toml holds a base in \[chain], \[packet] and \[gate], and what varies about it in \[axes], \[points] or
    \[sobol], by path: "packet.a" = \[40, 60, 80]. examples/sweep.toml explains every word; so does help(synfer.Sweep).

    The same command goes on where it was interrupted. Exits 5 when it could not finish.
    """
    from synfer.study.sweep import Sweep, estimate

    spec = Sweep.from_toml(file)
    folder = out or Path("results", file.stem)
    if dry_run:
        with watching("sweep") as progress:
            progress("computing one unit to reckon from", 0.0)
            reckoned = estimate(spec, workers=workers, many=many)
        show.estimate(reckoned, json)
        return
    _run(spec, folder, workers, scheduler, many, json)


def _run(spec: "Sweep", folder: Path, workers: int, scheduler: str | None, many: bool, json: bool) -> None:
    from synfer.core.machine import cores
    from synfer.study import store
    from synfer.study.sweep import conduct

    who = f"the workers of {scheduler}" if scheduler else "1 worker" if workers == 1 else f"{workers} workers"
    here = "" if scheduler else f" (--workers; {cores()} cores here)"
    print(f"synfer: {who} compute{'s' * (who == '1 worker')} {folder}{here}", file=sys.stderr)
    try:
        with watching("sweep") as progress:
            done = conduct(spec, folder, workers=workers, scheduler=scheduler, progress=progress, many=many)
    except KeyboardInterrupt:
        print(f"synfer: interrupted; finished units are in {folder}, and the same command goes on", file=sys.stderr)
        raise
    show.sweep(done, store.open(folder / "data.zarr"), folder, json)
