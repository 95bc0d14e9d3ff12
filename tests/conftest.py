"""What several test modules share."""

import hashlib
import os
from pathlib import Path

import pytest

from synfer.study import catalog

EXPERIMENTS = Path(__file__).parent / "experiments"
DATA = Path(os.environ.get("SYNFER_DATA") or Path(__file__).parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def data_file():
    """The path of a published file; the test is skipped where it is not there."""

    def of(relative: str) -> Path:
        path = DATA / relative
        if not path.exists():
            pytest.skip(f"published data {relative} are not in {DATA}; SYNFER_DATA names another folder")
        return path

    return of


@pytest.fixture
def only_tiny(monkeypatch):
    """A catalog that holds one experiment, tests/experiments/tiny.py, found as any other is."""
    monkeypatch.setattr(catalog, "__path__", [str(EXPERIMENTS)])


@pytest.fixture(scope="session")
def fingerprint():
    """The hash of every file under a folder, by relative path."""

    def of(folder: Path) -> dict[str, str]:
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    return of
