"""Every number of the experiment, and what was published of the recordings."""

from typing import Literal, Self

from pydantic import model_validator

from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["in_vitro"] = "in_vitro"
    recordings: Literal["found", "synthetic"] = field(
        "found", doc="public recordings where `synfer data` finds them; or synthetic cultures of known truth"
    )
    base_bic: float = field(
        2.640370743110078, unit="spikes", gt=0, doc="count at x = 1/2 of bic, published, from a control of its own"
    )
    cultures: int = field(4, ge=2, doc="synthetic cultures where no recordings are found; every other one learns")
    learn_sessions: int = field(10, ge=2, doc="sessions from which the later ones are forecast")
    permutations: int = field(200, ge=199, doc="of the sessions of every culture")
    resamples: int = field(40, ge=20, doc="of sessions for intervals")
    sessions: int = field(100, ge=4, doc="sessions of synthetic cultures")
    steps: int = field(256, ge=64, doc="stimuli in each of them")
    fixed: int = field(16, ge=4, doc="synthetic cultures with fixed synapses, in which to find nothing")
    fixed_permutations: int = field(39, ge=19, doc="of the sessions of each synthetic culture")
    repeats: int = field(4, ge=2, doc="recordings of each synthetic culture anew, whose mean is the truth of skill")
    plasticity: tuple[float, ...] = field((0.0003, 0.03), doc="strengths of plasticity for the curve of power, rising")
    power_cultures: int = field(6, ge=2, doc="synthetic cultures of each strength")
    shifts: tuple[float, ...] = field((-1.0, -0.5, 0.5, 1.0), doc="shifts of logit D1 after the learnt sessions")
    shift_cultures: int = field(3, ge=1, doc="synthetic cultures of each shift")
    seed: int = field(1, ge=0, doc="seed of all draws")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.sessions < 2 * self.learn_sessions:
            raise ValueError(f"sessions = {self.sessions} must be >= {2 * self.learn_sessions}, twice learn_sessions")
        values = self.plasticity
        if not values or any(value <= 0 for value in values) or sorted(set(values)) != list(values):
            raise ValueError(f"plasticity = {values} must be numbers > 0, rising")
        if not self.shifts or 0 in self.shifts or len(set(self.shifts)) != len(self.shifts):
            raise ValueError(f"shifts = {self.shifts} must be different numbers, none of them 0")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        permutations=1000, resamples=200, fixed=200, fixed_permutations=199, repeats=20,
        plasticity=(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 1.0), power_cultures=40, shift_cultures=25,
    ),
}  # fmt: skip

PUBLISHED = {
    "mix0": {
        "forecast": (0.0108, 0.0316, 0.0167, 0.0339),
        "persistence": (0.0662, 0.0461, 0.0639, 0.0314),
        "change": (0.981, 0.894, 0.922, 0.944),
        "free_energy": (11253.8, 10237.9),
    },
    "bic": {
        "forecast": (0.0303, 0.0386, 0.0759, 0.1470, 0.0509, 0.0516),
        "persistence": (0.0130, 0.0148, 0.0190, 0.0181, 0.0081, 0.0058),
        "change": (0.954, 0.863, 0.599, -0.778, 0.828, 0.557),
        "free_energy": (11454.5, 11235.8),
    },
}
"""By culture: relative errors of W^ in the last session, of the forecast and of persistence; correlation of predicted
and observed change of W^; and the mean free energy of the first and the last ten sessions. From the published analysis,
recomputed by an independent program. None of them is evidence of plasticity by itself."""
