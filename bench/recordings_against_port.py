"""Fit and forecast of one culture's recording against the public port of the published code, in its own interpreter."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from measure import Row, Settings, Table, bound_row, interleaved, ns, processor_time, ratio, ratio_row
from peer import Peer, missing, started
from synfer.inference.recordings import ImplicitFreeEnergy, synthetic_cultures
from synfer.inference.recordings.analysis import analyse, normalise, predict
from synfer.inference.recordings.states import Conventions, culture
from synfer.io.responses import load_responses

DATA = Path(os.environ.get("SYNFER_DATA") or Path(__file__).parents[2] / "shared" / "data")
MIX0, MIX0_BASE = "invitro/response_data_mix0.mat", 5.890210554876248
"""A recording and its published base."""
AT_LEAST, SAME = 3, 1e-12


def recordings() -> dict[str, xr.Dataset]:
    """One culture each: a synthetic one, and a published one where it is."""
    found = {"synthetic": synthetic_cultures(1, seed=6)}
    if (DATA / MIX0).exists():
        found["mix0-1"] = load_responses(DATA / MIX0, base=MIX0_BASE).isel(culture=[0])
    return found


def arrays(rec: xr.Dataset) -> dict[str, Any]:
    """What both sides are given of one culture: bytes (session, step, .), validity, and base."""
    own = {name: rec[name].values[0] for name in ("spikes", "stimulus", "input", "valid")}
    own["spikes"] = np.ascontiguousarray(own["spikes"][..., : int(rec.n_units[0])])
    return own | {"base": float(rec.attrs["base"])}


def analysed(data: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """What `ImplicitFreeEnergy` finds of one culture but for nulls and intervals, from its counts.

    Responses x, W^ and free energy by session, and x and W^ of the forecast.
    """
    base = float(data["base"])
    conventions = Conventions(base=base)
    own = culture("own", data["spikes"], data["stimulus"], data["input"], data["valid"], conventions)
    order = np.arange(len(own.n))
    sums = normalise(own, base, conventions, order)
    found = analyse(own, sums, conventions, order)
    W_forecast, x_forecast = predict(own, found, conventions, order)
    return sums.x, found.W_hat, found.terms.sum(0), x_forecast, W_forecast


def measured(settings: Settings) -> Table:
    """Both sides on the same recordings: cost, difference and memory; and all of a fit, with its nulls."""
    title = "fit and forecast of one culture"
    notes = [
        "100 sessions of 256 stimuli, 64 units, 32 inputs, in memory; base given. Processor time of one thread.",
        "Both: ensembles, responses x, thresholds, W^ and free energy of every session, and the forecast of x and W^",
        "from the first 10. The port, reverse-engineering-py: normalize_responses, estimate_firing_threshold_factor,",
        "estimate_from_responses, predict_from_initial_responses, on arrays in the order that it is fastest with.",
        "synfer: culture of recordings/states.py, then normalise, analyse and predict of recordings/analysis.py.",
        "With nulls and intervals, which the port has not: ImplicitFreeEnergy().fit(rec).forecast(), 200 permutations",
        "for each of two nulls, 100 resamplings, checks and labels.",
        "Memory: most that one analysis allocates beyond the data; and the peak of a fresh process after one.",
    ]
    reason = missing(settings.peer_python, "reverse_engineering.analysis")
    if reason:
        return Table(title, "stimulus", [], [f"skipped, {settings.peer_python} cannot import the port: {reason}"])
    rows: list[Row] = []
    c, analyses = Conventions(), settings.choose(3, 10)
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder:
        for name, rec in recordings().items():
            path, out, data = f"{folder}/{name}.npz", f"{folder}/{name}-port.npz", arrays(rec)
            np.savez(path, **data)
            told = {"data": path, "out": out, "learn": c.learn_sessions, "insensitivity": c.insensitivity}
            told |= {"gain": c.gain, "analyses": analyses}
            with started(settings.peer_python, "recordings_port.py", told) as port:
                rows += _times(name, rec, port, analyses, settings.choose(3, 15))
                rows.append(_difference(name, analysed(data), out))
                rows += _memory(name, path, port)
    return Table(title, "stimulus", rows, [*notes, f"reverse-engineering-py {port.ready['version']}."])


def _times(name: str, rec: xr.Dataset, port: Peer, analyses: int, repeats: int) -> list[Row]:
    data, work = arrays(rec), rec.sizes["session"] * rec.sizes["step"]

    def several() -> None:
        for _ in range(analyses):
            analysed(data)

    own = processor_time(several)
    tasks = {"port": lambda: port.run()["seconds"], "synfer": lambda: (own() or 0.0) / analyses}
    seconds = interleaved(tasks, repeats)
    whole = ImplicitFreeEnergy(base=data["base"])
    seconds |= interleaved({"whole": processor_time(lambda: whole.fit(rec).forecast())}, 2)
    cost = {side: ns(taken, work) for side, taken in seconds.items()}
    told = {side: f"{1e3 * min(taken):.3g} ms" for side, taken in seconds.items()}
    many = min(seconds["whole"]) / min(seconds["port"])
    return [
        Row(f"the port, {name}", cost["port"], error=told["port"]),
        ratio_row(
            f"the port / synfer, {name}", cost["synfer"], ratio(seconds["port"], seconds["synfer"]), at_least=AT_LEAST,
            error=told["synfer"],
        ),
        Row(f"synfer with nulls and intervals, {name}", cost["whole"],
            error=f"{told['whole']}, as {many:.3g} analyses by the port"),
    ]  # fmt: skip


def _difference(name: str, own: tuple[np.ndarray, ...], out: str) -> Row:
    """The largest of x, W^ and the forecasts of both, and of the free energy relative to itself."""
    x, W_hat, L, x_forecast, W_forecast = own
    with np.load(out) as port:
        pairs = [(port["x"].reshape(x.shape), x), (port["x_forecast"].reshape(x.shape), x_forecast), (port["L"] / L, 1)]
        for half in range(2):
            for weights, ours in ((f"W{1 - half}", W_hat), (f"W{1 - half}_forecast", W_forecast)):
                pairs.append((expit(np.moveaxis(port[weights], 2, 0)), ours[:, half]))
    most = max(float(np.abs(theirs - ours).max()) for theirs, ours in pairs)
    return bound_row(f"largest difference of what both find, {name}", most, SAME)


def _memory(name: str, path: str, port: Peer) -> list[Row]:
    with started(sys.executable, "recordings_memory.py", {"data": path}) as own:
        return [
            Row(f"memory {what}, {name}", error=f"{own.ready[key]:.3g} MB; the port {port.ready[key]:.3g} MB")
            for what, key in (("of an analysis", "allocated"), ("of a process", "peak"))
        ]
