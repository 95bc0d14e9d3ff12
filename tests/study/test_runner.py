"""An experiment is found, configured, run and kept through its contract alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import synfer as sf
from synfer.core.errors import ParameterError, UsageError
from synfer.study import catalog, store
from synfer.study.experiment import Row, checked
from synfer.study.folder import StoreError
from synfer.study.reproduction import reproduce

pytestmark = pytest.mark.usefixtures("only_tiny")


def test_a_module_in_the_catalog_is_registered():
    assert list(sf.experiments()) == ["tiny"]
    assert sf.experiments()["tiny"].TITLE.endswith("?")


def test_the_run_says_where_its_numbers_come_from():
    ds = sf.run("tiny", "full", set={"seed": 2, "depth": [0, 3], "neuron.tau_m": 20})
    spec = json.loads(ds.attrs["spec"])
    assert (spec["seed"], spec["n"], spec["depth"], spec["neuron"]["tau_m"]) == (2, 10_000, [0, 3], 20)
    assert json.loads(ds.attrs["changes"]) == {"depth": [0, 3], "neuron.tau_m": 20, "seed": 2}
    assert (ds.attrs["experiment"], ds.attrs["preset"], ds.attrs["synfer_version"]) == ("tiny", "full", sf.__version__)


def test_the_run_reports_progress():
    told = []
    sf.run("tiny", progress=lambda stage, fraction: told.append((stage, fraction)))
    assert told == [("throwing", 0.0), ("counting", 1.0)]


def test_a_result_folder_holds_data_figures_and_verdict(tmp_path, fingerprint):
    ds = sf.run("tiny", out=tmp_path / "a" / "tiny")
    assert set(fingerprint(tmp_path / "a" / "tiny")) >= {
        "verdict.json",
        "figures/mean.png",
        "figures/mean.svg",
        "data.zarr/zarr.json",
    }
    assert store.open(tmp_path / "a" / "tiny" / "data.zarr").identical(ds)
    verdict = json.loads((tmp_path / "a" / "tiny" / "verdict.json").read_text())["verdict"]
    assert [row["holds"] for row in verdict] == [True, False]


def test_two_runs_give_the_same_bytes_in_any_process(tmp_path, fingerprint):
    experiments = Path(__file__).parents[1] / "experiments"
    script = (
        "import sys; from synfer.study import catalog, runner; catalog.__path__.append(sys.argv[1]);"
        "runner.run('tiny', out=sys.argv[2])"
    )
    for i in ("0", "1"):
        environment = os.environ | {"PYTHONHASHSEED": i, "TZ": f"UTC{i}", "OMP_NUM_THREADS": f"{2 - int(i)}"}
        subprocess.run([sys.executable, "-c", script, experiments, tmp_path / i], env=environment, check=True)
    assert fingerprint(tmp_path / "0") == fingerprint(tmp_path / "1")


def test_another_seed_gives_other_bytes(tmp_path, fingerprint):
    sf.run("tiny", out=tmp_path / "1")
    sf.run("tiny", set={"seed": 2}, out=tmp_path / "2")
    assert fingerprint(tmp_path / "1") != fingerprint(tmp_path / "2")


def test_a_new_run_replaces_the_old_result(tmp_path):
    for seed in (1, 2):
        sf.run("tiny", set={"seed": seed}, out=tmp_path / "tiny")
    assert json.loads(store.open(tmp_path / "tiny" / "data.zarr").attrs["spec"])["seed"] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"name": "tin"}, UsageError, "no experiment 'tin'; did you mean tiny"),
        ({"name": "tiny", "preset": "fulll"}, UsageError, "no preset 'fulll'; did you mean full"),
        ({"name": "tiny", "set": {"sed": 1}}, UsageError, "no field 'sed'; did you mean seed"),
        ({"name": "tiny", "set": {"neuron.tau": 1}}, UsageError, "LIF has no field 'tau'; did you mean tau_m"),
        ({"name": "tiny", "set": {"seed.x": 1}}, UsageError, "seed is 1, which has no fields; set seed itself"),
        ({"name": "tiny", "set": {"n": 0}}, ParameterError, "n = 0 must be >= 1"),
        ({"name": "tiny", "set": {"neuron.tau_m": -1}}, ParameterError, "did you mean tau_m = 1"),
        ({"name": "tiny", "set": {"depth": [0, float("nan")]}}, ParameterError, "must be finite"),
    ],
)
def test_a_wrong_argument_gets_one_sentence_that_says_what_to_do(arguments, error, words):
    with pytest.raises(error, match=words):
        sf.run(**arguments)


def test_a_folder_with_other_files_is_refused_before_the_run(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other files"):
        sf.run("tiny", set={"fault": "bug"}, out=tmp_path)  # a run that began would raise ZeroDivisionError
    with pytest.raises(StoreError, match="is a file"):
        sf.run("tiny", set={"fault": "bug"}, out=tmp_path / "notes.txt")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_row_says_in_words_what_is_no_number(bad):
    with pytest.raises(ValueError, match="say in words"):
        Row("claim", bad, "< 1", False)


def test_a_module_that_breaks_the_contract_is_told_how():
    empty = ModuleType("synfer.study.catalog.empty")
    with pytest.raises(TypeError, match="lacks NAME, TITLE, PRESETS, run, figures, verdict"):
        checked(empty)
    tiny = catalog.find("tiny")
    misplaced = ModuleType("synfer.study.catalog.elsewhere")
    misplaced.__dict__.update({k: v for k, v in vars(tiny).items() if not k.startswith("__")})
    with pytest.raises(TypeError, match="must be the module tiny, not elsewhere"):
        checked(misplaced)


def test_every_shipped_experiment_keeps_the_contract(monkeypatch):
    monkeypatch.undo()
    for name, experiment in sf.experiments().items():
        assert name == experiment.NAME
        assert experiment.__doc__, "the report shows the docstring"


def test_reproduce_goes_on_after_an_experiment_that_cannot_run(tmp_path, monkeypatch):
    broken = catalog.find("tiny").PRESETS | {"quick": catalog.find("tiny").PRESETS["quick"].replace(fault="numerical")}
    monkeypatch.setattr(catalog.find("tiny"), "PRESETS", broken)
    done = reproduce(tmp_path)
    assert {name: error.exit_code for name, error in done.errors.items()} == {"tiny": 4}
    assert "the coin stood on its edge" in done.page.read_text()


def test_a_figure_of_ones_own_is_not_deleted(tmp_path, only_tiny):
    (tmp_path / "x" / "figures").mkdir(parents=True)
    mine = tmp_path / "x" / "figures" / "mine.png"
    mine.write_text("mine")
    with pytest.raises(StoreError, match=r"figures/mine.png"):
        sf.run("tiny", out=tmp_path / "x")
    assert mine.read_text() == "mine"


def test_a_link_keeps_pointing_to_the_folder_that_gets_the_result(tmp_path, only_tiny):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    sf.run("tiny", out=tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "verdict.json").exists()


def test_a_file_above_the_folder_is_refused_before_the_computation(tmp_path, only_tiny):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        sf.run("tiny", out=tmp_path / "file" / "sub")
