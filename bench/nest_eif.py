"""NEST, run by peer.py in an interpreter that has nest: the nearest it offers to EIF or LIF neurons with white noise.

NEST has no neuron with white noise in its equation. noise_generator gives every neuron a Gaussian current of its own,
constant over each step, here with the sd that makes the sd of the free membrane sigma exactly. "eif": aeif_psc_delta
with a = b = 0, an EIF that an adaptive Runge-Kutta-Fehlberg integrates within each step. "lif": iaf_psc_delta, exact
between steps, threshold tested at step ends. Runs go on from each other; a run's time is that of nest.Run.
"""

import json
import os
import sys
import time

import numpy as np

from peer import serve

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import nest  # noqa: E402

C_M = 100.0
# Noise arrives this late [ms]; a few steps, because NEST works in stretches of the shortest delay.
DELAY = 0.1


def population(problem: dict, V: np.ndarray):
    """Neurons with their noise, and what counts their spikes."""
    g_L = C_M / problem["tau_m"]
    if problem["kind"] == "eif":
        parameters = {"g_L": g_L, "E_L": problem["mu"], "V_th": problem["V_T"], "Delta_T": problem["Delta_T"]}
        parameters |= {"V_peak": problem["V_cut"], "a": 0.0, "b": 0.0, "w": 0.0}
        model = "aeif_psc_delta"
    else:
        parameters = {"tau_m": problem["tau_m"], "E_L": problem["mu"], "V_th": problem["V_th"]}
        model = "iaf_psc_delta"
    neurons = nest.Create(
        model, len(V), parameters | {"C_m": C_M, "V_reset": problem["V_reset"], "t_ref": problem["t_ref"]}
    )
    neurons.V_m = V
    decay = np.exp(-problem["dt"] / problem["tau_m"])
    std = problem["sigma"] * g_L * np.sqrt((1 + decay) / (1 - decay))
    noise = nest.Create("noise_generator", 1, {"mean": 0.0, "std": float(std), "dt": problem["dt"]})
    counter = nest.Create("spike_recorder")
    nest.Connect(noise, neurons, syn_spec={"delay": DELAY})
    nest.Connect(neurons, counter, syn_spec={"delay": DELAY})
    return neurons, counter


def main() -> None:
    problem = json.loads(sys.argv[1])
    start = time.perf_counter()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": problem["dt"], "local_num_threads": 1})
    neurons, counter = population(problem, np.load(problem["V"]))
    nest.Prepare()
    ready = {"version": nest.__version__, "build": time.perf_counter() - start}

    def run() -> dict:
        before, began = counter.n_events, time.perf_counter()
        nest.Run(problem["t"])
        seconds = time.perf_counter() - began
        V = np.asarray(neurons.V_m)
        V = V[problem["V_reset"] != V]  # refractory neurons are held there
        spikes = counter.n_events - before
        return {"seconds": seconds, "spikes": int(spikes), "V_mean": float(V.mean()), "V_sd": float(V.std())}

    serve(ready, run, sys.stdin, answers)


if __name__ == "__main__":
    main()
