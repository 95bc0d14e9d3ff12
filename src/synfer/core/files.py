"""A value of arrays, numbers and names in one .npz file, without pickle."""

import json
import os
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np

from synfer.core.disk import beside
from synfer.core.errors import ParameterError

T = TypeVar("T")
KIND = "kind"
"""Beside the fields: the name of the class. Files without it are of the class that reads them, if it can."""


def write(path: str | os.PathLike[str], kind: str, values: dict[str, Any]) -> None:
    """Write arrays, numbers, texts and tuples of texts of a class, whole or not at all; None is left out.

    Raises:
        ParameterError: the file cannot be written.
    """
    arrays: dict[str, Any] = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
    words = {k: v for k, v in values.items() if isinstance(v, (float, str, tuple))}
    with beside(_path(path)) as partial, partial.open("wb") as file:
        np.savez(file, words=np.array(json.dumps({KIND: kind} | words)), **arrays)


def read(path: str | os.PathLike[str], cls: type[T]) -> T:
    """The `cls` whose fields `write` wrote.

    Raises:
        ParameterError: no such file, or another one.
    """
    path = _path(path)
    foreign = f"{path} is not a saved {cls.__name__}, or is damaged"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        words = json.loads(str(arrays.pop("words")))
        kind = words.pop(KIND, cls.__name__)
        values = arrays | {k: tuple(v) if isinstance(v, list) else v for k, v in words.items()}
    except FileNotFoundError:
        raise ParameterError(f"there is no file {path}; give one that {cls.__name__}.save wrote") from None
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, BadZipFile):
        raise ParameterError(foreign) from None
    if kind != cls.__name__:
        raise ParameterError(f"{path} holds a {kind}; use {kind}.load")
    try:
        return cls(**values)
    except (TypeError, ParameterError) as error:
        raise ParameterError(f"{foreign}: {error}") from None


def _path(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)) or not Path(os.fspath(path)).name:
        raise ParameterError(f"path = {path!r} must be the name of a file, for example 'model.npz'")
    return Path(path)
