"""The command line: data on stdout, progress on stderr, exit codes that scripts can trust."""

from synfer.cli.entry import main

__all__ = ["main"]
