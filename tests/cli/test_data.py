"""synfer data: a table or JSON on stdout, the rest on stderr, and exit codes that say what happened."""

import hashlib
import json
from dataclasses import replace

import pytest

from synfer.cli import main
from synfer.io import download


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with small files in place of the published recordings."""
    monkeypatch.delenv("SYNFER_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    sha256 = hashlib.sha256(b"cultures").hexdigest()
    changed = {name: replace(r, size=8, sha256=sha256) for name, r in download.RECORDINGS.items()}
    monkeypatch.setattr(download, "RECORDINGS", changed)
    for recording in changed.values():
        (tmp_path / recording.file).write_bytes(b"cultures")
    return tmp_path


def test_list_says_what_there_is_and_fetches_nothing(folder, capsys):
    assert main(["data", "--list"]) == 0
    out, err = capsys.readouterr()
    assert all(text in out for text in ("mix0", "bic", "not here", hashlib.sha256(b"cultures").hexdigest()))
    assert "github" in err
    assert not (folder / "cache").exists()


def test_from_a_folder_as_json(folder, capsys):
    assert main(["data", "bic", "--from", str(folder), "--out", str(folder / "out"), "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert (printed["name"], printed["path"]) == ("bic", str(folder / "out" / "response_data_bic.mat"))
    assert set(printed) == {"name", "file", "size", "sha256", "about", "url", "path"}
    assert (folder / "out" / "response_data_bic.mat").read_bytes() == b"cultures"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["mix"], 2, "there is no recording 'mix'; did you mean mix0?"),
        (["--from", "nowhere"], 3, "nowhere is no folder"),
        (["mix0"], 3, "cannot download http://127.0.0.1:9/invitro/response_data_mix0.mat"),
    ],
)
def test_exit_codes_say_what_went_wrong(folder, capsys, monkeypatch, words, code, message):
    if code == 3:
        pytest.importorskip("pooch", reason="extra recordings is not installed")
    monkeypatch.setattr(download, "ORIGIN", "http://127.0.0.1:9")
    assert main(["data", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_a_damaged_file_is_told(folder, capsys):
    (folder / "response_data_bic.mat").write_bytes(b"vultures")
    assert main(["data", "--from", str(folder)]) == 3
    assert "response_data_bic.mat has the sha256" in capsys.readouterr().err
