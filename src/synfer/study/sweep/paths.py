"""Dotted paths into the base of a sweep: what lies there, which values may replace it, and the base with some replaced.

A path begins with chain, packet, gate or an option and goes on by field names. Where a field is given by layer, or
gates are several, a number from 1 says which: ``chain.noise.3.sigma``, ``gate.2.depth``.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from synfer.core.errors import ParameterError, did_you_mean
from synfer.core.params import Params, plain
from synfer.population.drive import Gate, Timeseries
from synfer.study.sweep import describe

Value = bool | int | float | str


class Place(NamedTuple):
    """What lies at a path: the base's value, the unit and one line of doc."""

    value: Any
    unit: str
    doc: str


def look_up(base: Mapping[str, Place], path: str) -> Place:
    """What lies at a path of the base.

    Raises:
        ParameterError: nothing does; the nearest name is named.
    """
    words = path.split(".")
    if words[0] not in base:
        raise ParameterError(f"{path!r}: a sweep has no {words[0]!r}{did_you_mean(words[0], base)}")
    place, seen = base[words[0]], words[0]
    for word in words[1:]:
        place = _below(place, word, seen, path)
        seen = f"{seen}.{word}"
    return place


def _below(place: Place, word: str, seen: str, path: str) -> Place:
    value = place.value
    if isinstance(value, tuple):
        if seen == "gate" and len(value) == 1 and not word.isdigit():
            return _below(place._replace(value=value[0]), word, seen, path)
        if not value:
            raise ParameterError(f"{path!r}: the sweep has no {seen}; give one, and vary its fields")
        if not word.isdigit() or not 1 <= int(word) <= len(value):
            example = f"{seen}.1.{word}" if isinstance(value[0], Params) and not word.isdigit() else f"{seen}.1"
            raise ParameterError(f"{path!r}: {seen} has {len(value)} entries, numbered from 1; write {example}")
        return place._replace(value=value[int(word) - 1])
    if not isinstance(value, Params):
        raise ParameterError(f"{path!r}: {seen} is {value!r}, which has no fields; vary {seen} itself")
    known = [name for name in type(value).model_fields if name != "kind"]
    if word not in known:
        raise ParameterError(f"{path!r}: {seen} has no field {word!r}{did_you_mean(word, known)}")
    return Place(getattr(value, word), value.unit(word), value.doc(word))


def checked(path: str, base: Any, values: Sequence[Any], names: Sequence[str] | None = None) -> tuple[Value, ...]:
    """The values, of the type that the base has at the path: equal sweeps have equal values, however they were given.

    Args:
        names: What gates call the layers where these are no numbers.

    Raises:
        ParameterError: none, or one of a type that cannot stand there.
    """
    found = [plain(value) for value in values]
    if not found:
        raise ParameterError(f"{path!r} has no values; give at least one")
    if path == "chain.neuron":
        return tuple(_text(path, value, describe.PRESETS) for value in found)
    if isinstance(base, bool):
        return tuple(_boolean(path, value) for value in found)
    if path == "window":
        return tuple(_text(path, v, ["evoked"]) if isinstance(v, str) else _number(path, v) for v in found)
    if isinstance(base, str):
        return tuple(_text(path, value) for value in found)
    if names is not None and path.split(".")[0] == "gate" and path.endswith(".layers"):
        return tuple(_text(path, value, names) for value in found)
    if (isinstance(base, int) and not isinstance(base, bool)) or path == "seed" or path.endswith(".layers"):
        return tuple(_whole(path, value) for value in found)
    if base is None or isinstance(base, (float, Timeseries)):
        return tuple(_number(path, value) for value in found)
    if isinstance(base, tuple):
        raise ParameterError(f"{path!r} is given one by one; vary {path}.1 and so on")
    fields = ", ".join(f"{path}.{name}" for name in getattr(type(base), "model_fields", ()) if name != "kind")
    raise ParameterError(f"{path!r} is made of parts; vary one of {fields}")


def _boolean(path: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ParameterError(f"{path!r}: {value!r} must be true or false")


def _text(path: str, value: Any, known: Any = None) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"{path!r}: {value!r} must be text")
    if known is not None and value not in known:
        raise ParameterError(f"{path!r}: {value!r} is unknown{did_you_mean(value, known)}")
    return value


def _number(path: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise ParameterError(f"{path!r}: {value!r} must be a finite number")
    return float(value)


def _whole(path: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value != int(value):
        raise ParameterError(f"{path!r}: {value!r} must be a whole number")
    return int(value)


def replaced(base: Mapping[str, Any], changes: Mapping[str, Value]) -> dict[str, Any]:
    """The base's values with some replaced, each Params made anew once, so that fields that belong together may move.

    Raises:
        ParameterError: the values are no valid description.
    """
    new = dict(base)
    for name, below in _by_first({tuple(path.split(".")): value for path, value in changes.items()}).items():
        new[name] = _replaced(base[name], below, name)
    return new


Changes = dict[tuple[str, ...], Value]


def _by_first(changes: Changes) -> dict[str, Changes]:
    groups: dict[str, Changes] = {}
    for words, value in changes.items():
        groups.setdefault(words[0], {})[words[1:]] = value
    return groups


def _replaced(value: Any, changes: Changes, where: str) -> Any:
    if () in changes:
        new = changes[()]
        return describe.preset(new) if where == "chain.neuron" and isinstance(new, str) else new
    if isinstance(value, tuple):
        if where == "gate" and len(value) == 1 and not any(words[0].isdigit() for words in changes):
            return (_replaced(value[0], changes, where),)
        entries = list(value)
        for word, below in _by_first(changes).items():
            entries[int(word) - 1] = _replaced(entries[int(word) - 1], below, f"{where}.{word}")
        return tuple(entries)
    fields = {}
    for word, below in _by_first(changes).items():
        new = _replaced(getattr(value, word), below, f"{where}.{word}")
        fields[word] = (new,) if isinstance(value, Gate) and word == "layers" else new
    return value.replace(**fields)
