"""Agents that learn tasks: the verb."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from synfer.core.checks import check_choice, check_count, check_function, check_kind, shortly
from synfer.core.errors import ParameterError, SynferWarning
from synfer.core.points import broadcast, is_sequence
from synfer.core.results import dataset
from synfer.core.seeds import Stream, check_seed, child
from synfer.inference.agent.fit import check_fit
from synfer.inference.agent.modulation import RiskModulation
from synfer.inference.agent.parallel import Progress, side_by_side
from synfer.inference.agent.records import RECORDS, Keeper, gather
from synfer.inference.agent.trial import Plan, Trial, run
from synfer.inference.beliefs import TERMS
from synfer.inference.model import AXES, VALUES, GenerativeModel
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import Ordering, words

Method = Literal["table", "dense"]
MOST_BYTES = 8e9
LIMIT = 20_000
FORGOTTEN = 1e-4
"""Total variation above which a table of given depth is warned of."""


def learn(
    model: GenerativeModel | Sequence[GenerativeModel],
    task: Task | Sequence[Task],
    trials: int,
    seed: int | Sequence[int],
    *,
    first: int = 0,
    T: int = 20_000,
    modulation: RiskModulation | None = None,
    method: Method = "table",
    depth: int | None = None,
    ordering: Ordering = "original",
    stream: Stream = "modern",
    record: str | Sequence[str] = (),
    limit: int = LIMIT,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Trials of an agent that infers, decides by habit, and learns from risk after every trial.

    At every step: observe o_t; s_t from o_t and s_{t-1}; q_d from s_{t-1}; one decision d_t is drawn and moves the
    agent. After the trial a, b and c grow by what was observed, believed and decided, c by 1 - 2 Gamma of the risk in
    its window. The agent does not plan: it forms habits, which risk modulates.

    Args:
        model: Before the first trial, with decisions; its number is a multiple of the task's actions, and the action of
            decision k is k x n_actions // Nd.
        task: Any object that passes `check_task`.
        trials: How many.
        seed: Of the decisions: one uniform number for every (seed, trial, t).
        first: Number of the first trial. A run of m trials goes on with first = m as if it had never stopped, from
            `model.replace(a=run.a, b=run.b, c=run.c)` (those of the three that the model has) and the same seed.
        T: A trial ends at the step T - 1 at the latest.
        modulation: How outcomes become risk, and the floor of c; default RiskModulation().
        method: "table": beliefs follow from the last states of the task alone, and are computed once a trial. "dense":
            the recursion itself, step by step; for a task of more than `limit` states, through its functions.
        depth: States before the present one that a belief of the table follows from, >= 1. None: in each trial as few
            as it needs, and all of them, by the recursion, where four are too few.
        ordering: "original": moves by the last decision, then observes and infers. "port": observes, infers, and then
            moves by the present decision; the goal is not seen, and an outcome belongs to its own decision.
        stream: "modern"; or "legacy", the draws of numpy's RandomState(seed), which needs method="dense".
        record: Of "terms" (of the free energy, by `term`), "E_est" (frequencies of the decisions from t = 2 on),
            "Gamma" (by window), and by step t = 0 .. t_end "d" (decision, -1 at t = 0), "outcome", "state" (its
            numbers, as `state_number`), "s" and "q_d"; NaN or -1 after the end of a trial.
        limit: Most states of a task that is tabulated.
        workers: Threads; default one for each core. Results do not depend on it.
        progress: Called with the fraction done.

    model, task and seed may be sequences: they broadcast to a `maze` dimension. One seed gives each task its own, which
    the coordinate `seed` tells.

    Returns:
        Dataset with `steps` (t_end + 1, at most T), `reached` (steps < T) and `free_energy` [nats] (before what is
        learned from the trial, t = 1 .. t_end - 1) by `trial`; `memory`, the states that the table remembered (-1: all)
        and `truncation`, how far its laws of decisions are from those of the recursion (mean total variation per step,
        estimated at some steps of the trial); the counts `a`, `b`, `c` at the end; and records.

    Raises:
        ParameterError: sizes that do not fit, a task too large for tables, a record too large for memory.
        NumericalError: a free energy that is not finite, with the term and the trial.

    Accuracy: dense is exact. The law of decisions of a table differs in total variation per step by less than 1e-6 on
        average, up to 1e-3, and a belief by up to 1e-2; with a given depth, by about `truncation`, of which there is a
        SynferWarning above 1e-4. Looked at are 32 steps of every trial. A course that branches off goes its own way.

    References:
        Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, methods.

    Example:
        >>> import synfer as sf
        >>> run = sf.learn(sf.maze_model(0.35), sf.Maze.generate(seed=3), trials=2, seed=1, T=2000)
        >>> run.steps.shape, run.c.shape
        ((2,), (2, 121, 2, 256))
    """
    plan = Plan(
        trials=check_count("trials", trials),
        first=check_count("first", first, 0),
        T=check_count("T", T, 3),
        method=check_choice("method", method, get_args(Method)),
        depth=None if depth is None else check_count("depth", depth),
        infers_first=check_choice("ordering", ordering, get_args(Ordering)) == "port",
        legacy=check_choice("stream", stream, get_args(Stream)) == "legacy",
        modulation=RiskModulation() if modulation is None else modulation,
        limit=check_count("limit", limit),
    )
    records = (record,) if isinstance(record, str) else record
    if not is_sequence(records):
        raise ParameterError(f"record = {shortly(record)} must be names, of {', '.join(RECORDS)}")
    records = tuple(records)
    points, many = broadcast(model=model, task=task, seed=seed)
    _check(plan, points, records, progress)
    seeds = _seeds(plan, points, shared=many and not is_sequence(seed))
    keepers, counts = _run(points, seeds, plan, records, workers, progress)
    variables: dict[str, tuple[Any, ...]] = gather(keepers) | _counts(counts)
    variables["reached"] = (("trial",), variables["steps"][1] < plan.T)
    told = _warn(variables["truncation"][1], plan.first)
    if many:
        variables = {name: (("maze", *dims), *rest) for name, (dims, *rest) in variables.items()}
    else:
        variables = {name: (dims, values[0], *rest) for name, (dims, values, *rest) in variables.items()}
    coords = _coords(variables, points[0]["model"])
    coords["trial"] = (("trial",), plan.first + np.arange(plan.trials))
    if many:
        coords["seed"] = (("maze",), np.array(seeds), {"units": "1", "long_name": "seed of the decisions"})
    arguments = {
        "model": [point["model"].digest() for point in points],
        "task": [words(point["task"]) for point in points],
        "seed": seeds,
        "ordering": ordering,
        "stream": stream,
        "record": records,
    } | {name: getattr(plan, name) for name in ("trials", "first", "T", "modulation", "method", "depth", "limit")}
    return dataset(variables, coords, verb="learn", spec=arguments, status="ok", warnings=told)


def own_seed(seed: int, k: int) -> int:
    """The seed of the k-th of several tasks."""
    return child(seed, "learn", str(k))


def _seeds(plan: Plan, points: Sequence[Mapping[str, Any]], shared: bool) -> list[int]:
    """Of every task; from one that they share, its own."""
    given = [check_seed(point["seed"]) for point in points]
    if shared and plan.legacy:
        raise ParameterError(f"seed = {given[0]} is one for {len(points)} tasks; stream='legacy' needs one for each")
    return [own_seed(seed, k) for k, seed in enumerate(given)] if shared else given


def _run(
    points: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
    plan: Plan,
    records: Sequence[str],
    workers: int | None,
    progress: Callable[[float], None] | None,
) -> tuple[list[Keeper], list[dict[str, np.ndarray]]]:
    """Every task on its own, several at a time."""
    keepers = [Keeper(records) for _ in points]
    done = Progress(len(points) * plan.trials, progress)

    def one(k: int, stopped: Callable[[], bool]) -> dict[str, np.ndarray]:
        def keep(trial: Trial) -> None:
            keepers[k](trial)
            done()

        return run(points[k]["model"], points[k]["task"], seeds[k], plan, keep, stopped)

    return keepers, side_by_side(one, len(points), workers)


def _counts(counts: Sequence[dict[str, np.ndarray]]) -> dict[str, tuple[Any, ...]]:
    """Variables (task, ...) of the counts at the end, which are let go of."""
    variables = {}
    for name, (pre, post) in AXES.items():
        if name in counts[0]:
            words = {"units": "1", "long_name": f"counts of {pre} and {post}"}
            dims = (f"{pre}_value", pre, f"{post}_value", post)
            variables[name] = (dims, _stack([own.pop(name) for own in counts]), words)
    return variables


def _warn(truncation: np.ndarray, first: int) -> list[str]:
    """What is to be said of a table that forgets too much, with a SynferWarning."""
    if not truncation.max() > FORGOTTEN:
        return []
    text = (
        f"a table of this depth changes the law of decisions by {truncation.max():.2g} per step (total variation) in "
        f"trial {first + int(truncation.max(0).argmax())}; give a larger depth, depth=None, or method='dense'"
    )
    warnings.warn(text, SynferWarning, stacklevel=3)
    return [text]


def _stack(arrays: list[np.ndarray]) -> np.ndarray:
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)


def _coords(variables: Mapping[str, tuple[Any, ...]], model: GenerativeModel) -> dict[str, tuple[Any, ...]]:
    sizes = {dim: size for dims, values, *_ in variables.values() for dim, size in zip(dims, values.shape, strict=True)}
    names = {"observation": model.observations, "state": model.states, "previous": model.states}
    coords: dict[str, tuple[Any, ...]] = {dim: ((dim,), np.arange(sizes[dim])) for dim in sizes if dim != "part"}
    coords |= {dim: ((dim,), list(names[dim])) for dim in names if dim in sizes}
    coords["decision"] = (("decision",), list(model.decisions), {"units": "1", "long_name": "decision"})
    if "term" in sizes:
        coords["term"] = (("term",), list(TERMS))
    return coords | {dim: ((dim,), list(VALUES)) for dim in sizes if dim.endswith("_value")}


def _check(plan: Plan, points: Sequence[Mapping[str, Any]], records: Sequence[str], progress: Any) -> None:
    check_kind("modulation", plan.modulation, RiskModulation, "for example sf.RiskModulation(window=100)")
    if plan.legacy and plan.method != "dense":
        raise ParameterError("stream = 'legacy' draws from the probabilities of every step; give method='dense' too")
    if plan.legacy and plan.first:
        raise ParameterError(f"first = {plan.first} needs stream='modern': the legacy stream begins with trial 0")
    if progress is not None:
        check_function("progress", progress, "progress(fraction)")
    for point in points:
        check_fit(point["model"], point["task"])
    _check_alike([point["model"] for point in points])
    _check_memory(records, len(points), plan, points[0]["model"])


def _check_alike(models: Sequence[GenerativeModel]) -> None:
    for name in ("a", "b", "c", "observations", "states", "decisions"):
        own = [getattr(model, name) for model in models]
        if len({None if value is None else getattr(value, "shape", value) for value in own}) > 1:
            raise ParameterError(
                f"models that learn side by side differ in {name}; let their counts have the same shapes and names, or "
                f"learn them in calls of their own"
            )


def _check_memory(records: Sequence[str], points: int, plan: Plan, model: GenerativeModel) -> None:
    for name in records:
        check_choice("record", name, list(RECORDS))
    counts = 8 * sum(own.size for own in (model.a, model.b, model.c) if own is not None)
    recorded = plan.trials * plan.T * sum(RECORDS[name].bytes(model) for name in records)
    size = points * (counts + recorded)
    if size > MOST_BYTES:
        less = "record less, or lower trials or T" if recorded > counts else "learn fewer tasks in a call"
        raise ParameterError(
            f"the counts of {points} tasks and the records ({', '.join(records) or 'none'}) may take "
            f"{size / 1e9:.0f} GB, more than {MOST_BYTES / 1e9:.0f} GB; {less}"
        )
