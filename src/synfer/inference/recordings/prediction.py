"""Responses that are expected to inputs which follow upon the learnt sessions."""

import warnings
from collections.abc import Mapping

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError, SynferWarning, did_you_mean
from synfer.inference.recordings import compiled, labelled
from synfer.inference.recordings.outcome import Outcome
from synfer.inference.recordings.states import Conventions, two_sources


def predicted(
    rec: xr.Dataset, fitted: xr.Dataset, found: Mapping[str, Outcome], conventions: Conventions
) -> xr.DataArray:
    """x (culture, session, step, source) expected of the sessions of rec, by what was found in those fitted.

    Raises:
        ParameterError: other sources or inputs, or a culture that was not fitted.
    """
    two_sources(rec)
    if rec.sizes["input"] != fitted.sizes["input"]:
        raise ParameterError(
            f"rec has {rec.sizes['input']} inputs and the recording that was fitted {fitted.sizes['input']}; "
            f"give the same"
        )
    sources, own_sources = (each["source"].values.tolist() for each in (rec, fitted))
    if sources != own_sources:
        raise ParameterError(
            f"rec has the sources {sources} and the recording that was fitted {own_sources}; give "
            f"rec.sel(source={own_sources})"
        )
    names, x = rec["culture"].values.tolist(), []
    for name in names:
        if name not in found:
            raise ParameterError(f"culture {name!r} was not fitted{did_you_mean(name, found)}")
    for k, name in enumerate(names):
        own = found[name]
        x.append(_expected(own, rec["input"].values[k], rec["valid"].values[k], conventions))
        learnt = own.culture.sessions[: conventions.learn_sessions]
        again = _shared(rec["spikes"].values[k], fitted["spikes"].sel(culture=name).values[learnt])
        if again:
            text = (
                f"sessions {again} of culture {name!r} are those that were learnt from, and are taken to follow upon "
                f"them; leave them out with .isel(session=slice({learnt[-1] + 1}, None)), or see forecast()"
            )
            warnings.warn(text, SynferWarning, stacklevel=3)
    return labelled.responses_of(rec, np.stack(x))


def _shared(spikes: np.ndarray, learnt: np.ndarray) -> list[int]:
    """Which sessions have the spikes of a learnt one."""
    known = {own.astype(np.uint32).tobytes() for own in learnt}
    return [s for s, own in enumerate(spikes) if own.any() and own.astype(np.uint32).tobytes() in known]


def _expected(own: Outcome, inputs: np.ndarray, valid: np.ndarray, conventions: Conventions) -> np.ndarray:
    """x (session, step, ensemble) expected of inputs (session, step, input) that follow the learnt sessions."""
    k, culture = conventions.learn_sessions, own.culture
    steps = np.argsort(~valid, axis=1, kind="stable")
    n = valid.sum(1)
    o = np.ascontiguousarray(np.take_along_axis(inputs, steps[..., None], 1), dtype=np.uint8)
    home = conventions.gain * (conventions.insensitivity + np.exp(own.found.phi) * culture.n[:k].sum())
    x = np.zeros((2, *valid.shape))
    compiled.forecast(
        np.empty((len(n), *home.shape, o.shape[2])), own.found.W_hat[k] * home[..., None], home,
        own.found.phi[0] - own.found.phi[1], o, np.ascontiguousarray(np.swapaxes(o, 1, 2)),
        o.sum(1, dtype=np.float64), n, np.arange(len(n)), 0, True, x,
    )  # fmt: skip
    whole = np.full((*valid.shape, 2), np.nan)
    np.put_along_axis(whole, steps[..., None], np.moveaxis(x, 0, -1), 1)
    whole[~valid] = np.nan
    return whole
