"""The public port `reverse-engineering-py` on one culture's recording, in its own interpreter: see peer.py.

Takes data (.npz of spikes, stimulus and input (session, step, .), and base), out (.npz), learn, insensitivity and gain.
It has read the data before; every run is that many analyses from the counts, with the functions of its module
`analysis`. What the first one found is written to `out`. Its arrays are of bytes, in the order in memory with which it
is fastest.
"""

import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from memory import peak
from peer import serve

FOUND = ("x", "W1", "W0", "L", "x_forecast", "W1_forecast", "W0_forecast")


def allocated(task: Callable[[], object]) -> float:
    """Most that a task allocates beyond what there was before [MB]."""
    tracemalloc.start()
    task()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def columns(data: Any) -> tuple[np.ndarray, ...]:
    """Spikes, stimulus and input with a column for every stimulus, one session after the other."""
    return tuple(data[name].reshape(-1, data[name].shape[2]).T for name in ("spikes", "stimulus", "input"))


def analysis(problem: dict[str, Any], data: Any) -> Callable[[], tuple[np.ndarray, ...]]:
    """One analysis of the culture: thresholds, weights and cost of all sessions, and the forecast; see FOUND."""
    from reverse_engineering import analysis as port

    sessions, steps = data["spikes"].shape[:2]
    learn, insensitivity, gain = problem["learn"], problem["insensitivity"], problem["gain"]
    r, s, o = columns(data)
    base = float(data["base"])

    def analysed() -> tuple[np.ndarray, ...]:
        x = port.normalize_responses(r, s, base, sessions, steps)
        first = x[:, : learn * steps]
        phi = port.estimate_firing_threshold_factor(first)
        W1, W0, L = port.estimate_from_responses(x, o, *phi, sessions, insensitivity)
        known = W1[..., :learn], W0[..., :learn]
        return x, W1, W0, L, *port.predict_from_initial_responses(first, o, *known, *phi, steps, insensitivity, gain)

    return analysed


def main() -> None:
    problem = json.loads(sys.argv[1])
    with np.load(problem["data"]) as file:
        analysed = analysis(problem, dict(file))
    np.savez(problem["out"], **dict(zip(FOUND, analysed(), strict=True)))
    ready = {"version": version("reverse-engineering-py"), "peak": peak(), "allocated": allocated(analysed)}

    def run() -> dict:
        begun = time.process_time()
        for _ in range(problem["analyses"]):
            analysed()
        return {"seconds": (time.process_time() - begun) / problem["analyses"]}

    serve(ready, run, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
