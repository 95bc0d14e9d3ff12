"""hitting_time against linear algebra, literal simulation and enumeration with full memory."""

import numpy as np
import pytest
from scipy.special import digamma

from synfer.core.errors import ParameterError, SynferWarning
from synfer.core.seeds import generator
from synfer.inference.hitting import hitting_time
from synfer.inference.hitting.chain import Chain, propagate, pull
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Maze, TMaze


def fresh(E_right, n_decisions=256):
    """An agent that has not learned: C is flat. One hidden state will do, as it bears on nothing."""
    E = np.repeat([0.25, 0.25, 0.5 - E_right, E_right], n_decisions // 4) / (n_decisions // 4)
    return GenerativeModel(a=np.ones((2, 121, 2, 1)), c=np.full((2, 1, 2, n_decisions), 3000.0), E=E)


def actions(E):
    """Probabilities of the four actions by the sampling law E / (1 - E + 1e-6)."""
    weight = E / (1 - E + 1e-6)
    return (weight / weight.sum()).reshape(4, -1).sum(1)


def test_mean_steps_in_a_corridor_are_those_of_linear_algebra():
    # Absorption of a walk on 4 places, right with p, left with q: m = 1 + P m, and 2 steps beside the moves.
    maze = Maze.generate(seed=0, width=9, height=3)
    up, down, left, right = actions(fresh(0.3).E[0])
    P = np.diag([up + down] * 4) + np.diag([left] * 3, -1) + np.diag([right] * 3, 1)
    P[0, 0] += left
    m = np.linalg.solve(np.eye(4) - P, np.ones(4))
    square = np.linalg.solve(np.eye(4) - P, 1 + 2 * P @ m)  # of moves squared
    answer = hitting_time(fresh(0.3), maze)
    # Rounding: 1e-16 a step along some 100; the tail beyond T = 20000 is below 1e-300.
    assert float(answer.steps_mean) == pytest.approx(m[0] + 2, rel=1e-12)
    assert float(answer.steps_sd) == pytest.approx(np.sqrt(square[0] - m[0] ** 2), rel=1e-10)
    assert float(answer.probability) == pytest.approx(1, abs=1e-12)
    assert float(answer.truncation) == 0


def simulated(maze, law, n, T, seed):
    """Steps of n literal trials: nothing at t = 1, a move at t = 2, 3, ..., up to the goal or to t = T - 1."""
    rng = generator(seed, "literal trials")
    row, column = np.full(n, maze.start[0]), np.full(n, maze.start[1])
    t_end = np.full(n, T - 1)
    going = np.arange(n)
    cumulative = np.cumsum(law)[:3]
    for t in range(2, T):
        action = np.searchsorted(cumulative, rng.random(going.size), side="right")
        down, right = np.array([-1, 1, 0, 0])[action], np.array([0, 0, -1, 1])[action]
        free = maze.grid[row[going] + down, column[going] + right] == 0
        row[going] += 2 * down * free
        column[going] = np.minimum(column[going] + 2 * right * free, maze.goal[1])
        out = (row[going] == maze.goal[0]) & (column[going] == maze.goal[1])
        t_end[going[out]] = t
        going = going[~out]
    return t_end + 1


@pytest.mark.parametrize(
    ("maze", "E_right", "n", "T"),
    [
        (Maze.generate(seed=11, width=15, height=7), 0.25, 4000, 300),
        (Maze.generate(seed=11), 0.35, 1000, 20_000),
    ],
    ids=["small", "full"],
)
def test_simulated_trials_have_this_distribution(maze, E_right, n, T):
    answer = hitting_time(fresh(E_right), maze, T=T)
    assert 0.2 < float(answer.probability) < 0.9  # a case that can tell
    steps = simulated(maze, actions(fresh(E_right).E[0]), n, T, seed=2)
    P = float(answer.probability)
    assert abs((steps < T).mean() - P) < 4 * np.sqrt(P * (1 - P) / n)
    assert abs(steps.mean() - float(answer.steps_mean)) < 4 * float(answer.steps_sd) / np.sqrt(n)
    # Kolmogorov and Smirnov, p = 1e-3; where the distribution has steps, it is less. A shift by 2 steps of 300 fails z.
    cdf = np.cumsum(answer.p_steps.values)
    observed = np.searchsorted(np.sort(steps), np.arange(T + 1), side="right") / n
    assert abs(cdf - observed).max() < 1.95 / np.sqrt(n)


def test_fresh_mazes_have_the_success_of_the_spec():
    # P = .240 +- .004 over mazes, between which its sd is .073 (measured on 500; their mean: .2443 +- .0033).
    mazes = [Maze.generate(seed=2000 + k) for k in range(8)]
    answer = hitting_time(fresh(0.25), mazes)
    assert answer.probability.dims == ("maze",)
    assert abs(float(answer.probability.mean()) - 0.24) < 4 * np.hypot(0.073 / np.sqrt(8), 0.004)
    assert abs(float(answer.steps_mean.mean()) - 18303) < 4 * np.hypot(646 / np.sqrt(8), 36)
    alone = hitting_time(fresh(0.25), mazes[3])
    assert np.array_equal(alone.p_steps, answer.p_steps[3])


@pytest.mark.parametrize(("ordering", "beyond"), [("original", 2), ("port", 1)])
def test_steps_are_counted_as_published(ordering, beyond):
    # The nearest maze: the goal after one move to the right, which a trial of T = 4 leaves the original no second try.
    maze = Maze.generate(seed=0, width=3, height=3)
    right = actions(fresh(0.3).E[0])[3]
    answer = hitting_time(fresh(0.3), maze, T=4, ordering=ordering)
    expected = np.zeros(5)
    for moves in range(1, 4 - beyond):
        expected[moves + beyond] = (1 - right) ** (moves - 1) * right
    expected[4] = 1 - expected.sum()
    assert np.allclose(answer.p_steps, expected, rtol=0, atol=1e-15)
    assert float(answer.probability) == pytest.approx(expected[:4].sum(), abs=1e-15)
    assert float(answer.p_steps.sum()) == pytest.approx(1, abs=1e-15)


MAZE = Maze.generate(seed=6, width=5, height=7)


def learned(initial=None):
    """An agent whose beliefs bear on its decisions: 3 states, 8 decisions, random counts."""
    rng = generator(3, "learned")
    return GenerativeModel(
        a=rng.uniform(50, 60, (2, 121, 2, 3)),
        b=rng.uniform(2, 10, (2, 3, 2, 3)),
        c=rng.uniform(2, 8, (2, 3, 2, 8)),
        D=rng.uniform(0.2, 0.8, (2, 3)),
        E=np.array([1, 1, 1, 1, 1, 1, 3, 3]) / 12,
        initial=initial,
    )


def enumerated(model, maze, T):
    """p_steps with full memory: every course of up to T - 3 moves, by the equations as they stand."""
    a, b, c = (digamma(counts) - digamma(counts.sum(0)) for counts in (model.a, model.b, model.c))

    def posterior(o, pair):
        log = [
            a[0, :, k].T @ o + a[1, :, k].T @ (1 - o) + b[0, :, k].T @ pair[0] + b[1, :, k].T @ pair[1] for k in (0, 1)
        ]
        s = 1 / (1 + np.exp(log[1] + np.log(model.D[1]) - log[0] - np.log(model.D[0])))
        return np.stack([s, 1 - s])

    def law(pair):
        log = [np.log(model.E[k]) + c[0, :, k].T @ pair[0] + c[1, :, k].T @ pair[1] for k in (0, 1)]
        q = 1 / (1 + np.exp(log[1] - log[0]))
        return actions(q)

    first = model.D / model.D.sum(0) if model.initial is None else model.initial
    p_steps = np.zeros(T + 1)
    courses = [(maze.start, first, 1.0)]  # where, belief before what is seen there, probability
    for moves in range(1, T - 2):
        longer = []
        for place, pair, p in courses:
            after = posterior(maze.observe(place).astype(float), pair)
            for action, p_action in enumerate(law(pair)):
                there = maze.step(place, action)
                if maze.done(there):
                    p_steps[moves + 2] += p * p_action
                else:
                    longer.append((there, after, p * p_action))
        courses = longer
    p_steps[T] = 1 - p_steps.sum()
    return p_steps


@pytest.mark.filterwarnings("ignore:what beliefs forget")
@pytest.mark.parametrize("initial", [None, np.full((2, 3), 0.1)], ids=["D", "unnormalised"])
def test_beliefs_that_bear_on_decisions_are_followed_within_the_bound(initial):
    T, model = 8, learned(initial)
    truth = enumerated(model, MAZE, T)
    assert truth[:T].sum() > 0.05
    bounds, errors = [], []
    for depth in range(3):
        answer = hitting_time(model, MAZE, T=T, depth=depth)
        bounds.append(float(answer.truncation))
        errors.append(0.5 * abs(answer.p_steps.values - truth).sum())
        assert errors[-1] <= bounds[-1]
    assert bounds[2] < 0.5 * bounds[1] < 0.25 * bounds[0] < 0.25  # each observation counts for less
    assert errors[2] < 0.1 * errors[0]
    assert errors[0] > 1e-4  # what is bounded is not nothing
    # Paths of all T - 2 places of a trial remember everything; what is left is rounding.
    answer = hitting_time(model, MAZE, T=T, depth=T - 4)
    assert float(answer.truncation) == 0
    assert np.allclose(answer.p_steps, truth, rtol=0, atol=1e-13)


@pytest.mark.filterwarnings("ignore:what beliefs forget")
def test_a_memory_that_is_too_short_deepens_and_is_told_of():
    T, model = 8, learned(None)
    deep = [hitting_time(model, MAZE, T=T, depth=depth) for depth in (1, 2, 3)]
    own = hitting_time(model, MAZE, T=T)
    k = next((k for k in range(2) if deep[k].truncation <= 1e-3), 2)
    assert k > 0
    assert own.equals(deep[k])
    with pytest.warns(SynferWarning, match=r"may move the distribution of steps by 0\.\d+ .* larger depth"):
        assert hitting_time(model, MAZE, T=T, depth=0).attrs["warnings"]


def test_paths_agree_with_states_where_beliefs_hardly_matter():
    # C flat but for 1e-9 of its counts: z moves by some 1e-9, and so does P, over 40 steps.
    flat = fresh(0.3)
    c = flat.c.copy()
    c[0, 0, 0, :] *= 1 + 1e-9
    nearly = hitting_time(flat.replace(c=c), MAZE, T=40)
    assert float(nearly.truncation) == 0  # without B a belief remembers nothing, so nothing is cut off
    assert np.allclose(nearly.p_steps, hitting_time(flat, MAZE, T=40).p_steps, rtol=0, atol=1e-7)


def test_any_finite_task_has_its_hitting_time():
    # Into an arm with probability 1/2 each move: moves are geometric, of mean 2.
    E = np.full(4, 0.25)
    model = GenerativeModel(a=np.ones((2, 8, 2, 1)), E=E)
    answer = hitting_time(model, TMaze())
    assert float(answer.steps_mean) == pytest.approx(4, rel=1e-12)
    assert float(answer.steps_sd) == pytest.approx(np.sqrt(2), rel=1e-12)


def test_several_models_are_answered_one_by_one():
    several = hitting_time([fresh(0.2), fresh(0.3)], MAZE, T=50)
    alone = [hitting_time(fresh(E_right), MAZE, T=50) for E_right in (0.2, 0.3)]
    assert several.p_steps.dims == ("maze", "steps")
    assert np.array_equal(several.p_steps, [own.p_steps for own in alone])
    assert (
        several.attrs["model"] == [own.attrs["model"][0] for own in alone] == [fresh(0.2).digest(), fresh(0.3).digest()]
    )
    assert several.attrs["task"] == [repr(MAZE)] * 2


@pytest.mark.parametrize(
    ("model", "arguments", "said"),
    [
        (fresh(0.3), {"ordering": "orignal"}, r"ordering = 'orignal' is unknown; did you mean original\?"),
        (fresh(0.3), {"T": 2}, "T = 2 must be a whole number >= 3"),
        (fresh(0.3), {"T": 2e4}, "T = 20000.0 must be a whole number"),
        (fresh(0.3), {"depth": -1}, "depth = -1 must be a whole number >= 0"),
        (fresh(0.3), {"task": []}, "task is an empty sequence"),
        (fresh(0.3), {"task": TMaze()}, "model has 121 observations and the task shows 8"),
        ([fresh(0.3)] * 2, {"task": [MAZE] * 3}, "equally long"),
        ("model", {}, "model = 'model' must be of kind GenerativeModel"),
        (GenerativeModel(a=np.ones((2, 121, 2, 1))), {}, "model takes no decisions; give it E"),
        (GenerativeModel(a=np.ones((2, 121, 2, 1)), E=np.full(10, 0.1)), {}, "10 decisions.*give E of 8"),
    ],
)
def test_what_does_not_fit_is_named(model, arguments, said):
    with pytest.raises(ParameterError, match=said):
        hitting_time(model, **{"task": MAZE} | arguments)


def test_the_bound_adds_up_the_errors_along_the_way():
    """A node that is left for the end with 1/4 a move is visited (3/4)^n times, each with its error."""
    chain = Chain(
        np.array([[1, 0], [1, 1]]), np.array([[0.25, 0.75], [1.0, 0.0]]), np.array([False, True]), np.array([0.01, 7.0])
    )
    hits, missed = propagate(*pull(chain), chain.done, chain.error, 10)
    assert hits == pytest.approx([0, *(0.25 * 0.75**n for n in range(9))], rel=1e-14)
    assert missed == pytest.approx(0.01 * sum(0.75**n for n in range(10)), rel=1e-14)
