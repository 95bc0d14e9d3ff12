"""What a bug report needs to know about the machine. It is printed, never stored with results."""

import platform
from importlib.metadata import version as installed

from synfer.core.jit import cache_folder
from synfer.core.machine import cores
from synfer.core.results import version

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "xarray", "zarr", "pydantic", "matplotlib")


def facts() -> dict[str, str]:
    """Versions, cores and folders, by name."""
    folder, elsewhere = cache_folder()
    cache = (
        "none can be written: every process compiles anew; set NUMBA_CACHE_DIR to a folder"
        if folder is None
        else str(folder)
    )
    if folder is not None and elsewhere:
        cache += " (the package's own folder is not used)"
    return {
        "synfer": version(),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": str(cores()),
        **{name: installed(name) for name in PACKAGES},
        "kernel cache": cache,
    }
