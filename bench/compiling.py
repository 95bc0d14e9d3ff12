"""Compile time, apart from everything else: in a new process with an empty cache, and in the next one."""

import json
import os
import subprocess
import sys
import tempfile

from measure import Row, Settings, Table, bound_row

# Every kernel a user meets: one population and several, both schemes, both precisions, both kinds of threshold.
CHILD = """
import json, sys, time
started = time.perf_counter()
import synfer as sf
seconds = {"import synfer": time.perf_counter() - started}
eif, lif, noise = sf.EIF.fourcaud2003(), sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2), sf.Noise(mu=-65, sigma=3)
many = [sf.Noise(mu=mu, sigma=3) for mu in (-65, -64.9, -64.8, -64.7)]

def evolve(drive, **more):
    sf.evolve(lif, drive, t=1.0, **more)

calls = {
    "stationary": lambda: sf.stationary(eif, noise),
    "response": lambda: sf.response(eif, noise, frequency=[10.0]),
    "evolve": lambda: evolve(noise),
    "evolve, many points": lambda: evolve(many),
    "evolve, float32": lambda: evolve(noise, dtype="float32"),
    "evolve, many points, float32": lambda: evolve(many, dtype="float32"),
    "evolve, no refractory time": lambda: sf.evolve(sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=0), noise, t=1.0),
    "evolve, backward Euler": lambda: evolve(noise, scheme="backward-euler"),
    "simulate": lambda: sf.simulate(eif, noise, t=1.0, n=100, record=("p", "spikes")),
    "simulate, float32": lambda: sf.simulate(eif, noise, t=1.0, n=100, record=("p", "spikes"), dtype="float32"),
    "simulate LIF": lambda: sf.simulate(lif, noise, t=1.0, n=100),
    "simulate LIF, float32": lambda: sf.simulate(lif, noise, t=1.0, n=100, dtype="float32"),
}
chosen = sys.argv[1:] or list(calls)
for name in chosen:
    before = time.perf_counter()
    calls[name]()
    seconds[name] = time.perf_counter() - before
print(json.dumps(seconds))
"""
COLD, WARM, IMPORT = 60.0, 1.0, 0.3


def fresh(cache: str, *chosen: str) -> dict[str, float]:
    """Seconds of the first calls in a new process that caches in this folder."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    ran = subprocess.run([sys.executable, "-c", CHILD, *chosen], env=environment, capture_output=True, text=True)
    if ran.returncode != 0:
        raise RuntimeError(f"the first calls failed:\n{ran.stderr[-2000:]}")
    return json.loads(ran.stdout)


def measured(settings: Settings) -> Table:
    """Cold once; warm, every first call in a process of its own."""
    processes = settings.choose(1, 3)
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as cache:
        cold = fresh(cache)
        calls = [name for name in cold if name != "import synfer"]
        runs = {name: [fresh(cache, name) for _ in range(processes)] for name in calls}
    warm = {name: min(seconds[name] for seconds in runs[name]) for name in calls}
    imported = min(seconds["import synfer"] for each in runs.values() for seconds in each)
    slowest = max(warm, key=lambda name: warm[name])
    rows = [bound_row("everything, empty cache", sum(cold[name] for name in calls), COLD, " s")]
    rows += [Row(f"  {name}", error=f"cold {cold[name]:.1f} s, warm {warm[name]:.2f} s") for name in calls]
    rows.append(bound_row(f"first call with a warm cache, slowest: {slowest}", warm[slowest], WARM, " s"))
    rows.append(bound_row("import synfer", imported, IMPORT, " s"))
    notes = [
        "Cold: each call after those above it, from an empty NUMBA_CACHE_DIR. Warm: each in a new process, the first",
        "call with all it imports, the fastest process of several. Seconds on the clock, without a peer to divide by:",
        f"other load counts: {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores as it ended.",
    ]
    return Table("compile time", "", rows, notes)
