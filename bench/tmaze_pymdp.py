"""pymdp on the T-maze, in its own interpreter: see peer.py. Takes a model, policy_len, gamma, batch, calls, x64."""

import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import equinox
import jax
import numpy as np

from peer import serve


def prepared(problem: dict) -> tuple:
    """The agent, its compiled step from outcomes and prior to policies, and the arguments of both."""
    jax.config.update("jax_enable_x64", problem["x64"])
    import jax.numpy as jnp
    from pymdp.agent import Agent

    batch = problem["batch"]

    def one(value):
        """The same for every agent of the batch."""
        array = jnp.array(np.array(value))
        return jnp.broadcast_to(array, (batch, *array.shape))

    agent = Agent(
        A=[one(A) for A in problem["A"]],
        B=[one(problem["B"])],
        C=[one(C) for C in problem["C"]],
        D=[one(problem["D"])],
        policy_len=problem["policy_len"],
        gamma=problem["gamma"],
        batch_size=batch,
    )

    @equinox.filter_jit
    def step(agent, outcomes, prior):
        q = agent.infer_states(outcomes, prior)
        return agent.infer_policies(q)

    outcomes = [jnp.full((batch,), own) for own in problem["outcomes"]]
    return step, agent, outcomes, [one(problem["D"])], agent.policies.policy_arr


def main() -> None:
    problem = json.loads(sys.argv[1])
    begun = time.perf_counter()
    step, agent, outcomes, prior, policies = prepared(problem)
    q_pi, neg_G = jax.block_until_ready(step(agent, outcomes, prior))
    built = time.perf_counter() - begun

    def run() -> dict:
        start = time.perf_counter()
        for _ in range(problem["calls"]):
            jax.block_until_ready(step(agent, outcomes, prior))
        return {"seconds": time.perf_counter() - start}

    from importlib.metadata import version

    ready = {
        "version": version("inferactively-pymdp"),
        "built": built,
        "policies": np.asarray(policies)[:, :, 0].tolist(),
        "q_pi": np.asarray(q_pi)[0].tolist(),
        "G": (-np.asarray(neg_G)[0]).tolist(),
    }
    serve(ready, run, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
