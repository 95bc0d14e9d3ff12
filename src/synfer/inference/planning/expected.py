"""Expected free energy of policies, in both of its forms.

Of a policy pi, a sequence of actions, with q(s) = Q(s_t | pi) predicted from now and q(o) = sum_s P(o|s) q(s):
    G = sum_t  KL[q(o) || P(o)]               risk
             + E_q(s) H[P(o|s)]               ambiguity
      = sum_t - E_q(o) KL[q(s|o) || q(s)]     epistemic value
              - E_q(o) ln P(o)                pragmatic value
    Q(pi) = softmax(-gamma G)
Policies are open-loop: the second step does not know what the first will have shown. So information counts at every
step that would give it, again and again, and a cue is worth its epistemic value, not the better choice that it allows.
References: Friston et al. (2017), Neural Comput. 29:1-49; Da Costa et al. (2020), J. Math. Psychol. 99:102447.
"""

from itertools import product
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import xarray as xr
from scipy.special import softmax, xlogy

from synfer.core.checks import check_choice, check_count, place
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.inference.planning.pomdp import SEPARATOR, Pomdp, check_belief, check_pomdp

Objective = Literal["expected_free_energy", "pragmatic_value"]
MOST_POLICIES = 1_000_000
LONGEST = 10_000
"""Actions of a policy."""
BLOCK = 1 << 20
"""Numbers in one block of q(o, s) over policies."""


class Terms(NamedTuple):
    """Each (policies, steps) [nats]; G = risk + ambiguity."""

    risk: np.ndarray
    ambiguity: np.ndarray
    epistemic_value: np.ndarray
    pragmatic_value: np.ndarray


def construct_policies(pomdp: Pomdp, depth: int) -> np.ndarray:
    """All sequences of `depth` actions: (Nu^depth, depth), the last action changing fastest.

    Example:
        >>> construct_policies(Pomdp(A=np.eye(2), B=np.ones((2, 2, 2)) / 2), depth=2).tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    pomdp, depth = check_pomdp(pomdp), check_count("depth", depth, 1, LONGEST)
    if pomdp.n_actions**depth > MOST_POLICIES:
        raise ParameterError(
            f"depth = {depth} makes {pomdp.n_actions}^{depth} policies and at most {MOST_POLICIES:.0e} are enumerated; "
            f"use a smaller depth"
        )
    return np.array(list(product(range(pomdp.n_actions), repeat=depth)))


def expected_free_energy(
    pomdp: Pomdp,
    policies: Any,
    belief: Any = None,
    *,
    gamma: float = 16.0,
    objective: Objective = "expected_free_energy",
) -> xr.Dataset:
    """What every policy is expected to bring, by term and step, and how probable that makes it.

    Args:
        pomdp: The model.
        policies: (policies, steps) indices of actions, each policy once; or the depth to which all are constructed.
        belief: (Ns,) Q(s) now, before the first action; default D.
        gamma: Precision of policies, >= 0.
        objective: What decides: the expected free energy, or its pragmatic value alone, for a planner that does not
            care to know.

    Returns:
        `risk`, `ambiguity`, `epistemic_value`, `pragmatic_value` (policy, step) [nats]; `expected_free_energy` and
        `q_pi` (policy); `q_action` (action), the posterior of the first action; `policies` (policy, step).

    Raises:
        ParameterError: what does not fit.

    Accuracy: risk + ambiguity = -(epistemic + pragmatic value), two forms computed apart, to 1e-12 of their sizes.

    Example:
        >>> from synfer.inference.planning import t_maze_pomdp
        >>> G = expected_free_energy(t_maze_pomdp(), 2)
        >>> G.q_pi.idxmax().item(), round(float(G.q_action.max()), 3)
        ('cue, cue', 1.0)
    """
    check_pomdp(pomdp)
    sequences = _check_policies(pomdp, policies)
    now = pomdp.D if belief is None else check_belief("belief", belief, pomdp.n_states)
    terms = evaluate(pomdp, sequences, now)
    q_pi = policy_posterior(terms, gamma, objective)
    q_action = action_posterior(sequences, q_pi, pomdp.n_actions)
    both = ("policy", "step")
    variables: dict[str, tuple[Any, ...]] = {name: (both, value) for name, value in terms._asdict().items()}
    variables |= {
        "expected_free_energy": (("policy",), (terms.risk + terms.ambiguity).sum(axis=1)),
        "q_pi": (("policy",), q_pi),
        "q_action": (("action",), q_action),
        "policies": (both, sequences),
    }
    names = [SEPARATOR.join(pomdp.actions[u] for u in own) for own in sequences]
    coords = {
        "policy": (("policy",), names),
        "step": (("step",), np.arange(1, sequences.shape[1] + 1)),
        "action": (("action",), list(pomdp.actions)),
    }
    return dataset(
        variables, coords, verb="expected_free_energy", pomdp=pomdp.digest(), gamma=float(gamma), objective=objective
    )


def evaluate(pomdp: Pomdp, policies: np.ndarray, belief: np.ndarray) -> Terms:
    """All terms of all policies; the two forms share nothing but q(s) and q(o)."""
    likelihood, wanted = pomdp.likelihood, pomdp.log_preference
    conditional = -sum(xlogy(own, own).sum(axis=0) for own in pomdp.A)
    forward = np.moveaxis(pomdp.B, 2, 0)
    q = np.broadcast_to(belief, (len(policies), pomdp.n_states))
    found = np.empty((4, *policies.shape))
    block = max(1, BLOCK // likelihood.size)
    for t in range(policies.shape[1]):
        q = np.einsum("pij,pj->pi", forward[policies[:, t]], q)
        for first in range(0, len(policies), block):
            part = slice(first, first + block)
            own = q[part]
            outcome = own @ likelihood.T
            found[0, part, t] = (xlogy(outcome, outcome) - outcome * wanted).sum(axis=1)
            found[1, part, t] = own @ conditional
            found[2, part, t] = _information(likelihood, own, outcome)
            found[3, part, t] = outcome @ wanted
    risk, ambiguity, epistemic, pragmatic = (found[k] for k in range(4))
    return Terms(risk, ambiguity, epistemic, pragmatic)


def _information(likelihood: np.ndarray, q: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """E_q(o) KL[q(s|o) || q(s)] by Bayes' rule for every joint outcome."""
    joint = likelihood * q[:, None, :]
    happens = outcome[:, :, None]
    posterior = np.divide(joint, happens, out=np.zeros_like(joint), where=happens > 0)
    divergence = (xlogy(posterior, posterior) - xlogy(posterior, q[:, None, :])).sum(axis=2)
    return (outcome * divergence).sum(axis=1)


def policy_posterior(terms: Terms, gamma: float, objective: Objective = "expected_free_energy") -> np.ndarray:
    """Q(pi) = softmax(-gamma G)."""
    number = isinstance(gamma, (int, float, np.number)) and not isinstance(gamma, (bool, complex))
    if not (number and np.isfinite(gamma) and gamma >= 0):
        raise ParameterError(f"gamma = {gamma!r} must be finite and >= 0: the precision of policies; for example 16.0")
    check_choice("objective", objective, get_args(Objective))
    value = terms.pragmatic_value if objective == "pragmatic_value" else -(terms.risk + terms.ambiguity)
    total = value.sum(axis=1)
    with np.errstate(over="ignore"):  # of gamma as large as numbers are, where all but the best have probability 0
        return softmax(gamma * (total - total.max()))


def action_posterior(policies: np.ndarray, q_pi: np.ndarray, n_actions: int) -> np.ndarray:
    """(Nu,) of Q(u): the policies that begin with each action."""
    return np.bincount(policies[:, 0], weights=q_pi, minlength=n_actions)


def _check_policies(pomdp: Pomdp, given: Any) -> np.ndarray:
    """(policies, steps) actions, from that or from a depth."""
    try:
        policies = np.asarray(given)
    except ValueError:
        raise ParameterError("policies are of unlike lengths; give each as many actions") from None
    if policies.ndim == 0:
        return construct_policies(pomdp, given)
    if policies.ndim != 2 or not policies.size or policies.dtype.kind not in "iu":
        raise ParameterError(f"policies have shape {policies.shape} and must be (policies, steps) integers, or a depth")
    wrong = (policies < 0) | (policies >= pomdp.n_actions)
    if wrong.any():
        raise ParameterError(f"{place('policies', policies, wrong)} must be an action in 0..{pomdp.n_actions - 1}")
    _, first = np.unique(policies, axis=0, return_index=True)
    if len(first) < len(policies):
        again = int(np.setdiff1d(np.arange(len(policies)), first)[0])
        raise ParameterError(f"policies[{again}] = {policies[again].tolist()} is there twice; give every policy once")
    return policies
