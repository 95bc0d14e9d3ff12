"""Files that are read without trust, and appear whole or not at all."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synfer.core.errors import ParameterError

SLACK, RATIO = 2**26, 256
"""A file may claim this many bytes of memory, and this many times its own size (counts compress 4 to 50 times)."""


def check_claim(what: str, claimed: int, stored: int) -> None:
    """That a file, or a part of it, claims no more memory than one of `stored` bytes can fill."""
    if claimed > SLACK + RATIO * stored:
        raise ParameterError(
            f"{what} claims {claimed:,} bytes, and the file has {stored:,}: it is damaged or made to exhaust the "
            f"memory; save the recording again"
        )


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A path in the same folder, for a file or a folder that takes the place of `target` when the block ends well.

    Raises:
        ParameterError: it cannot be written, or `target` is a folder; nothing has changed then.
    """
    partial = target.with_name(f".partial-{os.getpid()}-{target.name}")
    try:
        if not target.parent.is_dir():
            raise ParameterError(f"cannot write {target}: there is no folder {target.parent}; make it first")
        if target.is_dir():
            raise ParameterError(f"{target} is a folder that exists; remove it or give another name")
        yield partial
        for path in (*partial.rglob("*"), partial):
            _flush(path)
        partial.replace(target)
        _flush(target.parent)
    except OSError as error:
        said = re.search("error message = '([^']*)'", str(error))  # as HDF5 does
        reason = error.strerror or (said[1] if said else type(error).__name__)
        raise ParameterError(f"cannot write {target} ({reason}); give a file in a folder that can be written") from None
    finally:
        with suppress(OSError):
            shutil.rmtree(partial) if partial.is_dir() else partial.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    if path.is_dir() and os.name == "nt":  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
