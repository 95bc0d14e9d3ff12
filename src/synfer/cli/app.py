"""The commands. Each parses its words, calls one function of a study, and prints."""

from pathlib import Path
from typing import Annotated

import typer

from synfer.cli import show
from synfer.cli.data import data
from synfer.cli.progress import watching
from synfer.cli.sweep import sweep
from synfer.cli.words import assignments

app = typer.Typer(
    name="synfer",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Preset = Annotated[str, typer.Option("--preset", help="quick: seconds. full: the numbers one would publish.")]


@app.callback(invoke_without_command=True)
def synfer(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """How a neural population gates information, and what it believes."""
    if version:
        from synfer.core.results import version as installed

        typer.echo(installed())
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(sweep)
app.command()(data)


@app.command("list")
def list_experiments(json: Json = False) -> None:
    """List the experiments."""
    from synfer.study.catalog import experiments

    show.experiments(experiments(), json)


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An experiment of `synfer list`.")],
    preset: Preset = "quick",
    set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change the preset: --set seed=2 --set neuron.Delta_T=1.5"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the result goes.", show_default="results/NAME")
    ] = None,
    json: Json = False,
) -> None:
    """Run one experiment; write its data, figures and verdict, and print the verdict."""
    from synfer.study.catalog import find
    from synfer.study.report import read
    from synfer.study.runner import run as run_experiment

    changes = assignments(set or [])
    name = find(name).NAME
    folder = out or Path("results", name)
    with watching(name) as progress:
        run_experiment(name, preset, set=changes, out=folder, progress=progress)
    show.result(read(folder), folder, json)


@app.command()
def reproduce(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where results and report.html go.")] = Path(
        "results"
    ),
    preset: Preset = "quick",
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, help="Experiments at a time.", show_default="the cores here"),
    ] = None,
    json: Json = False,
) -> None:
    """Run every experiment and write one HTML report.

    Exits 0 when all ran: a claim that fails is a result. Otherwise with the code of the first error.
    """
    from synfer.core.machine import cores
    from synfer.study.reproduction import reproduce as reproduce_all

    with watching("reproduce") as progress:
        reproduction = reproduce_all(out, preset, workers=workers or cores(), progress=progress)
    show.reproduction(reproduction, json)
    for error in reproduction.errors.values():
        raise typer.Exit(error.exit_code)


@app.command()
def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result, or a folder of results.")]) -> None:
    """Write DIR/report.html from results that are already there, and print its path."""
    from synfer.study.report import report as write_report

    typer.echo(write_report(folder))


@app.command()
def doctor(json: Json = False) -> None:
    """Show versions, cores and caches, and check every engine against exact theory.

    Exits 4 when a check fails.
    """
    from synfer.cli.machine import facts
    from synfer.study.selfcheck import selfcheck

    with watching("doctor") as progress:
        rows = selfcheck(progress)
    show.diagnosis(facts(), rows, json)
    if not all(row.holds for row in rows):
        raise typer.Exit(4)
