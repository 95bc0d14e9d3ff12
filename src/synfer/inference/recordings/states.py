"""From spike counts to states of two ensembles: which units belong to them, and their responses as numbers x in [0, 1].

An ensemble is the units whose mean count exceeds `mean_rate`, is above `least_rate` in every session, and prefers one
source to the other by more than `preference`. From its mean count y the conditional means by state (00, 01, 10, 11) of
the first session and the trend of sessions are taken away, and with z the z-score of what is left,
    x = clip(1/2 + x_gain z + rate_gain (r1 - base) / base, 0, 1),     r1 the mean of y in the first session.
Reference: Isomura, Kotani, Jimbo & Friston (2023), Nat. Commun. 14:4547, methods; every default is theirs.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import ConfigDict

from synfer.core.errors import ParameterError
from synfer.core.params import Params, field
from synfer.inference.recordings import compiled

STATES = ("00", "01", "10", "11")
"""Of the sources, by number 2 s_1 + s_2."""
MOST = 1e12
"""Of counts, beside which those of a recording keep some digits."""


class Conventions(Params):
    """Every constant of the analysis, with its published default."""

    model_config: ClassVar[ConfigDict] = ConfigDict(strict=True)
    kind: Literal["conventions"] = "conventions"
    learn_sessions: int = field(10, doc="sessions that thresholds and the forecast are learnt from", ge=2)
    mean_rate: float = field(1.0, unit="spikes", doc="mean count per stimulus above which a unit counts", ge=0)
    least_rate: float = field(0.1, unit="spikes", doc="mean count per stimulus, above which it is in any session", ge=0)
    preference: float = field(0.5, unit="spikes", doc="difference of mean counts in states 10 and 01 it exceeds", ge=0)
    x_gain: float = field(0.5, doc="change of x per standard deviation", gt=0)
    rate_gain: float = field(0.25, doc="change of x per relative change of the rate", ge=0)
    detrend: bool = field(True, doc="whether the trend of sessions is taken away")
    base: float | None = field(
        None, unit="spikes", doc="count per stimulus at x = 1/2; fitted where none is given", gt=0
    )
    insensitivity: float = field(3000.0, symbol="lambda", doc="counts behind every synapse at the start", gt=0, le=MOST)
    gain: float = field(2.0, doc="weight of the learnt sessions and of the first counts in the forecast", gt=0, le=MOST)
    window: float = field(2.0, doc="counts behind a synapse of one session alone", gt=0, le=MOST)
    eps: float = field(1e-6, doc="added to x in ln x", gt=0)


@dataclass(frozen=True, eq=False)
class Culture:
    """Responses of the two ensembles of one culture in the sessions that it has, and what their scale is made of.

    Attributes:
        y: (2, S, T) mean counts of the ensembles, 0 beyond the session's steps.
        state: (S, T) number of the state of the sources.
        o, o_by_input: (S, T, No), (S, No, T) inputs.
        n: (S,) steps of each session.
        sessions: (S,) their places in the recording.
        steps: (S, T) places of the steps in the recording.
        units: (2, units) whether a unit is in the ensemble.
        means, counts, within, session_mean: what x is scaled by.
        sum_o: (S, No) inputs by session.
    """

    name: str
    y: np.ndarray
    state: np.ndarray
    o: np.ndarray
    o_by_input: np.ndarray
    n: np.ndarray
    sessions: np.ndarray
    steps: np.ndarray
    units: np.ndarray
    means: np.ndarray
    counts: np.ndarray
    within: np.ndarray
    session_mean: np.ndarray
    sum_o: np.ndarray

    def rate(self, sessions: np.ndarray) -> float:
        """Mean count per stimulus of both ensembles in some sessions."""
        n = self.n[sessions]
        return float((self.session_mean[:, sessions] * n).sum() / (2 * n.sum()))


def two_sources(rec: xr.Dataset) -> None:
    if rec.sizes["source"] != 2:
        raise ParameterError(
            f"the responses have {rec.sizes['source']} sources and must have 2, one for each ensemble; "
            f"choose two with .isel(source=[0, 1])"
        )


def cultures(rec: xr.Dataset, conventions: Conventions) -> tuple[list[Culture], list[str]]:
    """The cultures that can be analysed, and for every culture of the recording the reason why not, or nothing."""
    two_sources(rec)
    found, why = [], []
    arrays = [rec[name].values for name in ("spikes", "stimulus", "input", "valid")]
    for k, name in enumerate(rec["culture"].values.tolist()):
        spikes, s, o, valid = (array[k] for array in arrays)
        try:
            found.append(culture(name, spikes[..., : int(rec["n_units"][k])], s, o, valid, conventions))
            why.append("")
        except ParameterError as error:
            why.append(str(error))
    if not found:
        raise ParameterError("; ".join(why))
    return found, why


def culture(
    name: str, spikes: np.ndarray, s: np.ndarray, o: np.ndarray, valid: np.ndarray, conventions: Conventions
) -> Culture:
    """One culture from counts (session, step, unit), sources (.., 2), inputs (.., No) and validity (session, step).

    Raises:
        ParameterError: too few sessions, a session without one of the states, or an ensemble without a unit.
    """
    sessions = np.flatnonzero(valid.any(1))
    if len(sessions) < 2 * conventions.learn_sessions:
        raise ParameterError(
            f"culture {name!r} has {len(sessions)} sessions and must have >= {2 * conventions.learn_sessions}, twice "
            f"learn_sessions; lower learn_sessions"
        )
    steps = np.argsort(~valid[sessions], axis=1, kind="stable")
    n = valid[sessions].sum(1)
    if not valid.all():
        at = (sessions[:, None], steps)
        spikes, s, o = (array[at] for array in (spikes, s, o))
    # two types and one layout for all recordings: kernels are compiled for bytes and for wider counts
    spikes = np.ascontiguousarray(spikes, np.uint8 if spikes.dtype == np.uint8 else np.uint32)
    o, state = np.ascontiguousarray(o, np.uint8), (2 * s[..., 0] + s[..., 1]).astype(np.uint8, order="C")
    sums, counts = compiled.state_sums(spikes, state, n)
    if not counts.all():
        t, k = np.argwhere(counts == 0)[0]
        raise ParameterError(
            f"culture {name!r} has no stimulus of state {STATES[k]} in session {sessions[t]}, so that no conditional "
            f"mean can be taken; leave the session out with valid=False"
        )
    units = _ensembles(name, sums, counts, conventions)
    y, means, within = compiled.ensemble_means(spikes, state, units.astype(np.int32), n, counts)
    o_by_input, sum_o = compiled.turned(o)
    return Culture(
        name=name, y=y, state=state, o=o, o_by_input=o_by_input, n=n, sessions=sessions, steps=steps, units=units,
        means=means, counts=counts, within=within, session_mean=(means * counts).sum(2) / n, sum_o=sum_o,
    )  # fmt: skip


def _ensembles(name: str, sums: np.ndarray, counts: np.ndarray, conventions: Conventions) -> np.ndarray:
    """(2, units) which units prefer the first source, and the second, from sums of counts (session, state, unit)."""
    rate = sums.sum(1) / counts.sum(1)[:, None]
    preferred = (sums[:, 2] / counts[:, 2, None] - sums[:, 1] / counts[:, 1, None]).mean(0)
    active = rate.mean(0) > conventions.mean_rate
    steady = active & (rate.min(0) > conventions.least_rate)
    units = np.stack([steady & (sign * preferred > conventions.preference) for sign in (1, -1)])
    c = conventions
    for j, own in enumerate(units):
        if not own.any():
            best = np.max((1 - 2 * j) * preferred, initial=-np.inf, where=steady)
            raise ParameterError(
                f"culture {name!r} has no unit for source {j}: of {rate.shape[1]} units {active.sum()} exceed "
                f"mean_rate = {c.mean_rate:g}, {steady.sum()} of them least_rate = {c.least_rate:g} in every session, "
                f"and none of these prefers it by more than preference = {c.preference:g} (largest {best:.3g}); lower "
                f"one of them"
            )
    return units
