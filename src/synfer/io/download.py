"""The public recordings: what there is, and a copy of it on this machine whose checksum is right."""

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from synfer.core.checks import shortly
from synfer.core.disk import beside
from synfer.core.errors import ParameterError, SynferError, UsageError, did_you_mean

ORIGIN = "https://raw.githubusercontent.com/takuyaisomura/reverse_engineering/6f026de7184e7f05e463eab784875b8a4f41b780"
"""Commit of github.com/takuyaisomura/reverse_engineering, the supplement of doi.org/10.1038/s41467-023-40141-z."""
PATTERN = "response_data_*.mat"
SECONDS = 30
"""A server that says nothing for so long is given up."""


class DownloadError(SynferError):
    """A recording that could not be downloaded, or came with another checksum."""

    exit_code = 3


@dataclass(frozen=True)
class Recording:
    """A published file."""

    name: str
    file: str
    size: int
    sha256: str
    about: str

    @property
    def url(self) -> str:
        """Where it is published."""
        return f"{ORIGIN}/invitro/{self.file}"


@dataclass(frozen=True)
class Place:
    """A recording and its copy on this machine, if there is one."""

    recording: Recording
    path: Path | None

    @property
    def text(self) -> str | None:
        """The path as text."""
        return None if self.path is None else str(self.path)


RECORDINGS = {
    "mix0": Recording(
        "mix0",
        "response_data_mix0.mat",
        2120612,
        "45a56cd147c76c854c0eec48fd58645c76205edd1e7b06ff2d76640f2d7ac072",
        "4 cultures, 100 sessions of 256 stimuli",
    ),
    "bic": Recording(
        "bic",
        "response_data_bic.mat",
        3308199,
        "21824a2b09977401b4f9065820ea2f98b16eb82ce8351e405c8eaf734d7d91e9",
        "6 cultures with bicuculline, 100 sessions of 256 stimuli",
    ),
}


def data_folder(given: str | os.PathLike[str] | None = None) -> Path | None:
    """The folder that holds recordings: the one given, else $SYNFER_DATA, else that of downloads; None without any.

    A folder `invitro` inside is looked into as well.

    Raises:
        ParameterError: the folder that is named does not exist.
    """
    if given is not None:
        check_path("the folder of recordings", given)
    named = given or os.environ.get("SYNFER_DATA")
    if named:
        source = "" if given else " (SYNFER_DATA)"
        folder = Path(named)
        if not folder.is_dir():
            raise ParameterError(f"{folder}{source} is no folder; name one that holds {PATTERN}")
    else:
        folder = cache_folder()
    for place in (folder, folder / "invitro"):
        if any(place.glob(PATTERN)):
            return place
    return None


def find_recordings(given: str | os.PathLike[str] | None = None) -> dict[str, Path]:
    """The recordings in `data_folder(given)` by condition; checksums of the published ones are held against them.

    Raises:
        ParameterError: a published file with other bytes.
    """
    folder = data_folder(given)
    found = {} if folder is None else {p.stem.removeprefix("response_data_"): p for p in sorted(folder.glob(PATTERN))}
    for name, path in found.items():
        if name in RECORDINGS:
            check(RECORDINGS[name], path)
    return found


def cache_folder() -> Path:
    """Where downloads go: $XDG_CACHE_HOME/synfer or ~/.cache/synfer, %LOCALAPPDATA%\\synfer on Windows."""
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return Path(base) / "synfer" if base else Path("~/.cache/synfer").expanduser()


def listed(names: Sequence[str] = (), folder: str | os.PathLike[str] | None = None) -> list[Place]:
    """The published recordings of these names, all without names, and where they lie."""
    found = find_recordings(folder)
    return [Place(recording, found.get(recording.name)) for recording in _chosen(names)]


def fetch(
    names: Sequence[str] = (),
    *,
    source: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[str, float], object] = lambda stage, fraction: None,
) -> list[Place]:
    """Have recordings on this machine, with the right checksum.

    Args:
        names: Which; all without names.
        source: A folder that holds them; $SYNFER_DATA otherwise, and they are downloaded without either.
        out: Where they go; without it, local ones stay where they are and downloads go to `cache_folder()`.
        progress: Called with what is at work and the fraction that is done.

    Raises:
        UsageError: an unknown name, or pooch is needed and not installed.
        ParameterError: the source lacks a file, or has one with other bytes.
        DownloadError: the network or the server failed, or what came has another checksum; nothing is left behind.
    """
    chosen = _chosen(names)
    for name, place in (("source", source), ("out", out)):
        if place is not None:
            check_path(name, place)
    local = source or os.environ.get("SYNFER_DATA")
    target = Path(out) if out is not None else None if local else cache_folder()
    done = []
    for k, recording in enumerate(chosen):
        progress(recording.file, k / len(chosen))
        done.append(Place(recording, _local(recording, local, target) if local else _downloaded(recording, target)))
    return done


def check(recording: Recording, path: Path) -> None:
    """That a file is the published one.

    Raises:
        ParameterError: it is not.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ParameterError(f"{path} cannot be read ({error.strerror or error}); give another folder") from None
    if sha256 != recording.sha256:
        raise ParameterError(
            f"{path} has the sha256 {sha256[:12]}... and {recording.name} has {recording.sha256[:12]}...: it is "
            f"damaged or another file; remove it and run synfer data {recording.name}"
        )


def check_path(name: str, value: object) -> None:
    if not isinstance(value, (str, os.PathLike)):
        raise ParameterError(f"{name} = {shortly(value)} must be the path of a folder")


def _chosen(names: Sequence[str]) -> list[Recording]:
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise UsageError(f"names = {shortly(names)} must be a list of names, for example ['mix0']")
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"names hold {shortly(name)} and must hold texts; known: {', '.join(RECORDINGS)}")
        if name not in RECORDINGS:
            raise UsageError(f"there is no recording {name!r}{did_you_mean(name, RECORDINGS)}")
    return [RECORDINGS[name] for name in dict.fromkeys(names or RECORDINGS)]


def _local(recording: Recording, folder: str | os.PathLike[str], target: Path | None) -> Path:
    found = find_recordings(folder).get(recording.name)
    if found is None:
        raise ParameterError(
            f"{recording.file} is not in {folder}; name the folder that holds it, or none to download it"
        )
    if target is None or (target / recording.file).resolve() == found.resolve():
        return found
    copy = _in(target, recording)
    with beside(copy) as partial:
        shutil.copyfile(found, partial)
    check(recording, copy)
    return copy


def _downloaded(recording: Recording, target: Path | None) -> Path:
    try:
        import pooch
    except ImportError:
        raise UsageError("downloads need pooch; install it with: pip install 'synfer[recordings]'") from None
    file = _in(target or cache_folder(), recording)
    pooch.get_logger().setLevel("ERROR")
    try:
        pooch.retrieve(
            recording.url,
            known_hash=f"sha256:{recording.sha256}",
            fname=file.name,
            path=file.parent,
            downloader=cast(Any, pooch.HTTPDownloader(timeout=SECONDS)),
        )
    except Exception as error:  # whatever the network, its library and the disk raise
        reason = "what came has another checksum" if "hash" in str(error) else f"{type(error).__name__}: {error}"
        raise DownloadError(
            f"cannot download {recording.url} ({reason[:200]}); try again, or put {recording.file} into a folder and "
            f"run synfer data --from FOLDER, or set SYNFER_DATA"
        ) from None
    return file


def _in(folder: Path, recording: Recording) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"cannot make {folder} ({error.strerror or error}); give another folder") from None
    return folder / recording.file
