"""Timing side by side, and the tables that come of it."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text


class Settings(NamedTuple):
    """How a section is to measure."""

    quick: bool
    peer_python: str
    slow: bool = False

    def choose(self, quick: Any, full: Any) -> Any:
        """One of two."""
        return quick if self.quick else full


class Row(NamedTuple):
    """One line of a table. `met` is None where nothing was asked for."""

    what: str
    ns: float | None = None  # per cell-step or neuron-step
    ratio: float | None = None
    spread: tuple[float, float] | None = None  # of the ratio over single repetitions
    error: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def result(self) -> str:
        """The ratio with its spread, or else the error."""
        if self.ratio is None:
            return self.error
        return f"{self.ratio:.3g}" + (f" ({self.spread[0]:.3g}-{self.spread[1]:.3g})" if self.spread else "")


class Table(NamedTuple):
    """Rows under a title; `per` says what ns are per, `notes` what is compared."""

    title: str
    per: str
    rows: list[Row]
    notes: list[str]


Task = Callable[[], float | None]


def interleaved(tasks: Mapping[str, Task], repeats: int) -> dict[str, list[float]]:
    """Seconds of every task in every repetition, all tasks of a repetition one after the other.

    A task that returns a float has timed itself. Every task runs once before, so that it is compiled and warm.
    """
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for repeat in range(repeats):
        names = list(tasks) if repeat % 2 == 0 else list(reversed(tasks))
        for name in names:
            start = time.perf_counter()
            own = tasks[name]()
            seconds[name].append(time.perf_counter() - start if own is None else own)
    return seconds


def drop(_: object) -> None:
    """Let a task forget its result: one that returns a number has timed itself."""


def processor_time(task: Callable[[], object]) -> Task:
    """A task that times itself by the clock of this process, which stands still while others have the core."""

    def timed() -> float:
        start = time.process_time()
        task()
        return time.process_time() - start

    return timed


class Ratio(NamedTuple):
    """Two costs as one number: of the minima, and least and largest of the repetitions."""

    value: float
    low: float
    high: float


def ratio(slow: list[float], fast: list[float], scale: float = 1.0) -> Ratio:
    """slow/fast from the minimum of each, what the machine does undisturbed; scale corrects for unequal work."""
    paired = [scale * s / f for s, f in zip(slow, fast, strict=True)]
    return Ratio(scale * min(slow) / min(fast), min(paired), max(paired))


def ratio_row(what: str, ns: float, r: Ratio, *, at_least: float | None = None, error: str = "") -> Row:
    """A row that asks for a ratio of at least so much."""
    met = None if at_least is None else r.value >= at_least
    target = "" if at_least is None else f">= {at_least:g}"
    return Row(what, ns, r.value, (r.low, r.high), error, target, met)


def bound_row(what: str, value: float, limit: float, unit: str = "", give: str = "") -> Row:
    """A row that asks for a value of at most so much; `give` is said after it, its own error for example."""
    return Row(what, error=f"{value:.3g}{unit}{give}", target=f"<= {limit:g}{unit}", met=bool(value <= limit))


def ns(seconds: list[float], work: float) -> float:
    """Nanoseconds per unit of work, from the fastest repetition."""
    return 1e9 * min(seconds) / work


def show(table: Table) -> None:
    """Print a table and its notes; columns that say nothing are left out."""
    verdict = {None: "", True: "met", False: "MISSED"}
    columns = {
        "": [row.what for row in table.rows],
        f"ns per {table.per}": ["" if row.ns is None else f"{row.ns:.3g}" for row in table.rows],
        "ratio (range)": ["" if row.ratio is None else row.result for row in table.rows],
        "error": [row.error for row in table.rows],
        "target": [row.target for row in table.rows],
        " ": [verdict[row.met] for row in table.rows],
    }
    told = {name: cells for name, cells in columns.items() if any(cells)}
    grid = RichTable(title=table.title, title_justify="left", title_style="bold")
    for name in told:
        grid.add_column(name, justify="right" if name.startswith(("ns", "ratio")) else "left", no_wrap=True)
    for cells in zip(*told.values(), strict=True):
        grid.add_row(*map(Text, cells))
    console = Console()
    console = console if console.is_terminal else Console(width=200)
    console.print(grid)
    for note in table.notes:
        console.print(Text(f"  {note}"))
    console.print()


def plain(table: Table) -> dict[str, Any]:
    """A table as JSON takes it."""
    return {"title": table.title, "per": table.per, "rows": [row._asdict() for row in table.rows], "notes": table.notes}
