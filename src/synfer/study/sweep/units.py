"""Finished units on disk: one file each, there whole or not at all, its checksum in its name.

OUT/sweep.json     the sweep, and the version that computes it
OUT/units/         000000-<blake2b>.npz ...
OUT/ledger.jsonl   who computed what, when; no part of the data
OUT/data.zarr      the result, once every unit is there
"""

import json
import os
import platform
from pathlib import Path

from synfer.core.errors import ParameterError
from synfer.core.results import version
from synfer.study.folder import StoreError, alive, write_file
from synfer.study.sweep.outcome import digest
from synfer.study.sweep.spec import Sweep

NAME = "sweep.json"
PARTS = {NAME, "units", "ledger.jsonl", "data.zarr"}


def begin(out: Path, sweep: Sweep) -> None:
    """Make a folder this sweep's, or find that it is.

    Raises:
        StoreError: it cannot be written, or holds other files.
        ParameterError: it holds another sweep, or one that another version began.
    """
    text = canonical(sweep)
    try:
        check_ours(out, text)
        (out / "units").mkdir(parents=True, exist_ok=True)
        _remove_leftovers(out)
        _remove_leftovers(out / "units")
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}; choose another folder") from error
    if not (out / NAME).exists():
        write_file(out / NAME, lambda path: path.write_text(text, encoding="utf-8"))
    elif not os.access(out / "units", os.W_OK):
        raise StoreError(f"{out} cannot be written; choose another folder, or mend its permissions")


def canonical(sweep: Sweep) -> str:
    """The text of sweep.json: equal sweeps have equal text."""
    return json.dumps({"synfer_version": version(), "sweep": json.loads(sweep.spec())}, indent=1) + "\n"


def check_ours(out: Path, text: str) -> None:
    """A folder that is free, or holds the sweep of this canonical text; an error otherwise."""
    if not out.exists():
        return
    there = out / NAME
    if not there.exists():
        others = [path.name for path in out.iterdir() if not _leftover(path) and path.name != "units"]
        if others:
            raise StoreError(f"{out} holds other files ({', '.join(sorted(others)[:3])}); give another folder")
        return
    found = there.read_text(encoding="utf-8", errors="replace")
    if found == text:
        return
    try:
        began = json.loads(found)["synfer_version"]
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"{there} is damaged; give another folder, or remove this one") from None
    if began != version():
        raise ParameterError(f"{out} was begun by synfer {began}, this is {version()}; give another folder")
    raise ParameterError(f"{out} holds another sweep ({NAME} differs); give another folder, or remove this one")


def path_of(out: Path, number: int, data: bytes) -> Path:
    """Where a unit of these bytes lies."""
    return out / "units" / f"{number:06d}-{digest(data)}.npz"


def keep(out: Path, number: int, data: bytes) -> None:
    """Write a unit: write, flush to disk, rename."""
    write_file(path_of(out, number, data), lambda path: path.write_bytes(data))


def finished(out: Path) -> dict[int, Path]:
    """The units that are there and whole, by number; a file that its checksum disowns is removed."""
    found = {}
    for path in sorted((out / "units").glob("[0-9]*-*.npz")):
        number, _, _ = path.name.partition("-")
        if number.isdigit() and path == path_of(out, int(number), path.read_bytes()):
            found[int(number)] = path
        else:
            path.unlink()
    return found


def _leftover(path: Path) -> bool:
    return path.name.startswith(".") and ".partial-" in path.name


def _remove_leftovers(folder: Path) -> None:
    """What writers on this machine left when they were killed."""
    for path in folder.glob(f".*.partial-{platform.node()}-*"):
        pid = path.name.rpartition("-")[2]
        if path.is_file() and pid.isdigit() and not alive(int(pid)):
            path.unlink(missing_ok=True)
