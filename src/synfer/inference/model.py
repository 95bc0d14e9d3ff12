"""Generative models: partially observed Markov decision processes of binary factors, with inverse mappings.

What a network implicitly believes about its inputs: observations o_i, hidden states s_j and decisions d_k are binary;
    A = P(o_t | s_t),  B = P(s_{t-1} | s_t),  C = P(s_{t-1} | d_t),  priors D over states and E over decisions.
B and C map backwards in time, so that ln s_t sums what each of them says (a product of experts). Beliefs about A, B, C
are Dirichlet: counts a, b, c of every pair, [value of pre, pre, value of post, post]. Along an axis of values the first
is 1 and the second 0, as in the block matrix [pre = 1; pre = 0] x [post = 1 | post = 0], which `a.reshape(2 * No, -1)`
is. Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import xarray as xr

from synfer.core.checks import (
    SUM_TOLERANCE,
    check_choice,
    check_kind,
    check_names,
    check_numbers,
    check_positive,
    place,
)
from synfer.core.errors import ParameterError
from synfer.core.frozen import Frozen
from synfer.core.results import dataset

Expectation = Literal["digamma", "ratio"]
VALUES = (1, 0)
AXES = {
    "a": ("observation", "state"),
    "b": ("previous", "state"),
    "c": ("previous", "decision"),
}
"""What counts pair: pre, post."""
PRIORS = {
    "D": ("state", "prior weight of the state"),
    "E": ("decision", "prior weight of the decision"),
    "initial": ("state", "weight of the state before the first step"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class GenerativeModel(Frozen):
    """Counts, priors and names of a model of No observations, Ns states and Nd decisions; immutable.

    Attributes:
        a: (2, No, 2, Ns) counts of (o_t, s_t), > 0; or its block matrix (2 No, 2 Ns).
        b: (2, Ns, 2, Ns) counts of (s_{t-1}, s_t), or None: states that do not depend on the last ones.
        c: (2, Ns, 2, Nd) counts of (s_{t-1}, d_t), or None: decisions that do not depend on states.
        D: (2, Ns) prior weights of s = 1 and s = 0, > 0, normalised or not; (Ns,) are probabilities of s = 1. Default
            1/2.
        E: (Nd,) probabilities of decisions of which one is taken, which sum to 1; or (2, Nd) weights of d = 1 and
            d = 0, > 0, of decisions taken side by side. None: no decisions.
        initial: (2, Ns) weights of s_0 = 1 and s_0 = 0, (Ns,) probabilities; None: what a sequence of states begins
            with, and D where states are inferred.
        expectation: of ln P under the counts: "digamma", exact variational Bayes; or "ratio", ln(a / (a + b)), with
            which a neural cost is the free energy exactly.
        observations, states, decisions: names; default o0, o1, ...

    Raises:
        ParameterError: names the field, the place in it, what was got and what is allowed.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.9]], A0=[[0.2]], total=100)
        >>> model.A[0, 0, :, 0].round(2).tolist(), model.n_decisions
        ([0.9, 0.2], 0)
    """

    a: np.ndarray
    b: np.ndarray | None = None
    c: np.ndarray | None = None
    D: np.ndarray = None  # type: ignore[assignment]  # always an array once the model is made
    E: np.ndarray | None = None
    initial: np.ndarray | None = None
    expectation: Expectation = "digamma"
    observations: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("expectation", self.expectation, get_args(Expectation))
        if self.c is not None and self.E is None:
            raise ParameterError("c is given without E: decisions need a prior; give E, for example E=[0.5, 0.5]")
        a = _counts("a", self.a)
        n_states = a.shape[3]
        b = None if self.b is None else _counts("b", self.b, n_states, n_states)
        D = np.full((2, n_states), 0.5) if self.D is None else _weights("D", self.D, n_states)
        E = None if self.E is None else _decision_weights(self.E)
        n_decisions = 0 if E is None else E.shape[1]
        c = None if self.c is None else _counts("c", self.c, n_states, n_decisions)
        initial = None if self.initial is None else _weights("initial", self.initial, n_states)
        for name, value in {"a": a, "b": b, "c": c, "D": D, "E": E, "initial": initial}.items():
            if value is not None:
                value.setflags(write=False)
            object.__setattr__(self, name, value)
        sizes = {"observations": a.shape[1], "states": n_states, "decisions": n_decisions}
        for axis, size in sizes.items():
            object.__setattr__(self, axis, check_names(axis, getattr(self, axis), size))

    @classmethod
    def from_probabilities(
        cls,
        *,
        A1: Any,
        A0: Any,
        B1: Any = None,
        B0: Any = None,
        C1: Any = None,
        C0: Any = None,
        total: float,
        **others: Any,
    ) -> Self:
        """A model whose counts are `total` times given probabilities of pre = 1.

        Args:
            A1, A0: (No, Ns) P(o = 1 | s = 1) and P(o = 1 | s = 0), in (0, 1).
            B1, B0: (Ns, Ns) P(s_{t-1} = 1 | s_t = 1) and P(s_{t-1} = 1 | s_t = 0), or None.
            C1, C0: (Ns, Nd) P(s_{t-1} = 1 | d_t = 1) and P(s_{t-1} = 1 | d_t = 0), or None.
            total: Counts of every pair, > 0: how slowly the probabilities are learned.
            **others: D, E, initial, expectation and names.
        """
        pairs = {"a": ("A", A1, A0), "b": ("B", B1, B0), "c": ("C", C1, C0)}
        counts = {key: _from_pair(name, one, zero, total) for key, (name, one, zero) in pairs.items()}
        return cls(**counts, **others)

    def __repr__(self) -> str:
        sizes = f"{self.n_observations} observations, {self.n_states} states, {self.n_decisions} decisions"
        return f"GenerativeModel({sizes}, expectation={self.expectation!r}, digest={self.digest()!r})"

    @property
    def n_observations(self) -> int:
        """No."""
        return self.a.shape[1]

    @property
    def n_states(self) -> int:
        """Ns."""
        return self.a.shape[3]

    @property
    def n_decisions(self) -> int:
        """Nd; 0 without decisions."""
        return 0 if self.E is None else self.E.shape[1]

    @property
    def A(self) -> np.ndarray:
        """(2, No, 2, Ns): mean of P(o | s)."""
        return self.a / self.a.sum(0)

    @property
    def B(self) -> np.ndarray | None:
        """(2, Ns, 2, Ns): mean of P(s_{t-1} | s_t)."""
        return None if self.b is None else self.b / self.b.sum(0)

    @property
    def C(self) -> np.ndarray | None:
        """(2, Ns, 2, Nd): mean of P(s_{t-1} | d_t)."""
        return None if self.c is None else self.c / self.c.sum(0)

    def to_dataset(self) -> xr.Dataset:
        """Counts and priors with their axes named: `a` (observation_value, observation, state_value, state) ..."""
        variables: dict[str, tuple[Any, ...]] = {}
        for name, (pre, post) in AXES.items():
            if getattr(self, name) is not None:
                dims = (f"{pre}_value", pre, f"{post}_value", post)
                words = {"units": "1", "long_name": f"counts of {pre} and {post}"}
                variables[name] = (dims, getattr(self, name), words)
        for name, (axis, doc) in PRIORS.items():
            if getattr(self, name) is not None:
                attrs = {"units": "1", "long_name": doc}
                variables[name] = ((f"{axis}_value", axis), getattr(self, name), attrs)
        used = {dim for dims, *_ in variables.values() for dim in dims}
        names = {"observation": self.observations, "state": self.states, "decision": self.decisions}
        labels = names | {"previous": self.states} | {f"{axis}_value": VALUES for axis in (*names, "previous")}
        coords = {axis: ((axis,), list(own)) for axis, own in labels.items() if axis in used}
        return dataset(variables, coords, model=self.digest(), expectation=self.expectation)


def check_model(model: Any) -> GenerativeModel:
    """A generative model."""
    repair = "make one, for example by sf.GenerativeModel.from_probabilities(A1=[[0.9]], A0=[[0.2]], total=100)"
    return check_kind("model", model, GenerativeModel, repair)


def _positive(name: str, value: Any) -> np.ndarray:
    """A float64 copy, finite and > 0."""
    array = check_numbers(name, value, finite=False)
    wrong = ~((array > 0) & np.isfinite(array))
    if wrong.any():
        raise ParameterError(
            f"{place(name, array, wrong)} must be finite and > 0: a count or a weight of "
            f"0 says that something never happens, which nothing can unlearn; give a small positive one"
        )
    return array


def _counts(name: str, value: Any, n_pre: int | None = None, n_post: int | None = None) -> np.ndarray:
    """(2, pre, 2, post) from that or from its block matrix."""
    array = _positive(name, value)
    pre, post = AXES[name]
    if array.ndim == 2 and not (array.shape[0] % 2 or array.shape[1] % 2):
        array = array.reshape(2, array.shape[0] // 2, 2, array.shape[1] // 2)
    expected = (2, n_pre or f"number of {pre}s", 2, n_post or f"number of {post}s")
    fits = array.ndim == 4 and all(
        isinstance(want, str) or want == got for want, got in zip(expected, array.shape, strict=True)
    )
    if not fits or 0 in array.shape:
        shape = ", ".join(map(str, expected))
        raise ParameterError(
            f"{name} has shape {array.shape} and must be ({shape}): [value of {pre}, {pre}, value of {post}, {post}], "
            f"or its block matrix with {pre} = 1 in the upper rows and {post} = 1 in the left columns"
        )
    return _addable(name, array)


def _addable(name: str, array: np.ndarray) -> np.ndarray:
    """Counts or weights of 1 and of 0 whose sum is finite."""
    with np.errstate(over="ignore"):
        wrong = np.broadcast_to(~np.isfinite(array.sum(0)), array.shape)
    if wrong.any():
        raise ParameterError(f"{place(name, array, wrong)} is too large to add up with its pair; give less than 8e307")
    return array


def _weights(name: str, value: Any, size: int) -> np.ndarray:
    """(2, size) weights, from that or from (size,) probabilities of 1."""
    array = _positive(name, value)
    if array.shape == (size,):
        if (array >= 1).any():
            k = int(np.argmax(array >= 1))
            raise ParameterError(
                f"{name}[{k}] = {array[k]:.6g} must be < 1: {name} of shape ({size},) are probabilities; "
                f"weights of s = 1 and s = 0 have shape (2, {size})"
            )
        array = np.stack([array, 1 - array])
    if array.shape != (2, size):
        raise ParameterError(
            f"{name} has shape {array.shape} and must be (2, {size}), weights of s = 1 and s = 0, or ({size},), "
            f"probabilities of s = 1, as there are {size} states along the last axis of a"
        )
    return _addable(name, array)


def _decision_weights(value: Any) -> np.ndarray:
    """(2, Nd) from that, or from (Nd,) probabilities that sum to 1."""
    array = _positive("E", value)
    if array.ndim == 1 and array.size > 1:
        if not abs(array.sum() - 1) <= SUM_TOLERANCE:
            raise ParameterError(
                f"E sums to {array.sum():.9g} over its {array.size} decisions and must sum to 1; "
                f"give E / sum(E), or weights of d = 1 and d = 0 of shape (2, {array.size})"
            )
        array = _positive("1 - E", np.stack([array, 1 - array]))
    if array.ndim != 2 or array.shape[0] != 2 or array.shape[1] == 0:
        raise ParameterError(
            f"E has shape {array.shape} and must be (Nd,), probabilities of 2 or more decisions that sum to 1, "
            f"or (2, Nd), weights of d = 1 and d = 0"
        )
    return _addable("E", array)


def _from_pair(name: str, one: Any, zero: Any, total: float) -> np.ndarray | None:
    if (one is None) != (zero is None):
        raise ParameterError(f"{name}1 and {name}0 go together; give both or neither")
    if one is None:
        return None
    pair = [_positive(f"{name}{v}", matrix) for v, matrix in ((1, one), (0, zero))]
    for v, matrix in zip(VALUES, pair, strict=True):
        if matrix.ndim != 2 or matrix.shape != pair[0].shape or (matrix >= 1).any():
            raise ParameterError(
                f"{name}{v} of shape {matrix.shape} must hold probabilities in (0, 1), pre x post, "
                f"of the shape of {name}1, {pair[0].shape}"
            )
    P = np.stack(pair, axis=1)
    return check_positive("total", total, "for example total=100.0") * np.stack([P, 1 - P])
