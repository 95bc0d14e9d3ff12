"""Conditioning: an agent responds, its outcomes come later, and a neuromodulator brings them to its synapses.

Within a session beliefs and responses follow from the counts as they are,
    s_t from o_t and s_{t-1},  d_t drawn from q_d(s_{t-1}),  G_t the outcome of d_t, released `delay` steps later;
after it c <- max(floor, c + sum_t (1 - 2 Gamma_t) s_{t-1} x [d; 1 - d]_t), where Gamma_t is what reaches the trace of
step t: G_t itself if the modulator's delay is that of the outcome, and the outcome of another response if it is not.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, check_function, check_kind, check_numbers
from synfer.core.errors import ParameterError
from synfer.core.points import is_sequence
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, generator
from synfer.inference.agent.fit import check_fit
from synfer.inference.agent.forced import respond
from synfer.inference.beliefs import uniforms, update_counts
from synfer.inference.model import GenerativeModel
from synfer.inference.network import Neuromodulator
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import words

FLOOR = 1.0
NEUTRAL = 0.5
"""Risk that neither learns nor unlearns, where no outcome is released."""


def condition(
    model: GenerativeModel,
    task: Task | Sequence[Task],
    *,
    delay: int = 0,
    modulator: Neuromodulator | None = None,
    signal: Callable[[np.ndarray], Any] | None = None,
    T: int = 1_000,
    seed: int,
) -> tuple[GenerativeModel, xr.Dataset]:
    """Sessions of responses, each learned from before the next begins; beliefs about a and b stay as they are.

    Args:
        model: With decisions (c and E), as many as the task has actions.
        task: A sequence, one for each session; a reversal is a session with another task.
        delay: Steps from a response to the release of its outcome.
        modulator: When the signal of release reaches synapses, which keep a trace of each step until then; its delay
            may be other than that of the outcome. Default: that of the outcome.
        signal: What is released instead of the outcomes, a function of (T,) in [0, 1] to the same; for lesions and
            shams. Default: the outcomes.
        T: A session ends after that many steps at the latest.
        seed: Of the sessions' keys and of the responses.

    Returns:
        The model after the last session, and `outcome` and `d` (session, step), the decision that was taken, NaN and -1
        after the end of a session; the outcome stands at the step of its own response. Sessions count from 0, steps
        from 1.

    Raises:
        ParameterError: a model that does not fit the task, a delay < 0, a signal outside [0, 1].

    Example:
        >>> from synfer.inference.aberrant import CuedChoice
        >>> model = GenerativeModel.from_probabilities(
        ...     A1=[[0.9], [0.5]], A0=[[0.1], [0.5]], C1=[[0.5, 0.5]], C0=[[0.5, 0.5]], total=10, E=[0.5, 0.5]
        ... )
        >>> _, run = condition(model, [CuedChoice(length=20)] * 10, seed=1)
        >>> float(run.outcome[-1].mean()) < 0.3
        True
    """
    several: Any = task if is_sequence(task) else [task]
    tasks = _check(model, list(several))
    delay, T, seed = check_count("delay", delay, 0), check_count("T", T), check_seed(seed)
    modulator = Neuromodulator.delayed(delay) if modulator is None else modulator
    check_kind("modulator", modulator, Neuromodulator, f"for example Neuromodulator.delayed({delay})")
    signal = (lambda outcome: outcome) if signal is None else check_function("signal", signal, "of (T,) outcomes")
    start = model.digest()
    outcome, taken = np.full((len(tasks), T), np.nan), np.full((len(tasks), T), -1)
    for k, own in enumerate(tasks):
        key = int(generator(seed, "session", str(k)).integers(2**31))
        session = respond(model, own, key, uniforms(seed, T, k))
        steps = len(session.outcome)
        outcome[k, :steps], taken[k, :steps] = session.outcome, session.d[1:].argmax(1)
        risk = check_numbers("signal", signal(session.outcome.copy()), finite=False)
        if risk.shape != (steps,):
            raise ParameterError(f"signal returned shape {risk.shape} and must return ({steps},), a risk for each step")
        released = np.concatenate([np.full(min(delay, steps), NEUTRAL), risk[: max(steps - delay, 0)]])
        learned = update_counts(model, session.o, session.s, session.d, modulator.credit(released), floor=FLOOR)
        model = model.replace(c=learned.c)
    longest = int(np.isfinite(outcome).any(0).sum())
    dims = ("session", "step")
    return model, dataset(
        {"outcome": (dims, outcome[:, :longest]), "d": (dims, taken[:, :longest])},
        {"session": (("session",), np.arange(len(tasks))), "step": (("step",), np.arange(1, longest + 1))},
        verb="condition", model=start, task=[words(own) for own in tasks], delay=delay, modulator=modulator, T=T,
        seed=seed,
    )  # fmt: skip


def _check(model: GenerativeModel, tasks: list[Task]) -> list[Task]:
    if not tasks:
        raise ParameterError("task is empty; give one for each session, for example [CuedChoice()] * 10")
    for task in tasks:
        check_fit(model, task)
        if model.n_decisions != task.n_actions:
            raise ParameterError(
                f"the model has {model.n_decisions} decisions and {words(task)} {task.n_actions} actions; they must be "
                f"as many"
            )
    return tasks
