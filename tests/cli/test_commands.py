"""stdout carries data, stderr the rest, and the exit code says what happened."""

import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import synfer as sf
from synfer.cli import main
from synfer.core.errors import SynferWarning
from synfer.study import catalog, selfcheck
from synfer.study.experiment import Row

pytestmark = pytest.mark.usefixtures("only_tiny")


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_no_arguments_show_help(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    for command in ("list", "run", "reproduce", "report", "doctor"):
        assert command in out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == sf.__version__


def test_list(capsys):
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "tiny", "title": "Does a coin's mean fall with depth?", "presets": ["full", "quick"]}
    ]
    assert main(["list"]) == 0
    assert "Does a coin's mean fall with depth?" in capsys.readouterr().out


def test_run_prints_the_verdict_and_says_where_the_result_is(capsys, tmp_path):
    assert main(["run", "tiny"]) == 0
    out, err = capsys.readouterr()
    assert "the mean falls [x]" in out
    assert "holds" in out
    assert "results/tiny" in err
    assert (tmp_path / "results" / "tiny" / "data.zarr" / "zarr.json").is_file()


def test_run_as_json_is_json_and_nothing_else(capsys):
    assert main(["run", "tiny", "--json", "--out", "here", "--set", "depth=[0, 5]", "--set", "fault=fine"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["name"], printed["out"]) == ("tiny", "here")
    assert printed["command"] == "synfer run tiny --preset quick --set 'depth=[0, 5]' --set 'fault=\"fine\"'"
    assert [row["holds"] for row in printed["verdict"]] == [True, False]


def test_the_command_of_a_result_gives_its_bytes(capsys, fingerprint, tmp_path):
    import shlex

    main(
        [
            "run",
            "tiny",
            "--json",
            "--set",
            "depth=[0,5]",
            "--set",
            "neuron.tau_m=2e1",
            "--set",
            "fault=fine",
            "--out",
            "a",
        ]
    )
    words = shlex.split(json.loads(capsys.readouterr().out)["command"])
    main([*words[1:], "--out", "b"])
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")


def test_reproduce_runs_all_and_writes_the_report(capsys, tmp_path):
    assert main(["reproduce", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["report"] == str(Path("results") / "report.html")
    assert [e["name"] for e in printed["experiments"]] == ["tiny"]
    assert printed["errors"] == {}
    assert (tmp_path / "results" / "report.html").is_file()


def test_report_writes_the_page_again(capsys, tmp_path):
    main(["run", "tiny", "--out", "results/tiny"])
    capsys.readouterr()
    assert main(["report", "results"]) == 0
    assert Path(capsys.readouterr().out.strip()) == Path("results/report.html")
    assert (tmp_path / "results" / "report.html").is_file()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["rum"], 2, "rum"),
        (["run"], 2, "NAME"),
        (["run", "tin"], 2, "did you mean tiny"),
        (["run", "tiny", "--preset", "quik"], 2, "did you mean quick"),
        (["run", "tiny", "--set", "seed"], 2, "FIELD=VALUE"),
        (["run", "tiny", "--set", "neuron.V_thr=1"], 2, "did you mean V_th"),
        (["run", "tiny", "--set", "scale=-1"], 3, "did you mean scale = 1"),
        (["run", "tiny", "--set", "scale=NaN"], 3, "must be finite"),
        (["run", "tiny", "--set", "depth=deep"], 3, "must be an array of numbers"),
        (["run", "tiny", "--set", "fault=numerical"], 4, "the coin stood on its edge"),
        (["report", "nowhere"], 3, "no results"),
    ],
)
def test_what_goes_wrong_is_one_line_without_traceback(capsys, words, code, text):
    assert main(words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err
    assert "Traceback" not in err


def test_an_experiment_that_cannot_run_gives_its_code_to_reproduce(capsys, monkeypatch):
    tiny = catalog.find("tiny")
    monkeypatch.setattr(tiny, "PRESETS", tiny.PRESETS | {"quick": tiny.PRESETS["quick"].replace(fault="numerical")})
    assert main(["reproduce"]) == 4
    assert "tiny did not run: the coin stood on its edge" in capsys.readouterr().err


def test_a_bug_shows_its_traceback_and_how_to_report_it(capsys):
    assert main(["run", "tiny", "--set", "fault=bug"]) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: a bug" in err
    assert "synfer doctor --json" in err


def test_warnings_of_synfer_are_one_line(capsys, monkeypatch):
    run = catalog.find("tiny").run

    def warning_run(spec, progress):
        warnings.warn("the mesh is coarse", SynferWarning, stacklevel=1)
        return run(spec, progress)

    monkeypatch.setattr(catalog.find("tiny"), "run", warning_run)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["run", "tiny"]) == 0
    assert "synfer: warning: the mesh is coarse\n" in capsys.readouterr().err


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 4)])
def test_doctor_fails_when_a_check_fails(capsys, monkeypatch, holds, code):
    monkeypatch.setattr(selfcheck, "selfcheck", lambda _progress: [Row("one is one", 1, 1, holds)])
    assert main(["doctor", "--json"]) == code
    printed = json.loads(capsys.readouterr().out)
    assert printed["sound"] is holds
    assert {"synfer", "python", "numpy", "numba", "cores", "kernel cache"} <= set(printed["facts"])
    assert main(["doctor"]) == code
    assert "one is one" in capsys.readouterr().out


def test_doctor_reports_a_broken_engine_as_a_failed_check(monkeypatch):
    monkeypatch.setattr(sf, "evolve", lambda *_a, **_o: 1 / 0, raising=False)
    monkeypatch.setattr(sf, "simulate", lambda *_a, **_o: 1 / 0, raising=False)
    rows = selfcheck.selfcheck()
    broken = [row for row in rows if str(row.measured).startswith("ZeroDivisionError")]
    assert len(rows) == 9
    assert len(broken) == 5
    assert not any(row.holds for row in broken)


SCRIPT = """
import sys, time
from synfer.study import catalog
catalog.__path__[:] = [sys.argv.pop(1)]
most = float(sys.argv.pop(1))
tiny = catalog.find("tiny")
run = tiny.run
def slow(spec, progress):
    begin = time.monotonic()
    while time.monotonic() - begin < most:
        progress("counting sheep", (time.monotonic() - begin) / most)
        time.sleep(0.01)
    return run(spec, progress)
tiny.run = slow
from synfer.cli import main
sys.exit(main())
"""


def start(*words: str, seconds: float = 3.5, **options) -> subprocess.Popen:
    """The command line in a process of its own, its run kept busy for so many seconds of the clock."""
    folder = str(Path(__file__).parents[1] / "experiments")
    return subprocess.Popen([sys.executable, "-c", SCRIPT, folder, str(seconds), *words], text=True, **options)


def test_a_slow_run_shows_lines_where_stderr_is_no_terminal():
    with start("run", "tiny", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        out, err = child.communicate()
    assert json.loads(out)["name"] == "tiny"
    lines = [line for line in err.splitlines() if "counting sheep" in line]
    assert lines  # the first after two seconds; how many follow is a matter of the machine
    assert all(line.startswith("synfer: tiny: ") for line in lines)


def test_a_slow_run_shows_a_bar_on_a_terminal_and_keeps_stdout_clean():
    import pty

    terminal, its_end = pty.openpty()
    with start(
        "run", "tiny", "--json", stdout=subprocess.PIPE, stderr=its_end, env=os.environ | {"TERM": "xterm"}
    ) as child:
        os.close(its_end)
        assert child.stdout is not None
        out = child.stdout.read()
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    assert json.loads(out)["name"] == "tiny"
    assert b"counting" in shown
    assert b"%" in shown


def test_interrupted_is_130_and_leaves_nothing_half_done(tmp_path):
    with start("run", "tiny", seconds=60, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        assert "counting sheep" in child.stderr.readline()
        child.send_signal(signal.SIGINT)
        err = child.stderr.read()
    assert child.returncode == 130
    assert "Traceback" not in err
    assert not (tmp_path / "results").exists()
