"""When must a gate act, for how long, and what does closing cost?

The claim: short weak inhibition, timed to the volley, is enough to stop it. Here every layer of a chain of EIF neurons,
and of the LIF that fires at the same rate, is inhibited in a window around the volley's ungated arrival there; both
chains have the same safety margin. A volley may escape by being late, so the last layer is read in three ways: all
that ever comes through, what comes within a few ms of itself, and what has come by a given time. Then the window
travels down the chain at a lag per layer. The price of closing is the charge of the window over the excitatory charge
that the volley itself brings to a layer.
"""

import xarray as xr

from synfer.study.catalog.gate_timing import parts
from synfer.study.catalog.gate_timing.figures import figures
from synfer.study.catalog.gate_timing.spec import PRESETS, Spec
from synfer.study.catalog.gate_timing.verdict import verdict
from synfer.study.experiment import Progress, in_stages
from synfer.study.resolution import measured

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "gate-timing"
TITLE = "Short weak inhibition stops a LIF volley; an EIF volley escapes, late and spread out"

LABELS = {
    "neuron": {"units": "1", "long_name": "neuron"},
    "half": {"units": "ms", "long_name": "half-length of the window"},
    "depth": {"units": "mV", "long_name": "depth of inhibition"},
    "reading": {"units": "1", "long_name": "reading of the last layer"},
    "lag_ratio": {"units": "1", "long_name": "lag of the gate over that of the volley"},
    "travel_lag": {"units": "ms", "long_name": "lag of the gate per layer"},
    "travel_depth": {"units": "mV", "long_name": "depth of inhibition"},
    "length": {"units": "ms", "long_name": "length of the window"},
    "price_lag_ratio": {"units": "1", "long_name": "lag of the gate over that of the volley"},
    "wave_depth": {"units": "mV", "long_name": "depth of inhibition"},
    "fine_depth": {"units": "mV", "long_name": "depth of inhibition"},
}
for kind, words in (("closing", "windows around the arrivals"), ("moving", "travelling windows")):
    LABELS |= {
        f"{kind}_depth": {"units": "mV", "long_name": f"depth that closes the chain, {words}"},
        f"{kind}_depth_low": {"units": "mV", "long_name": "lower end of its bracket, which passes"},
        f"{kind}_depth_high": {"units": "mV", "long_name": "upper end of its bracket, which is closed"},
        f"{kind}_charge": {"units": "mV ms", "long_name": "charge that closes the chain"},
        f"{kind}_charge_fraction": {"units": "1", "long_name": "closing charge over the volley's"},
    }

STAGES = {
    "windows": parts.windows,
    "three readings": parts.readings,
    "travelling gates": parts.travelling,
    "closing charges": parts.price,
    "volleys in time": parts.waves,
    "half the mesh": parts.halved,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; the dimension `neuron` runs over EIF and LIF."""
    both = parts.chains(spec)
    with measured():
        ds = in_stages(STAGES, lambda part, ds: part(spec, both), LABELS, progress)
    ds.attrs = {"N": spec.width, "layers": spec.layers, "reference_half": spec.reference_half, "weak": spec.weak}
    ds.attrs |= {"patience": spec.patience, "short_window": spec.short_window, "travel_length": spec.travel_length}
    return ds
