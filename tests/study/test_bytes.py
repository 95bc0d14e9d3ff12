"""Contract: an experiment writes the same bytes whatever the process around it."""

import os
import subprocess
import sys

import pytest

import synfer as sf

SMALL = {
    "synfire-state-plane": {
        "layers": 2, "attractor_layers": 2, "a_in": [0.8], "sigma_t_in": [1.0], "widths": [20], "large": 50,
        "large_trials": 2, "small_trials": 2, "survival_trials": 2, "t": 30.0, "h": 0.4, "dt": 0.1, "tolerance": 0.2,
    },
    "source-separation": {
        "D1": [0.2, 0.5, 0.8], "residual_seeds": 1, "residual_steps": 200, "seeds": 2, "steps": 1000,
        "agents_D1": [0.3, 0.7], "agents": 2, "every": 500,
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_another_process_writes_the_same_folder_byte_for_byte(name, tmp_path, fingerprint):
    words = [word for field, value in SMALL[name].items() for word in ("--set", f"{field}={value}")]
    environment = os.environ | {"PYTHONHASHSEED": "1", "TZ": "UTC1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "import sys; from synfer.cli import main; sys.exit(main())", "run", name]
    where = ["--out", str(tmp_path / "there" / name)]
    subprocess.run([*command, *words, *where], env=environment, check=True, timeout=300)
    sf.run(name, set=SMALL[name], out=tmp_path / "here" / name)
    here = fingerprint(tmp_path / "here")
    assert any(path.endswith(".png") for path in here)
    assert {f"{name}/verdict.json", f"{name}/data.zarr/zarr.json"} <= set(here)
    assert here == fingerprint(tmp_path / "there")
