"""kill -9 of a sweep's driver and workers at random moments: is anything finished lost, and do the bytes come out?

    python bench/drill_sweep.py [--kills 20] [--seed 1]

A sweep of real chains runs with two workers. Drivers and workers are killed in turn; whenever the driver is gone, every
unit that was finished must still be there, byte by byte. When the kills are spent the sweep runs to its end, and its
folder, but for the ledger, must equal that of a sweep that nobody disturbed.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SWEEP = """
points_per_unit = 1
h = 0.25
dt = 0.1
[chain]
neuron = "diesmann1999"
noise = { mu = -61.78725, sigma = 2.8516575 }
layers = 4
tau_s = 0.325
[packet]
sigma_t = 1.0
t0 = 10
[axes]
"packet.a" = { from = 10, to = 105, steps = 20 }
"chain.weight" = { from = 0.1, to = 0.2, steps = 10 }
"""
EARLY = 0.2
"""Share of kills that may come before a driver has finished anything."""
COMMAND = [sys.executable, "-c", "import sys; from synfer.cli import main; sys.exit(main())", "sweep"]


def start(file: Path, out: Path) -> subprocess.Popen:
    """The sweep, from its beginning or from where it was."""
    return subprocess.Popen([*COMMAND, str(file), "--out", str(out), "--workers", "2", "--json"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip


def workers(pid: int) -> list[int]:
    """Processes that a driver spawned, without the tracker of resources."""
    try:
        found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def digests(folder: Path) -> dict[str, str]:
    """Every file but the ledger."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "ledger.jsonl"
    }


def units(out: Path) -> dict[str, str]:
    """Finished units."""
    return {name: digest for name, digest in digests(out).items() if name.endswith(".npz")}


def _wait_for_more(out: Path, before: int, driver: subprocess.Popen) -> None:
    while driver.poll() is None and len(list((out / "units").glob("0*.npz"))) <= before:
        time.sleep(0.01)


def drill(file: Path, out: Path, kills: int, draw: random.Random) -> dict[str, int]:
    """Kill, look, go on; how often the driver, and a worker, was killed."""
    killed, finished, driver = {"driver": 0, "worker": 0}, {}, start(file, out)
    while sum(killed.values()) < kills:
        if draw.random() > EARLY:
            _wait_for_more(out, len(finished), driver)
        time.sleep(draw.uniform(0.0, 1.5))
        if driver.poll() is not None:
            # The sweep is over before the kills are: half of its units, and its result, are to do again.
            for path in list((out / "units").glob("*.npz"))[::2]:
                path.unlink()
            finished, driver = units(out), start(file, out)
            continue
        crew = workers(driver.pid)
        if crew and killed["worker"] < killed["driver"]:
            os.kill(draw.choice(crew), signal.SIGKILL)
            killed["worker"] += 1
            continue
        driver.kill()
        driver.communicate()
        killed["driver"] += 1
        now = units(out)
        lost = set(finished.items()) - set(now.items())
        print(f"driver killed: {len(now)} units finished, {len(lost)} of the earlier ones lost", flush=True)
        if lost:
            raise SystemExit(f"lost: {sorted(lost)}")
        finished, driver = now, start(file, out)
    _, err = driver.communicate()
    if driver.returncode != 0:
        raise SystemExit(f"the sweep ended with {driver.returncode}: {err.decode()}")
    return killed


def main() -> None:
    """Run the drill and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sweep.toml")
        file.write_text(SWEEP)
        _, err = start(file, Path(folder, "whole")).communicate()
        killed = drill(file, Path(folder, "out"), options.kills, random.Random(options.seed))
        mine, theirs = digests(Path(folder, "out")), digests(Path(folder, "whole"))
    if mine != theirs or not theirs:
        raise SystemExit(f"the stores differ: {sorted(set(mine.items()) ^ set(theirs.items()))} {err.decode()}")
    print(f"{killed['driver']} kills of the driver and {killed['worker']} of a worker: no finished unit lost, and "
          f"{len(theirs)} files equal to those of an undisturbed sweep")  # fmt: skip


if __name__ == "__main__":
    main()
