"""Conditioning: an agent responds, its outcomes come later, and a neuromodulator brings them to its synapses.

Within a session beliefs and responses follow from the counts as they are,
    s_t from o_t and s_{t-1},  d_t drawn from q_d(s_{t-1}),  G_t the outcome of d_t, released `delay` steps later;
after it c <- max(floor, c + sum_t (1 - 2 Gamma_t) s_{t-1} x [d; 1 - d]_t), where Gamma_t is what reaches the trace of
step t: G_t itself if the modulator's delay is that of the outcome, and the outcome of another response if it is not.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.core.seeds import generator

from ..agent.stepwise import Modern, walk
from ..agent.trial import Agent
from ..beliefs import uniforms, update_counts
from ..model import GenerativeModel
from ..network import Neuromodulator
from ..tasks import Task

FLOOR = 1.0
NEUTRAL = 0.5
"""Risk that neither learns nor unlearns, where no outcome is released."""


class Session(NamedTuple):
    """T steps of one session: o (T, No), s (T + 1, Ns), one-hot d (T + 1, Nd), outcome (T,)."""

    o: np.ndarray
    s: np.ndarray
    d: np.ndarray
    outcome: np.ndarray


def condition(
    model: GenerativeModel,
    tasks: Sequence[Task],
    seed: int,
    *,
    delay: int = 0,
    modulator: Neuromodulator | None = None,
    signal: Callable[[np.ndarray], Any] | None = None,
    T: int = 1_000,
) -> tuple[GenerativeModel, xr.Dataset]:
    """Sessions of responses, each learned from before the next begins; beliefs about a and b stay as they are.

    Args:
        model: With decisions (c and E), as many as the tasks have actions.
        tasks: One for each session; a reversal is a session with another task.
        seed: Of the sessions' keys and of the responses.
        delay: Steps from a response to the release of its outcome.
        modulator: When the signal of release reaches synapses, which keep a trace of each step until then; its delay
            may be other than that of the outcome. Default: that of the outcome.
        signal: What is released instead of the outcomes, a function of (T,) in [0, 1] to the same; for lesions and
            shams. Default: the outcomes.
        T: A session ends after that many steps at the latest.

    Returns:
        The model after the last session, and `outcome` and `decision_taken` (session, step), NaN and -1 after the end
        of a session; the outcome stands at the step of its own response.

    Raises:
        ParameterError: a model that does not fit the tasks, a delay < 0, a signal outside [0, 1].

    Example:
        >>> from synfer.inference.aberrant import CuedChoice
        >>> model = GenerativeModel.from_probabilities(
        ...     A1=[[0.9], [0.5]], A0=[[0.1], [0.5]], C1=[[0.5, 0.5]], C0=[[0.5, 0.5]], total=10, E=[0.5, 0.5]
        ... )
        >>> _, run = condition(model, [CuedChoice(length=20)] * 10, seed=1)
        >>> float(run.outcome[-1].mean()) < 0.3
        True
    """
    tasks = list(tasks)
    _check(model, tasks, delay)
    modulator = Neuromodulator.delayed(delay) if modulator is None else modulator
    outcome, taken = np.full((len(tasks), T), np.nan), np.full((len(tasks), T), -1)
    for k, task in enumerate(tasks):
        key = int(generator(seed, "session", str(k)).integers(2**31))
        session = respond(model, task, key, uniforms(seed, T, k))
        steps = len(session.outcome)
        outcome[k, :steps], taken[k, :steps] = session.outcome, session.d[1:].argmax(1)
        risk = session.outcome if signal is None else np.asarray(signal(session.outcome), dtype=np.float64)
        if risk.shape != (steps,):
            raise ParameterError(f"signal returned shape {risk.shape} and must return ({steps},), a risk for each step")
        released = np.concatenate([np.full(min(delay, steps), NEUTRAL), risk[: max(steps - delay, 0)]])
        learned = update_counts(model, session.o, session.s, session.d, modulator.credit(released), floor=FLOOR)
        model = model.replace(c=learned.c)
    longest = int(np.isfinite(outcome).any(0).sum())
    return model, dataset(
        {
            "outcome": (("session", "step"), outcome[:, :longest]),
            "decision_taken": (("session", "step"), taken[:, :longest]),
        },
        {"session": (("session",), np.arange(1, len(tasks) + 1)), "step": (("step",), np.arange(1, longest + 1))},
        delay=delay,
        modulator=modulator,
        seed=seed,
    )


def respond(model: GenerativeModel, task: Task, key: int, u: np.ndarray) -> Session:
    """One session without learning, of at most as many steps as there are uniform numbers u."""
    agent, action = Agent(model), np.arange(model.n_decisions) * task.n_actions // model.n_decisions
    s = np.empty((len(u) + 1, model.n_states))
    course, _, shown, _ = walk(task, task.init(key), agent.weights(), agent.first, Modern(u), s, action, True)
    steps = slice(1, course.t_end + 1)
    d = np.zeros((course.t_end + 1, model.n_decisions))
    d[np.arange(1, course.t_end + 1), course.decision[steps]] = 1
    s[0] = agent.first[0]
    return Session(shown[course.state[steps]], s[: course.t_end + 1], d, course.outcome[steps])


def _check(model: GenerativeModel, tasks: Sequence[Any], delay: int) -> None:
    if isinstance(delay, bool) or not isinstance(delay, (int, np.integer)) or delay < 0:
        raise ParameterError(f"delay = {delay!r} must be a whole number of steps >= 0")
    if not tasks:
        raise ParameterError("tasks is empty; give one for each session, for example [CuedChoice()] * 10")
    if model.c is None or model.E is None:
        raise ParameterError("the model takes no decisions; give it c and E")
    for task in tasks:
        sizes, own = (model.n_observations, model.n_decisions), (task.n_observations, task.n_actions)
        if sizes != own:
            raise ParameterError(
                f"the model has {sizes[0]} observations and {sizes[1]} decisions, and {task!r} has {own[0]} "
                f"observations and {own[1]} actions; they must be as many"
            )
