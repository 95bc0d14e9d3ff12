"""Recordings from files and into files: published .mat, NWB, Neo, CSV, zarr and NetCDF."""

from synfer.io.responses.blocks import from_neo, to_neo
from synfer.io.responses.load import load_responses
from synfer.io.responses.save import save_responses

__all__ = ["from_neo", "load_responses", "save_responses", "to_neo"]
