"""A lane's numbers are its own: whatever its batch, order, tile mates, chunking, and their failures."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.population import density

FIELDS = ("rate", "spikes", "V_mean", "V_sd", "V_iqr", "mass", "p")
SIZE = 41
rng = np.random.default_rng(20261121)
# Lanes of many sizes and kinds: EIF and LIF, refractory times below and above a step, drives in and out of time.
PARAMETERS = {
    "tau_m": rng.uniform(8, 20, SIZE),
    "V_top": np.where(np.arange(SIZE) % 2, -40.0, -55.0),
    "V_reset": rng.uniform(-72, -65, SIZE),
    "t_ref": np.where(np.arange(SIZE) % 5 == 0, rng.uniform(0, 0.04, SIZE), rng.uniform(0.1, 3, SIZE)),
    "h": rng.uniform(0.15, 0.3, SIZE),
    "V_lb": rng.uniform(-100, -85, SIZE),
}
DRIVE = rng.uniform([-66, 2, 0, -10], [-58, 5, 0.5, 0], (SIZE, 4))
MOVING = np.arange(SIZE) % 3 > 0
KICKED = np.arange(SIZE) % 7 == 0
SEED_LANES = [0, 3, 7, 14, 20, 40]


def some(chosen):
    """Lanes with these indices."""
    chosen = np.asarray(chosen)

    def psi(V, lane):
        return 3.0 * np.exp((V + 59.9) / 3.0) if chosen[lane] % 2 else np.zeros_like(V)

    return density.Lanes(*(values[chosen] for values in PARAMETERS.values()), psi=psi)


def drive(chosen, *, poison=None):
    """Their drive: some constant, so that factors are reused, some moving; a few kicked; one turned NaN at step 30."""
    chosen = np.asarray(chosen)

    def inputs(first, steps):
        step = np.arange(first, first + steps)[:, None, None]
        wave = np.where(MOVING[chosen], np.sin(0.1 * (step + np.array([0.3, 1.0])[:, None]) + chosen), 0.0)
        mu, sigma, g, gE = (DRIVE[chosen, row] + 0.0 * wave for row in range(4))
        mu = mu + 3 * wave
        if poison is not None:
            mu = np.where((chosen == poison) & (step >= 30), np.nan, mu)
        kicks = np.where(KICKED[chosen] & (step[:, 0] % 20 == 11), 9.0 - (chosen % 4), 0.0)
        return mu, sigma, g, gE, kicks

    return inputs


def run(chosen, *, dtype=np.float64, steps=60, poison=None, scheme="sdirk2", initial=None, offset=0):
    lanes = some(chosen)
    if initial is None:
        initial = density.stationary(lanes, *DRIVE[chosen].T)
    inputs = drive(chosen, poison=poison)
    if scheme == "backward-euler":
        return density.evolve(
            lanes, lambda a, n: [x[:, 1:] if np.ndim(x) == 3 else x for x in inputs(a, n)], steps=steps, dt=0.05,
            initial=initial, scheme=scheme, dtype=dtype, every=3, record_p=True,
        )  # fmt: skip
    return density.evolve(
        lanes, lambda a, n: inputs(a + offset, n), steps=steps, dt=0.05, initial=initial, dtype=dtype, every=3,
        record_p=True,
    )  # fmt: skip


def same_bits(a, b, rows_a, rows_b, nodes=slice(None)):
    for field in FIELDS:
        x, y = getattr(a, field)[rows_a][:, nodes], getattr(b, field)[rows_b][:, nodes]
        if field == "p":
            width = min(x.shape[-1], y.shape[-1])
            x, y = x[..., -width:], y[..., -width:]
        np.testing.assert_array_equal(x, y, err_msg=field)


@pytest.fixture(scope="module", params=[np.float64, np.float32], ids=["float64", "float32"])
def dtype(request):
    return request.param


@pytest.fixture(scope="module")
def batch(dtype):
    return run(np.arange(SIZE), dtype=dtype)


def test_the_batch_covers_what_it_should(batch):
    """Fall-backs happen, nothing fails, and mixed heights share tiles."""
    assert (batch.fallbacks[KICKED] > 0).any()
    assert not batch.status.any()
    assert np.isfinite(batch.rate).all()
    assert len(np.unique(density.counts(some(np.arange(SIZE))))) > 10


@pytest.mark.parametrize("lane", SEED_LANES)
def test_a_lane_alone_gives_the_same_bits(batch, dtype, lane):
    alone = run(np.array([lane]), dtype=dtype)
    same_bits(batch, alone, [lane], [0])
    assert alone.fallbacks[0] == batch.fallbacks[lane]


def test_order_and_mates_do_not_matter(batch, dtype):
    order = np.random.default_rng(1).permutation(SIZE)[:29]
    same_bits(batch, run(order, dtype=dtype), order, np.arange(29))


def test_a_lane_keeps_its_bits_over_a_long_run(dtype):
    """Long enough for float32 densities to be scaled back to their account many times."""
    chosen = np.arange(0, SIZE, 4)
    together = run(chosen, dtype=dtype, steps=1500)
    for row in (1, 5):
        same_bits(together, run(chosen[[row]], dtype=dtype, steps=1500), [row], [0])


def test_backward_euler_lanes_are_independent_too(dtype):
    together = run(np.arange(SIZE), dtype=dtype, scheme="backward-euler")
    same_bits(together, run(np.array([7]), dtype=dtype, scheme="backward-euler"), [7], [0])
    assert np.nanmin(together.p) >= 0.0


def test_reused_factors_change_no_bit(dtype):
    """A constant drive: alone the lane reuses its factors from the third stage on, beside a moving mate never."""
    still, moving = 3, 4
    assert not MOVING[still]
    assert MOVING[moving]
    mates = np.array([still] * 2 + [moving] * 5)
    same_bits(run(np.array([still]), dtype=dtype), run(mates, dtype=dtype), [0], [0])


def test_a_failing_lane_is_reported_and_alone(batch, dtype):
    poisoned = run(np.arange(SIZE), dtype=dtype, poison=7)
    others = np.delete(np.arange(SIZE), 7)
    assert poisoned.status.tolist() == [int(lane == 7) for lane in range(SIZE)]
    same_bits(batch, poisoned, others, others)
    # Steps 0 .. 29 are good: records 0 .. 10.
    same_bits(batch, poisoned, [7], [7], slice(0, 11))
    for field in FIELDS:
        assert np.isnan(getattr(poisoned, field)[7, 11:]).all(), field
    assert np.isnan(poisoned.state.p[7]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("what", [0, 1, 2, 3, 4], ids=["mu", "sigma", "g", "gE", "kick"])
def test_no_bad_input_passes_as_healthy(lif, what, bad):
    values = [-61.0, 3.0, 0.0, 0.0, 0.0]
    values[what] = bad
    lanes = lif(h=0.2)
    start = density.stationary(lanes, -61.0, 3.0)
    r = density.evolve(lanes, lambda *_: values, steps=5, dt=0.05, initial=start)
    assert r.status[0] == 1
    assert np.isfinite(r.rate[0, 0])
    assert np.isnan(r.rate[0, -1])


def test_a_continued_run_is_the_unbroken_one(batch, dtype):
    lanes = np.arange(SIZE)
    first = run(lanes, dtype=dtype, steps=21)
    second = run(lanes, dtype=dtype, steps=39, initial=first.state, offset=21)
    for field in FIELDS:
        if field == "spikes":  # the first node of a run has no past
            continue
        whole = getattr(batch, field)
        np.testing.assert_array_equal(np.concatenate([getattr(first, field), getattr(second, field)[:, 1:]], 1), whole)
    np.testing.assert_array_equal(second.state.p, batch.state.p)
    np.testing.assert_array_equal(second.state.queue, batch.state.queue)


def test_two_threads_do_not_disturb_each_other(batch, dtype):
    lanes = np.arange(SIZE)
    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda _: run(lanes, dtype=dtype), range(2)):
            same_bits(batch, result, lanes, lanes)


def test_another_step_cannot_continue_a_recorded_queue(batch):
    lanes = some(np.arange(SIZE))
    with pytest.raises(ValueError, match=r"initial was recorded with dt = 0.05 ms, got dt = 0.1 ms"):
        density.evolve(lanes, drive(np.arange(SIZE)), steps=1, dt=0.1, initial=batch.state)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"scheme": "sdirk"}, "scheme = 'sdirk' is unknown; did you mean sdirk2"),
        ({"dt": 0.0}, "dt = 0.0 ms must be finite and > 0"),
        ({"dt": 1e-9}, "at most 1000000 are allowed"),
        ({"every": 0}, "every = 0 must be >= 1"),
        ({"dtype": np.int64}, "dtype = int64 must be float64 or float32"),
    ],
)
def test_bad_arguments_are_named(lif, constant, bad, message):
    lanes = lif(h=0.5)
    arguments = {"steps": 1, "dt": 0.05, "initial": density.stationary(lanes, -61.0, 3.0)} | bad
    with pytest.raises(ParameterError, match=message):
        density.evolve(lanes, constant(-61.0, 3.0), **arguments)


def test_progress_counts_steps(lif, constant):
    lanes = lif(h=0.5)
    seen = []
    start = density.stationary(lanes, -61.0, 3.0)
    density.evolve(lanes, constant(-61.0, 3.0), steps=1200, dt=0.05, initial=start, every=100, progress=seen.append)
    assert seen == [512, 1024, 1200]
