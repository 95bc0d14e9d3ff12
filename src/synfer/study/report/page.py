"""One self-contained HTML page from result folders: what was asked, what came out, how to get it again."""

import base64
import inspect
import json
import re
import shlex
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr
from jinja2 import Environment, PackageLoader, StrictUndefined

from synfer.core.errors import SynferError
from synfer.core.results import version
from synfer.study import store
from synfer.study.catalog import find
from synfer.study.experiment import Row
from synfer.study.folder import StoreError, restore_all, write_file

SCALE = 0.65
"""Page pixels per figure pixel: a figure's 9-point letters come out as large as the page's small print."""


@dataclass(frozen=True)
class Entry:
    """One experiment's section of the report."""

    name: str
    title: str
    about: list[tuple[str, str]]
    rows: list[Row]
    figures: list[dict[str, Any]]
    variables: list[dict[str, str]]
    reservations: list[str]
    spec: str
    command: str
    version: str

    @property
    def holding(self) -> int:
        """How many of the claims hold."""
        return sum(row.holds for row in self.rows)


def report(
    folder: str | Path, *, failures: Mapping[str, str] | None = None, known: Mapping[Path, Entry] | None = None
) -> Path:
    """Write folder/report.html from the results in a folder: its own, or those of its subfolders.

    Args:
        folder: A result, or a folder of results.
        failures: Messages of experiments that gave no result, by name.
        known: Results that have been read, by their folders.

    Returns:
        The path of the page.

    Raises:
        StoreError: no results there, or damaged ones.
    """
    folder = Path(folder)
    entries = [(known or {}).get(path) or read(path) for path in results(folder)]
    if not entries and not failures:
        raise StoreError(f"there are no results in {folder}; make some with synfer reproduce --out {folder}")
    page = render(entries, failures or {})
    path = folder / "report.html"
    write_file(path, lambda partial: partial.write_text(page, encoding="utf-8"))
    return path


def results(folder: Path) -> list[Path]:
    """The result folders at or directly under a folder."""
    restore_all(folder)
    if (folder / "verdict.json").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("[!.]*/verdict.json"))


def render(entries: list[Entry], failures: Mapping[str, str]) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("synfer.study.report", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(entries=entries, failures=failures, version=version())


def read(folder: Path) -> Entry:
    """A result folder as a section."""
    try:
        summary = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        figures = [
            {"name": name, **text, **_picture(folder / "figures" / f"{name}.png")}
            for name, text in summary["figures"].items()
        ]
        ds = store.open(folder / "data.zarr")
        return Entry(
            name=summary["experiment"],
            title=summary["title"],
            about=_about(summary["experiment"]),
            rows=[Row(**row) for row in summary["verdict"]],
            figures=figures,
            variables=_variables(ds),
            reservations=list(ds.attrs.get("warnings", [])),
            spec=json.dumps(summary["spec"], indent=2, ensure_ascii=False),
            command=command(summary["experiment"], summary["preset"], summary["changes"]),
            version=summary["synfer_version"],
        )
    except (OSError, KeyError, TypeError, ValueError, struct.error) as error:
        raise StoreError(f"the result at {folder} is damaged ({error}); make it again with synfer run") from error


def command(name: str, preset: str, changes: Mapping[str, Any]) -> str:
    """The command line that makes a result again."""
    words = ["synfer", "run", name, "--preset", preset]
    for path, value in changes.items():
        words += ["--set", f"{path}={json.dumps(value)}"]
    return shlex.join(words)


def _about(name: str) -> list[tuple[str, str]]:
    """The experiment's docstring as (kind, text) blocks: paragraphs, and indented ones as they stand."""
    try:
        text = inspect.getdoc(find(name)) or ""
    except SynferError:  # a result of an experiment that this version does not have
        return []
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    return [("pre", inspect.cleandoc(b)) if b.startswith("    ") else ("p", " ".join(b.split())) for b in blocks]


def _picture(path: Path) -> dict[str, Any]:
    """A PNG file as text, and its size on the page, the same scale for all figures."""
    png = path.read_bytes()
    width, height = struct.unpack(">II", png[16:24])  # the header's first two numbers
    return {"png": base64.b64encode(png).decode(), "width": round(SCALE * width), "height": round(SCALE * height)}


def _variables(ds: xr.Dataset) -> list[dict[str, str]]:
    return [
        {
            "name": str(name),
            "dims": ", ".join(f"{d} {ds.sizes[d]}" for d in variable.dims),
            "units": str(variable.attrs.get("units", "")),
            "meaning": str(variable.attrs.get("long_name", "")),
        }
        for name, variable in ds.variables.items()
    ]
