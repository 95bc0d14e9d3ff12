"""What a task is: five pure functions of a hashable state. `check_task` executes the contract.

Nothing is inherited and nothing remembered: whatever happens next follows from the state and the action alone, so that
a finite task can be tabulated (`explore`), replayed, and given to many agents at once. What chance there is in a task,
`init` draws from its key into the state.
"""

from collections.abc import Callable, Hashable
from typing import Any, Literal, Protocol

import numpy as np

from synfer.core.checks import check_count, check_kind, shortly
from synfer.core.errors import ParameterError
from synfer.core.seeds import generator

Ordering = Literal["original", "port"]
"""Of a step: act, then observe and decide; or observe, decide, act."""


class Task(Protocol):
    """A world of binary observations in which an agent acts until it is done.

    `outcome` is 0 for progress and 1 for a setback; how outcomes become risk is up to who learns.
    """

    @property
    def n_observations(self) -> int:
        """No."""
        ...

    @property
    def n_actions(self) -> int:
        """Actions are 0 .. n_actions - 1, each possible in every state."""
        ...

    def init(self, key: int) -> Any:
        """The state a trial begins in; the same for the same key."""
        ...

    def observe(self, state: Any) -> np.ndarray:
        """(No,) of 0 and 1."""
        ...

    def step(self, state: Any, action: int) -> Any:
        """The state after the action; the given one stays as it is."""
        ...

    def outcome(self, before: Any, after: Any) -> float:
        """How bad a step was, in [0, 1]; of no step at all, outcome(start, start), before the first action."""
        ...

    def done(self, state: Any) -> bool:
        """Whether the trial ends here."""
        ...


SIZES = {"n_observations": "n_observations, how many they are", "n_actions": "n_actions, how many there are"}
FUNCTIONS = {
    "init": "init(key) -> state",
    "observe": "observe(state) -> (n_observations,) of 0 and 1",
    "step": "step(state, action) -> state",
    "outcome": "outcome(before, after) -> number in [0, 1]",
    "done": "done(state) -> bool",
}
LIMIT = 2_000
"""States that the check visits in full; of larger tasks it walks through a part."""


def check_task(task: Any, *, key: int = 0, steps: int = 1_000, ends: bool = True) -> None:
    """Execute the contract of a task: returns where it is kept, and says what breaks it where it is not.

    Tries every action in every state that can be reached from `init(key)` (the first 2,000 of them), everything twice,
    and then walks at random, twice the same way.

    Args:
        task: Any object with the functions of `Task`.
        key: Of the first state.
        steps: Of the random walk, which begins anew wherever the task is done.
        ends: Whether some state has to be done; False for a task that goes on until time is up.

    Raises:
        ParameterError: what was called with what, what came back, what is allowed, what to do.

    Example:
        >>> from synfer.inference.tasks import TMaze
        >>> check_task(TMaze())
    """
    check_parts(task)
    key, steps = check_count("key", key, 0, 2**63 - 1), check_count("steps", steps, 0)
    check_kind("ends", ends, bool, "give ends=False for a task that goes on until time is up")
    start = _twice(task, "init", key)
    check_hashable("init", (key,), start)
    _check_start(key, start, _check_state(task, start))
    _check_step(task, start, start)
    visited, ended, complete = _visit(task, start)
    _walk(task, start, key, steps)
    if ends and complete and not ended:
        raise ParameterError(
            f"none of the {visited} states that can be reached from init({key}) is done: no trial can reach its end; "
            f"open a way to it, or say check_task(task, ends=False) if the task goes on until time is up"
        )


def check_parts(task: Any) -> None:
    """That a task has the parts that `Task` names; whether they keep the contract, only running them tells."""
    if isinstance(task, type):
        raise ParameterError(f"task = {task.__name__} is a class and must be one of its objects: {task.__name__}(...)")
    missing = [form for name, form in (SIZES | FUNCTIONS).items() if not hasattr(task, name)]
    if missing:
        raise ParameterError(f"task = {shortly(task)} is no task: it lacks {'; '.join(missing)}; declare that")
    for name in SIZES:
        check_count(name, getattr(task, name))
    for name, form in FUNCTIONS.items():
        if not callable(getattr(task, name)):
            raise ParameterError(f"{name} of {_name(task)} is no function; write {form}")


def words(task: Any) -> str:
    """A task in words that are the same in every process."""
    return type(task).__qualname__ if type(task).__repr__ is object.__repr__ else repr(task)


def _walk(task: Any, start: Hashable, key: int, steps: int) -> None:
    """One random walk, walked twice: what is kept outside of the state shows when it is walked again."""
    actions = generator(0, "check_task").integers(task.n_actions, size=steps).tolist()
    paths: list[list[Any]] = [[], []]
    for path in paths:
        state = start
        for action in actions:
            after = call(task, "step", state, action)
            path.append((state, action, after, _flat(task, after), call(task, "outcome", state, after)))
            state = start if ended(task, after) else after
    for first, second in zip(*paths, strict=True):
        if first != second:
            state, action = first[:2]
            raise ParameterError(
                f"the same actions from init({key}) gave another course when they were taken again: "
                f"step({state!r}, {action}) led to {first[2]!r}, then to {second[2]!r}{_PURE}"
            )


def _visit(task: Any, start: Hashable) -> tuple[int, bool, bool]:
    """Every action in every state: how many states, whether one of them is done, whether these are all."""
    known, queue, ended = {start}, [start], False
    for state in queue:
        if _check_state(task, state):
            ended = True
            continue
        for action in range(task.n_actions):
            after = _twice(task, "step", state, action)
            check_hashable("step", (state, action), after)
            _check_step(task, state, after)
            if after not in known:
                if len(known) >= LIMIT:
                    return len(known), ended, False
                known.add(after)
                queue.append(after)
    return len(known), ended, True


def _check_state(task: Any, state: Hashable) -> bool:
    """Observation and end of one state; whether it is done."""
    seen = _check_observation(task, state, call(task, "observe", state))
    _same_again(task, "observe", (state,), seen)
    done = ended(task, state)
    _same_again(task, "done", (state,), done)
    return done


def begin(task: Any, key: int) -> Hashable:
    """The state that a trial begins in, or a ParameterError: it cannot be hashed, or is done already."""
    start = call(task, "init", key)
    check_hashable("init", (key,), start)
    _check_start(key, start, ended(task, start))
    return start


def ended(task: Any, state: Hashable) -> bool:
    """Whether the trial ends in a state, or a ParameterError where `done` says neither True nor False."""
    done = call(task, "done", state)
    if not isinstance(done, (bool, np.bool_)):
        raise ParameterError(f"done({state!r}) = {shortly(done)} must be True or False; return bool(...)")
    return bool(done)


def observed(task: Any, state: Hashable) -> np.ndarray:
    """(No,) uint8: what a state shows, or a ParameterError that says what is wrong with it."""
    return _check_observation(task, state, call(task, "observe", state)).astype(np.uint8)


def judged(task: Any, before: Hashable, after: Hashable) -> float:
    """The outcome of a step, or a ParameterError that says what is wrong with it."""
    return _check_outcome(before, after, call(task, "outcome", before, after))


def _check_start(key: int, start: Hashable, done: bool) -> None:
    if done:
        raise ParameterError(f"init({key}) = {start!r} is done already: no trial can begin; start elsewhere")


def _check_observation(task: Any, state: Hashable, seen: Any) -> np.ndarray:
    try:
        values = np.asarray(seen)
    except ValueError:
        raise ParameterError(
            f"observe({state!r}) = {shortly(seen)} is ragged; give one number 0 or 1 for each observation"
        ) from None
    if values.shape != (task.n_observations,):
        raise ParameterError(
            f"observe({state!r}) has shape {values.shape} and must have ({task.n_observations},), one value for each "
            f"of n_observations; flatten it, or declare n_observations = {values.size}"
        )
    if values.dtype.kind not in "buif":
        raise ParameterError(
            f"observe({state!r}) is of type {values.dtype} and must be numbers, each 0 or 1; convert it"
        )
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ParameterError(f"observe({state!r})[{k}] = {values[k]!s} must be 0 or 1; code it by binary observations")
    return values


def _check_step(task: Any, before: Hashable, after: Hashable) -> None:
    found = _check_outcome(before, after, call(task, "outcome", before, after))
    _same_again(task, "outcome", (before, after), found)


def _check_outcome(before: Hashable, after: Hashable, value: Any) -> float:
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or not 0 <= value <= 1:
        raise ParameterError(
            f"outcome({before!r}, {after!r}) = {value!r} must be a number in [0, 1]: 0 progress, 1 setback; scale it"
        )
    return float(value)


def check_hashable(name: str, arguments: tuple[Any, ...], state: Any) -> None:
    try:
        hash(state)
    except TypeError:
        raise ParameterError(
            f"{name}{_show(arguments)} is a {type(state).__name__}, which cannot be hashed; "
            f"let states be numbers, text or tuples of them"
        ) from None


_PURE = "; let what happens depend on the state and the action alone, and draw chance in init(key), into the state"


def _twice(task: Any, name: str, *arguments: Any) -> Any:
    """What a function returns, twice the same."""
    return _same_again(task, name, arguments, call(task, name, *arguments))


def _same_again(task: Any, name: str, arguments: tuple[Any, ...], first: Any) -> Any:
    second = call(task, name, *arguments)
    if not _same(first, second):
        said = f"{name}{_show(arguments)} gave {first!r}"
        if repr(first) == repr(second):
            raise ParameterError(f"{said} twice, and one is not equal to the other; leave NaN out, and define __eq__")
        raise ParameterError(f"{said}, and then {second!r}{_PURE}")
    return first


def _same(first: Any, second: Any) -> bool:
    try:
        return bool(first == second)
    except ValueError:  # arrays
        return np.array_equal(first, second)


_POSSIBLE = dict.fromkeys(FUNCTIONS, "make it possible for every state that can be reached") | {
    "init": "let every key give a state",
    "step": "let every action be possible in every state that can be reached",
}


def call(task: Any, name: str, *arguments: Any) -> Any:
    """What a function of a task gives, or a ParameterError that says what it was called with and how it failed."""
    function: Callable[..., Any] = getattr(task, name)
    try:
        return function(*arguments)
    except Exception as error:
        raise ParameterError(
            f"{name}{_show(arguments)} of {_name(task)} failed ({type(error).__name__}: {error}); {_POSSIBLE[name]}"
        ) from error


def _flat(task: Any, state: Any) -> bytes:
    seen = _check_observation(task, state, call(task, "observe", state))
    return seen.astype(np.float64).tobytes()


def _show(arguments: tuple[Any, ...]) -> str:
    return f"({', '.join(map(repr, arguments))})"


def _name(task: Any) -> str:
    return type(task).__name__
