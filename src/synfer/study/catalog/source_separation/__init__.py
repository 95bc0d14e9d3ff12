"""Does a network tell mixed sources apart, and does its prior decide whether it does?

The claim (Isomura & Friston 2020; Isomura, Kotani, Jimbo & Friston 2023): neurons whose synapses count what they see
while they fire come to stand for hidden sources of their inputs, if the prior that their thresholds encode is about
right. Here the prior D1 of every state is swept while the sources are on half of the time: separation collapses outside
of about .25 to .75, where a state stands for both sources, or for neither (it is mirrored), so that correlations are
taken without their sign. The prior can be read off beliefs: what the evidence leaves of log s/(1 - s) is exact, if the
counts are known at the start; the mean belief, which is often used, is not. With the prior, learning in another
environment from another start is predicted, for inputs never seen, beside three nulls: no change, the prior of another
agent, and the mean belief as the prior.
"""

import xarray as xr

from synfer.study.catalog.source_separation import parts
from synfer.study.catalog.source_separation.figures import figures
from synfer.study.catalog.source_separation.spec import PRESETS, Spec
from synfer.study.catalog.source_separation.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "source-separation"
TITLE = "Sources are told apart if the prior is about right, and the prior predicts learning elsewhere"

ONE = {"units": "1"}
LABELS = {
    "D1": ONE | {"long_name": "prior of the sources, D1"},
    "own": ONE | {"long_name": "correlation with the own source, without sign"},
    "other": ONE | {"long_name": "correlation with the other source, without sign"},
    "mirrored": ONE | {"long_name": "whether the state is on where its source is off"},
    "s_mean": ONE | {"long_name": "mean belief"},
    "estimator": ONE | {"long_name": "estimator of the prior"},
    "estimate": ONE | {"long_name": "estimated prior"},
    "logit_error": {"units": "nats", "long_name": "error of the log odds of the prior"},
    "residual_sd": {"units": "nats", "long_name": "sd of the residual over steps"},
    "prediction": ONE | {"long_name": "prediction"},
    "agent_D1": ONE | {"long_name": "prior of the agent"},
    "synapse_error": ONE | {"long_name": "relative error of synapses, squared"},
    "change_correlation": ONE | {"long_name": "correlation of predicted and learned change"},
    "learned": ONE | {"long_name": "steps learned"},
    "synapse": ONE | {"long_name": "P(input = 1 | s = 1)"},
    "shown": ONE | {"long_name": "what is drawn"},
    "observation": ONE | {"long_name": "input"},
    "state": ONE | {"long_name": "state"},
    "own_input": ONE | {"long_name": "whether the input is of the state's own source"},
}

STAGES = {
    "separation by prior": parts.sweep,
    "priors from beliefs": parts.priors,
    "synapses elsewhere": parts.synapses,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; seeds draw sources and inputs, and are the same at all priors."""
    ds = in_stages(STAGES, lambda part, _: part(spec), LABELS, progress)
    return ds.assign_attrs(steps=spec.steps, as_known=int(spec.as_known))
