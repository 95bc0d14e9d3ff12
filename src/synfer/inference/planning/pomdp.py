"""Partially observed Markov decision processes over categories, as planners state them.

    A_m = P(o_m | s),  B = P(s' | s, u),  D = P(s_1),  preferences P(o_m) = softmax(C_m)
Outcomes of the modalities m are independent given the state. B maps forwards in time, as a planner needs it; in
`GenerativeModel` it maps backwards, as a network does.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synfer.core.checks import SUM_TOLERANCE, check_kind, check_names, check_numbers, place, shortly
from synfer.core.errors import ParameterError

FARTHEST = 1e100
"""Preferences at most [nats], so that sums of them stay numbers."""
SEPARATOR = ", "
"""Between the actions of a policy, in its name."""
LARGEST = 10_000_000
"""Most numbers in P(o, s) over joint outcomes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pomdp:
    """A model of Ns states, Nu actions and M outcome modalities; immutable.

    Attributes:
        A: M arrays (No_m, Ns) of P(o_m | s), or one such array; columns sum to 1.
        B: (Ns, Ns, Nu) of P(s' | s, u): [s', s, u]; columns sum to 1.
        C: M arrays (No_m,) of preferences [nats]: ln P(o_m) but for a constant. Default: none, all 0.
        D: (Ns,) of P(s_1). Default 1/Ns.
        modalities, states, actions: names; default m0, s0, u0, ...
        likelihood: (O, Ns) P(o | s) of the joint outcomes of all modalities that some state can give.
        log_preference: (O,) ln P(o) of the same [nats].

    Raises:
        ParameterError: names the field, the place in it, what was got and what is allowed.

    Example:
        >>> coin = Pomdp(A=[[0.9, 0.2], [0.1, 0.8]], B=np.eye(2)[:, :, None], C=[1, 0])
        >>> coin.n_states, coin.n_actions, coin.n_outcomes
        (2, 1, (2,))
    """

    A: tuple[np.ndarray, ...]
    B: np.ndarray
    C: tuple[np.ndarray, ...] = ()
    D: np.ndarray = None  # type: ignore[assignment]  # always an array once the model is made
    modalities: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    likelihood: np.ndarray = field(init=False, repr=False)
    log_preference: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        B = _probabilities("B", self.B, 3)
        n_states = B.shape[0]
        if B.shape[1] != n_states:
            raise ParameterError(f"B has shape {B.shape} and must be (Ns, Ns, Nu): [next state, state, action]")
        A = tuple(_probabilities(f"A[{m}]", own, 2) for m, own in enumerate(_modalities("A", self.A, 2)))
        for m, own in enumerate(A):
            if own.shape[1] != n_states:
                raise ParameterError(
                    f"A[{m}] has shape {own.shape} and must be (No, {n_states}): [outcome, state], as B has "
                    f"{n_states} states"
                )
        given = _modalities("C", self.C, 1, empty=True) or [np.zeros(len(own)) for own in A]
        C = tuple(_numbers(f"C[{m}]", own, 1) for m, own in enumerate(given))
        for m, own in enumerate(C):
            _refuse(f"C[{m}]", own, abs(own) > FARTHEST, f"must be a preference within {FARTHEST:g} nats")
        if [len(own) for own in C] != [len(own) for own in A]:
            raise ParameterError(
                f"C prefers among {[len(own) for own in C]} outcomes and must have one number for each outcome of "
                f"each modality of A, {[len(own) for own in A]}"
            )
        D = np.full(n_states, 1 / n_states) if self.D is None else check_belief("D", self.D, n_states)
        likelihood, log_preference = _joint(A, C)
        made = {"A": A, "B": B, "C": C, "D": D, "likelihood": likelihood, "log_preference": log_preference}
        for name, value in made.items():
            for array in value if isinstance(value, tuple) else (value,):
                array.setflags(write=False)
            object.__setattr__(self, name, value)
        for axis, (letter, size) in {
            "modalities": ("m", len(A)), "states": ("s", n_states), "actions": ("u", B.shape[2])
        }.items():  # fmt: skip
            names = getattr(self, axis)
            default = isinstance(names, tuple) and not names
            own = check_names(axis, [f"{letter}{k}" for k in range(size)] if default else names, size)
            object.__setattr__(self, axis, own)
        for name in self.actions:
            if SEPARATOR in name:
                raise ParameterError(f"actions holds {name!r}; leave out {SEPARATOR!r}, which parts those of a policy")

    @property
    def n_states(self) -> int:
        """Ns."""
        return self.B.shape[0]

    @property
    def n_actions(self) -> int:
        """Nu."""
        return self.B.shape[2]

    @property
    def n_outcomes(self) -> tuple[int, ...]:
        """No_m of every modality."""
        return tuple(len(own) for own in self.A)

    def digest(self) -> str:
        """What tells one model from another, in 32 letters."""
        names = (self.modalities, self.states, self.actions)
        digest = hashlib.blake2b(repr(names).encode(), digest_size=16)
        for array in (*self.A, self.B, *self.C, self.D):
            digest.update(str(array.shape).encode() + (array + 0.0).astype("<f8").tobytes())  # + 0.0 makes 0 of -0
        return digest.hexdigest()


def check_pomdp(pomdp: Any) -> Pomdp:
    """A Pomdp."""
    return check_kind("pomdp", pomdp, Pomdp, "for example sf.t_maze_pomdp()")


def check_belief(name: str, value: Any, n_states: int) -> np.ndarray:
    """(Ns,) probabilities that sum to 1."""
    belief = _probabilities(name, value, 1)
    if len(belief) != n_states:
        raise ParameterError(f"{name} has {len(belief)} probabilities and must have {n_states}, one for each state")
    return belief


def _modalities(name: str, value: Any, ndim: int, empty: bool = False) -> list[Any]:
    """A list of arrays from that or from a single one."""
    if isinstance(value, str) or not isinstance(value, Iterable) or not getattr(value, "ndim", 1):
        raise ParameterError(f"{name} = {shortly(value)} must be a list of arrays, one for each modality")
    own = list(value)
    if not own and not empty:
        raise ParameterError(f"{name} is empty; give an array for each modality, at least one")
    depth, inner = 0, value
    while isinstance(inner, (list, tuple, np.ndarray)) and len(inner):
        depth, inner = depth + 1, inner[0]
    return [value] if depth == ndim else own


def _numbers(name: str, value: Any, ndim: int) -> np.ndarray:
    """A float64 copy, finite, of so many dims."""
    array = check_numbers(name, value)
    if array.ndim != ndim or array.size == 0:
        raise ParameterError(f"{name} has shape {array.shape} and must have {ndim} dims, none of them empty")
    return array


def _probabilities(name: str, value: Any, ndim: int) -> np.ndarray:
    """Probabilities that sum to 1 along the first axis, to the last digit."""
    array = _numbers(name, value, ndim)
    _refuse(name, array, array < 0, "is a probability and must be >= 0")
    total = array.sum(axis=0)
    wrong = ~(np.abs(total - 1) <= SUM_TOLERANCE)
    if np.any(wrong):
        at = np.unravel_index(int(np.argmax(wrong)), total.shape)
        where = f"[{', '.join([':', *map(str, at)])}]"
        raise ParameterError(
            f"{name}{where} sums to {total[at]:.9g} and must sum to 1; divide it by its sum along the first axis"
        )
    return array / total


def _refuse(name: str, array: np.ndarray, wrong: np.ndarray, why: str) -> None:
    if wrong.any():
        raise ParameterError(f"{place(name, array, wrong)} {why}")


def _joint(A: tuple[np.ndarray, ...], C: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """P(o | s) and ln P(o), one modality after the other, of what can happen."""
    joint, wanted = np.ones((1, A[0].shape[1])), np.zeros(1)
    for own, preference in zip(A, C, strict=True):
        if joint.size * len(own) > LARGEST:
            raise ParameterError(
                f"A has {joint.size * len(own)} pairs of joint outcome and state or more, and enumeration takes at "
                f"most {LARGEST:.0e}; leave out modalities that nobody prefers and that tell nothing"
            )
        joint = (joint[:, None, :] * own[None, :, :]).reshape(-1, own.shape[1])
        wanted = (wanted[:, None] + preference - np.logaddexp.reduce(preference)).ravel()
        happens = joint.any(axis=1)
        joint, wanted = joint[happens], wanted[happens]
    return joint, wanted
