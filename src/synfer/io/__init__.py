"""Faces to other programs' files."""
