"""The HTML report."""

from synfer.study.report.page import Entry, read, render, report, results

__all__ = ["Entry", "read", "render", "report", "results"]
