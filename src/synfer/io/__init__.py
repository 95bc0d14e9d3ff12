"""Doors to other programs, each behind an extra of its own."""
