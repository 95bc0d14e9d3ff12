"""A store's bytes are a function of the result, and a result is there whole or not at all."""

import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.study import store
from synfer.study.folder import StoreError


def result(value: float = 1.0) -> xr.Dataset:
    values = np.full((3, 4), float(value))
    values[0, 0] = np.nan
    return xr.Dataset(
        {
            "rate": (("point", "time"), values, {"units": "Hz", "long_name": "population rate"}),
            "susceptibility": ("point", np.array([1 + 2j, 3j, 0])),
            "ok": ("point", np.array([True, False, True])),
            "count": ((), 7),
            "empty": (("spike",), np.zeros(0)),
        },
        coords={"neuron": ("point", ["eif", "lif", "linearised"]), "time": ("time", np.arange(4.0), {"units": "ms"})},
        attrs={"spec": '{"σ": 1}', "warnings": ["one"], "seed": np.int64(3), "b": 1, "a": 2},
    )


def test_what_is_saved_is_what_is_opened(tmp_path):
    ds = result()
    back = store.open(store.save(ds, tmp_path / "r"))
    xr.testing.assert_equal(back, ds)
    assert {n: v.dtype for n, v in back.variables.items()} == {n: v.dtype for n, v in ds.variables.items()}
    assert {n: v.attrs for n, v in back.variables.items()} == {n: v.attrs for n, v in ds.variables.items()}
    assert back.attrs == ds.attrs


def test_variables_are_opened_in_the_same_order_each_time(tmp_path):
    store.save(result(), tmp_path / "r")
    assert list(store.open(tmp_path / "r").data_vars) == sorted(result().data_vars)


def test_saving_leaves_the_dataset_alone(tmp_path):
    ds = result()
    before = ds.copy(deep=True)
    store.save(ds, tmp_path / "r")
    xr.testing.assert_identical(ds, before)
    assert ds.neuron.dtype.kind == "U"


def test_equal_results_have_equal_bytes_whatever_their_history(tmp_path, fingerprint):
    ds = result()
    shuffled = ds[list(reversed(list(ds.data_vars)))]
    shuffled.attrs = dict(sorted(ds.attrs.items()))
    reopened = xr.open_zarr(store.save(ds, tmp_path / "a"), consolidated=False)  # lazy, with encodings of its own
    store.save(shuffled, tmp_path / "b")
    store.save(reopened, tmp_path / "elsewhere" / "c")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b") == fingerprint(tmp_path / "elsewhere" / "c")


def test_a_store_names_no_machine(tmp_path):
    store.save(result(), tmp_path / "r")
    text = b"".join(p.read_bytes() for p in (tmp_path / "r").rglob("*") if p.is_file())
    for secret in (str(tmp_path), os.uname().nodename, str(Path.home())):
        assert secret.encode() not in text


def test_long_variables_are_cut_into_chunks_below_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CHUNK_BYTES", 1024)
    ds = xr.Dataset({"p": (("time", "V"), np.arange(5000.0).reshape(100, 50))})
    assert len(list((tmp_path / "r" / "p" / "c").rglob("*"))) == 0
    back = store.open(store.save(ds, tmp_path / "r"))
    xr.testing.assert_equal(back, ds)
    assert sum(p.is_file() for p in (tmp_path / "r" / "p" / "c").rglob("*")) == 50  # two rows of 400 bytes each


@pytest.mark.parametrize(
    ("ds", "words"),
    [
        (xr.Dataset({"x": ("n", np.array([object()]))}), "holds object"),
        (xr.Dataset(attrs={"x": float("nan")}), "finite JSON"),
        (xr.Dataset({"x": ((), 1.0, {"made": print})}), "no JSON form"),
    ],
)
def test_what_a_store_cannot_hold_is_refused(tmp_path, ds, words):
    with pytest.raises(ParameterError, match=words):
        store.save(ds, tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_other_files_is_never_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="choose another folder"):
        store.save(result(), tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_no_result_and_damaged_results_are_told_apart(tmp_path):
    with pytest.raises(StoreError, match="no result at"):
        store.open(tmp_path / "nothing")
    store.save(result(), tmp_path / "r")
    chunk = next(p for p in sorted((tmp_path / "r" / "rate" / "c").rglob("*")) if p.is_file())
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1  # one flipped bit
    chunk.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        store.open(tmp_path / "r")


def test_a_failed_write_leaves_the_old_result_and_no_litter(tmp_path, monkeypatch):
    store.save(result(1), tmp_path / "r")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    for step in ("fsync", "mkdir"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, full)
            with pytest.raises(StoreError, match="No space left on device; an earlier result there is untouched"):
                store.save(result(2), tmp_path / "r")
        assert float(store.open(tmp_path / "r").rate[1, 1]) == 1
        assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_second_rename_that_fails_puts_the_old_result_back(tmp_path, monkeypatch):
    store.save(result(1), tmp_path / "r")
    rename = Path.rename

    def refuse_partial(self, target):
        if ".partial" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse_partial)
        with pytest.raises(StoreError, match="Input/output error"):
            store.save(result(2), tmp_path / "r")
    assert float(store.open(tmp_path / "r").rate[1, 1]) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


DRILL = """
import os, pathlib, sys
import numpy as np, xarray as xr
from synfer.study import store

def value(k):
    return xr.Dataset({f"x{i}": ("n", np.random.default_rng(i).random(20_000) + k) for i in range(4)}, attrs={"k": k})
"""


def python(body: str, *arguments: str, **options) -> subprocess.Popen:
    script = DRILL + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True, **options)


def test_killed_between_the_two_renames_the_old_result_is_found(tmp_path):
    body = """
        target = pathlib.Path(sys.argv[1])
        store.save(value(1), target)
        rename = pathlib.Path.rename
        pathlib.Path.rename = lambda self, to: os._exit(9) if ".partial" in self.name else rename(self, to)
        store.save(value(2), target)
    """
    with python(body, str(tmp_path / "r")) as child:
        assert child.wait() == 9
    assert not (tmp_path / "r").exists()
    assert store.open(tmp_path / "r").attrs["k"] == 1
    store.save(result(), tmp_path / "r")
    assert [p.name for p in tmp_path.iterdir()] == ["r"]  # the dead writer's folder is swept


def test_kill_9_at_any_moment_leaves_a_complete_result(tmp_path):
    body = """
        k = 0
        while True:
            store.save(value(k), sys.argv[1])
            print(k, flush=True)
            k += 1
    """
    moments = random.Random(1)
    for _ in range(4):  # each start costs a second; the tests above cover the critical moments one by one
        with python(body, str(tmp_path / "r")) as child:
            assert child.stdout is not None
            first = int(child.stdout.readline())
            time.sleep(moments.uniform(0, 0.2))
            child.send_signal(signal.SIGKILL)
            child.wait()
            ds = store.open(tmp_path / "r")
        assert ds.attrs["k"] >= first
        for i in range(4):
            expected = np.random.default_rng(i).random(20_000) + ds.attrs["k"]
            np.testing.assert_array_equal(ds[f"x{i}"].values, expected)
    store.save(result(), tmp_path / "r")
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_writers_and_readers_of_one_result_do_not_disturb_each_other(tmp_path):
    body = """
        for k in range(12):
            store.save(value(100 * int(sys.argv[2]) + k), sys.argv[1])
    """
    target = tmp_path / "r"
    with python(body, str(target), "1") as one, python(body, str(target), "2") as two:
        while one.poll() is None or two.poll() is None:
            if target.exists():
                ds = store.open(target)
                for i in range(4):
                    expected = np.random.default_rng(i).random(20_000) + ds.attrs["k"]
                    np.testing.assert_array_equal(ds[f"x{i}"].values, expected)
    assert (one.returncode, two.returncode) == (0, 0)
    assert store.open(target).attrs["k"] in (111, 211)
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_disk_that_fills_up_leaves_the_old_result(tmp_path):
    store.save(result(1), tmp_path / "r")
    body = """
        try:
            store.save(value(1), sys.argv[1])
        except store.StoreError as error:
            print(error)
    """

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # a variable here takes 150 kB

    with python(body, str(tmp_path / "r"), preexec_fn=small_files) as child:
        assert child.stdout is not None
        assert "File too large; an earlier result there is untouched" in child.stdout.read()
    assert float(store.open(tmp_path / "r").rate[1, 1]) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["r"]
