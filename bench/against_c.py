"""The density kernels against the same algorithm written in C, lane for lane."""

import time
from typing import Any, NamedTuple

import numpy as np

import c_density
from measure import Ratio, Row, Settings, Table, drop, interleaved, ns, ratio, ratio_row
from problem import EIF, REST, lanes
from synfer.population import density

# 496 cells from V_cut = -30 mV down to 8 sigma below the reset potential.
H_EIF, DT, BATCH = 0.125, 0.05, 1024
MU, SIGMA = REST.mu, REST.sigma
TARGET = {"float64": 0.6, "float32": 0.5}
# The batch may cost this much of a single population, per cell-step.
SHARE = 0.25


def many(size: int) -> density.Lanes:
    """EIF populations whose V_T differ, so that every lane has its own drift table."""
    return lanes(EIF, size, H_EIF, EIF.V_reset - 8 * SIGMA, spread=0.5 if size > 1 else 0.0)


def inputs(steps: int, size: int, moving: bool) -> np.ndarray:
    """mu [mV], (steps, size): constant, or a sine of 1 mV, another mean in every lane."""
    wave = np.sin(2 * np.pi * np.arange(1, steps + 1) * DT / 20) if moving else np.zeros(steps)
    return MU + wave[:, None] + np.linspace(-0.5, 0.5, size)


class Problem(NamedTuple):
    """One batch, ready for both sides."""

    lanes: density.Lanes
    start: density.State
    mu: np.ndarray
    every: int

    @property
    def work(self) -> int:
        """Cell-steps."""
        return self.mu.size * self.start.p.shape[1]

    def synfer(self, dtype: str) -> np.ndarray:
        """Rates [1/ms] at every `every`-th step, (size, nodes)."""
        records = density.evolve(
            self.lanes, lambda first, n: (self.mu[first : first + n, None], SIGMA, 0.0, 0.0),
            steps=len(self.mu), dt=DT, initial=self.start, scheme="backward-euler", dtype=np.dtype(dtype),
            every=self.every,
        )  # fmt: skip
        return records.rate[:, 1:]


def problem(size: int, steps: int, moving: bool) -> Problem:
    """Populations at rest about to be driven."""
    batch, mu = many(size), inputs(steps, size, moving)
    return Problem(batch, density.stationary(batch, mu[0] if not moving else MU, SIGMA), mu, steps // 10)


def compiled(task: Problem, dtype: str) -> tuple[Any, dict[str, np.ndarray]]:
    """The C side: a function that runs every tile once and returns its seconds; its rates, once it has run."""
    width, size = c_density.WIDTH[np.dtype(dtype)], task.mu.shape[1]
    own, out = task.lanes, {}
    n = task.start.p.shape[1]
    faces = density.faces(float(own.V_top[0]), H_EIF, n)
    psi = np.stack([own.psi(faces, lane) for lane in range(size)], axis=1)

    def tile(columns: slice) -> c_density.Tile:
        picked = {name: getattr(own, name)[columns] for name in ("tau_m", "V_top", "V_reset", "t_ref", "h")}
        return c_density.Tile(
            p=task.start.p[columns].T, psi=psi[:, columns], rate=task.start.rate[columns], dt=DT,
            dtype=np.dtype(dtype), **picked,
        )  # fmt: skip

    def run() -> float:
        columns = [slice(i, i + width) for i in range(0, size, width)]
        tiles = [tile(c) for c in columns]
        drives = [np.ascontiguousarray(task.mu[:, c]) for c in columns]
        constant, zero = np.full(width, SIGMA), np.zeros(width)
        start = time.perf_counter()
        rates = [t.run(mu, constant, zero) for t, mu in zip(tiles, drives, strict=True)]
        seconds = time.perf_counter() - start
        out["rate"] = np.concatenate(rates, axis=1).T
        return seconds

    return run, out


def against_c(dtype: str, steps: int, repeats: int) -> list[Row]:
    """The batch with a moving drive and with a constant one, by both."""
    moving, constant = problem(BATCH, steps, True), problem(BATCH, steps, False)
    run, out = compiled(moving, dtype)
    tasks = {
        "C": run,
        "moving": lambda: drop(moving.synfer(dtype)),
        "constant": lambda: drop(constant.synfer(dtype)),
    }
    seconds = interleaved(tasks, repeats)
    every = moving.every
    theirs = out["rate"][:, every - 1 :: every]
    apart = np.abs(moving.synfer(dtype) - theirs).sum() / theirs.sum()
    work = moving.work
    rows = [Row(f"C kernel, {dtype}", ns(seconds["C"], work))]
    error = f"rates {apart:.1e} apart, relative L1"
    r = ratio(seconds["C"], seconds["moving"])
    rows.append(ratio_row(f"synfer, {dtype}", ns(seconds["moving"], work), r, at_least=TARGET[dtype], error=error))
    r = ratio(seconds["C"], seconds["constant"])
    return [*rows, ratio_row(f"synfer, {dtype}, constant drive: factors reused", ns(seconds["constant"], work), r)]


def against_single(steps: int, repeats: int) -> list[Row]:
    """What a cell-step costs in a batch and alone, drive moving."""
    batch, single = problem(BATCH, steps, True), problem(1, steps * 16, True)
    seconds = interleaved(
        {"batch": lambda: drop(batch.synfer("float64")), "single": lambda: drop(single.synfer("float64"))}, repeats
    )
    r = ratio(seconds["batch"], seconds["single"], single.work / batch.work)
    return [
        Row("synfer, float64, one population", ns(seconds["single"], single.work)),
        share_row("batch of 1024 against one population", ns(seconds["batch"], batch.work), r),
    ]


def share_row(what: str, cost: float, r: Ratio) -> Row:
    return Row(what, cost, r.value, (r.low, r.high), target=f"<= {SHARE}", met=r.value <= SHARE)


def measured(settings: Settings) -> Table:
    """Numba lanes against C, and batch against single."""
    steps, repeats = settings.choose((200, 3), (600, 5))
    started = time.perf_counter()
    for dtype in TARGET:
        c_density.library(np.dtype(dtype), c_density.WIDTH[np.dtype(dtype)])
    build = time.perf_counter() - started
    rows = [row for dtype in TARGET for row in against_c(dtype, steps, repeats)]
    notes = [
        "Backward Euler, EIF, 496 cells, 1024 populations each with its own drift table and mean input, which moves.",
        "Ratio = C time over synfer time. The C kernel never reuses factors; synfer does while nothing changes, which",
        "is the row apart.",
        "synfer's time is density.evolve with set-up, records and finiteness checks; C's is the kernel alone.",
        f"gcc {' '.join(c_density.FLAGS[:3])}, compiled in {build:.1f} s, not counted.",
    ]
    return Table("density against C, batch of 1024", "cell-step", rows + against_single(steps, repeats), notes)
