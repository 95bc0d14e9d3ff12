"""Files and folders that appear whole or not at all, and stay."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synfer.core.errors import ParameterError


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A path in the same folder, for a file or a folder that takes the place of `target` when the block ends well.

    Raises:
        ParameterError: it cannot be written, or `target` is a folder; nothing has changed then.
    """
    partial = target.with_name(f".partial-{os.getpid()}-{threading.get_ident()}-{target.name}")
    try:
        if not target.parent.is_dir():
            raise ParameterError(f"cannot write {target}: there is no folder {target.parent}; make it first")
        if target.is_dir():
            raise ParameterError(f"{target} is a folder that exists; remove it or give another name")
        yield partial
        for path in (*partial.rglob("*"), partial):
            flush(path)
        partial.replace(target)
        flush(target.parent)
    except OSError as error:
        said = re.search("error message = '([^']*)'", str(error))  # as HDF5 does
        reason = error.strerror or (said[1] if said else type(error).__name__)
        raise ParameterError(f"cannot write {target} ({reason}); give a file in a folder that can be written") from None
    finally:
        with suppress(OSError):
            shutil.rmtree(partial) if partial.is_dir() else partial.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until the disk has what was written to a file, or to a folder's list of names."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
