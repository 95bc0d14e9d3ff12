"""The experiments that synfer ships, one module each; a module in this folder is registered."""

import pkgutil
from importlib import import_module

from synfer.core.errors import UsageError, did_you_mean
from synfer.study.experiment import Experiment, checked


def names() -> list[str]:
    """The names of all experiments, without importing any."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def experiments() -> dict[str, Experiment]:
    """All experiments by name.

    Example:
        >>> import synfer as sf
        >>> for name, experiment in sf.experiments().items():
        ...     line = (name, experiment.TITLE)
    """
    return {name: find(name) for name in names()}


def find(name: str) -> Experiment:
    """The experiment called `name`.

    Raises:
        UsageError: no such experiment; names the nearest one.
    """
    if name not in names():
        raise UsageError(f"there is no experiment {name!r}{did_you_mean(name, names())}")
    return checked(import_module(f"{__name__}.{name.replace('-', '_')}"))
