"""Contract: the same command gives the same bytes, whatever the process around it."""

import os
import subprocess
import sys

import pytest

SMALL = {
    "sigma": [2.0, 3.0],
    "rate": [5.0],
    "depth": [0.0, 2.0],
    "g": [0.0, 0.2],
    "map_sigma": [0.7, 2.0, 3.0],
    "map_rate": [5.0, 20.0],
    "n": 2048,
    "t": 100.0,
}


@pytest.mark.slow
def test_two_processes_write_the_same_folder_byte_for_byte(tmp_path, fingerprint):
    words = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    for i in ("0", "1"):
        environment = os.environ | {"PYTHONHASHSEED": i, "TZ": f"UTC{i}", "OMP_NUM_THREADS": f"{2 - int(i)}"}
        command = [sys.executable, "-c", "import sys; from synfer.cli import main; sys.exit(main())", "run"]
        where = ["--out", str(tmp_path / i / "weak-inhibition")]
        subprocess.run([*command, "weak-inhibition", *words, *where], env=environment, check=True, timeout=300)
    first = fingerprint(tmp_path / "0")
    assert any(name.endswith(".png") for name in first)
    assert {"weak-inhibition/verdict.json", "weak-inhibition/data.zarr/zarr.json"} <= set(first)
    assert first == fingerprint(tmp_path / "1")
