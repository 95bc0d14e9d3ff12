"""Work side by side gives what it gives one after the other, and stops where a part fails."""

import threading
import time

import pytest

from synfer.core.errors import ParameterError
from synfer.inference.agent.parallel import Progress, side_by_side


@pytest.mark.parametrize("workers", [1, 2, 3, 9, None])
def test_results_come_in_order_whatever_is_done_first(workers):
    def one(k, stopped):
        time.sleep(0.002 * (5 - k))
        return k * k

    assert side_by_side(one, 5, workers) == [0, 1, 4, 9, 16]


def test_parts_run_at_the_same_time():
    """Each waits for the other, for which a single thread would wait in vain."""
    barrier = threading.Barrier(2, timeout=20)
    assert sorted(side_by_side(lambda k, stopped: barrier.wait(), 2, workers=2)) == [0, 1]


def test_a_part_that_fails_stops_the_others():
    seen = []

    def one(k, stopped):
        if k == 1:
            raise ValueError("one")
        start = time.monotonic()
        while not stopped() and time.monotonic() < start + 20:
            time.sleep(0.001)
        seen.append(stopped())
        raise KeyError("another")

    with pytest.raises(ValueError, match="one"):
        side_by_side(one, 3, workers=3)
    assert seen  # those that had begun
    assert all(seen)


def test_progress_counts_parts_of_any_thread():
    told = []
    progress = Progress(40, told.append)
    side_by_side(lambda k, stopped: [progress() for _ in range(10)], 4, workers=4)
    assert told == [k / 40 for k in range(1, 41)]
    Progress(1, None)()


@pytest.mark.parametrize("workers", [0, -1, 1.5, "all"])
def test_workers_that_make_no_sense_are_named(workers):
    with pytest.raises(ParameterError, match=r"workers = .* must be a whole number >= 1"):
        side_by_side(lambda k, stopped: k, 2, workers)


def test_progress_that_cannot_be_called_is_named():
    with pytest.raises(ParameterError, match="progress = 3 must be a function of the fraction"):
        Progress(1, 3)
