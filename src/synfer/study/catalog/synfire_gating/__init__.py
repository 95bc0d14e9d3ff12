"""Does weak inhibition gate a synfire chain, and is the sodium current what makes it work?

The claim (Shinozaki 2023): weak sustained inhibition stops volleys in a chain of EIF neurons and not in one of LIF
neurons. Here chains of EIF, of the LIF that fires at the same rate, and of the EIF with its sodium current linearised
carry the same volley under a sustained current or shunt on all layers. They are compared twice: at equal synaptic
weight, and at equal safety margin, each at the same multiple of its own critical weight, the smallest that carries a
full volley. The switch disfacilitation says whether layers that the gate silences also leave the next ones without
their background drive. What holding a chain closed costs is set against what the volley costs that it stops.
"""

import xarray as xr

from synfer.study.catalog.synfire_gating import parts
from synfer.study.catalog.synfire_gating.figures import figures
from synfer.study.catalog.synfire_gating.spec import PRESETS, Spec
from synfer.study.catalog.synfire_gating.verdict import verdict
from synfer.study.experiment import Progress, in_stages
from synfer.study.resolution import measured

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "synfire-gating"
TITLE = "Weak inhibition closes EIF and LIF chains alike once both have the same safety margin"

LABELS = {
    "neuron": {"units": "1", "long_name": "neuron"},
    "case": {"units": "1", "long_name": "comparison"},
    "gate": {"units": "1", "long_name": "kind of gate"},
    "depth": {"units": "mV", "long_name": "depth of inhibition"},
    "g": {"units": "1", "long_name": "shunt in units of the leak"},
    "A": {"units": "mV", "long_name": "drive of a layer that fires once per neuron, N p J"},
    "critical_A": {"units": "mV", "long_name": "smallest drive N p J that carries a full volley"},
    "critical_depth": {"units": "mV", "long_name": "depth of inhibition"},
    "closing_depth": {"units": "mV", "long_name": "depth that closes the chain"},
    "closing_depth_low": {"units": "mV", "long_name": "lower end of its bracket, which passes"},
    "closing_depth_high": {"units": "mV", "long_name": "upper end of its bracket, which is closed"},
    "closing_g": {"units": "1", "long_name": "shunt that closes the chain, in units of the leak"},
    "closing_g_low": {"units": "1", "long_name": "lower end of its bracket, which passes"},
    "closing_g_high": {"units": "1", "long_name": "upper end of its bracket, which is closed"},
    "cost_charge": {"units": "mV ms", "long_name": "inhibitory charge per neuron"},
    "cost_charge_pA": {"units": "pA ms", "long_name": "inhibitory charge per neuron"},
    "cost_atp": {"units": "ATP", "long_name": "ATP of the inhibitory charge, per neuron"},
    "cost_volley_charge": {"units": "mV ms", "long_name": "excitatory charge of the volley, per neuron"},
    "cost_volley_atp": {"units": "ATP", "long_name": "ATP of the volley's spikes, per neuron"},
    "cost_charge_fraction": {"units": "1", "long_name": "inhibitory charge over the volley's"},
    "cost_atp_fraction": {"units": "1", "long_name": "ATP of the gate over the volley's"},
    "cost_atp_saved": {"units": "ATP", "long_name": "ATP of the spikes that the gate takes, per neuron"},
    "wave_depth": {"units": "mV", "long_name": "depth of inhibition"},
    "shown_layer": {"units": "1", "long_name": "layer"},
    "threshold": {"units": "1", "long_name": "what is tested on a finer mesh"},
    "tested": {"units": "1", "long_name": "neuron"},
    "fine_agrees": {"units": "1", "long_name": "whether the finer mesh agrees within the stated error"},
}

STAGES = {
    "critical weights": parts.critical,
    "gating curves": parts.curves,
    "shunts": parts.shunts,
    "closing depths": parts.closing,
    "costs": parts.price,
    "volleys in time": parts.waves,
    "half the mesh": parts.halved,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; the dimension `neuron` runs over EIF, LIF and linearised EIF."""
    with measured():
        ds = in_stages(STAGES, lambda part, ds: part(spec, ds), LABELS, progress)
    ds.attrs = {"N": spec.width, "layers": spec.layers, "margin": spec.margin, "hold": spec.hold, "a": spec.a}
    ds.attrs |= {"critical_depth": spec.critical_depth, "E_rev": spec.E_rev}
    return ds
