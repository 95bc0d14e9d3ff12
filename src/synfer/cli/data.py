"""synfer data: the public recordings, with their checksums."""

from pathlib import Path
from typing import Annotated

import typer

from synfer.cli import show
from synfer.cli.progress import watching


def data(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Which; all without names.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Take them from here, not from the network; also SYNFER_DATA."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where they go.", show_default="the cache of downloads")
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="Say what there is and where it lies; fetch nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Download the public recordings, or check those in a folder, and print where they are.

    Checksums are always held against those published with synfer. Exits 3 when a recording cannot be had.
    """
    from synfer.io.download import fetch, listed

    if only_list:
        show.recordings(listed(names or (), source), json)
        return
    with watching("data") as progress:
        found = fetch(names or (), source=source, out=out, progress=progress)
    show.recordings(found, json)
