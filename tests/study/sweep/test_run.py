"""A sweep gives each point its own result, whoever computed it, however often it was interrupted."""

import errno
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import stand_in

import synfer as sf
from synfer.core.errors import SynferWarning
from synfer.study import store
from synfer.study.folder import StoreError
from synfer.study.sweep import Sweep, conduct, estimate, ledger, read, units


def run(sweep, out, **options):
    conduct(sweep, out, **({"batch": stand_in.quick} | options))
    return store.open(out / "data.zarr")


def the_data(out: Path, fingerprint):
    """Fingerprints of all but the ledger."""
    return {name: digest for name, digest in fingerprint(out).items() if name != ledger.NAME}


def test_axes_become_dimensions_named_by_their_last_word(small, tmp_path):
    ds = run(small, tmp_path)
    assert dict(ds.sizes) == {"a_in": 4, "weight": 6, "layer": 3}
    expected = ds.a_in * ds.weight * ds.layer
    np.testing.assert_array_equal(ds.a, expected.transpose(*ds.a.dims))
    assert ds.a_in.attrs == {"units": "spikes", "long_name": "number of spikes"}
    assert ds.weight.attrs["units"] == "mV"
    assert ds.attrs["spec"] == small.spec()
    assert (ds.status == 0).all()
    assert (ds.reason == "").all()


def test_lists_and_sobol_points_keep_their_coordinates(chain, volley, tmp_path):
    listed = run(Sweep(chain, volley, points={"packet.a": [1, 2], "chain.weight": [3, 4]}), tmp_path / "list")
    assert dict(listed.sizes) == {"point": 2, "layer": 3}
    np.testing.assert_array_equal(listed.a.isel(layer=0), [3, 8])
    ranges = {"packet.a": {"from": 1, "to": 9}, "chain.weight": {"from": 1, "to": 2}}
    drawn = run(Sweep(chain, volley, sobol={"samples": 16, "seed": 1, "ranges": ranges}), tmp_path / "sobol")
    np.testing.assert_array_equal(drawn.a.isel(layer=0), drawn.a_in * drawn.weight)


def test_text_and_flags_can_be_axes(chain, volley, tmp_path):
    axes = {"chain.neuron": ["diesmann1999", "fourcaud2003"], "disfacilitation": [False, True]}
    ds = run(Sweep(chain, volley, axes=axes), tmp_path)
    assert ds.neuron.values.tolist() == axes["chain.neuron"]
    assert ds.disfacilitation.values.tolist() == [False, True]


def test_short_chains_end_in_nan(chain, volley, tmp_path):
    ds = run(Sweep(chain, volley, axes={"chain.layers": [1, 3]}), tmp_path)
    np.testing.assert_array_equal(np.isfinite(ds.a), [[True, False, False], [True, True, True]])
    assert not ds.survived.isel(layers=0, layer=[1, 2]).any()


def test_trials_are_a_dimension_of_simulations(chain, volley, tmp_path):
    sweep = Sweep(chain, volley, engine="simulate", trials=2, seed=1, axes={"packet.a": [40, 60]})
    ds = run(sweep, tmp_path, batch=stand_in.trials)
    assert ds.a.dims == ("a_in", "trial", "layer")


def test_a_point_that_fails_is_recorded_with_its_reason_and_the_rest_go_on(chain, volley, tmp_path):
    axes = {"packet.a": [20, 40, -5, 60, 80], "chain.weight": [0.1, 0.2]}
    with pytest.warns(SynferWarning, match="the mesh is coarse"):
        ds = run(Sweep(chain, volley, axes=axes), tmp_path, batch=stand_in.touchy)
    assert ds.status.values.tolist() == [[0, 0], [2, 2], [2, 2], [1, 1], [0, 0]]
    assert ds.reason.sel(a_in=40, weight=0.1) == "40 spikes are too many"
    assert "a = -5.0 spikes must be >= 0" in str(ds.reason.sel(a_in=-5, weight=0.1).values)
    assert "finite" in str(ds.reason.sel(a_in=60, weight=0.1).values)
    assert np.isnan(ds.a.sel(a_in=[40, -5])).all()
    np.testing.assert_array_equal(ds.a.sel(a_in=80, weight=0.2), 80 * 0.2 * ds.layer)
    assert ds.attrs["warnings"] == ["the mesh is coarse"]


def test_any_number_of_workers_gives_the_same_bytes(small, tmp_path, fingerprint):
    run(small, tmp_path / "one")
    run(small, tmp_path / "many", workers=2)
    assert the_data(tmp_path / "one", fingerprint) == the_data(tmp_path / "many", fingerprint)
    hosts = {entry["worker_pid"] for entry in ledger.read(tmp_path / "many") if entry["event"] == "unit"}
    assert os.getpid() not in hosts


def test_nothing_of_host_path_or_workers_is_in_the_data(small, tmp_path):
    run(small, tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != ledger.NAME:
            content = path.read_bytes()
            for word in (os.uname().nodename, str(tmp_path), "workers", "scheduler"):
                assert len(word) < 3 or word.encode() not in content, (path, word)


@pytest.mark.parametrize("damage", ["cut", "flipped", "misnamed", "gone", "all gone", "no data"])
def test_units_that_are_missing_or_damaged_are_computed_again(small, tmp_path, fingerprint, damage):
    run(small, tmp_path)
    before = the_data(tmp_path, fingerprint)
    files = sorted((tmp_path / "units").iterdir())
    data = files[2].read_bytes()
    if damage == "cut":
        files[2].write_bytes(data[:100])
    elif damage == "flipped":
        files[2].write_bytes(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])
    elif damage == "misnamed":
        files[2].rename(files[2].with_name(f"{files[2].name.partition('-')[0]}-{'0' * 32}.npz"))
    elif damage == "gone":
        files[2].unlink()
    elif damage == "all gone":
        for path in files:
            path.unlink()
    elif damage == "no data":
        (tmp_path / "data.zarr" / "zarr.json").write_text("{")
    done = conduct(small, tmp_path, batch=stand_in.quick)
    assert done.kept == {"all gone": 0, "no data": 6}.get(damage, 5)
    assert the_data(tmp_path, fingerprint) == before


def test_a_finished_sweep_is_not_computed_again(small, tmp_path):
    run(small, tmp_path)
    assert conduct(small, tmp_path, batch=stand_in.buggy).kept == 6


def test_a_folder_of_another_sweep_is_left_alone(small, tmp_path, fingerprint):
    run(small, tmp_path)
    before = fingerprint(tmp_path)
    with pytest.raises(sf.ParameterError, match="holds another sweep"):
        conduct(small.replace(points_per_unit=5), tmp_path)
    (tmp_path / "sweep.json").write_text((tmp_path / "sweep.json").read_text().replace(sf.__version__, "0.0.1"))
    with pytest.raises(sf.ParameterError, match=r"begun by synfer 0\.0\.1"):
        conduct(small, tmp_path)
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        conduct(small, tmp_path)
    after = fingerprint(tmp_path)
    assert {k: v for k, v in after.items() if k != "sweep.json"} == {
        k: v for k, v in before.items() if k != "sweep.json"
    }


def test_a_folder_that_cannot_be_used_is_said(small, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("everything")
    with pytest.raises(StoreError, match=r"holds other files \(thesis\.txt\)"):
        conduct(small, tmp_path / "mine")
    with pytest.raises(StoreError, match=r"cannot write .*Not a directory"):
        conduct(small, tmp_path / "mine" / "thesis.txt" / "deeper")
    with pytest.raises(StoreError, match="cannot write"):
        conduct(small, Path("/proc/sweep"))


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": True}, {"workers": 1.5}])
def test_workers_are_a_whole_number(small, tmp_path, options):
    with pytest.raises(sf.ParameterError, match="must be a whole number"):
        conduct(small, tmp_path, **options)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_is_no_result(small, tmp_path, workers):
    with pytest.raises((ZeroDivisionError, RuntimeError), match="division by zero"):
        conduct(small, tmp_path, workers=workers, batch=stand_in.buggy)
    assert not units.finished(tmp_path)


def test_a_full_disk_keeps_what_is_finished_and_can_be_read(small, tmp_path, monkeypatch, fingerprint):
    run(small, tmp_path / "whole")
    write, written = Path.write_bytes, []

    def full(path, data):
        if ".npz" in path.name and len(written) == 3:
            write(path, data[:50])
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(sf.SweepIncomplete, match=r"is full; everything finished is kept") as caught:
        run(small, tmp_path / "full")
    assert caught.value.exit_code == 5
    monkeypatch.undo()
    partial = read(small, tmp_path / "full")
    assert int((partial.status == 0).sum()) == 3 * 4
    assert int((partial.status == 3).sum()) == 3 * 4
    run(small, tmp_path / "full")
    assert the_data(tmp_path / "full", fingerprint) == the_data(tmp_path / "whole", fingerprint)


def test_there_is_a_store_whatever_happens(small, tmp_path, fingerprint):
    """What xarray opens after a stop: finished points, and status 3 for the others; the last gathering follows."""
    calls = []

    def stops(points):
        calls.append(points)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return stand_in.quick(points)

    with pytest.raises(KeyboardInterrupt):
        conduct(small, tmp_path / "cut", batch=stops)
    cut = store.open(tmp_path / "cut" / "data.zarr")
    assert 0 < int((cut.status == 3).sum()) < cut.status.size
    assert bool(np.isfinite(cut.a.where(cut.status == 0)).any())
    run(small, tmp_path / "whole")
    unfinished = store.open(tmp_path / "cut" / "data.zarr")
    run(small, tmp_path / "cut")
    assert the_data(tmp_path / "cut", fingerprint) == the_data(tmp_path / "whole", fingerprint)
    # Killed after the last unit and before the gathering: nothing to compute, and yet something to do.
    store.save(unfinished, tmp_path / "cut" / "data.zarr")
    run(small, tmp_path / "cut")
    assert the_data(tmp_path / "cut", fingerprint) == the_data(tmp_path / "whole", fingerprint)


def test_a_really_full_disk(chain, volley, tmp_path, fingerprint):
    """The same on a file system of 64 kB, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    try:
        sweep = Sweep(chain, volley, axes={"packet.a": range(100)}, points_per_unit=2)
        with pytest.raises(sf.SweepIncomplete, match="is full"):
            run(sweep, disk / "out")
        kept = read(sweep, disk / "out")
        assert 0 < int((kept.status == 0).sum()) < 100
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        run(sweep, disk / "out")
        run(sweep, tmp_path / "whole")
        assert the_data(disk / "out", fingerprint) == the_data(tmp_path / "whole", fingerprint)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_torn_line_of_the_ledger_is_skipped(small, tmp_path):
    run(small, tmp_path)
    with (tmp_path / ledger.NAME).open("a") as file:
        file.write('{"event": "un')
    ledger.note(tmp_path, "begin")
    events = [entry["event"] for entry in ledger.read(tmp_path)]
    assert events == ["begin", *["unit"] * 6, "complete", "begin"]


def test_progress_is_honest_about_what_it_does_not_know(small, tmp_path):
    said = []
    conduct(small, tmp_path, batch=stand_in.slow, progress=lambda stage, fraction: said.append((stage, fraction)))
    assert said[0] == ("0 of 6 units, estimating", 0.0)
    # Units take 0.1 s each, so five that are left take 0.5 s; a busy machine can only add to that.
    assert said[1][0].startswith("1 of 6 units, ")
    assert said[1][0].endswith(" s left")
    assert [fraction for _, fraction in said] == sorted(fraction for _, fraction in said)


def test_an_estimate_writes_nothing(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = estimate(small, workers=2, batch=stand_in.slow)
    assert (found.points, found.units, found.measured, found.workers) == (24, 6, 4, 2)
    assert found.seconds == pytest.approx(found.measured_seconds * 3)
    assert found.measured_seconds >= 0.1
    assert found.failed == ""
    assert list(tmp_path.iterdir()) == []


def test_an_estimate_knows_that_long_chains_take_longer_and_that_points_fail(chain, volley):
    axes = {"chain.layers": [2, 4], "packet.a": [40, 60]}
    found = estimate(Sweep(chain, volley, axes=axes, points_per_unit=2), batch=stand_in.touchy)
    # One unit of 2 layers was measured; that of 4 layers has twice the layers for twice the time.
    assert found.seconds == pytest.approx(found.measured_seconds * (1 + 4))
    assert found.failed == "40 spikes are too many"


def test_sweep_json_is_the_sweep(small, tmp_path):
    run(small, tmp_path)
    assert json.loads((tmp_path / "sweep.json").read_text())["sweep"] == json.loads(small.spec())
