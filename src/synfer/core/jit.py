"""How synfer compiles its kernels, and what it says while it does.

Kernels are compiled once and cached beside the package, or in the user's cache folder where the
package is read-only. They use IEEE arithmetic (no fast-math), hold no GIL, and are reentrant.
"""

import functools
import hashlib
import sys
import threading
from pathlib import Path
from typing import Any

import numba
from numba.core import event

QUIET_SECONDS = 2.0


def kernel(function: Any = None, **options: Any) -> Any:
    """`numba.njit` as every synfer kernel uses it: cached on disk, without the GIL, IEEE arithmetic."""
    if function is None:
        return lambda f: kernel(f, **options)
    compiler: Any = numba.njit
    settings = {"nogil": True, "error_model": "numpy"} | options
    try:
        compiled = compiler(cache=True, **settings)(function)
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        return compiler(**settings)(function)
    # numba looks for changes in the file of this function alone, and would go on using stale callees.
    index = compiled._cache._cache_file
    index._source_stamp = (index._source_stamp, sources(engine(Path(function.__code__.co_filename).parent)))
    return compiled


def engine(folder: Path) -> Path:
    """The outermost package around a folder that the kernels in it may call: a whole engine, or the folder itself."""
    inside = [own for own in (folder, *folder.parents) if own.parent.name == "population"]
    return inside[0] if inside else folder


@functools.cache
def sources(folder: Path) -> str:
    """A digest of the files that kernels of a package are made of: its own and the primitives of core."""
    digest = hashlib.blake2b(digest_size=16)
    for path in [*sorted(folder.rglob("*.py")), Path(__file__), Path(__file__).with_name("lanes.py")]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def cache_folder() -> tuple[Path | None, bool]:
    """The folder compiled kernels are cached in, and whether it is not the package's own.

    The folder is None where nothing can be written, so that every process compiles anew.
    """
    path = kernel(_probe).stats.cache_path
    if path is None:
        return None, True
    return Path(path), not Path(path).is_relative_to(Path(__file__).parent)


def _probe() -> int:
    return 0


class _Notice(event.Listener):
    """Says on stderr, once per process, that kernels are being compiled when it takes long."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None
        self._said = False
        self._depth = 0
        self._lock = threading.Lock()

    def on_start(self, event: Any) -> None:
        with self._lock:
            self._depth += 1
            if self._depth == 1 and not self._said and self._timer is None:
                self._timer = threading.Timer(QUIET_SECONDS, self._say)
                self._timer.daemon = True
                self._timer.start()

    def on_end(self, event: Any) -> None:
        with self._lock:
            self._depth -= 1

    def _say(self) -> None:
        with self._lock:
            self._timer = None
            if self._depth == 0:
                return
            self._said = True
        folder, elsewhere = cache_folder()
        if folder is None:
            where = "for this process only: no cache folder can be written; set NUMBA_CACHE_DIR to one"
        else:
            where = f"once; cached in {folder}" + (" (the package folder is not used)" if elsewhere else "")
        print(f"synfer: compiling kernels, {where}", file=sys.stderr, flush=True)


event.register("numba:compile", _Notice())
