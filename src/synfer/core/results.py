"""Results are plain xarray datasets: units in attrs, dims in words, provenance beside them.

Every variable that any verb returns is declared once, in `VARIABLES`; plots read their axis labels from it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.params import Params

VARIABLES: dict[str, tuple[str, str]] = {
    "time": ("ms", "time"),
    "V": ("mV", "membrane potential"),
    "frequency": ("Hz", "modulation frequency"),
    "rate": ("Hz", "population rate"),
    "n_spikes": ("1", "spikes per neuron since the previous node"),
    "layer": ("1", "layer"),
    "trial": ("1", "trial"),
    "quiet_rate": ("Hz", "rate of the quiet twin"),
    "a": ("spikes", "spikes in the volley"),
    "sigma_t": ("ms", "sd of spike times in the volley"),
    "t_packet": ("ms", "mean time of the volley"),
    "t_end": ("ms", "duration of the run"),
    "survived": ("1", "whether the volley holds half of its layer"),
    "a_in": ("spikes", "spikes in the packet"),
    "sigma_t_in": ("ms", "sd of spike times in the packet"),
    "a_step": ("spikes", "spikes that one layer adds to the packet"),
    "sigma_t_step": ("ms", "spread that one layer adds to the packet"),
    "a_attractor": ("spikes", "spikes in the largest volley that survives"),
    "sigma_t_attractor": ("ms", "sd of spike times in the largest volley that survives"),
    "a_attractor_range": ("spikes", "range of the volleys that survive"),
    "a_separatrix": ("spikes", "smallest packet that survives"),
    "weight": ("mV", "weight of a spike"),
    "A": ("mV", "weight of a whole layer"),
    "width": ("1", "neurons per layer"),
    "survival": ("1", "fraction of trials that survive"),
    "depth": ("mV", "depth of the inhibition"),
    "g": ("1", "conductance of the shunt over the leak"),
    "length": ("ms", "length of the gate"),
    "lag": ("ms", "delay of the gate per layer"),
    "charge": ("mV ms", "inhibitory charge per neuron"),
    "charge_pA": ("pA ms", "inhibitory charge per neuron"),
    "atp": ("ATP", "cost of the inhibition per neuron"),
    "volley_charge": ("mV ms", "excitatory charge of the volley per neuron"),
    "volley_atp": ("ATP", "cost of the volley's spikes per neuron"),
    "charge_fraction": ("1", "inhibitory over excitatory charge"),
    "atp_fraction": ("1", "cost of the inhibition over that of the volley"),
    "quiet_suppressed": ("1", "background spikes suppressed per neuron"),
    "volley_suppressed": ("1", "spikes of the volley suppressed per neuron"),
    "atp_saved": ("ATP", "cost of the spikes suppressed per neuron"),
    "status": ("1", "0: all went well, 1: did not stay finite, 2: failed, see warnings"),
    "fallbacks": ("1", "steps redone by backward Euler"),
    "state_p": ("1/mV", "density at the end of the run"),
    "state_edges": ("mV", "cell edges at the end of the run"),
    "state_queue": ("1/ms", "flux of the last steps by stage, latest first"),
    "state_rate": ("1/ms", "flux at the end of the run"),
    "state_mass": ("1", "non-refractory probability at the end of the run"),
    "state_dt": ("ms", "step of the run"),
    "state_w0": ("mV", "lower face of the lowest column of the slow variable"),
    "state_dw": ("mV", "width of the columns of the slow variable"),
    "state_columns": ("1", "columns of the slow variable"),
    "w": ("mV", "slow variable"),
    "w_mean": ("mV", "mean of the slow variable"),
    "w_sd": ("mV", "sd of the slow variable"),
    "edge_mass": ("1", "largest probability in an outermost column of the slow variable"),
    "mesh_error": ("1", "relative error of the rate that the mesh may make, an estimate"),
    "p_w": ("1/mV", "density of the slow variable"),
    "p_Vw": ("1/mV^2", "density of V and the slow variable"),
    "p": ("1/mV", "density of V"),
    "V_mean": ("mV", "mean membrane potential"),
    "V_sd": ("mV", "sd of the membrane potential"),
    "V_iqr": ("mV", "interquartile range of the membrane potential"),
    "V_sd_below_V_T": ("mV", "sd of the membrane potential below the soft threshold"),
    "V_sd_below_V_u": ("mV", "sd of the membrane potential below the unstable point"),
    "mass_above_V_u": ("1", "probability above the unstable point"),
    "V_u": ("mV", "unstable fixed point"),
    "susceptibility": ("Hz/mV", "linear response of the rate to mu"),
    "spike_time": ("ms", "spike time"),
    "spike_neuron": ("1", "index of the neuron that spiked"),
    "spike_trial": ("1", "trial of the spike"),
    "spike_layer": ("1", "layer of the spike"),
    "spike_point": ("1", "point of the spike"),
    "rate_block": ("Hz", "population rate by block of neurons"),
    "rate_trial": ("Hz", "population rate by trial"),
    "n_neurons": ("1", "number of neurons"),
    "n_free": ("1", "neurons that are not refractory"),
    "V_time": ("ms", "time at which moments are taken"),
    "state_neuron": ("1", "the neuron"),
    "state_x": ("1", "membrane of every lane at the end of the run, in the engine's coordinate"),
    "state_w": ("mV", "slow variable of every lane at the end of the run"),
    "state_release": ("1", "release from refractoriness in steps of the run"),
    "state_words": ("1", "random state"),
    "state_frame": ("mV", "origin and unit of the engine's coordinate"),
    # beliefs
    "step": ("1", "step"),
    "o": ("1", "observation"),
    "s": ("1", "posterior expectation of the state"),
    "q_d": ("1", "posterior expectation of the decision"),
    "d": ("1", "decision"),
    "log_odds": ("nats", "log odds of the decision"),
    "observation": ("1", "observation"),
    "state": ("1", "state"),
    "previous": ("1", "state one step ago"),
    "decision": ("1", "decision"),
    "prior": ("1", "prior"),
    "term": ("1", "term"),
    "parameters": ("nats", "divergence of what was learned from what was known before"),
    "free_energy": ("nats", "free energy"),
    # hitting
    "steps": ("1", "steps of a trial"),
    "steps_mean": ("1", "mean steps of a trial"),
    "steps_sd": ("1", "sd of the steps of a trial"),
    "p_steps": ("1", "probability of a number of steps"),
    "probability": ("1", "probability that the trial comes to its end"),
    "truncation": ("1", "total variation from truncated memory"),
    # canonical networks
    "x": ("1", "firing of a hidden neuron"),
    "y": ("1", "firing of an output"),
    "u": ("1", "potential of a hidden neuron"),
    "v": ("1", "potential of an output"),
    "hidden": ("1", "hidden neuron"),
    "output": ("1", "output"),
    "neural_cost": ("nats", "neural cost"),
    # planning
    "belief": ("1", "probability of the state"),
    "log_evidence": ("nats", "log evidence of an outcome"),
    "risk": ("nats", "divergence of expected from preferred outcomes"),
    "ambiguity": ("nats", "expected entropy of outcomes given the state"),
    "epistemic_value": ("nats", "expected information about the state"),
    "pragmatic_value": ("nats", "expected log preference"),
    "expected_free_energy": ("nats", "expected free energy"),
    "q_pi": ("1", "posterior probability of the policy"),
    "q_action": ("1", "posterior probability of the action"),
    "policies": ("1", "actions of the policy"),
    "action": ("1", "action"),
    "policy": ("1", "policy"),
    "rewarded": ("1", "whether the trial was rewarded"),
    "cue_first": ("1", "whether the first action goes to the cue"),
    "moves": ("1", "moves of a trial"),
    # agents
    "reached": ("1", "whether the trial came to its end"),
    "terms": ("nats", "free energy by term"),
    "memory": ("1", "states that the table remembered, or -1 for all"),
    "E_est": ("1", "frequency of the decision"),
    "Gamma": ("1", "risk"),
    "outcome": ("1", "outcome of the step: 0 progress, 1 setback"),
    "position": ("cells", "row and column"),
    "state_number": ("1", "state of the task"),
    # aberrant inference
    "percept_rate": ("1", "probability of a percept"),
    "session": ("1", "session"),
    # priors
    "E": ("1", "prior of the decision"),
    "E_action": ("1", "prior of the action"),
    "E_true": ("1", "true prior of the action"),
    "log_likelihood": ("nats", "greatest log likelihood"),
    "bias": ("1", "mean error of the prior of the action"),
    "z_sd": ("1", "root mean square of errors over their standard errors"),
    "coverage": ("1", "fraction of 95 % intervals that hold the truth"),
    "determined": ("1", "whether behaviour determines the prior"),
    "agent": ("1", "agent"),
    "estimator": ("1", "estimator"),
    "maze": ("1", "maze"),
    "steps_observed": ("1", "observed steps of a trial"),
    "error": ("1", "relative error of mean steps by task"),
    "permuted": ("1", "relative error of mean steps, tasks permuted"),
    "correlation": ("1", "correlation of mean steps over tasks"),
    # recordings
    "culture": ("1", "culture"),
    "unit": ("1", "unit"),
    "source": ("1", "source"),
    "stimulus": ("1", "hidden source"),
    "input": ("1", "stimulated electrode"),
    "spikes": ("1", "spikes per stimulus"),
    "valid": ("1", "whether there was a stimulus"),
    "n_units": ("1", "units of the culture"),
    "n_steps": ("1", "stimuli of the session"),
    "in_ensemble": ("1", "whether the unit is in the ensemble of the source"),
    "n_ensemble": ("1", "units of the ensemble"),
    "W_hat": ("1", "probability of the input that the synapse implies"),
    "W_window": ("1", "probability of the input in one session"),
    "W_hat_forecast": ("1", "forecast probability of the input that the synapse implies"),
    "W_hat_trend": ("1", "probability of the input that the synapse implies, on a straight line"),
    "W_error": ("1", "relative error of the synapses"),
    "x_forecast": ("1", "forecast response of the ensemble"),
    "x_error": ("1", "mean square error of the response"),
    "x_mean": ("1", "mean response of the learnt sessions"),
    "phi": ("nats", "threshold"),
    "D": ("1", "prior probability of the source"),
    "logit_D": ("nats", "log odds of the prior probability of the source"),
    "plasticity": ("1", "part of the Hebbian counts that synapses take up"),
    "change_correlation": ("1", "correlation of forecast and observed change"),
    "free_energy_permuted": ("nats", "free energy, sessions permuted"),
    "null": ("1", "order of the sessions"),
    "end": ("1", "end of the band, or the mean"),
    "predictor": ("1", "predictor"),
    "value": ("1", "value of x"),
    "fall": ("nats", "fall of the free energy"),
    "fall_permuted": ("nats", "mean fall of the free energy, sessions permuted"),
    "fall_excess": ("nats", "fall of the free energy in excess of permuted sessions"),
    "fall_p": ("1", "p of the fall of the free energy"),
    "skill": ("1", "skill of the forecast"),
    "skill_shifted": ("1", "skill of the forecast with the shift"),
    "skill_permuted": ("1", "mean skill of the forecast, sessions permuted"),
    "skill_excess": ("1", "skill of the forecast in excess of permuted sessions"),
    "skill_p": ("1", "p of the skill of the forecast"),
    # recovery
    "plasticity_found": ("1", "plasticity that is found"),
    "D_true": ("1", "true prior probability of the source"),
    "fall_true": ("nats", "mean fall of the free energy, recorded anew"),
    "skill_true": ("1", "mean skill of the forecast, recorded anew"),
    "rejected": ("1", "fraction of cultures in which the test rejects"),
    "right": ("1", "whether the ensembles found are the true ones"),
    "x_error_shifted": ("1", "mean square error of the response, forecast with the shift"),
    "better": ("1", "fraction of cultures in which the forecast with the shift is better"),
    "statistic": ("1", "statistic"),
    "measure": ("1", "measure"),
}


@cache
def version() -> str:
    """The installed version of synfer."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("synfer")
    except PackageNotFoundError:
        return "0+unknown"


def label(name: str) -> dict[str, str]:
    """The units and long name of a variable, as attrs; standard errors, ends of brackets and values inherit theirs."""
    if name.endswith("_se"):
        base = label(name[:-3])
        return {"units": base["units"], "long_name": f"standard error of the {base['long_name']}"} if base else {}
    if name.endswith(("_low", "_high")):
        base, end = label(name.rpartition("_")[0]), "lower" if name.endswith("_low") else "upper"
        return {"units": base["units"], "long_name": f"{end} end of the {base['long_name']}"} if base else {}
    if name not in VARIABLES and name.endswith("_value"):
        base = label(name.removesuffix("_value"))
        return {"units": "1", "long_name": f"value of the {base['long_name']}"} if base else {}
    if name not in VARIABLES:
        return {}
    units, long_name = VARIABLES[name]
    return {"units": units, "long_name": long_name}


def dataset(
    variables: Mapping[str, tuple[Any, ...]],
    coords: Mapping[str, tuple[Any, ...]],
    **provenance: Any,
) -> xr.Dataset:
    """A labelled dataset from (dims, values) or (dims, values, attrs) and provenance.

    Provenance values that are Params or nested containers are stored as canonical JSON text, so a
    dataset written to disk names the arguments that made it and nothing about the machine.
    """
    ds = xr.Dataset(
        {name: _labelled(name, *parts) for name, parts in variables.items()},
        coords={name: _labelled(name, *parts) for name, parts in coords.items()},
    )
    ds.attrs = {"synfer_version": version()} | {k: _attr(v) for k, v in provenance.items() if v is not None}
    return ds


def _labelled(name: str, dims: Sequence[str], values: Any, attrs: Mapping[str, str] | None = None) -> tuple[Any, ...]:
    return tuple(dims), np.asarray(values), label(name) | dict(attrs or {})


def spec(arguments: Any) -> str:
    """Canonical JSON text of nested arguments."""
    return json.dumps(arguments, default=_jsonable, separators=(",", ":"), allow_nan=False)


def _attr(value: Any) -> Any:
    return value if isinstance(value, (str, int, float)) or _is_text_list(value) else spec(value)


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Params):
        return json.loads(value.spec())
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, xr.Dataset):
        origin = hashlib.blake2b(str(value.attrs.get("spec", "")).encode(), digest_size=16).hexdigest()
        return {"spec_blake2b": origin, "t_end": value.attrs.get("t_end")}
    raise TypeError(f"{type(value).__name__} has no JSON form")
