"""A driver to be killed: python driver.py FILE.toml OUT WORKERS ENGINE, an engine of stand_in."""

import sys
from pathlib import Path

import stand_in

from synfer.study.sweep import Sweep, conduct

if __name__ == "__main__":
    file, out, workers, engine = sys.argv[1:]
    conduct(Sweep.from_toml(file), Path(out), workers=int(workers), batch=getattr(stand_in, engine))
