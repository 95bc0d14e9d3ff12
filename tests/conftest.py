"""What several test modules share."""

import hashlib
from pathlib import Path

import pytest

from synfer.study import catalog

EXPERIMENTS = Path(__file__).parent / "experiments"


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
