"""Learning curves average over mazes, and bands are those of the mean; mazes show ways and beliefs."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from synfer import plot
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.inference.tasks import Maze

STEPS = np.array([[10.0, 20, 30, 40, 99], [30, 20, 10, 0, 99], [20, 20, 20, 20, 99]])
MAZE = Maze.generate(seed=0, width=21, height=7)


def learned(**variables):
    dims = {"steps": ("maze", "trial"), "free_energy": ("maze", "trial"), "terms": ("maze", "trial", "term")}
    coords = {"term": (("term",), ["likelihood", "entropy"])} if "terms" in variables else {}
    return dataset({name: (dims[name], values) for name, values in variables.items()}, coords)


def walked(s=True):
    """Two trials, of 3 steps and of 2, t = 0 being a placeholder."""
    position = np.full((2, 4, 2), -1)
    position[0] = [(3, 1), (3, 1), (3, 3), (3, 5)]
    position[1, :3] = [(3, 1), (3, 1), (1, 1)]
    variables = {"position": (("trial", "step", "axis"), position)}
    if s:
        variables["s"] = (("trial", "step", "state"), np.linspace(0, 1, 2 * 4 * 121).reshape(2, 4, 121))
    return dataset(variables, {})


def axes():
    return Figure().subplots()


MANY = np.concatenate([STEPS, STEPS[:2]])
"""Five mazes."""


def test_the_band_is_that_of_the_mean_over_mazes():
    """Five mazes: t = 2.776445 at 95 % and four degrees of freedom; sd 20 in the fourth trial: 40, 0, 20, 40, 0."""
    ax = plot.learning(learned(steps=MANY), ax=axes())
    np.testing.assert_allclose(ax.lines[0].get_ydata(), MANY.mean(axis=0))
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3, 4, 5])
    assert len(ax.lines) == 1
    band = ax.collections[0].get_paths()[0].vertices
    reach = 2.776445105 / np.sqrt(5)
    assert band[:, 1].max() == 99
    low = band[(band[:, 0] == 4), 1].min()
    assert low == pytest.approx(20 - 20 * reach, rel=1e-8)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("trial", "steps of a trial")


@pytest.mark.parametrize("count", [2, 3, 4])
def test_of_few_mazes_each_is_drawn(count):
    ax = plot.learning(learned(steps=MANY[:count]), ax=axes())
    assert len(ax.collections) == 0
    np.testing.assert_allclose(ax.lines[0].get_ydata(), MANY[:count].mean(axis=0))
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines[1:]], MANY[:count])


def test_blocks_are_averaged_in_each_maze_first():
    ax = plot.learning(learned(steps=MANY), block=2, ax=axes(), label="two")
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1.5, 3.5])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [20, 20])
    # Means of blocks in the mazes: 15, 25, 20, 15, 25; and 35, 5, 20, 35, 5.
    band = ax.collections[0].get_paths()[0].vertices
    spread = np.std([35, 5, 20, 35, 5], ddof=1)
    assert band[:, 1].max() == pytest.approx(20 + spread * 2.776445105 / np.sqrt(5), rel=1e-8)


def test_one_agent_has_no_band():
    ax = plot.learning(learned(steps=STEPS).isel(maze=0), ax=axes())
    assert len(ax.collections) == 0


def test_free_energy_is_that_of_a_step_by_term():
    steps = np.array([[12, 22]])
    terms = np.array([[[10.0, 20.0], [60.0, 20.0]]])
    ds = learned(steps=steps, free_energy=terms.sum(-1), terms=terms)
    ax = plot.free_energy(ds, ax=axes())
    curves = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(curves["likelihood"], [0, 2])
    np.testing.assert_allclose(curves["entropy"], [0, -1])
    np.testing.assert_allclose(curves["all"], [0, 1])
    assert "[nats]" in ax.get_ylabel()


def test_a_way_is_drawn_on_its_maze_with_beliefs_where_asked():
    ax = plot.path(walked(), MAZE, trial=0, step=2, ax=axes())
    np.testing.assert_array_equal(ax.images[0].get_array(), MAZE.grid)
    np.testing.assert_array_equal(ax.collections[0].get_segments(), [[(1, 3), (3, 3)], [(3, 3), (5, 3)]])
    seen = ax.images[1]
    # State 1 is the cell below state 0: columns come one after the other.
    s = walked()["s"].values[0, 2]
    assert seen.get_array()[1, 0] == s[1]
    assert seen.get_extent() == [3 - 5.5, 3 + 5.5, 3 + 5.5, 3 - 5.5]
    alone = plot.path(None, MAZE, ax=axes())
    assert len(alone.collections) == 0


def test_a_replay_is_a_film_and_a_page(tmp_path):
    film = plot.replay(walked(), MAZE, trial=0)
    film.save(tmp_path / "trial.gif", writer="pillow", dpi=40)
    assert (tmp_path / "trial.gif").read_bytes()[:6] == b"GIF89a"
    page = plot.replay(walked(s=False), MAZE, trial=1).to_jshtml()
    assert page.count("data:image/png") == 2


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plot.learning(learned(steps=STEPS), "reached", ax=axes()), "no reached by trial"),
        (lambda: plot.learning(learned(steps=STEPS), block=6, ax=axes()), "block = 6 must be a whole number in 1 .. 5"),
        (lambda: plot.learning(3, ax=axes()), "run = 3 must be of kind Dataset"),
        (lambda: plot.learning(learned(steps=STEPS), confidence="a", ax=axes()), "confidence = 'a'"),
        (lambda: plot.path("run", MAZE, ax=axes()), "run = 'run' must be of kind Dataset"),
        (lambda: plot.learning(learned(steps=STEPS), confidence=95, ax=axes()), "confidence = 95"),
        (lambda: plot.learning(learned(terms=np.ones((1, 2, 2))), "terms", ax=axes()), "choose in term first"),
        (lambda: plot.free_energy(learned(steps=STEPS), ax=axes()), "no free_energy"),
        (lambda: plot.free_energy(learned(free_energy=STEPS), ax=axes()), "no steps by trial; sf.learn gives"),
        (lambda: plot.free_energy(dataset({"free_energy": (("step",), [1.0])}, {}), ax=axes()), "no free_energy by"),
        (lambda: plot.path(learned(steps=STEPS), MAZE, ax=axes()), 'record=\\("position",\\)'),
        (lambda: plot.path(walked().expand_dims(maze=2), MAZE, ax=axes()), "several mazes"),
        (lambda: plot.path(walked(s=False), MAZE, step=1, ax=axes()), "beliefs are not recorded"),
        (lambda: plot.path(walked(), MAZE, trial=1, step=3, ax=axes()), r"step = 3 must be a whole number in 1 \.\. 2"),
        (lambda: plot.replay(walked(), MAZE, trial=2), "trial = 2"),
        (lambda: plot.replay(walked(), MAZE, start=2, stop=9), "stop = 9"),
        (lambda: plot.replay(walked(), MAZE, every=0), "every = 0"),
    ],
)
def test_what_cannot_be_drawn_says_why(draw, words):
    with pytest.raises(ParameterError, match=words):
        draw()
