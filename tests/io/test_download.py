"""Drill: recordings come with the right checksum or not at all, from a server, a folder or a broken network."""

import hashlib
import re
import sys
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from synfer.core.errors import ParameterError, UsageError
from synfer.io import download
from synfer.io.download import DownloadError, data_folder, fetch, find_recordings, listed

CONTENT = {"mix0": b"four cultures", "bic": b"six cultures"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Small files in place of the published ones, and a machine without any."""
    recordings = {
        name: replace(download.RECORDINGS[name], size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in CONTENT.items()
    }
    monkeypatch.setattr(download, "RECORDINGS", recordings)
    monkeypatch.delenv("SYNFER_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))


@pytest.fixture
def local(tmp_path):
    folder = tmp_path / "local" / "invitro"
    folder.mkdir(parents=True)
    for name, data in CONTENT.items():
        (folder / f"response_data_{name}.mat").write_bytes(data)
    return folder


@pytest.fixture
def server(local, monkeypatch):
    pytest.importorskip("pooch", reason="extra recordings is not installed")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(local.parent))) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        monkeypatch.setattr(download, "ORIGIN", f"http://127.0.0.1:{served.server_port}")
        yield local
        served.shutdown()


def paths(found):
    return [place.path for place in found]


def test_what_is_published_is_named_by_commit_and_checksum(monkeypatch):
    monkeypatch.undo()
    for name, recording in download.RECORDINGS.items():
        assert recording.name == name
        assert re.fullmatch(r"[0-9a-f]{64}", recording.sha256)
        assert re.fullmatch(rf"https://.*/[0-9a-f]{{40}}/invitro/response_data_{name}\.mat", recording.url)


def test_the_published_files_have_the_size_and_checksum(published, monkeypatch):
    monkeypatch.undo()
    folder = published("response_data_mix0.mat").parent
    for place in listed(folder=folder):
        assert place.path is not None
        assert place.path.stat().st_size == place.recording.size


def test_downloads_go_to_the_cache_and_are_found_there(server, tmp_path):
    cache = tmp_path / "cache" / "synfer"
    assert paths(listed()) == [None, None]
    assert paths(fetch(["bic"])) == [cache / "response_data_bic.mat"]
    assert (cache / "response_data_bic.mat").read_bytes() == CONTENT["bic"]
    assert paths(listed()) == [None, cache / "response_data_bic.mat"]
    assert data_folder() == cache
    (server / "response_data_bic.mat").unlink()  # not asked for again
    assert paths(fetch(["bic"])) == [cache / "response_data_bic.mat"]


def test_downloads_go_where_they_are_told(server, tmp_path):
    assert paths(fetch(out=tmp_path / "a" / "b")) == [tmp_path / f"a/b/response_data_{name}.mat" for name in CONTENT]
    assert data_folder() is None


def test_another_content_is_refused_and_nothing_is_left(server, tmp_path):
    (server / "response_data_bic.mat").write_bytes(b"something else")
    with pytest.raises(DownloadError, match="what came has another checksum") as caught:
        fetch(["bic"])
    assert caught.value.exit_code == 3
    assert list((tmp_path / "cache" / "synfer").iterdir()) == []


def test_a_missing_file_and_a_missing_server_are_told(server, monkeypatch):
    (server / "response_data_bic.mat").unlink()
    with pytest.raises(DownloadError, match=r"cannot download .*404.*synfer data --from FOLDER"):
        fetch(["bic"])
    monkeypatch.setattr(download, "ORIGIN", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"cannot download .*or set SYNFER_DATA"):
        fetch(["bic"])


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_local_folder_is_used_in_place_or_copied(local, tmp_path, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("SYNFER_DATA", str(local.parent))
    source = local.parent if by == "argument" else None
    in_place = [local / f"response_data_{name}.mat" for name in CONTENT]
    assert paths(fetch(source=source)) == in_place
    assert list(find_recordings(source)) == ["bic", "mix0"]
    assert data_folder(source) == local
    assert paths(fetch(["mix0"], source=source, out=local)) == in_place[:1]
    (copy,) = paths(fetch(["mix0"], source=source, out=tmp_path / "out"))
    assert copy.read_bytes() == CONTENT["mix0"]
    assert list((tmp_path / "out").iterdir()) == [copy]


def test_recordings_of_ones_own_are_found_without_a_checksum(local):
    (local / "response_data_mine.mat").write_bytes(b"mine")
    assert list(find_recordings(local)) == ["bic", "mine", "mix0"]


def test_a_damaged_local_file_is_told(local):
    (local / "response_data_mix0.mat").write_bytes(b"five cultures")
    for use in (fetch, listed, find_recordings):
        with pytest.raises(ParameterError, match=r"response_data_mix0\.mat has the sha256 .*it is damaged"):
            use(**({"folder": local} if use is listed else {"source": local} if use is fetch else {"given": local}))


def test_bad_names_and_folders_are_told(local, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="there is no recording 'mix'; did you mean mix0"):
        fetch(["mix"])
    with pytest.raises(ParameterError, match=r"nowhere is no folder"):
        fetch(source=tmp_path / "nowhere")
    with pytest.raises(ParameterError, match=r"cannot make .*give another folder"):
        fetch(source=local, out=local / "response_data_bic.mat" / "x")
    (local / "response_data_bic.mat").unlink()
    with pytest.raises(ParameterError, match=r"response_data_bic.mat is not in"):
        fetch(source=local)
    monkeypatch.setenv("SYNFER_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ParameterError, match=r"nowhere \(SYNFER_DATA\) is no folder"):
        data_folder()


def test_without_pooch_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(UsageError, match=r"pip install 'synfer\[recordings\]'"):
        fetch(["bic"])
