"""From the shell's words to an exit code.

0 ok, 1 bug, 2 usage, 3 bad input, 4 numerical failure, 5 sweep incomplete (the same command
goes on) or a worker lost, 130 interrupted.
"""

import sys
import traceback
import warnings
from io import TextIOWrapper
from typing import Any

from synfer.cli.app import app
from synfer.core.errors import SynferError, SynferWarning

BUG = """
This is a bug in synfer, not in what you typed. Please report it with the command, the text above
and what `synfer doctor --json` prints."""


def main(words: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without σ is no reason to stop
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning(warnings.showwarning)
        try:
            app(args=words, prog_name="synfer")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        except KeyboardInterrupt:
            return 130
        except SynferError as error:
            print(f"synfer: {error}", file=sys.stderr)
            return error.exit_code
        except Exception:
            traceback.print_exc()
            print(BUG, file=sys.stderr)
            return 1
    return 0


def _show_warning(otherwise: Any) -> Any:
    def show(message: Warning | str, category: type[Warning], *where: Any, **options: Any) -> None:
        if issubclass(category, SynferWarning):
            print(f"synfer: warning: {message}", file=sys.stderr)
        else:
            otherwise(message, category, *where, **options)

    return show
