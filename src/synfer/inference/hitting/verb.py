"""hitting_time: how probably an agent reaches the end of a task, and after how many steps."""

import warnings
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import xarray as xr

from synfer.core.checks import check_choice, check_count
from synfer.core.errors import SynferWarning
from synfer.core.points import broadcast
from synfer.core.results import dataset
from synfer.inference.agent.fit import check_fit
from synfer.inference.hitting.chain import flat_chain, propagate, pull
from synfer.inference.hitting.laws import decisions
from synfer.inference.hitting.paths import path_chain
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Task, explore
from synfer.inference.tasks.contract import Ordering, words

SHIFT = {"original": 2, "port": 1}
"""Steps that a trial counts beyond its moves: its last, in both; the first, which has no move, in the original."""
DEPTHS = (1, 2, 3)
ENOUGH, FORGOTTEN = 1e-3, 1e-2
"""Truncation up to which a depth is enough, and above which the answer is warned of."""
MOST_PATHS = 100_000


def hitting_time(
    model: GenerativeModel | Sequence[GenerativeModel],
    task: Task | Sequence[Task],
    *,
    ordering: Ordering = "original",
    T: int = 20_000,
    depth: int | None = None,
    key: int = 0,
) -> xr.Dataset:
    """The first trial of an agent, without simulating it: success, and the distribution of its steps.

    While an agent does not learn, its course through a finite task is a Markov chain, whose decisions follow
        p_d ~ 1 / (e^{-z_d} + 1e-6 (1 + e^{-z_d})),    z_d = (ln C_1 - ln C_0)^T [s; 1-s] + ln E_1 - ln E_0
    on the belief s of one observation ago. Where C says the same of both values of a decision (flat, as in every fresh
    agent), p is E / (1 - E + 1e-6), the chain runs on the states of the task, and the answer is exact but for rounding.
    Otherwise it runs on paths: s follows from the last `depth` + 1 observations, and what came before is bounded.

    Args:
        model: The agent before the trial, whose decisions are as many as the task's actions, or a multiple: the first
            Nd / n_actions of them take action 0, and so on.
        task: A `Maze` or any other finite task.
        ordering: Of a step: "original", act, then observe and decide; "port", observe, decide, act. A trial has
            `steps` = moves + 2 or moves + 1, and T where it has not come to its end before.
        T: Steps at which a trial is given up.
        depth: Where C is not flat: how many observations before the last one a belief remembers, >= 0. None: the least
            of 1, 2, 3 at which the truncation is at most 1e-3, as far as there is memory for its paths. A table of
            `learn` remembers as many states, and begins at s = 1/2 what is bounded here.
        key: Of the task's first state.

    model and task may be sequences: they broadcast to a `maze` dimension.

    Returns:
        `probability` that steps < T, `steps_mean` and `steps_sd`, `p_steps` (steps), and `truncation`: a bound on the
        total variation between this distribution of steps and that of full memory, 0 where C is flat. A larger depth
        lowers it. Above .01 there is a SynferWarning; a bound of 1 or more says nothing.

    Raises:
        ParameterError: a model and a task that do not fit, or an argument out of its bounds.

    Accuracy:
        1e-11 beside the truncation (rounding, over 20,000 steps).

    References:
        Kemeny & Snell (1960), Finite Markov chains, ch. 3; Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.

    Example:
        >>> from synfer.inference.tasks import TMaze
        >>> task = TMaze()
        >>> A = [[0.5]] * task.n_observations
        >>> model = GenerativeModel.from_probabilities(A1=A, A0=A, total=1, E=[0.25] * 4)
        >>> float(hitting_time(model, task).steps_mean.round(6))
        4.0
    """
    check_choice("ordering", ordering, get_args(Ordering))
    check_count("T", T, 3)
    depths = DEPTHS if depth is None else (check_count("depth", depth, 0),)
    points, several = broadcast(model=model, task=task)
    for point in points:
        check_fit(**point, needs=("E",))
    answers = [_first_trial(**point, shift=SHIFT[ordering], T=T, depths=depths, key=key) for point in points]
    columns = [np.array(column if several else column[0]) for column in zip(*answers, strict=True)]
    dims = ("maze",) if several else ()
    *scalars, p_steps = columns
    names = ("probability", "steps_mean", "steps_sd", "truncation")
    variables: dict[str, tuple[Any, ...]] = {n: (dims, column) for n, column in zip(names, scalars, strict=True)}
    variables["p_steps"] = ((*dims, "steps"), p_steps)
    coords = {"steps": (("steps",), np.arange(T + 1))}
    told = _warn(float(np.max(scalars[-1])))
    arguments = {
        "model": [point["model"].digest() for point in points],
        "task": [words(point["task"]) for point in points],
        "ordering": ordering, "T": T, "depth": depth, "key": key,
    }  # fmt: skip
    return dataset(variables, coords, verb="hitting_time", **arguments, warnings=told)


def _warn(truncation: float) -> list[str]:
    if not truncation > FORGOTTEN:
        return []
    text = (
        f"what beliefs forget may move the distribution of steps by {truncation:.2g} (a bound on the total variation); "
        f"give a larger depth, or simulate: learn(model, task, trials=1, method='dense')"
    )
    warnings.warn(text, SynferWarning, stacklevel=3)
    return [text]


def _first_trial(
    model: GenerativeModel, task: Task, shift: int, T: int, depths: Sequence[int], key: int
) -> tuple[float, float, float, float, np.ndarray]:
    graph, decide = explore(task, key), decisions(model)
    hits, truncation = np.zeros(0), np.inf
    for k, depth in enumerate(depths):
        if decide.flat:
            chain = flat_chain(graph, decide)
        elif k and len(chain.done) * graph.next.shape[1] > MOST_PATHS:
            break
        else:
            chain = path_chain(model, graph, decide, depth)
        hits, truncation = propagate(*pull(chain), chain.done, chain.error, T - shift)
        if truncation <= ENOUGH:
            break
    p = np.zeros(T + 1)
    p[shift:T] = hits
    p[T] = max(0.0, 1 - hits.sum())
    steps = np.arange(T + 1)
    mean = p @ steps
    sd = np.sqrt(p @ (steps - mean) ** 2)
    return float(hits.sum()), float(mean), float(sd), float(truncation), p
