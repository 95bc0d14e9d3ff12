"""What --set says: FIELD=VALUE, the value as JSON where it is JSON, else as text."""

import json
from typing import Any

from synfer.core.errors import UsageError


def assignments(words: list[str]) -> dict[str, Any]:
    """The assignments by dotted path; the last one of a path counts.

    Example:
        >>> assignments(["depth=[0, 1]", "neuron.kind=lif"])
        {'depth': [0, 1], 'neuron.kind': 'lif'}
    """
    return dict(_assignment(word) for word in words)


def _assignment(word: str) -> tuple[str, Any]:
    path, equals, text = word.partition("=")
    if not equals or not all(path.strip().split(".")):
        raise UsageError(f"--set {word!r} must look like FIELD=VALUE, for example --set seed=2")
    try:
        return path.strip(), json.loads(text)
    except json.JSONDecodeError:
        return path.strip(), text
