"""Responses as blocks of Neo, whose readers know the files of most recording systems (extra `recordings`).

A block has a segment for every session of every culture, annotated `culture` and `session`. Its epoch "stimuli" has a
time and duration per stimulus, and array annotations s0, s1, ... (sources), o0, o1, ... (inputs) and `step`. Counts are
the signal "spikes", a channel per unit; without one, spikes of the segment's spike trains are counted in each epoch.
"""

import re
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, shortly
from synfer.core.errors import ParameterError, UsageError
from synfer.io.responses.nwb import counted
from synfer.io.responses.rows import Rows, attributes, from_attributes, from_rows, whole

KEPT = "synfer"


def to_neo(ds: xr.Dataset) -> Any:
    """The responses as a `neo.Block`; the times of stimuli are nominal, one a second.

    Raises:
        ParameterError: not responses, a selection of them, or more than them.
        UsageError: neo is not installed.

    Example:
        >>> from synfer.inference.recordings.layout import responses
        >>> rng = np.random.default_rng(0)
        >>> s = rng.integers(2, size=(3, 8, 2))
        >>> rec = responses(rng.poisson(3, (3, 8, 5)), s, s.repeat(2, axis=2))
        >>> from_neo(to_neo(rec)).identical(rec)
        True
    """
    neo, pq = _neo()
    ds = whole(ds)
    block = neo.Block(name=str(ds.attrs.get("condition", "")), **{KEPT: attributes(ds)})
    for k, name in enumerate(ds["culture"].values.tolist()):
        for session in np.flatnonzero(ds["valid"].values[k].any(axis=1)).tolist():
            steps = np.flatnonzero(ds["valid"].values[k, session])
            shown = {"step": steps}
            for variable, letter in (("stimulus", "s"), ("input", "o")):
                shown |= {f"{letter}{j}": v for j, v in enumerate(ds[variable].values[k, session, steps].T)}
            counts = ds["spikes"].values[k, session, steps, : int(ds["n_units"].values[k])]
            segment = neo.Segment(name=f"{name}, session {session}", culture=name, session=session)
            segment.epochs.append(
                neo.Epoch(steps * pq.s, np.ones(len(steps)) * pq.s, name="stimuli", array_annotations=shown)
            )
            segment.irregularlysampledsignals.append(
                neo.IrregularlySampledSignal(steps * pq.s, counts, units="dimensionless", name="spikes")
            )
            block.segments.append(segment)
    return block


def from_neo(block: Any, *, steps: int | None = None) -> xr.Dataset:
    """The responses of a `neo.Block` (this module's docstring).

    Args:
        block: The block.
        steps: Cuts segments without annotation `session` into sessions of so many stimuli; one each otherwise.

    Raises:
        ParameterError: no block, or one without stimuli or counts, or what `responses` refuses.
        UsageError: neo is not installed.
    """
    neo, _ = _neo()
    if steps is not None:
        check_count("steps", steps)
    if not isinstance(block, neo.Block) or not block.segments:
        raise ParameterError(
            f"block = {shortly(block)} must be a neo.Block with segments; a reader's read_block makes one"
        )
    names: list[str] = []
    parts: list[tuple[np.ndarray, ...]] = []
    begun: dict[str, int] = {}
    for k, segment in enumerate(block.segments):
        name = segment.annotations.get("culture", "c0")
        if not isinstance(name, (str, int)):
            raise ParameterError(f"segments[{k}].culture = {shortly(name)} must be a name, for example 'c0'")
        name = str(name)
        names += [name] * (name not in names)
        step, s, o, counts = _segment(segment, f"segments[{k}]")
        session = check_count(f"segments[{k}].session", segment.annotations.get("session", begun.get(name, 0)), 0)
        number = np.full(len(step), session)
        if steps is not None and "session" not in segment.annotations:
            number, step = session + step // steps, step % steps
        begun[name] = int(number.max(initial=0)) + 1
        parts.append((np.full(len(step), names.index(name)), number, step, counts, s, o))
    return _joined(parts, names, block)


def _joined(parts: list[tuple[np.ndarray, ...]], names: list[str], block: Any) -> xr.Dataset:
    n_units = np.zeros(len(names), np.int64)
    for culture, _, _, counts, s, o in parts:
        k = culture[:1]
        if ((n_units[k] != 0) & (n_units[k] != counts.shape[1])).any():
            raise ParameterError(
                f"culture {names[k[0]]!r} has {n_units[k[0]]} units in one segment and {counts.shape[1]} in another; "
                f"give all of them in every segment"
            )
        n_units[k] = counts.shape[1]
        if (s.shape[1], o.shape[1]) != (parts[0][4].shape[1], parts[0][5].shape[1]):
            raise ParameterError("segments have different numbers of sources or inputs; give as many in each")
    most = int(n_units.max())
    counts = np.concatenate([np.pad(part[3], ((0, 0), (0, most - part[3].shape[1]))) for part in parts])
    culture, session, step, s, o = (np.concatenate([part[j] for part in parts]) for j in (0, 1, 2, 4, 5))
    kept = block.annotations.get(KEPT)
    attrs = from_attributes(kept) if kept is not None else {"condition": str(block.name or "")}
    if kept is None and block.file_origin:
        attrs["file"] = re.split(r"[/\\]", str(block.file_origin))[-1]
    return from_rows(Rows(culture, session, step, counts, s, o), names, n_units, attrs)


def _segment(segment: Any, where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    epochs = [epoch for epoch in segment.epochs if epoch.name == "stimuli"] or list(segment.epochs)
    if len(epochs) != 1 or len(epochs[0]) == 0:
        raise ParameterError(f"{where} has {len(epochs)} epochs; give one, named 'stimuli', that is not empty")
    epoch, shown = epochs[0], epochs[0].array_annotations
    s, o = (_annotations(shown, letter, where) for letter in "so")
    step = np.asarray(shown.get("step", np.arange(len(epoch))))
    if step.dtype.kind not in "iu":
        raise ParameterError(f"{where}: step = {shortly(step.tolist())} must be whole numbers >= 0")
    signals = [x for x in (*segment.irregularlysampledsignals, *segment.analogsignals) if x.name == "spikes"]
    if signals:
        counts = np.asarray(signals[0].magnitude)
    elif len(segment.spiketrains):
        start, length = (q.rescale("s").magnitude for q in (epoch.times, epoch.durations))
        trains = [np.sort(train.times.rescale("s").magnitude) for train in segment.spiketrains]
        counts = counted(trains, start, start + length, [f"{where}.spiketrains[{j}]" for j in range(len(trains))])
    else:
        raise ParameterError(f"{where} has neither a signal 'spikes' nor spike trains; give one of them")
    if counts.ndim != 2 or len(counts) != len(epoch):
        raise ParameterError(
            f"{where} has {len(epoch)} stimuli and spikes of shape {counts.shape}; give a row for each"
        )
    return step, s, o, counts


def _annotations(shown: Any, letter: str, where: str) -> np.ndarray:
    found = [name for name in shown if re.fullmatch(rf"{letter}\d+", name)]
    wanted = [f"{letter}{j}" for j in range(len(found))]
    if not found or set(found) != set(wanted):
        raise ParameterError(
            f"{where}: the stimuli lack array annotations {letter}0, {letter}1, ...; they have {shortly(found)}"
        )
    return np.stack([np.asarray(shown[name]) for name in wanted], axis=1)


def _neo() -> tuple[Any, Any]:
    try:
        import neo
        import quantities
    except ImportError:
        raise UsageError("blocks of Neo need neo; install it with: pip install 'synfer[recordings]'") from None
    return neo, quantities
