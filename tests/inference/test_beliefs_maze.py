"""Published fixture: one trial of a maze, replayed from its positions and decisions by the verbs of beliefs."""

import numpy as np
import pytest

from synfer.inference.beliefs import free_energy, infer, update_counts
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks.maze import Maze

WINDOW = 200
N = 121


@pytest.mark.slow
def test_a_published_trial_is_believed_learned_and_costed_as_published(data_file):
    with np.load(data_file("maze/maze_trial.npz")) as file:
        published = {name: file[name] for name in file.files}
    T = int(published["time"])
    maze = Maze.generate(seed=0, stream="legacy")
    positions = [tuple(map(int, p)) for p in published["pos"].T]
    seen = {p: maze.observe(p) for p in set(positions)}
    o = np.array([seen[p] for p in positions[1:]])

    a = np.full((2, N, 2, N), 1e7)
    a[[0, 1], :, [0, 1], :] += 9.9e8 * np.eye(N)
    D = np.full((2, N), 0.5 / 256)
    E = np.repeat([0.25, 0.25, 0.25, 0.25], 64) / 64
    c = np.full((2, N, 2, 256), 3000.0)
    model = GenerativeModel(a=a, b=np.full((2, N, 2, N), 1e7), c=c, D=D, E=E, initial=D)

    b = infer(model, o)
    # The published run is in float32; 1e-10 is what its decisions keep.
    np.testing.assert_allclose(b.q_d, published["qd"][:256].T, rtol=0, atol=1e-10)

    advance = np.diff(published["pos"][1].astype(int))
    G = np.concatenate([[0.0], (1 - np.sign(advance)) / 2])[:T]  # of k = 0..t_end - 1
    net = [200 * (1 - 2 * G[w : w + WINDOW].mean()) for w in range(0, T, WINDOW)]
    risk = np.select([np.array(net) <= 0, np.array(net) <= 10], [0.55, 0.45], 0.0)

    d = published["d"].T
    learned = update_counts(model, o, b.s, d, risk[np.arange(T) // WINDOW], window=WINDOW, floor=1.0)
    # 2.4e-7 is a unit in the last place of float32 below 2^23 and above 1, relative; c is a sum of float32.
    np.testing.assert_allclose(learned.a.reshape(2 * N, -1), published["qa"], rtol=3e-7)
    np.testing.assert_allclose(learned.b.reshape(2 * N, -1), published["qbi"], rtol=3e-7)
    np.testing.assert_allclose(learned.c.reshape(2 * N, -1), published["qci"], rtol=0, atol=5e-3)

    # t = 1..t_end - 1, with the risk of the window of t, counts before learning.
    F = free_energy(model, b.s[:T], b.q_d[:T], o[: T - 1], risk[np.arange(1, T) // WINDOW])
    assert F.attrs["total"] == pytest.approx(float(published["F"]), rel=1e-4)  # logs clipped at 1e-6 there, float32
