"""Folders that appear whole or not at all: write beside, flush to disk, rename into place.

A reader finds the old result or the new one, never half of one. A killed writer or a full disk
leaves the old result; its leftovers are hidden siblings that the next writer removes.
"""

import errno
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synfer.core.disk import flush
from synfer.core.errors import SynferError

RACES = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT)
"""What a rename says when another writer, or a reader that restores, came between."""
ATTEMPTS = 100


class StoreError(SynferError):
    """A file or folder that cannot be read, or cannot be written."""

    exit_code = 3


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `target` when the block ends without an error.

    Raises:
        StoreError: the folder cannot be written; what was at `target` is as it was.
    """
    partial = _sibling(target, f"partial-{platform.node()}-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        restore(target)
        _sweep(target)
        partial.mkdir()
        yield partial
        _flush_all(partial)
        _swap(partial, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"cannot write {target}: {reason}; an earlier result there is untouched; make room or choose another folder"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def restore(target: Path) -> None:
    """Bring back the earlier result if a writer was killed between its two renames."""
    previous = _sibling(target, "previous")
    if previous.exists() and not target.exists():
        with suppress(OSError):  # someone else was quicker
            previous.rename(target)


def restore_all(folder: Path) -> None:
    """`restore` whatever lies in a folder."""
    for previous in folder.glob(".*.previous"):
        restore(folder / previous.name.removeprefix(".").removesuffix(".previous"))


def identity(target: Path) -> tuple[int, int] | None:
    """What tells a folder from the one that replaces it; None where there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def in_replacement(target: Path) -> bool:
    """Whether a writer is at work on `target`, or was killed at it."""
    return any(target.parent.glob(f".{target.name}.*"))


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file that takes the place of `path` whole."""
    partial = _sibling(path, f"partial-{platform.node()}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        flush(partial)
        partial.replace(path)
        flush(path.parent)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}; make room or choose another folder"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _sibling(target: Path, suffix: str) -> Path:
    return target.parent / f".{target.name}.{suffix}"


def _swap(partial: Path, target: Path) -> None:
    for _ in range(ATTEMPTS):
        try:
            _step_in(partial, target)
            return
        except OSError as error:
            restore(target)
            if error.errno not in RACES:
                raise
    raise StoreError(f"other programs keep replacing {target}; let one finish")


def _step_in(partial: Path, target: Path) -> None:
    # POSIX cannot rename over a folder that holds files, so the old one steps aside; `restore`
    # closes the gap between the two renames.
    previous = _sibling(target, "previous")
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    partial.rename(target)
    flush(target.parent)
    shutil.rmtree(previous, ignore_errors=True)


def _flush_all(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        flush(path)
    flush(folder)


def _sweep(target: Path) -> None:
    """Remove what writers on this machine left behind when they were killed."""
    stem = f".{target.name}.partial-{platform.node()}-"
    for leftover in target.parent.glob(f"{stem}*"):
        pid = leftover.name.removeprefix(stem)
        if pid.isdigit() and not alive(int(pid)):
            shutil.rmtree(leftover, ignore_errors=True)


def alive(pid: int) -> bool:
    """Whether a process of this machine lives."""
    if os.name == "nt":  # signal 0 is not a probe there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
