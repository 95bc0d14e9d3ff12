"""`import synfer` is light, and every public name is there."""

import subprocess
import sys

import pytest

import synfer as sf

HEAVY = ("numba", "matplotlib", "scipy", "xarray", "zarr", "pydantic", "numpy", "rich", "typer")


def test_import_loads_nothing_heavy():
    script = f"import sys, synfer; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )


def test_import_is_quick():
    script = "import time; t = time.perf_counter(); import synfer; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout) for _ in range(3)
    ]
    assert min(times) < 0.3  # measured 2 ms; the best of three, since a busy machine is no fault of the import


@pytest.mark.parametrize("name", sf.__all__)
def test_every_public_name_resolves(name):
    assert getattr(sf, name) is not None
    assert name in dir(sf)


def test_the_list_of_names_for_type_checkers_is_the_list_of_names():
    import ast
    from pathlib import Path

    tree = ast.parse(Path(sf.__file__).read_text())
    typed = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert typed == set(sf.__all__)


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(AttributeError, match=r"synfer has no name 'evolv'; did you mean evolve\?"):
        _ = sf.evolv


def test_a_version_is_stated():
    assert sf.__version__[0].isdigit()
