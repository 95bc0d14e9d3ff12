"""What commands print on stdout: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # they cost most of a second, which --help should not
    from xarray import Dataset

    from synfer.io.download import Place
    from synfer.study.experiment import Experiment, Row
    from synfer.study.report import Entry
    from synfer.study.reproduction import Reproduction
    from synfer.study.sweep.conduct import Done
    from synfer.study.sweep.estimate import Estimate

PIPE_WIDTH = 200
"""Columns where stdout is no terminal; wide, so that rows stay whole for grep."""


def experiments(found: "Mapping[str, Experiment]", as_json: bool) -> None:
    """Names, titles and presets."""
    if as_json:
        _json([{"name": name, "title": e.TITLE, "presets": sorted(e.PRESETS)} for name, e in found.items()])
    else:
        _table(("experiment", "what it asks"), [(name, e.TITLE) for name, e in found.items()])


def result(entry: "Entry", folder: Path, as_json: bool) -> None:
    """The verdict of one run, and where it lies."""
    if as_json:
        _json(_entry(entry) | {"out": str(folder)})
        return
    _table(("claim", "measured", "held against", "verdict"), [row.cells() for row in entry.rows])
    _note(f"data, figures and verdict are in {folder}")


def reproduction(done: "Reproduction", as_json: bool) -> None:
    """The verdicts of all experiments, and where the report lies."""
    errors = {name: str(error) for name, error in done.errors.items()}
    if as_json:
        _json({"report": str(done.page), "experiments": [_entry(e) for e in done.entries], "errors": errors})
        return
    rows = [(entry.name, *row.cells()) for entry in done.entries for row in entry.rows]
    _table(("experiment", "claim", "measured", "held against", "verdict"), rows)
    for name, message in errors.items():
        _note(f"{name} did not run: {message}")
    _note(f"the report is {done.page}")


def diagnosis(facts: Mapping[str, str], rows: "Sequence[Row]", as_json: bool) -> None:
    """Facts about the machine, and the self-check."""
    if as_json:
        _json({"facts": facts, "checks": [asdict(row) for row in rows], "sound": all(row.holds for row in rows)})
        return
    _table(("fact", "value"), list(facts.items()))
    _table(("check", "measured", "held against", "verdict"), [row.cells() for row in rows])


def sweep(done: "Done", ds: "Dataset", folder: Path, as_json: bool) -> None:
    """How the points of a sweep went, and where they lie."""
    status = ds["status"].values.ravel().tolist()
    reasons: dict[str, int] = {}
    for reason in ds["reason"].values.ravel().tolist():
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    counts = {"points": len(status), "ok": status.count(0), "not_finite": status.count(1), "failed": status.count(2)}
    units = {"units": len(done.plan.units), "units_kept": done.kept}
    sizes = {str(name): size for name, size in ds.sizes.items()}
    if as_json:
        _json({"out": str(folder)} | counts | units | {"dimensions": sizes, "reasons": reasons})
        return
    shape = " x ".join(f"{name} {size}" for name, size in sizes.items())
    _table(("points", "ok", "not finite", "failed", "by"), [(*map(str, counts.values()), shape)])
    for reason, count in reasons.items():
        _note(f"{count} points: {reason}")
    before = f", {done.kept} of them from before" if done.kept else ""
    _note(f"{units['units']} unit{'s' * (units['units'] != 1)}{before}; the data are in {folder / 'data.zarr'}")


def estimate(reckoned: "Estimate", as_json: bool) -> None:
    """The size of a sweep that was not run."""
    if as_json:
        _json(asdict(reckoned))
        return
    from synfer.study.sweep.conduct import duration

    r = reckoned
    worker = "unknown" if r.worker_bytes is None else f"{r.worker_bytes / 1e6:.0f} MB"
    rows = [
        ("points", f"{r.points:,}"),
        ("units", f"{r.units:,}"),
        ("time", f"about {duration(r.seconds)} with {r.workers} worker{'s' * (r.workers > 1)}"),
        ("memory of a worker", worker),
        ("memory for gathering", f"{r.driver_bytes / 1e6:.1f} MB"),
        ("reckoned from", f"{r.measured} points in {r.measured_seconds:.2g} s here"),
    ]
    _table(("dry run", "nothing is written"), rows)
    if r.failed:
        _note(f"some of these points fail: {r.failed}")


def recordings(found: "Sequence[Place]", as_json: bool) -> None:
    """The public recordings, and where they lie."""
    if as_json:
        _json([asdict(p.recording) | {"url": p.recording.url, "path": p.text} for p in found])
        return
    here = [(p.recording.name, p.text or "not here", f"{p.recording.size:,}", p.recording.sha256) for p in found]
    _table(("recording", "file", "bytes", "sha256"), here)
    for p in found:
        _note(f"{p.recording.name}: {p.recording.about}; {p.recording.url}")


def _entry(entry: "Entry") -> dict[str, Any]:
    rows = [asdict(row) for row in entry.rows]
    return {"name": entry.name, "title": entry.title, "command": entry.command, "verdict": rows}


def _json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _note(text: str) -> None:
    print(f"synfer: {text}", file=sys.stderr)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*head, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)
