"""EIF neurons with white noise in Brian2 C++ standalone, run by peer.py in an interpreter that has brian2.

The equation as a Brian2 user writes it, Euler-Maruyama, Brian2's own compiler flags. Built once; every run starts the
binary anew and takes the time that the binary measures around its own simulation loop.
"""

import json
import os
import sys
import tempfile
import time

import numpy as np

from peer import serve

# The library's own messages must not mix with the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import brian2 as b2  # noqa: E402

EQUATION = """
dv/dt = (mu - v + Delta_T*exp((v - V_T)/Delta_T))/tau_m + sigma*sqrt(2/tau_m)*xi : volt (unless refractory)
"""


def build(problem: dict, folder: str) -> tuple:
    """The compiled network and its monitor, and the seconds that took."""
    start = time.perf_counter()
    b2.prefs.core.default_float_dtype = np.dtype(problem["dtype"]).type
    b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    b2.defaultclock.dt = problem["dt"] * b2.ms
    voltages = ("mu", "sigma", "Delta_T", "V_T", "V_cut", "V_reset")
    names = {name: problem[name] * b2.mV for name in voltages} | {"tau_m": problem["tau_m"] * b2.ms}
    V = np.load(problem["V"])
    neurons = b2.NeuronGroup(
        len(V), EQUATION, threshold="v > V_cut", reset="v = V_reset", refractory=problem["t_ref"] * b2.ms,
        method="euler", namespace=names,
    )  # fmt: skip
    neurons.v = V * b2.mV
    monitor = b2.SpikeMonitor(neurons, record=False)
    b2.Network(neurons, monitor).run(problem["t"] * b2.ms)
    b2.device.build(directory=folder, run=False, with_output=False)
    return neurons, monitor, time.perf_counter() - start


def main() -> None:
    problem = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder:
        neurons, monitor, seconds = build(problem, folder)

        def run() -> dict:
            b2.device.run(with_output=False)
            V = np.asarray(neurons.v / b2.mV, float)[np.asarray(neurons.not_refractory, bool)]
            return {
                "seconds": float(b2.device._last_run_time),
                "spikes": int(monitor.num_spikes),
                "V_mean": float(V.mean()),
                "V_sd": float(V.std()),
            }

        serve({"version": b2.__version__, "build": seconds}, run, sys.stdin, answers)


if __name__ == "__main__":
    main()
