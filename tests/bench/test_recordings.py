"""The recordings' benchmark compares like with like: what it times is what a fit finds, on what the port is given."""

from pathlib import Path

import numpy as np
import pytest

from synfer.inference.recordings import ImplicitFreeEnergy, synthetic_cultures

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(autouse=True)
def _bench_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.fixture(scope="module")
def rec():
    return synthetic_cultures(1, sessions=24, steps=64, units=16, D1=0.45, seed=31)


def test_the_bench_times_what_a_fit_finds(rec):
    import recordings_against_port

    fit = ImplicitFreeEnergy(permutations=19, resamples=20).fit(rec)
    found, later = fit.result_.isel(culture=0), fit.forecast().isel(culture=0)
    x, W_hat, L, x_forecast, W_forecast = recordings_against_port.analysed(recordings_against_port.arrays(rec))
    # The same functions on the same numbers.
    np.testing.assert_array_equal(np.moveaxis(x, 0, -1), found.x.values)
    np.testing.assert_array_equal(W_hat, found.W_hat.values)
    np.testing.assert_allclose(L, found.free_energy.values, rtol=1e-15)
    np.testing.assert_array_equal(np.moveaxis(x_forecast, 0, -1), later.x_forecast.values)
    np.testing.assert_array_equal(W_forecast, later.W_hat_forecast.values)


def test_the_port_is_given_a_column_for_every_stimulus(rec):
    import recordings_against_port
    import recordings_port

    data = recordings_against_port.arrays(rec)
    for name, array in zip(("spikes", "stimulus", "input"), recordings_port.columns(data), strict=True):
        for session, step in ((0, 0), (0, 63), (1, 0), (23, 5)):
            assert (array[:, 64 * session + step] == rec[name].values[0, session, step]).all()


def test_the_difference_is_the_largest_of_all_that_both_find(rec, tmp_path):
    import recordings_against_port
    import recordings_port

    own = recordings_against_port.analysed(recordings_against_port.arrays(rec))
    x, W_hat, L, x_forecast, W_forecast = own
    logit = [np.log(q / (1 - q)).transpose(1, 2, 3, 0) for q in (W_hat, W_forecast)]
    port = [x.reshape(2, -1), *logit[0], L, x_forecast.reshape(2, -1), *logit[1]]
    for k in range(len(port)):
        changed = [array + 1e-3 * (j == k) for j, array in enumerate(port)]
        np.savez(tmp_path / "out.npz", **dict(zip(recordings_port.FOUND, changed, strict=True)))
        assert not recordings_against_port._difference("", own, str(tmp_path / "out.npz")).met
    np.savez(tmp_path / "out.npz", **dict(zip(recordings_port.FOUND, port, strict=True)))
    assert recordings_against_port._difference("", own, str(tmp_path / "out.npz")).met


def test_memory_is_the_most_at_a_time():
    import recordings_port

    def task():
        for _ in range(3):
            np.ones(10**6)

    assert recordings_port.allocated(task) == pytest.approx(8, rel=0.01)  # one array at a time, and its frame


def test_the_port_is_skipped_where_it_is_not():
    import recordings_against_port
    from measure import Settings

    table = recordings_against_port.measured(Settings(quick=True, peer_python="no-such-python"))
    assert table.rows == []
    assert table.notes[0].startswith("skipped")
