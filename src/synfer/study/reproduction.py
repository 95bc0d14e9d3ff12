"""Everything again: all experiments, and one report about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from synfer.core.checks import check_count
from synfer.core.errors import SynferError
from synfer.study.catalog import find, names
from synfer.study.experiment import Progress, silent
from synfer.study.report import Entry, read, report
from synfer.study.runner import configured, run
from synfer.study.workers import Killed, Tell, WorkersFailed, crew

LONG = ("gate-opening", "weak-inhibition", "izhikevich-gate")
"""Experiments that are begun first, so that none of them runs on alone at the end; no more than a hint."""


@dataclass(frozen=True)
class Reproduction:
    """What `reproduce` gave: the report's path, a section per experiment, and the errors of those that did not run."""

    page: Path
    entries: list[Entry]
    errors: dict[str, SynferError]


def reproduce(out: str | Path, preset: str = "quick", *, workers: int = 1, progress: Progress = silent) -> Reproduction:
    """Run every experiment into out/NAME and write out/report.html.

    Results do not depend on the number of workers. An experiment that ends in a SynferError is reported there; the
    others run all the same.

    Args:
        out: Folder for the results and the report.
        preset: As in `run`.
        workers: Experiments at a time, each in a process of its own; 1 (default) is this one. In a script, more need
            `if __name__ == "__main__":`.
        progress: Told stage and fraction now and then.

    Raises:
        UsageError: an experiment has no such preset; nothing has run then.
        ParameterError: workers < 1.
        WorkersFailed: workers do not start.
    """
    out, todo = Path(out), names()
    workers = min(check_count("workers", workers), len(todo))
    for name in todo:
        configured(find(name), preset, {})
    watch = _Watch(todo, progress)
    attempt = partial(_attempt, preset, out)
    first = sorted(todo, key=lambda name: LONG.index(name) if name in LONG else len(LONG))
    ends = _apart(attempt, first, workers, watch) if workers > 1 else (attempt(name, watch) for name in todo)
    entries: dict[Path, Entry] = {}
    failed: dict[str, SynferError] = {}
    for name, error in ends:
        if error is None:
            entries[out / name] = read(out / name)
        else:
            failed[name] = error
    errors = {name: failed[name] for name in todo if name in failed}
    page = report(out, failures={name: str(error) for name, error in errors.items()}, known=entries)
    return Reproduction(page, [entries[out / name] for name in todo if name not in errors], errors)


End = tuple[str, SynferError | None]
"""An experiment that has run, or why it did not."""


def _attempt(preset: str, out: Path, name: str, tell: Tell) -> End:
    def part(stage: str, fraction: float, /) -> None:
        tell((name, stage, fraction))

    part("starting", 0.0)
    try:
        run(name, preset, out=out / name, progress=part)
    except SynferError as error:
        return name, error
    finally:
        part("done", 1.0)
    return name, None


def _apart(attempt: partial[End], todo: list[str], workers: int, tell: Tell) -> Iterator[End]:
    for end in crew(attempt, todo, workers, tell=tell):
        if isinstance(end, Killed):
            yield end.task, WorkersFailed("its process was killed; it may lack memory, so use fewer workers")
        else:
            yield end.value


class _Watch:
    """Makes one progress of those of all experiments."""

    def __init__(self, todo: list[str], progress: Progress) -> None:
        self._fractions, self._progress = dict.fromkeys(todo, 0.0), progress

    def __call__(self, word: tuple[str, str, float]) -> None:
        name, stage, fraction = word
        self._fractions[name] = fraction
        self._progress(f"{name}: {stage}", sum(self._fractions.values()) / len(self._fractions))
