"""Everything again: all experiments, and one report about them."""

from dataclasses import dataclass
from pathlib import Path

from synfer.core.errors import SynferError
from synfer.study.catalog import find, names
from synfer.study.experiment import Progress, silent
from synfer.study.report import Entry, read, report
from synfer.study.runner import configured, run


@dataclass(frozen=True)
class Reproduction:
    """What `reproduce` gave: the report's path, a section per experiment, and the errors of those that did not run."""

    page: Path
    entries: list[Entry]
    errors: dict[str, SynferError]


def reproduce(out: str | Path, preset: str = "quick", *, progress: Progress = silent) -> Reproduction:
    """Run every experiment into out/NAME and write out/report.html.

    An experiment that ends in a SynferError is reported there; the others run all the same.
    """
    out = Path(out)
    for name in names():
        configured(find(name), preset, {})
    errors: dict[str, SynferError] = {}
    entries: list[Entry] = []
    todo = names()
    for i, name in enumerate(todo):

        def part(stage: str, fraction: float, /, done: int = i, name: str = name) -> None:
            progress(f"{name}: {stage}", (done + fraction) / len(todo))

        part("starting", 0.0)
        try:
            run(name, preset, out=out / name, progress=part)
            entries.append(read(out / name))
        except SynferError as error:
            errors[name] = error
    page = report(out, failures={name: str(error) for name, error in errors.items()})
    return Reproduction(page, entries, errors)
