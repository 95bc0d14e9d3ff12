"""Run an experiment by name and keep what it gave: data, figures, verdict."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xarray as xr

from synfer.core.errors import UsageError, did_you_mean
from synfer.core.params import Params
from synfer.core.results import version
from synfer.study import store
from synfer.study.catalog import find
from synfer.study.experiment import Experiment, Progress, silent
from synfer.study.folder import StoreError, replacing

PARTS = {"data.zarr", "figures", "verdict.json", "report.html"}


def run(
    name: str,
    preset: str = "quick",
    *,
    set: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run an experiment; the same spec and seed give the same bytes.

    Args:
        name: As in `experiments`.
        preset: "quick" (seconds) or "full" (the numbers one would publish).
        set: Changes to the preset by dotted path, for example {"neuron.Delta_T": 2}.
        out: Folder for data.zarr, figures and verdict.json; an earlier result there is replaced once
            the new one is complete. Nothing is written without it.
        progress: Told stage and fraction now and then.

    Returns:
        The experiment's dataset; attrs hold experiment, preset, changes, spec and version.

    Raises:
        UsageError: unknown experiment, preset or field.
        ParameterError: a value out of bounds.
        StoreError: `out` cannot be written, or holds other files.

    Example:
        >>> import synfer as sf
        >>> ds = sf.run("weak-inhibition", set={"seed": 2}, out="results/weak-inhibition")  # doctest: +SKIP
    """
    experiment = find(name)
    spec = configured(experiment, preset, set or {})
    if out is not None:
        if not str(out):
            raise UsageError("out is empty; give a folder")
        out = Path(out).resolve()
        _check_free(out)
    ds = experiment.run(spec, progress or silent)
    ds = ds.assign_attrs(
        synfer_version=version(),
        experiment=name,
        preset=preset,
        changes=json.dumps(dict(set or {}), sort_keys=True, default=_jsonable),
        spec=spec.spec(),
    )
    if out is not None:
        keep(experiment, ds, out)
    return ds


def configured(experiment: Experiment, preset: str, changes: Mapping[str, Any]) -> Params:
    """The preset's spec with changes by dotted path."""
    if preset not in experiment.PRESETS:
        raise UsageError(f"{experiment.NAME} has no preset {preset!r}{did_you_mean(preset, experiment.PRESETS)}")
    spec = experiment.PRESETS[preset]
    for path, value in changes.items():
        spec = _replaced(spec, path.split("."), value, path)
    return spec


def _replaced(params: Params, path: list[str], value: Any, whole: str) -> Params:
    known = [name for name in type(params).model_fields if name != "kind"]
    if path[0] not in known:
        raise UsageError(f"{whole!r}: {type(params).__name__} has no field {path[0]!r}{did_you_mean(path[0], known)}")
    if len(path) > 1:
        inner = getattr(params, path[0])
        if not isinstance(inner, Params):
            raise UsageError(f"{whole!r}: {path[0]} is {inner!r}, which has no fields; set {path[0]} itself")
        value = _replaced(inner, path[1:], value, whole)
    return params.replace(**{path[0]: value})


def keep(experiment: Experiment, ds: xr.Dataset, out: Path) -> None:
    """Write a result's folder: data.zarr, figures as PNG and SVG, verdict.json."""
    from synfer import plot  # matplotlib loads only where figures are drawn

    with plot.style():
        figures = experiment.figures(ds)
    summary = {
        "experiment": experiment.NAME,
        "title": experiment.TITLE,
        "preset": ds.attrs["preset"],
        "changes": json.loads(ds.attrs["changes"]),
        "spec": json.loads(ds.attrs["spec"]),
        "synfer_version": ds.attrs["synfer_version"],
        "verdict": [asdict(row) for row in experiment.verdict(ds)],
        "figures": {n: {"statement": f.get_label(), "description": plot.describe(f)} for n, f in figures.items()},
    }
    with replacing(out) as folder:
        store.write(ds, folder / "data.zarr")
        (folder / "figures").mkdir()
        for name, figure in figures.items():
            plot.save(figure, folder / "figures" / name)
        (folder / "verdict.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _check_free(out: Path) -> None:
    """Refuse before the computation what cannot be replaced after it."""
    above = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    if not above.is_dir():
        raise StoreError(f"{above} is a file; give a folder")
    if not os.access(above if above != out.absolute() else above.parent, os.W_OK):
        raise StoreError(f"{above} cannot be written; give another folder")
    foreign = _foreign(out) if out.exists() else []
    if foreign:
        raise StoreError(
            f"{out} holds other files ({', '.join(foreign[:3])}), which a result would replace; give another folder"
        )


def _foreign(out: Path) -> list[str]:
    """Files in a folder that no earlier result put there."""
    summary = out / "verdict.json"
    try:
        figures = json.loads(summary.read_text(encoding="utf-8"))["figures"] if summary.exists() else {}
    except (ValueError, KeyError, TypeError):
        return [summary.name]
    ours = {f"{name}{suffix}" for name in figures for suffix in (".png", ".svg")}
    drawn = (out / "figures").iterdir() if (out / "figures").is_dir() else []
    top = [path.name for path in out.iterdir() if path.name not in PARTS]
    return sorted(top) + sorted(f"figures/{path.name}" for path in drawn if path.name not in ours)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Params):
        return json.loads(value.spec())
    if hasattr(value, "tolist"):
        return value.tolist()
    raise UsageError(f"a value of type {type(value).__name__} cannot be set; give numbers, text, lists or Params")
