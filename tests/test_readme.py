"""What README shows runs as written."""

import re
import warnings
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_block_runs(block, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(block, {})  # noqa: S102 - our own text
    pyplot.close("all")


def test_every_command_that_is_shown_exists():
    from synfer.cli.app import app

    known = {(c.name or c.callback.__name__) for c in app.registered_commands if c.callback}
    section = README.partition("## Command line")[2]
    assert set(re.findall(r"^synfer (\w+)", section, re.MULTILINE)) == known


def test_the_files_that_are_linked_exist():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert all((Path(__file__).parents[1] / link).exists() for link in links)
