"""synfer against named peers: ratios from interleaved repetitions in one run.

python bench/run.py [--quick | --slow] [--only SECTION] [--json FILE] [--peer-python PYTHON]
"""

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path

SECTIONS = {
    "density": ("against_scipy", "against_c", "density_float32"),
    "spikes": ("spikes_against_c", "spikes_float32"),
    "peers": ("against_simulators",),
    "chains": ("chains", "chain_growth", "chain_against_brian2"),
    "sheets": ("sheets",),
    "inference": ("maze_against_port", "tmaze_against_pymdp", "recordings_against_port"),
    "scaling": ("growth",),
    "compile": ("compiling",),
}
# One core for everyone: neither BLAS nor OpenMP may start a second thread.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="shorter runs and fewer repetitions; noisier ratios")
    length.add_argument("--slow", action="store_true", help="also what takes the public port of the maze half an hour")
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all rows here")
    parser.add_argument(
        "--peer-python", default=sys.executable, metavar="PYTHON", help="interpreter that imports the peers"
    )
    return parser.parse_args()


def machine() -> dict[str, str]:
    """What the ratios depend on."""
    import numba
    import numpy
    import scipy

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return {
        "processor": model,
        "vectors": next((v for v in ("avx512f", "avx2") if any(v in line.split() for line in lines)), "unknown"),
        "load": f"{os.getloadavg()[0]:.1f} of {os.cpu_count()} cores",
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "numba": numba.__version__,
    }


def main() -> None:
    options = arguments()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    measure = importlib.import_module("measure")
    settings = measure.Settings(quick=options.quick, peer_python=options.peer_python, slow=options.slow)
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    tables = []
    for name in [options.only] if options.only else SECTIONS:
        for module in SECTIONS[name]:
            table = importlib.import_module(module).measured(settings)
            measure.show(table)
            tables.append(table)
    judged = [row for table in tables for row in table.rows if row.met is not None]
    missed = [row for row in judged if not row.met]
    print(f"{len(judged) - len(missed)} of {len(judged)} targets met")
    for row in missed:
        print(f"  missed: {row.what}: {row.result}, target {row.target}")
    if options.json:
        report = {"machine": about, "quick": options.quick, "tables": [measure.plain(table) for table in tables]}
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
