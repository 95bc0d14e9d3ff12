"""Frozen dataclasses of arrays, numbers and names: compared, told apart, changed and saved by their fields."""

import hashlib
import os
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from synfer.core.errors import ParameterError, did_you_mean
from synfer.core.files import read, write


@dataclass(frozen=True, eq=False)
class Frozen:
    """What a frozen dataclass of arrays, numbers and tuples of names is and can do."""

    def replace(self, **changes: Any) -> Self:
        """This one with some fields changed, checked as a new one is."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ParameterError(f"{type(self).__name__} has no field {name!r}{did_you_mean(name, known)}")
        return replace(self, **changes)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        pairs = [(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        return all(np.array_equal(x, y) if np.ndarray in (type(x), type(y)) else x == y for x, y in pairs)

    __hash__ = None  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """From a copy or a pickle, whose arrays anyone could write to."""
        self.__dict__.update(state)
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def digest(self) -> str:
        """32 letters that equal ones share, on any machine, and others do not."""
        digest = hashlib.blake2b(type(self).__name__.encode(), digest_size=16)
        for field in fields(self):
            value = getattr(self, field.name)
            array = isinstance(value, np.ndarray)
            digest.update(f"\x1f{field.name} {value.shape if array else repr(value)}".encode())
            digest.update((value + 0.0).astype("<f8").tobytes() if array else b"")  # + 0.0 makes 0 of -0
        return digest.hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to one .npz file, whole or not at all; `load` of its class reads it.

        Raises:
            ParameterError: the file cannot be written.
        """
        write(path, type(self).__name__, {field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """What `save` wrote.

        Raises:
            ParameterError: no such file, or another one.
        """
        return read(path, cls)
