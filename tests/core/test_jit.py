"""Drill: compiled kernels in the field, each in a fresh process with its own copy of the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import synfer
from synfer.core import jit

CALLS = """
import sys, threading
import numpy as np
import synfer as sf
lif, rest = sf.LIF.diesmann1999(), sf.Noise(-61, 3)
results = {}
def work(i):
    results[i] = sf.simulate(lif, rest, t=2, n=64, seed=1).V_mean.values
threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
assert np.array_equal(results[0], results[1])
print("same")
"""


def python(code, package, home):
    """Run code in a fresh process that imports a copy of the package and knows no cache but its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(package.parent), "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        cwd=home,
        timeout=300,
        check=False,
    )


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "site" / "synfer"
    shutil.copytree(Path(synfer.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.slow
def test_two_threads_compile_and_run_at_once_and_the_user_is_told(package, tmp_path):
    """By the engine that compiles in less time; numba compiles one kernel at a time, whichever it is."""
    first = python(CALLS, package, tmp_path)
    assert first.stdout == "same\n", first.stderr
    notices = [line for line in first.stderr.splitlines() if "compiling kernels" in line]
    assert len(notices) == 1
    assert str(package) in notices[0]
    assert list(package.rglob("*.nbi"))
    again = python(CALLS, package, tmp_path)
    assert (again.stdout, again.stderr) == ("same\n", "")


def test_a_read_only_install_caches_in_the_users_folder_and_says_so(package, tmp_path):
    """A file in the place of every __pycache__ keeps even root from writing there."""
    for folder in {path.parent for path in package.rglob("*.py")}:
        (folder / "__pycache__").write_text("")
    done = python("from synfer.core import jit; print(*jit.cache_folder())", package, tmp_path)
    where, elsewhere = done.stdout.split()
    assert elsewhere == "True"
    assert Path(where).is_relative_to(tmp_path / ".cache")


def test_a_machine_without_any_place_to_write_still_computes(package, tmp_path):
    for folder in {path.parent for path in package.rglob("*.py")}:
        (folder / "__pycache__").write_text("")
    (tmp_path / ".cache").write_text("")
    code = "from synfer.core import jit; print(jit.cache_folder(), jit.kernel(lambda x: x + 1)(1))"
    done = python(code, package, tmp_path)
    assert done.stdout == "(None, True) 2\n", done.stderr


def test_a_kernel_is_compiled_anew_when_any_file_of_its_package_changes(tmp_path):
    """numba itself looks at the file of the compiled function alone."""
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "b.py").write_text("y = 1")
    before = jit.sources(tmp_path)
    jit.sources.cache_clear()
    (tmp_path / "b.py").write_text("y = 2")
    assert jit.sources(tmp_path) != before


def test_kernels_of_a_package_within_an_engine_know_the_files_of_the_whole_engine():
    from synfer.population.density.evolve import advance_tile
    from synfer.population.spiking.network.advance import advance_network

    for compiled, engine in ((advance_tile, "density"), (advance_network, "spiking")):
        folder = jit.engine(Path(compiled.py_func.__code__.co_filename).parent)
        assert folder.name == engine
        assert jit.sources(folder) in compiled._cache._cache_file._source_stamp


def test_the_digest_of_an_engine_changes_with_a_file_further_down(tmp_path):
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "a.py").write_text("x = 1")
    before = jit.sources(tmp_path)
    jit.sources.cache_clear()
    (tmp_path / "slow" / "a.py").write_text("x = 2")
    assert jit.sources(tmp_path) != before
