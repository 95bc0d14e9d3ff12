"""What the densities of a network are: lanes of tiles, or sheets. The kernel's type of `stack` decides at compile time.

A network knows its densities by (tile, lane): lane k W + i of tiles W lanes wide, or sheet k, one lane wide.
"""

from numba.extending import overload

from .inner import inner
from .records import record_tile
from .run import copy_density
from .slow_layout import Sheets
from .slow_records import LOOK, look_at_edges, record_sheet
from .slow_step import step_sheet
from .stack import tile_at, work_at
from .stage import GAMMA
from .step import step_tile


@inner
def step_tiles(stack, drive, kick, dt, stages, step, lanes):
    for k in range(drive.shape[0]):
        step_tile(tile_at(stack.tiles, k), work_at(stack.works, k), drive[k], kick[k], dt, stages, step, lanes)


@inner
def step_sheets(stack, drive, kick, dt, stages, step, lanes):
    for k in range(drive.shape[0]):
        step_sheet(stack, k, drive[k], kick[k], dt, stages, step, lanes)
        if step % LOOK == 0:
            look_at_edges(stack, k, lanes)


@inner
def fluxes_of_tiles(stack, k, lane, step):
    works = stack.works
    slot = step % works.flux.shape[1]
    mean = (1.0 - GAMMA) * works.flux[k, slot, 0, lane] + GAMMA * works.flux[k, slot, 1, lane]
    return mean, works.rate[k, lane]


@inner
def fluxes_of_sheets(stack, k, lane, step):
    return stack.mean[k], stack.rate[k]


@inner
def stand_in_tiles(stack, k, lane, value):
    stack.works.rate[k, lane] = value


@inner
def stand_in_sheets(stack, k, lane, value):
    stack.rate[k] = value


@inner
def record_tiles(stack, step, dt, scratch, output, record, lanes):
    works = stack.works
    for k in range(works.density.shape[0]):
        record_tile(tile_at(stack.tiles, k), work_at(works, k), step, dt, scratch, output.values[record, k], lanes)
        if output.p.shape[0] > 0:
            copy_density(works.density[k, works.current[k, 0]], output.p[record, k])


@inner
def record_sheets(stack, step, dt, scratch, output, record, lanes):
    n, width = stack.tiles.psi.shape[1], len(lanes)
    for k in range(len(stack.rate)):
        start, tiles = stack.first[k], stack.first[k + 1] - stack.first[k]
        p, masses = scratch[: n * 1].reshape(n, 1), scratch[n : n + tiles * width].reshape(tiles, width)
        record_sheet(stack, k, step, dt, output.values[record, k], p, masses, lanes)
        if output.p.shape[0] > 0:
            output.p[record, k] = p[:, 0]
        if output.masses.shape[0] > 0:
            output.masses[record, k, : tiles * width] = masses.reshape(tiles * width)
        if output.joint.shape[0] > 0:
            density = stack.density[stack.current[k]]
            for t in range(tiles):
                rows = density[(start + t) * n : (start + t + 1) * n]
                output.joint[record, k, :, t * width : (t + 1) * width] = rows


def step_members(stack, drive, kick, dt, stages, step, lanes):
    """Advance all densities of a stack by one step; drive (tiles, stages, 4, lanes), kick (tiles, lanes)."""


def fluxes(stack, k, lane, step):
    """Mean flux of a density in the step just done, and its flux at the end [1/ms]."""


def stand_in(stack, k, lane, value):
    """Let `value` be a density's rate at the node."""


def record_members(stack, step, dt, scratch, output, record, lanes):
    """Write row `record` of the output: the node before `step`."""


def _is_sheets(stack) -> bool:
    return stack.instance_class is Sheets


@overload(step_members)
def _step(stack, drive, kick, dt, stages, step, lanes):
    chosen = step_sheets if _is_sheets(stack) else step_tiles
    return lambda stack, drive, kick, dt, stages, step, lanes: chosen(stack, drive, kick, dt, stages, step, lanes)


@overload(fluxes)
def _fluxes(stack, k, lane, step):
    chosen = fluxes_of_sheets if _is_sheets(stack) else fluxes_of_tiles
    return lambda stack, k, lane, step: chosen(stack, k, lane, step)


@overload(stand_in)
def _stand_in(stack, k, lane, value):
    chosen = stand_in_sheets if _is_sheets(stack) else stand_in_tiles
    return lambda stack, k, lane, value: chosen(stack, k, lane, value)


@overload(record_members)
def _record(stack, step, dt, scratch, output, record, lanes):
    chosen = record_sheets if _is_sheets(stack) else record_tiles
    return lambda stack, step, dt, scratch, output, record, lanes: chosen(
        stack, step, dt, scratch, output, record, lanes
    )
