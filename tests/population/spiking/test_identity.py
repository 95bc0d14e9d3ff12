"""Contract: what a population's bytes depend on, and what they do not."""

import platform
import re

import numba
import numpy as np
import pytest
from numba.core.codegen import get_host_cpu_features

from synfer.core.errors import ParameterError
from synfer.population.spiking import simulate_population, start
from synfer.population.spiking.segments import segments
from synfer.population.spiking.tile import run_linear, run_sodium, scratch_for

KINDS = [(kind, dtype) for kind in ("eif", "lif") for dtype in (np.float32, np.float64)]
OPTIONS = {"steps_per_bin": 20, "steps_per_snapshot": 20, "first_snapshot": 10, "max_spikes": 10_000}


def drive(bench, steps):
    """Everything varies: currents, noise, shunts, kicks."""
    t = np.arange(steps) * 0.05
    kick = np.where(np.arange(steps) % 37 == 5, 1.5, 0.0)
    return bench.inputs(steps, -60 + 4 * np.sin(t), 4 + np.cos(t / 3), 0.2 * (t > 5), -14.0 * (t > 5), kick)


def begin(bench, kind, dtype, n=300, seed=9):
    neuron = getattr(bench, kind)
    rng = np.random.default_rng(1)
    refractory = np.where(rng.random(n) < 0.2, rng.random(n) * neuron.t_ref, 0.0)
    V = rng.normal(-65, 2, n)
    return neuron, start(neuron, V, refractory, dt=0.05, dtype=dtype, seed=np.random.SeedSequence(seed))


def same(a, b):
    assert np.array_equal(a.count, b.count)
    assert np.array_equal(a.count_sq, b.count_sq)
    assert np.array_equal(a.spike_time, b.spike_time)
    assert np.array_equal(a.spike_neuron, b.spike_neuron)
    for name, column in a.snapshots.items():
        assert np.array_equal(column, b.snapshots[name]), name
    for x, y in zip(a.state.lanes, b.state.lanes, strict=True):
        assert np.array_equal(x, y)


@pytest.mark.parametrize(("kind", "dtype"), KINDS)
def test_the_same_seed_gives_the_same_bytes_for_any_number_of_threads_and_blocks(bench, kind, dtype, monkeypatch):
    neuron, state = begin(bench, kind, dtype)
    inputs = drive(bench, 400)
    before = [a.copy() for a in state.lanes]
    one = simulate_population(neuron, inputs, state, **OPTIONS)
    assert one.count.sum() > 200
    assert all(np.array_equal(a, b) for a, b in zip(before, state.lanes, strict=True))
    same(one, simulate_population(neuron, inputs, state, workers=3, blocks=2, **OPTIONS))
    monkeypatch.setattr("synfer.population.spiking.segments.ROWS_BYTES", 3 * state.lanes.x.nbytes)
    same(one, simulate_population(neuron, inputs, state, **OPTIONS))
    other = simulate_population(neuron, inputs, begin(bench, kind, dtype, seed=10)[1], **OPTIONS)
    assert not np.array_equal(one.count, other.count)


@pytest.mark.parametrize(("kind", "dtype"), KINDS)
def test_a_continued_run_is_the_unbroken_run_bit_for_bit(bench, kind, dtype):
    neuron, state = begin(bench, kind, dtype)
    inputs = drive(bench, 400)
    whole = simulate_population(neuron, inputs, state, **OPTIONS)
    first = simulate_population(neuron, type(inputs)(*(a[:160] for a in inputs)), state, **OPTIONS)
    second = simulate_population(neuron, type(inputs)(*(a[160:] for a in inputs)), first.state, **OPTIONS)
    assert np.array_equal(np.r_[first.count, second.count], whole.count)
    assert np.array_equal(np.r_[first.count_sq, second.count_sq], whole.count_sq)
    for name, column in whole.snapshots.items():
        assert np.array_equal(np.r_[first.snapshots[name], second.snapshots[name]], column), name
    for a, b in zip(second.state.lanes, whole.state.lanes, strict=True):
        assert np.array_equal(a, b)
    assert np.r_[first.spike_time, second.spike_time + 8.0] == pytest.approx(whole.spike_time, abs=1e-9)


@pytest.mark.parametrize("kind", ["eif", "lif"])
def test_a_neuron_does_not_know_how_many_others_there_are(bench, kind):
    """Tiles of 64 share nothing: the first 64 of 300 are the population of 64."""
    inputs = drive(bench, 400)
    neuron, many = begin(bench, kind, np.float32)
    few = start(neuron, many.V[:64], many.refractory[:64], dt=0.05, dtype=np.float32, seed=np.random.SeedSequence(9))
    a, b = (simulate_population(neuron, inputs, state, **OPTIONS) for state in (many, few))
    first = a.spike_neuron < 64
    assert np.array_equal(a.spike_neuron[first], b.spike_neuron)
    assert np.array_equal(a.spike_time[first], b.spike_time)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 130])
def test_lanes_without_a_neuron_are_never_counted(bench, n):
    neuron, state = begin(bench, "eif", np.float64, n)
    result = simulate_population(neuron, drive(bench, 400), state, **OPTIONS)
    assert result.block_size.sum() == n
    assert result.snapshots["n_free"].max() <= n
    assert len(result.spike_neuron) == result.count.sum() == result.block_count.sum()
    assert n < 63 or result.spike_neuron.max() < n
    assert len(result.state.V) == len(result.state.refractory) == n


@pytest.mark.parametrize("kind", ["eif", "lif"])
def test_spikes_of_a_neuron_keep_the_refractory_time_and_fill_the_bins(bench, kind):
    neuron, state = begin(bench, kind, np.float32)
    result = simulate_population(neuron, drive(bench, 400), state, **OPTIONS)
    per_neuron = np.zeros((300, 20))
    np.add.at(per_neuron, (result.spike_neuron, (result.spike_time / 1.0).astype(int)), 1)
    # A spike by a kick at a bin's first instant belongs to that bin, whatever its rounded time says.
    assert per_neuron.sum(axis=0) == pytest.approx(result.count, abs=1)
    assert (per_neuron**2).sum(axis=0) == pytest.approx(result.count_sq, abs=4)
    for i in range(300):
        gaps = np.diff(result.spike_time[result.spike_neuron == i])
        assert np.all(gaps > neuron.t_ref - 1e-7)


def test_segments_cover_the_run_and_end_on_snapshots():
    snapshot = np.full(101, -1)
    snapshot[[7, 27, 47, 67, 87]] = np.arange(5)
    assert segments(snapshot, 2) == [(0, 27), (27, 67), (67, 100)]
    assert segments(snapshot, 9) == [(0, 100)]
    assert segments(np.full(11, -1), 3) == [(0, 10)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loop", [run_sodium, run_linear])
def test_the_inner_loops_are_vector_code(loop, dtype):
    """Packed fused multiply-adds and square roots on 256- or 512-bit registers, and no scalar logarithm left."""
    if platform.machine() not in ("x86_64", "AMD64") or "+avx2" not in get_host_cpu_features():
        pytest.skip("a statement about x86 with AVX2")
    fresh = numba.njit(nogil=True, error_model="numpy", _nrt=False)(loop.py_func)
    x, words, hot = np.zeros(64, dtype), np.ones(128, np.uint32), np.zeros((1, 5), dtype)
    rest = (hot, 0, 0) if loop is run_sodium else (scratch_for(64, dtype), hot, 0, 0, True)
    fresh((0,) * 32, x, words, *rest)
    (text,) = fresh.inspect_asm().values()
    suffix = "ps" if dtype is np.float32 else "pd"
    assert len(re.findall(rf"vfn?m(?:add|sub)\d+{suffix}\s.*[yz]mm", text)) > 40
    assert re.search(rf"vsqrt{suffix}\s.*[yz]mm", text)
    assert not re.search(r"call.*\b(log2?|exp2?|sin|cos)f?\b", text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps_per_bin": 30}, "steps = 400 must be a multiple of steps_per_bin = 30"),
        ({"max_spikes": 10}, r"max_spikes = 10 must be >= \d+"),
        ({"first_snapshot": 0}, "first_snapshot = 0 must be >= 1"),
    ],
)
def test_a_run_that_cannot_be_is_refused(bench, change, message):
    neuron, state = begin(bench, "eif", np.float64)
    with pytest.raises(ParameterError, match=message):
        simulate_population(neuron, drive(bench, 400), state, **OPTIONS | change)


def test_a_state_serves_its_own_neuron_only(bench):
    neuron, state = begin(bench, "eif", np.float64)
    with pytest.raises(ParameterError, match="another neuron or dt"):
        simulate_population(neuron._replace(V_T=-58.0), drive(bench, 20), state, **OPTIONS)
    high = neuron._replace(V_reset=-40.0)
    with pytest.raises(ParameterError, match="V_reset = -40"):
        simulate_population(high, drive(bench, 20), state, **OPTIONS)
    with pytest.raises(ParameterError, match="lie below V_top = -55"):
        start(bench.lif, np.array([-54.0]), np.zeros(1), dt=0.1, seed=np.random.SeedSequence(1))
