"""synfer sweep: a file to a store, with a summary on stdout, and exit codes that say how it ended."""

import json
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from synfer.cli import main
from synfer.study import store
from synfer.study.sweep import compute

EXAMPLE = Path(__file__).parents[2] / "examples" / "sweep.toml"
STAND_INS = str(Path(__file__).parents[1] / "study" / "sweep")


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stand_in(monkeypatch):
    """A stand-in for the engine, in this process."""
    monkeypatch.syspath_prepend(STAND_INS)
    import stand_in

    monkeypatch.setitem(compute.ENGINES, "evolve", stand_in.quick)
    return stand_in


def test_the_example_runs_and_says_where_its_data_are(capsys):
    assert main(["sweep", str(EXAMPLE), "--json"]) == 0
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert {n: printed[n] for n in ("out", "points", "ok", "failed", "units", "units_kept")} == {
        "out": str(Path("results", "sweep")),
        "points": 24,
        "ok": 24,
        "failed": 0,
        "units": 3,
        "units_kept": 0,
    }
    assert printed["dimensions"] == {"a_in": 4, "depth": 3, "weight": 2, "layer": 5}
    assert "1 worker computes results/sweep" in err
    ds = store.open("results/sweep/data.zarr")
    last = ds.survived.isel(layer=-1).sel(weight=0.16, method="nearest")
    assert bool(last.sel(a_in=100, depth=0))
    assert not bool(last.sel(a_in=40, depth=1))


@pytest.mark.usefixtures("stand_in")
def test_the_same_command_goes_on_and_the_summary_is_a_table(capsys):
    assert main(["sweep", str(EXAMPLE), "--out", "here"]) == 0
    capsys.readouterr()
    assert main(["sweep", str(EXAMPLE), "--out", "here"]) == 0
    out, err = capsys.readouterr()
    assert "a_in 4 x depth 3 x weight 2 x layer 5" in out
    assert "3 units, 3 of them from before; the data are in here/data.zarr" in err


def test_a_dry_run_says_what_it_takes_and_writes_nothing(capsys, stand_in, tmp_path):
    assert main(["sweep", str(EXAMPLE), "--dry-run", "--workers", "2", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["points"], printed["units"], printed["workers"]) == (24, 3, 2)
    assert printed["worker_bytes"] > 2**20
    assert main(["sweep", str(EXAMPLE), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "about" in out
    assert "8 points in" in out
    assert list(tmp_path.iterdir()) == []


def test_failed_points_are_counted_with_their_reasons(capsys, stand_in, monkeypatch):
    monkeypatch.setitem(compute.ENGINES, "evolve", stand_in.touchy)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["sweep", str(EXAMPLE)]) == 0
    err = capsys.readouterr().err
    assert "6 points: 40 spikes are too many" in err
    assert "warning: the mesh is coarse" in err


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    ("text", "words", "code", "message"),
    [
        ("[chain\n", [], 3, "line 1"),
        (None, [], 3, "cannot read"),
        ("steps = 1\n", [], 3, "unknown field steps"),
        ("", ["--workers", "0"], 2, "--workers"),
        ("", ["--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], 2, "leave workers out"),
        ("", ["--out", "/proc/sweep"], 3, "cannot write"),
    ],
)
def test_what_goes_wrong_is_one_line_without_traceback(capsys, text, words, code, message):
    if text is not None:
        Path("a.toml").write_text(text + EXAMPLE.read_text())
    assert main(["sweep", "a.toml", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_an_incomplete_sweep_is_5(capsys, stand_in, monkeypatch):
    def too_large(points):
        raise MemoryError

    monkeypatch.setitem(compute.ENGINES, "evolve", too_large)
    assert main(["sweep", str(EXAMPLE)]) == 5
    assert "24 points of results/sweep could not be computed: it does not fit in memory" in capsys.readouterr().err


SCRIPT = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import stand_in
from synfer.study.sweep import compute
compute.ENGINES["evolve"] = stand_in.slower
from synfer.cli import main
sys.exit(main())
"""


def test_interrupted_is_130_and_goes_on(capsys, stand_in, tmp_path):
    words = ["sweep", str(EXAMPLE), "--out", "here"]
    command = [sys.executable, "-c", SCRIPT, STAND_INS, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        while not any((tmp_path / "here" / "units").glob("0*.npz")):
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        err = child.stderr.read()
    assert child.returncode == 130
    assert "interrupted; finished units are in here, and the same command goes on" in err
    assert "Traceback" not in err
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["units_kept"] >= 1
