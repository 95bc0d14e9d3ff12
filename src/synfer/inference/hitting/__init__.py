"""Exact first trials of agents on finite tasks, without simulation."""

from synfer.inference.hitting.verb import hitting_time

__all__ = ["hitting_time"]
