"""The maze's benchmark compares like with like: its driver walks through the maze as synfer's tasks do."""

from pathlib import Path

import pytest

from synfer.inference.tasks import Maze, explore

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(autouse=True)
def _bench_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


def test_the_ports_world_is_the_maze():
    import maze_port

    maze = Maze.generate(seed=11, width=31, height=11)
    world, graph = maze_port.World(maze.grid), explore(maze)
    for place in graph.states:
        assert (world.seen[place][:121] == maze.observe(place)).all()
        assert (world.seen[place][121:] == 1 - maze.observe(place)).all()
        if not maze.done(place):
            assert [world.next[(*place, action)] for action in range(4)] == [maze.step(place, a) for a in range(4)]


def test_the_port_is_skipped_where_it_is_not():
    import maze_against_port
    from measure import Settings

    table = maze_against_port.measured(Settings(quick=True, peer_python="no-such-python"))
    assert table.rows == []
    assert table.notes[0].startswith("skipped")
