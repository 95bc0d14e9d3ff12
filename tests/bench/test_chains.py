"""The chains' benchmark compares like with like: its engine gives the verb's packets, and its tables can be made."""

from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(autouse=True)
def _bench_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


def test_engine_of_the_benchmark_gives_the_packets_of_the_verb():
    import chain_problem

    layers, t = 3, 40.0
    a = chain_problem.propagated(4, layers, t)().a.values
    ours = chain_problem.networks(4, layers, t).packets()
    assert a[0, -1] < 5
    assert a[-1, -1] > 80
    # The same arithmetic by another way: the verb finds the stationary start from the drive of each chain.
    np.testing.assert_allclose(ours, a, rtol=1e-9, atol=1e-9)


def test_cell_steps_count_every_lane_of_the_engine():
    import chain_problem

    count, layers, t = 3, 2, 1.0
    engine = chain_problem.networks(count, layers, t)
    assert engine.start.p.size * len(engine.mu) == chain_problem.cell_steps(count, layers, t)


def test_chain_tables_are_made_at_a_tiny_size(monkeypatch):
    import chain_growth
    import chain_problem
    import chains
    from measure import Settings

    for module in (chain_problem, chains):
        monkeypatch.setattr(module, "T", 1.0)
    for name, value in {"MANY": 3, "REPEATED": 2, "LANES": 16, "COMPARED": 1, "AT_MOST": {3: 1e9, 1: 1e9}}.items():
        monkeypatch.setattr(chains, name, value)
    table = chains.measured(Settings(quick=True, peer_python="none"))
    assert [row.met for row in table.rows[:5]] == [None, True, True, True, True]
    row = chain_growth.exponent("chains", {1: [5.0], 2: [4.0, 6.0], 4: [8.0], 8: [16.0]})
    assert row.error == "exponent 1.000"


def test_spiking_chain_is_skipped_without_its_peer():
    import chain_against_brian2
    from measure import Settings

    table = chain_against_brian2.measured(Settings(quick=True, peer_python="no-such-python"))
    assert table.rows == []
    assert table.notes[0].startswith("skipped")
