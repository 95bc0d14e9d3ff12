"""Conditional discrimination: which of two responses is right depends on the cue one step before."""

from typing import Literal, NamedTuple

import numpy as np

from synfer.core.checks import check_count, check_kind
from synfer.core.params import Params, field
from synfer.core.seeds import generator


class CuedState(NamedTuple):
    """A state of a session.

    Attributes:
        step: Responses so far.
        cues, lights: What is shown, step by step; drawn in the beginning.
        right: Whether the last response was right; None where no cue came before it.
    """

    step: int
    cues: tuple[int, ...]
    lights: tuple[int, ...]
    right: bool | None


class CuedChoice(Params):
    """A session of two-choice trials, which is a task (`check_task`); the key draws its cues.

    The cue, bright (1) or dark (0), tells which response is right at the next step: 1 after a bright one and 0 after a
    dark one, or the other way round once the contingency is reversed. A second light tells nothing.

    Example:
        >>> task = CuedChoice()
        >>> second = task.step(task.init(3), 0)
        >>> task.outcome(second, task.step(second, second.cues[0]))
        0.0
    """

    kind: Literal["cued_choice"] = "cued_choice"
    length: int = field(20, doc="responses to a cue in a session", ge=1)
    reversed: bool = field(False, doc="whether 0 is right after a bright cue and 1 after a dark one")

    @property
    def n_observations(self) -> int:
        """2: the cue, and the light that tells nothing."""
        return 2

    @property
    def n_actions(self) -> int:
        """2 responses."""
        return 2

    def init(self, key: int) -> CuedState:
        """Before the first response, which no cue precedes."""
        cues, lights = generator(key, "cued choice").integers(2, size=(2, self.length + 2)).tolist()
        return CuedState(0, tuple(cues), tuple(lights), None)

    def observe(self, state: CuedState) -> np.ndarray:
        """(2,): the cue of the next response, and the other light."""
        return np.array([state.cues[state.step], state.lights[state.step]], dtype=np.uint8)

    def step(self, state: CuedState, action: int) -> CuedState:
        """One response."""
        check_kind("state", state, CuedState, "CuedChoice().init(key) gives the first")
        action = check_count("action", action, 0, self.n_actions - 1)
        if self.done(state):
            return state
        right = None if not state.step else (action == state.cues[state.step - 1]) != self.reversed
        return state._replace(step=state.step + 1, right=right)

    def outcome(self, before: CuedState, after: CuedState) -> float:
        """0 if the last response was right, 1 if it was wrong, 1/2 where no cue came before it."""
        return 0.5 if after.right is None else float(not after.right)

    def done(self, state: CuedState) -> bool:
        """After the last response."""
        return state.step > self.length
