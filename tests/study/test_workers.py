"""Workers answer every task, say what they have to, and end when their driver does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import team

from synfer.core.errors import SynferWarning
from synfer.study import catalog
from synfer.study.reproduction import reproduce
from synfer.study.workers import Answer, Killed, WorkersFailed, crew

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
MAIN = "import sys; from synfer.cli.entry import main; sys.exit(main(sys.argv[1:]))"
CATALOG = """
import synfer.study.catalog as catalog
catalog.__path__ = [{folder!r}]
"""


def test_every_task_is_answered_by_another_process_with_one_thread():
    told = []
    answers = list(crew(team.work, ["a", "b", "c"], 2, tell=told.append))
    assert sorted(answer.value[0] for answer in answers) == ["A", "B", "C"]
    assert os.getpid() not in {answer.value[1] for answer in answers}
    assert sorted(told) == [("a", "1"), ("b", "1"), ("c", "1")]


def test_tasks_run_beside_each_other(tmp_path):
    answers = crew(team.work, [f"wait-for {tmp_path / 'flag'}", f"make {tmp_path / 'flag'}"], 2)
    assert len(list(answers)) == 2


def test_the_task_of_a_worker_that_dies_is_known_and_the_others_go_on():
    done = list(crew(team.work, ["a", "die", "b"], 2))
    assert [end.task for end in done if isinstance(end, Killed)] == ["die"]
    assert sorted(end.value[0] for end in done if isinstance(end, Answer)) == ["A", "B"]


def test_a_task_may_be_tried_again(tmp_path):
    (done,) = crew(team.work, [f"die-once {tmp_path / 'flag'}"], 2, attempts=2)
    assert done.attempts == 2


def test_a_bug_keeps_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)bug deep down met a bug.*ZeroDivisionError: deep down"):
        list(crew(team.work, ["bug deep down"], 1))


def test_warnings_are_issued_here():
    with pytest.warns(SynferWarning, match="the mesh is coarse"):
        list(crew(team.work, ["warn the mesh is coarse"], 1))


def test_workers_that_end_before_they_begin_are_given_up(monkeypatch):
    monkeypatch.setenv("SYNFER_TEST_UNBORN", "1")
    with pytest.raises(WorkersFailed, match="use workers=1"):
        list(crew(team.unborn, ["a"], 2))


@pytest.fixture
def two(tmp_path):
    """Starts `synfer` with a catalog of two experiments, which its workers know too."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    tiny = (EXPERIMENTS / "tiny.py").read_text()
    (folder / "tiny.py").write_text(tiny)
    other = tiny.replace('NAME = "tiny"', 'NAME = "other"')
    (folder / "other.py").write_text(other)
    (tmp_path / "sitecustomize.py").write_text(CATALOG.format(folder=str(folder)))

    def start(*words: str) -> subprocess.Popen:
        path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
        return subprocess.Popen(
            [sys.executable, "-c", MAIN, *words],
            env=os.environ | {"PYTHONPATH": path},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return folder, start


def test_reproduce_gives_the_same_results_however_many_workers(two, tmp_path, fingerprint, monkeypatch):
    folder, start = two
    process = start("reproduce", "--out", "apart", "--workers", "2")
    monkeypatch.setattr(catalog, "__path__", [str(folder)])
    reproduce(tmp_path / "here")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    for name in ("tiny", "other"):
        assert fingerprint(tmp_path / "here" / name) == fingerprint(tmp_path / "apart" / name)
    assert (tmp_path / "here" / "report.html").read_bytes() == (tmp_path / "apart" / "report.html").read_bytes()


def test_experiments_that_fail_or_die_in_a_worker_are_reported(two, tmp_path):
    folder, start = two
    for name, fault in (("tiny", "if True:"), ("other", "import os; os._exit(9)\n    if True:")):
        text = (folder / f"{name}.py").read_text()
        (folder / f"{name}.py").write_text(text.replace('if spec.fault == "numerical":', fault))
    process = start("reproduce", "--workers", "2")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5  # of the first, other
    assert "tiny did not run: the coin stood on its edge" in err
    assert "other did not run: its process was killed" in err
    assert (tmp_path / "results" / "report.html").is_file()
