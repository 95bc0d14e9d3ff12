"""Planning in the T-maze against pymdp, in its own interpreter: same model, same policies, same belief."""

from contextlib import ExitStack
from typing import Any

import numpy as np

from measure import Row, Settings, Table, bound_row, interleaved, ns, ratio, ratio_row
from peer import missing, started
from synfer.inference.planning import Pomdp, expected_free_energy, t_maze_pomdp
from synfer.inference.planning.expected import action_posterior, construct_policies, evaluate, policy_posterior
from synfer.inference.planning.filtering import update

DEPTH, GAMMA, OUTCOMES = 2, 16.0, (0, 0, 0)
BATCH = 100


def problem(pomdp: Pomdp, batch: int, calls: int, x64: bool) -> dict[str, Any]:
    """What the peer is told; preferences are normalised, so that its G has the same constant."""
    C = [(own - np.logaddexp.reduce(own)).tolist() for own in pomdp.C]
    model = {"A": [own.tolist() for own in pomdp.A], "B": pomdp.B.tolist(), "C": C, "D": pomdp.D.tolist()}
    return model | {
        "policy_len": DEPTH, "gamma": GAMMA, "outcomes": list(OUTCOMES), "batch": batch, "calls": calls, "x64": x64,
    }  # fmt: skip


def own_step(pomdp: Pomdp, policies: np.ndarray) -> None:
    """From outcomes and prior to the posterior of actions, nothing remembered."""
    belief, _ = update(pomdp, pomdp.D, OUTCOMES)
    q_pi = policy_posterior(evaluate(pomdp, policies, belief), GAMMA)
    action_posterior(policies, q_pi, pomdp.n_actions)


def measured(settings: Settings) -> Table:
    """One planner, and a hundred."""
    title = "planning in the T-maze"
    notes = [
        f"A planning step: filter one outcome, evaluate 16 policies of {DEPTH} actions. Arrays, no labels.",
        "pymdp: infer_states and infer_policies in one compiled function, its default float32, one thread, compiled",
        "before. synfer takes a hundred planners one after the other; act() remembers beliefs that come back.",
        "pymdp sums information over modalities: a bound of the joint one, and the same where no two modalities tell",
        "of the same thing, as in the T-maze.",
    ]
    reason = missing(settings.peer_python, "pymdp")
    if reason:
        return Table(title, "planning step", [], [f"skipped, {settings.peer_python} cannot import pymdp: {reason}"])
    pomdp, calls = t_maze_pomdp(), settings.choose(100, 1000)
    policies = construct_policies(pomdp, DEPTH)
    with ExitStack() as open_peers:
        kinds = {
            "pymdp": (1, calls, False),
            "pymdp, 100 at a time": (BATCH, max(1, calls // BATCH), False),
            "pymdp, float64": (1, 1, True),
        }
        peers = {
            name: open_peers.enter_context(started(settings.peer_python, "tmaze_pymdp.py", problem(pomdp, *kind)))
            for name, kind in kinds.items()
        }
        exact = peers.pop("pymdp, float64")
        single = peers["pymdp"]
        tasks: dict[str, Any] = {name: (lambda peer=peer: peer.run()["seconds"]) for name, peer in peers.items()}

        def own() -> None:
            for _ in range(calls):
                own_step(pomdp, policies)

        seconds = interleaved(tasks | {"synfer": own}, settings.choose(3, 9))
        work = max(1, calls // BATCH) * BATCH
        rows = [
            Row("pymdp", ns(seconds["pymdp"], calls)),
            Row("pymdp, 100 at a time", ns(seconds["pymdp, 100 at a time"], work)),
        ]
        cost = ns(seconds["synfer"], calls)
        rows.append(ratio_row("pymdp / synfer", cost, ratio(seconds["pymdp"], seconds["synfer"])))
        rows.append(
            ratio_row(
                "pymdp, 100 at a time / synfer",
                cost,
                ratio(seconds["pymdp, 100 at a time"], seconds["synfer"], calls / work),
            )
        )
        for name, peer, limit in (("float64", exact, 1e-12), ("float32", single, 1e-5)):
            mine = expected_free_energy(pomdp, np.array(peer.ready["policies"]), gamma=GAMMA)
            G = mine.expected_free_energy.values
            worst = float(np.max(np.abs(G - peer.ready["G"]) / np.abs(G)))
            rows.append(bound_row(f"G of pymdp in {name}, largest relative difference", worst, limit))
        notes.append(
            f"pymdp {single.ready['version']}, built and compiled in {single.ready['built']:.1f} s, not counted."
        )
    return Table(title, "planning step", rows, notes)
