"""A value of arrays, numbers and names in one .npz file, without pickle."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from synfer.core.errors import ParameterError


def write(path: str | os.PathLike[str], values: dict[str, Any]) -> None:
    """Write whole or not at all; None is left out."""
    arrays = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
    words = {k: v for k, v in values.items() if isinstance(v, (float, str, tuple))}
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, words=np.array(json.dumps(words)), **arrays)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `write` wrote."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        words = json.loads(str(arrays.pop("words")))
    except FileNotFoundError:
        raise ParameterError(f"there is no file {path}; give one that save wrote") from None
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ParameterError(f"{path} is not a saved network ({error}); save it again") from None
    return arrays | {k: tuple(v) if isinstance(v, list) else v for k, v in words.items()}
