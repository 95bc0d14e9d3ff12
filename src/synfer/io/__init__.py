"""Doors to files, and to other programs, each of these behind an extra of its own."""
