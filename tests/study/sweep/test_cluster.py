"""A dask cluster and a process pool make identical stores."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import stand_in

import synfer as sf
from synfer.core.errors import SynferWarning
from synfer.study.sweep import conduct, ledger


@contextmanager
def started(folder, workers):
    """The URL of a scheduler with so many workers, processes of this test."""
    file = folder / "scheduler.json"
    paths = [
        str(Path(sf.__file__).parents[1]),
        str(Path(stand_in.__file__).parent),
        *os.environ.get("PYTHONPATH", "").split(os.pathsep),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    commands = [["dask_scheduler", "--host", "127.0.0.1", "--port", "0", *common]]
    one = ["dask_worker", "--nthreads", "1", "--no-nanny", "--local-directory", str(folder), *common]
    commands += [one] * workers
    log = (folder / "log").open("w")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *words], env=environment, stdout=log, stderr=log
        )
        for name, *words in commands
    ]

    def ready():
        there = (folder / "log").read_text().count("Starting established connection to")
        return file.exists() and file.read_text() and there >= workers

    try:
        end = time.monotonic() + 30
        while not ready():
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
        log.close()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    with started(tmp_path_factory.mktemp("dask"), workers=2) as url:
        yield url


def test_a_cluster_makes_the_store_that_a_pool_makes(scheduler, chain, volley, tmp_path, fingerprint):
    sweep = sf.Sweep(chain, volley, axes={"packet.a": [30, 40, 60, 90]}, points_per_unit=1)
    for out, where in (("pool", {"workers": 2}), ("dask", {"scheduler": scheduler})):
        with pytest.warns(SynferWarning, match="the mesh is coarse"):
            conduct(sweep, tmp_path / out, batch=stand_in.touchy, **where)
    mine, theirs = fingerprint(tmp_path / "dask"), fingerprint(tmp_path / "pool")
    mine.pop(ledger.NAME), theirs.pop(ledger.NAME)
    assert mine == theirs
    by = {entry["worker_pid"] for entry in ledger.read(tmp_path / "dask") if entry["event"] == "unit"}
    assert os.getpid() not in by


def test_a_scheduler_that_is_not_there_is_said(small, tmp_path, monkeypatch):
    monkeypatch.setattr("synfer.study.sweep.cluster.TIMEOUT", 0.5)
    with pytest.raises(sf.UsageError, match=r"no dask scheduler answers at tcp://127\.0\.0\.1:9"):
        conduct(small, tmp_path, scheduler="tcp://127.0.0.1:9")


def test_a_scheduler_without_workers_is_said_at_once_and_given_up_in_time(small, tmp_path, monkeypatch):
    monkeypatch.setattr("synfer.study.sweep.cluster.PATIENCE", 0.2)
    (tmp_path / "dask").mkdir()
    with (
        started(tmp_path / "dask", workers=0) as url,
        pytest.warns(SynferWarning, match=r"has no workers yet; waiting for one, up to 0\.2 s; start some with"),
        pytest.raises(sf.UsageError, match=r"had no workers for 0\.2 s"),
    ):
        conduct(small, tmp_path / "out", scheduler=url)


def test_a_scheduler_has_its_own_workers(small, tmp_path):
    with pytest.raises(sf.UsageError, match="leave workers out"):
        conduct(small, tmp_path, scheduler="tcp://127.0.0.1:9", workers=2)


def test_the_extra_is_named_where_dask_is_missing(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(sf.UsageError, match=r"pip install 'synfer\[cluster\]'"):
        conduct(small, tmp_path, scheduler="tcp://127.0.0.1:9")
