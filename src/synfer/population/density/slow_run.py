"""The sheets of a stack on their way through a run: states loaded, records kept, failures marked, ends saved."""

from typing import Any, NamedTuple

import numpy as np

from .mesh import Lanes, counts
from .records import IQR, MASS, MEAN, RATE, SD, SPIKES
from .run import NOT_FINITE, OK, Records, SlowRecords
from .slow_layout import Sheets, sheets
from .slow_records import SHEET_FIELDS, W_MEAN, W_SD
from .state import State
from .tile import WIDTH


class Asked(NamedTuple):
    """Which densities are recorded: p(V), p(w), p(V, w)."""

    p: bool = False
    w: bool = False
    joint: bool = False


class SheetOutput(NamedTuple):
    """Records of the sheets of a stack at some nodes; densities have no rows unless asked for."""

    values: np.ndarray  # (nodes, S, SHEET_FIELDS)
    p: np.ndarray  # (nodes, S, n)
    masses: np.ndarray  # (nodes, S, C): probability over h of every column
    joint: np.ndarray  # (nodes, S, n, C)


class SheetsRun:
    """Some lanes as the sheets of one stack."""

    def __init__(self, lanes: Lanes, members: np.ndarray, dt: float, initial: State) -> None:
        self.members, self.width = members, WIDTH[np.dtype(np.float64)]
        self.n = counts(lanes)[members]
        self.stack: Sheets = sheets(lanes, members, dt)
        self.tall = self.stack.tiles.psi.shape[1]
        self.alive = np.ones(len(members), bool)
        for s in range(len(members)):
            self._load(s, initial)

    def _own(self, s: int) -> tuple[slice, int]:
        """The tiles of a sheet, and its columns."""
        return slice(int(self.stack.first[s]), int(self.stack.first[s + 1])), int(self.stack.columns[s])

    def _load(self, s: int, initial: State) -> None:
        (own, columns), lane, n = self._own(s), self.members[s], int(self.n[s])
        p = np.zeros((n, (own.stop - own.start) * self.width))
        p[:, :columns] = initial.p[lane, -n:, :columns]
        self._tiles(0, own)[:, self.tall - n :] = p.reshape(n, -1, self.width).transpose(1, 0, 2)
        depth = self.stack.ring.shape[1]
        ages = np.arange(depth - 1)
        past = np.zeros((depth - 1, 2, p.shape[1]))
        past[..., :columns] = initial.queue[lane, np.minimum(ages, initial.queue.shape[1] - 1), :, :columns]
        # Step 0 writes slot 0; age a lies a + 1 slots behind it.
        self.stack.ring[own, depth - 1 - ages] = past.reshape(depth - 1, 2, -1, self.width).transpose(2, 0, 1, 3)
        self.stack.rate[s] = self.stack.mean[s] = initial.rate[lane]
        self.stack.peak[s] = p.max()

    def _tiles(self, which: int, own: slice) -> np.ndarray:
        """One of the two densities of some tiles, (tiles, n, W)."""
        return self.stack.density[which].reshape(-1, self.tall, self.width)[own]

    def output(self, nodes: int, asked: Asked) -> SheetOutput:
        """Room for the records of some nodes."""
        size = len(self.members)
        columns = int(np.diff(self.stack.first).max()) * self.width
        return SheetOutput(
            np.zeros((nodes, size, SHEET_FIELDS)),
            np.zeros((nodes if asked.p else 0, size, self.tall)),
            np.zeros((nodes if asked.w else 0, size, columns)),
            np.zeros((nodes if asked.joint else 0, size, self.tall, columns)),
        )

    def mark_failures(self, output: SheetOutput) -> None:
        """Turn sheets that are no longer finite into NaN, from the first bad record on."""
        for s in range(len(self.members)):
            p = self._tiles(int(self.stack.current[s]), self._own(s)[0])
            bad = np.array([not np.isfinite(row).all() for row in output.values[:, s]], bool)
            if bad.any() or not (np.isfinite(p.sum()) and np.isfinite(self.stack.rate[s])):
                start = int(bad.argmax()) if bad.any() else len(bad)
                for field in output:
                    field[start:, s] = np.nan
                p[:] = np.nan
                self.stack.rate[s] = np.nan
                self.alive[s] = False

    def final(self, steps: int, state: State) -> None:
        """Write density, queue and rate of the members into these arrays."""
        depth, kept = self.stack.ring.shape[1], min(self.stack.ring.shape[1] - 1, state.queue.shape[1])
        slots = (steps - 1 - np.arange(kept)) % depth
        for s, lane in enumerate(self.members):
            (own, columns), n = self._own(s), int(self.n[s])
            p = self._tiles(int(self.stack.current[s]), own)[:, self.tall - n :]
            state.p[lane, -n:, :columns] = p.transpose(1, 0, 2).reshape(n, -1)[:, :columns]
            queue = self.stack.ring[own][:, slots].transpose(1, 2, 0, 3).reshape(kept, 2, -1)
            state.queue[lane, :kept, :, :columns] = queue[..., :columns]
            state.rate[lane] = self.stack.rate[s]


class SheetTable:
    """The records of all lanes: (SHEET_FIELDS, L, nodes) and the densities that were asked for."""

    def __init__(self, lanes: Lanes, nodes: int, asked: Asked) -> None:
        assert lanes.slow is not None
        self.lanes, self.n, self.columns = lanes, counts(lanes), np.asarray(lanes.slow.columns).astype(np.int64)
        size, tall, wide = len(self.n), int(self.n.max()), int(self.columns.max())
        self.values = np.zeros((SHEET_FIELDS, size, nodes))
        self.p = np.full((size, nodes, tall), np.nan) if asked.p else None
        self.p_w = np.full((size, nodes, wide), np.nan) if asked.w else None
        self.joint = np.full((size, nodes, tall, wide), np.nan) if asked.joint else None

    def place(self, run: SheetsRun, output: SheetOutput, node: int) -> None:
        """Copy the records of a stack to its lanes, from `node` on."""
        slow: Any = self.lanes.slow
        nodes = slice(node, node + len(output.values))
        for s, lane in enumerate(run.members):
            n, columns = int(self.n[lane]), int(self.columns[lane])
            self.values[:, lane, nodes] = output.values[:, s].T
            if self.p is not None:
                self.p[lane, nodes, -n:] = output.p[:, s, -n:]
            if self.p_w is not None:
                scale = self.lanes.h[lane] / slow.dw[lane]
                self.p_w[lane, nodes, :columns] = scale * output.masses[:, s, :columns]
            if self.joint is not None:
                self.joint[lane, nodes, -n:, :columns] = output.joint[:, s, -n:, :columns] / slow.dw[lane]

    def collect(self, runs: list[SheetsRun], steps: int, dt: float, depth: int) -> Records:
        """The records of the whole run, with its end, when every stack is through; `depth` steps of flux are kept."""
        size, tall, wide = len(self.n), int(self.n.max()), int(self.columns.max())
        p, queue = np.full((size, tall, wide), np.nan), np.zeros((size, depth, 2, wide))
        state = State(p, queue, np.zeros(size), dt)
        status, fallbacks, edge = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size)
        for run in runs:
            run.final(steps, state)
            status[run.members] = np.where(run.alive, OK, NOT_FINITE)
            fallbacks[run.members], edge[run.members] = run.stack.fallbacks, run.stack.edge
        return Records(
            rate=self.values[RATE],
            spikes=self.values[SPIKES],
            V_mean=self.values[MEAN],
            V_sd=self.values[SD],
            V_iqr=self.values[IQR],
            mass=self.values[MASS],
            p=self.p,
            state=state,
            status=status,
            fallbacks=fallbacks,
            slow=SlowRecords(self.values[W_MEAN], self.values[W_SD], edge, self.p_w, self.joint),
        )
