"""Do cultures of neurons come to minimise free energy, and is their plasticity foretold? Compared with what?

The claim (Isomura, Kotani, Jimbo & Friston 2023): responses of cultured neurons to mixed sources imply a generative
model, whose free energy falls over sessions, and the first ten sessions tell how synapses change in the later ninety.
The published analysis is run on every culture of the public recordings, or, where there are none, on synthetic cultures
of known truth. But the implied synapses are a counter that the analyst keeps: the free energy falls, and the forecast
has skill, for responses that never change. So both are held against the same analysis of permuted sessions, and the
analysis itself against synthetic cultures: with fixed synapses, in which it should find nothing; with plasticity of
known strength; and with a known shift of the prior, as a change of excitability makes it.
"""

import xarray as xr

from synfer.study.catalog.in_vitro import parts
from synfer.study.catalog.in_vitro.figures import figures
from synfer.study.catalog.in_vitro.spec import PRESETS, Spec
from synfer.study.catalog.in_vitro.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "in-vitro"
TITLE = "Beliefs implied by recordings, and forecasts of plasticity, beside permuted sessions"


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """Recordings and synthetic controls in one dataset."""
    stages = {
        "recordings": parts.recordings,
        "fixed synapses": parts.fixed,
        "plastic synapses": parts.power,
        "shifts of the prior": parts.shifted,
    }
    ds = in_stages(stages, lambda part, ds: part(spec), parts.LABELS, progress)
    ds.attrs = {"recordings": str(ds["origin"].values[0]), "learn_sessions": spec.learn_sessions}
    return ds
