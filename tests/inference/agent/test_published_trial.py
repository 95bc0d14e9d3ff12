"""Truth: the published trial of the maze, from the draws of numpy's RandomState."""

import numpy as np
import pytest

from synfer.inference.agent import learn_maze, maze_model
from synfer.inference.tasks import Maze


@pytest.mark.slow
def test_the_agent_takes_the_published_decisions_and_learns_the_published_counts(data_file):
    with np.load(data_file("maze/maze_trial.npz")) as file:
        published = {name: file[name] for name in file.files}
    maze = Maze.generate(seed=0, stream="legacy")
    run = learn_maze(
        maze_model(0.25), maze, trials=1, seed=0, method="dense", stream="legacy", record=("d", "position", "E_est")
    )
    t_end = int(published["time"])
    assert run.steps.item() == t_end + 1
    assert run.reached.item()
    np.testing.assert_array_equal(run.d[0, 1:], published["d"][:, 1:].argmax(axis=0))
    np.testing.assert_array_equal(run.position[0, 1:].T, published["pos"][:, 1:])
    np.testing.assert_allclose(run.E_est[0], published["e_est"], rtol=0, atol=1e-9)  # printed in float32
    # 3e-7: the published counts are float32, 1.2e-7 apart, and summed in it; 5e-3 likewise for 16,653 terms of c.
    for name, own in {"qa": run.a, "qbi": run.b}.items():
        np.testing.assert_allclose(own.values.reshape(242, -1), published[name], rtol=3e-7)
    np.testing.assert_allclose(run.c.values.reshape(242, -1), published["qci"], rtol=0, atol=5e-3)
    assert run.free_energy.item() == pytest.approx(float(published["F"]), rel=1e-4)  # float32, logs clipped at 1e-6
