"""The synfire chain of Brian2's documentation in Brian2 C++ standalone, run by peer.py in an interpreter with brian2.

Model: examples/frompapers "Diesmann et al. 1999" of the Brian2 documentation,

    tau_m dV/dt = V_r - V + x,    tau_s dx/dt = y - x,    tau_s dy/dt = -y + mean + noise xi(t),    y += w per spike,

ten layers of 100 neurons, all to all, Euler; V moves on from reset at once and may not spike for 1 ms. `filtered` =
false is synfer's model instead: the same mean and noise on V itself, without the synapse's filter, and V held at
reset for that time. Trials are chains side by side. Built once; every run starts the binary anew.
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

FILTERED = """
dV/dt = (V_r - V + x)/tau_m : volt
dx/dt = (y - x)/tau_s : volt
dy/dt = -y/tau_s + 25.27*mV/ms + 39.24*mV/ms**0.5*xi : volt
"""
# The low-frequency limit of the same: mu = V_r + tau_s 25.27 mV/ms, sigma = tau_s 39.24 mV/ms^.5 / sqrt(2 tau_m).
WHITE = """
dV/dt = (V_r - V + x + 25.27*mV/ms*tau_s + 39.24*mV/ms**0.5*tau_s*xi)/tau_m : volt (unless refractory)
dx/dt = (y - x)/tau_s : volt
dy/dt = -y/tau_s : volt
"""


def build(problem: dict, folder: str) -> tuple:
    """The compiled network's spikes, and the seconds that took."""
    start = time.perf_counter()
    ms, mV = b2.ms, b2.mV
    b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    b2.defaultclock.dt = problem["dt"] * ms
    layers, width, volleys = problem["layers"], problem["width"], problem["a"]
    names = {"V_r": -70 * mV, "V_t": -55 * mV, "tau_m": 10 * ms, "tau_s": 0.325 * ms, "w": 4.86 * mV}
    neurons = b2.NeuronGroup(
        len(volleys) * layers * width, FILTERED if problem["filtered"] else WHITE, threshold="V > V_t",
        reset="V = V_r", refractory=1 * ms, method="euler", namespace=names,
    )  # fmt: skip
    neurons.V = "V_r + rand()*(V_t - V_r)"
    # Layers are numbered through all trials; the last of a trial projects nowhere.
    forward = b2.Synapses(neurons, neurons, on_pre="y_post += w", namespace=names)
    forward.connect(
        j="k for k in range((i//width + 1)*width, (i//width + 2)*width) if (i//width) % layers < layers - 1",
        namespace={"width": width, "layers": layers},
    )
    draw = np.random.default_rng(problem["seed"])
    trial = np.repeat(np.arange(len(volleys)), volleys)
    spikes = b2.SpikeGeneratorGroup(
        len(trial), np.arange(len(trial)), draw.normal(problem["t0"], problem["sigma_t"], len(trial)) * ms
    )
    entering = b2.Synapses(spikes, neurons, on_pre="y_post += w", namespace=names)
    targets = trial[:, None] * layers * width + np.arange(width)
    entering.connect(i=np.repeat(np.arange(len(trial)), width), j=targets.ravel())
    monitor = b2.SpikeMonitor(neurons)
    b2.Network(neurons, forward, spikes, entering, monitor).run(problem["t"] * ms)
    b2.device.build(directory=folder, run=False, with_output=False)
    return monitor, time.perf_counter() - start


def main() -> None:
    problem = json.loads(sys.argv[1])
    bins = round(problem["t"] / problem["bin"])
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder:
        monitor, seconds = build(problem, folder)

        def run() -> dict:
            b2.device.run(with_output=False)
            layer = np.asarray(monitor.i) // problem["width"]
            # A spike is booked at the start of the step in which it was found.
            at = np.floor(np.asarray(monitor.t / b2.ms) / problem["bin"] + 1e-6).astype(int)
            counts = np.zeros((len(problem["a"]) * problem["layers"], bins), np.int32)
            np.add.at(counts, (layer, at), 1)
            np.save(problem["counts"], counts.reshape(len(problem["a"]), problem["layers"], bins))
            return {"seconds": float(b2.device._last_run_time)}

        serve({"version": b2.__version__, "build": seconds}, run, sys.stdin, answers)


if __name__ == "__main__":
    main()
