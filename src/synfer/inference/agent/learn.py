"""Agents that learn tasks: the verb."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError, did_you_mean
from synfer.core.machine import cores
from synfer.core.points import broadcast, is_sequence
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, child

from ..model import AXES, VALUES, GenerativeModel
from ..tasks import Task
from .modulation import RiskModulation
from .records import RECORDS, Keeper, gather
from .trial import TERMS, Plan, Trial, run

Method = Literal["table", "dense"]
Ordering = Literal["original", "port"]
Stream = Literal["modern", "legacy"]
MOST_BYTES = 8e9
LIMIT = 20_000
TASK = ("n_observations", "n_actions", "init", "observe", "step", "outcome", "done")


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
    depth: int = 1,
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
        method: "table": beliefs of walks through the task's graph of `depth` steps, computed once a trial. "dense":
            the recursion itself, step by step; for a task of more than `limit` states, through its functions.
        depth: States before the present one that the table remembers, >= 1.
        ordering: "original": moves by the last decision, then observes and infers. "port": observes, infers, and then
            moves by the present decision; the goal is not seen, and an outcome belongs to its own decision.
        stream: "modern"; or "legacy", the draws of numpy's RandomState(seed), which needs method="dense".
        record: Of "terms" (of the free energy, by `term`), "E_est" (frequencies of the decisions from t = 2 on),
            "Gamma" (by window), and by step t = 0 .. t_end "d" (decision), "outcome", "state" (its numbers, as
            `state_number`), "s" and "q_d"; NaN or -1 after the end of a trial.
        limit: Most states of a task that is tabulated.
        workers: Threads; default one for each core. Results do not depend on it.
        progress: Called with the fraction done.

    model, task and seed may be sequences: they broadcast to a `maze` dimension. One seed gives each task its own, which
    the coordinate `seed` tells.

    Returns:
        Dataset with `steps` (t_end + 1, at most T), `reached` (steps < T) and `free_energy` [nats] (before what is
        learned from the trial, t = 1 .. t_end - 1) by `trial`; the counts `a`, `b`, `c` at the end; and records.

    Raises:
        ParameterError: sizes that do not fit, a task too large for tables, a record too large for memory.
        NumericalError: a free energy that is not finite, with the term and the trial.

    Accuracy: dense is exact. With depth 1 the law of decisions in fresh mazes differs by about 1e-7 in total variation
        per step, and by 1e-5 to 1e-4 on average (up to 3e-2) after 90 trials; with depth 2 six to twenty times less.
        Where beliefs remember more than `depth` states (persistent states, weak evidence) the table errs: use dense.
        A course that branches off goes its own way.

    References:
        Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, methods.

    Example:
        >>> import synfer as sf
        >>> run = sf.learn(sf.maze_model(0.35), sf.Maze.generate(seed=3), trials=2, seed=1, T=2000)
        >>> run.steps.shape, run.c.shape
        ((2,), (2, 121, 2, 256))
    """
    plan = Plan(
        trials=_check_count("trials", trials, 1),
        first=_check_count("first", first, 0),
        T=_check_count("T", T, 3),
        method=_check_choice("method", method, get_args(Method)),
        depth=_check_count("depth", depth, 1),
        infers_first=_check_choice("ordering", ordering, get_args(Ordering)) == "port",
        legacy=_check_choice("stream", stream, get_args(Stream)) == "legacy",
        modulation=RiskModulation() if modulation is None else modulation,
        limit=_check_count("limit", limit, 1),
    )
    if plan.legacy and plan.method != "dense":
        raise ParameterError("stream = 'legacy' draws from the probabilities of every step; give method='dense' too")
    if plan.legacy and plan.first:
        raise ParameterError(f"first = {first} needs stream='modern': the legacy stream begins with trial 0")
    points, many = broadcast(model=model, task=task, seed=seed)
    for point in points:
        _check_pair(point["model"], point["task"])
    some: GenerativeModel = points[0]["model"]
    _check_alike([point["model"] for point in points])
    records = (record,) if isinstance(record, str) else tuple(record)
    _check_records(records, len(points) * plan.trials * plan.T, some)
    if many and not is_sequence(seed):
        seeds = [own_seed(point["seed"], k) for k, point in enumerate(points)]
    else:
        seeds = [check_seed(point["seed"]) for point in points]
    keepers, counts = _side_by_side(points, seeds, plan, records, workers, progress)
    variables: dict[str, tuple[Any, ...]] = dict(gather(keepers))
    variables["reached"] = (("trial",), variables["steps"][1] < plan.T)
    for name, (pre, post) in AXES.items():
        if name in counts[0]:
            dims = (f"{pre}_value", pre, f"{post}_value", post)
            words = {"units": "1", "long_name": f"counts of {pre} and {post}"}
            variables[name] = (dims, _stack([own.pop(name) for own in counts]), words)
    if many:
        variables = {name: (("maze", *dims), *rest) for name, (dims, *rest) in variables.items()}
    else:
        variables = {name: (dims, values[0], *rest) for name, (dims, values, *rest) in variables.items()}
    coords = _coords(variables, some)
    coords["trial"] = (("trial",), plan.first + np.arange(plan.trials))
    if many:
        coords["seed"] = (("maze",), np.array(seeds), {"units": "1", "long_name": "seed of the decisions"})
    arguments = {
        "model": [_digest(point["model"]) for point in points],
        "task": [_words(point["task"]) for point in points],
        "seed": seeds,
        "ordering": ordering,
        "stream": stream,
        "record": records,
    } | {name: getattr(plan, name) for name in ("trials", "first", "T", "modulation", "method", "depth", "limit")}
    return dataset(variables, coords, verb="learn", spec=arguments, status="ok")


def own_seed(seed: int, k: int) -> int:
    """The seed of the k-th of several tasks."""
    return child(seed, "learn", str(k))


def _side_by_side(
    points: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
    plan: Plan,
    records: Sequence[str],
    workers: int | None,
    progress: Callable[[float], None] | None,
) -> tuple[list[Keeper], list[dict[str, np.ndarray]]]:
    """Every task in a thread of its own, as many at a time as there are workers: kernels do not hold the GIL."""
    keepers = [Keeper(records) for _ in points]
    lock, stopped, done = threading.Lock(), threading.Event(), 0

    def one(k: int) -> dict[str, np.ndarray]:
        def keep(trial: Trial) -> None:
            nonlocal done
            keepers[k](trial)
            with lock:
                done += 1
                if progress is not None:
                    progress(done / (len(points) * plan.trials))

        return run(points[k]["model"], points[k]["task"], seeds[k], plan, keep, stopped.is_set)

    count = _check_count("workers", workers, 1) if workers is not None else cores()
    if min(count, len(points)) == 1:
        return keepers, [one(k) for k in range(len(points))]
    with ThreadPoolExecutor(min(count, len(points))) as pool:
        try:
            return keepers, list(pool.map(one, range(len(points))))
        except BaseException:
            stopped.set()
            raise


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


def _words(task: Task) -> str:
    """A task in words that are the same in every process."""
    return type(task).__qualname__ if type(task).__repr__ is object.__repr__ else repr(task)


def _digest(model: GenerativeModel) -> str:
    """What tells one model from another, in 32 letters."""
    digest = hashlib.blake2b(model.expectation.encode(), digest_size=16)
    for array in (model.a, model.b, model.c, model.D, model.E, model.initial):
        digest.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _check_pair(model: object, task: Any) -> None:
    if not isinstance(model, GenerativeModel):
        raise ParameterError(f"model = {model!r} must be a GenerativeModel; for example sf.maze_model(0.25)")
    if model.c is None or model.E is None:
        raise ParameterError("the model takes no decisions; give it c and E, as sf.maze_model() has them")
    missing = [name for name in TASK if not hasattr(task, name)]
    if missing:
        raise ParameterError(f"task = {task!r} has no {', '.join(missing)}; sf.check_task(task) says what it needs")
    if model.n_observations != task.n_observations:
        raise ParameterError(
            f"the model has {model.n_observations} observations and the task shows {task.n_observations}; "
            f"give a model with a of shape (2, {task.n_observations}, 2, Ns)"
        )
    if model.n_decisions % task.n_actions:
        raise ParameterError(
            f"the model has {model.n_decisions} decisions, which must be a multiple of the task's {task.n_actions} "
            f"actions, as many of each that begin with it"
        )


def _check_alike(models: Sequence[GenerativeModel]) -> None:
    for name in ("a", "b", "c", "observations", "states", "decisions"):
        own = [getattr(model, name) for model in models]
        if len({None if value is None else getattr(value, "shape", value) for value in own}) > 1:
            raise ParameterError(
                f"models that learn side by side differ in {name}; let their counts have the same shapes and names, or "
                f"learn them in calls of their own"
            )


def _check_records(records: Sequence[str], steps: int, model: GenerativeModel) -> None:
    for name in records:
        _check_choice("record", name, list(RECORDS))
    size = steps * sum(RECORDS[name].bytes(model) for name in records)
    if size > MOST_BYTES:
        raise ParameterError(
            f"the records {', '.join(records)} may take {size / 1e9:.0f} GB, more than {MOST_BYTES / 1e9:.0f} GB; "
            f"record less, or lower trials or T"
        )


def _check_count(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ParameterError(f"{name} = {value!r} must be a whole number >= {least}; for example {name} = {least + 1}")
    return int(value)


def _check_choice(name: str, value: object, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ParameterError(f"{name} = {value!r} is unknown{did_you_mean(str(value), allowed)}")
    return str(value)
