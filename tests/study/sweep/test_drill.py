"""Drills: whatever is killed, no finished point is lost, and the store ends in the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stand_in

import synfer as sf
from synfer.study.sweep import Sweep, conduct, ledger, units

HERE = Path(__file__).parent
KILLS = int(os.environ.get("SYNFER_DRILL_KILLS", "4"))
"""How often the drill kills; 20 is what a release has to survive."""
SWEEP = """
points_per_unit = 4
[chain]
neuron = "diesmann1999"
noise = { mu = -61.78725, sigma = 2.8516575 }
layers = 3
tau_s = 0.325
[packet]
sigma_t = 1.0
t0 = 10
[axes]
"packet.a" = { from = 10, to = 100, steps = 10 }
"chain.weight" = { from = 0.1, to = 0.2, steps = 8 }
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers in /proc")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(SWEEP)
    return path


def start(file: Path, out: Path, workers: int, engine: str = "slow") -> subprocess.Popen:
    words = [sys.executable, str(HERE / "driver.py"), str(file), str(out), str(workers), engine]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def children(pid: int) -> list[int]:
    """The workers of a driver: children that spawning began, without the tracker of resources."""
    try:
        found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def gone(pids: list[int], seconds: float) -> bool:
    """Whether processes end within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@needs_proc
@pytest.mark.slow
def test_kill_9_of_driver_or_worker_at_random_moments_loses_nothing(file, tmp_path, fingerprint):
    whole, out = tmp_path / "whole", tmp_path / "out"
    conduct(Sweep.from_toml(file), whole, batch=stand_in.quick)
    draw, finished, killed, orphans = random.Random(3), {}, {"driver": 0, "worker": 0}, []
    driver = start(file, out, workers=2)
    while sum(killed.values()) < KILLS:
        time.sleep(draw.uniform(0.05, 0.6))
        if driver.poll() is not None:
            # A drill that is longer than the sweep goes on with half of its units.
            for path in list((out / "units").glob("*.npz"))[::2]:
                path.unlink()
                finished.pop(path.name, None)
            driver.communicate()
            driver = start(file, out, workers=2)
            continue
        crew = children(driver.pid)
        if killed["worker"] < killed["driver"] and crew:
            os.kill(draw.choice(crew), signal.SIGKILL)
            killed["worker"] += 1
        elif (out / units.NAME).exists():
            driver.kill()
            driver.communicate()
            killed["driver"] += 1
            orphans += crew
            now = {path.name: path.read_bytes() for path in (out / "units").glob("*.npz")}
            assert finished.items() <= now.items()
            finished = now
            driver = start(file, out, workers=2)
    _, err = driver.communicate(timeout=60)
    assert driver.returncode == 0, err
    assert gone(orphans, 5)
    mine, theirs = fingerprint(out), fingerprint(whole)
    mine.pop(ledger.NAME), theirs.pop(ledger.NAME)
    assert mine == theirs


def test_a_unit_that_kills_its_worker_three_times_is_named_and_the_rest_is_finished(
    chain, volley, tmp_path, fingerprint
):
    sweep = Sweep(chain, volley, axes={"packet.a": [20, 30, 40, 50, 60, 70]}, points_per_unit=2)
    with pytest.raises(sf.SweepIncomplete, match=r"2 points .*killed 3 times.*packet.a = 40.0; packet.a = 50.0") as e:
        conduct(sweep, tmp_path / "out", workers=2, batch=stand_in.deadly)
    assert e.value.exit_code == 5
    assert sorted(units.finished(tmp_path / "out")) == [0, 2]
    for name in ("out", "whole"):
        conduct(sweep, tmp_path / name, batch=stand_in.quick)
    mine, theirs = fingerprint(tmp_path / "out"), fingerprint(tmp_path / "whole")
    mine.pop(ledger.NAME), theirs.pop(ledger.NAME)
    assert mine == theirs


def test_a_unit_that_lost_its_worker_is_computed_again(chain, volley, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNFER_TEST_DEAD", str(tmp_path / "dead"))
    sweep = Sweep(chain, volley, axes={"packet.a": [20, 30, 40, 50, 60, 70]}, points_per_unit=2)
    conduct(sweep, tmp_path / "out", workers=2, batch=stand_in.deadly_once)
    attempts = {entry["unit"]: entry["attempts"] for entry in ledger.read(tmp_path / "out") if entry["event"] == "unit"}
    assert attempts == {0: 1, 1: 2, 2: 1}


def test_a_script_without_a_main_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nimport stand_in\nfrom synfer.study.sweep import Sweep, conduct\n"
        "conduct(Sweep.from_toml(sys.argv[2]), Path(sys.argv[3]), workers=2, batch=stand_in.quick)\n"
    )
    (tmp_path / "sweep.toml").write_text(SWEEP)
    words = [sys.executable, str(script), str(HERE), str(tmp_path / "sweep.toml"), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "call what starts them below `if __name__ == '__main__':`" in done.stderr
