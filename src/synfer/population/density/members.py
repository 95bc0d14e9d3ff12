"""What the densities of a network are: lanes of tiles, or sheets. The kernel's type of `stack` decides at compile time.

A network knows its densities by (tile, lane): lane k W + i of tiles W lanes wide, or sheet k, one lane wide.
(`overload` without inlining: numba 0.68 loses stores in code that it inlines there.)
"""

from typing import Any

from numba.extending import overload

from .records import record_tile
from .run import copy_density
from .slow_layout import SHEETS
from .slow_records import copy_sheet, look_at_edges, record_sheet
from .slow_step import step_sheet
from .stack import tile_at, work_at
from .stage import GAMMA
from .step import step_tile


def step_members(stack, drive, kick, dt, stages, step, lanes):
    """Advance all densities of a stack by one step; drive (tiles, stages, 4, lanes), kick (tiles, lanes)."""


def fluxes(stack, k, lane, step) -> Any:
    """Mean flux of a density in the step just done, and its flux at the end [1/ms]."""


def stand_in(stack, k, lane, value):
    """Let `value` be a density's rate at the node."""


def record_members(stack, step, dt, scratch, output, record, lanes):
    """Write row `record` of the output: the node before `step`."""


def step_tiles(stack, drive, kick, dt, stages, step, lanes):
    for k in range(drive.shape[0]):
        step_tile(tile_at(stack.tiles, k), work_at(stack.works, k), drive[k], kick[k], dt, stages, step, lanes)


def step_sheets(stack, drive, kick, dt, stages, step, lanes):
    for k in range(drive.shape[0]):
        step_sheet(stack, k, drive[k], kick[k], dt, stages, step, lanes)
        look_at_edges(stack, k, lanes)


def fluxes_of_tiles(stack, k, lane, step):
    works = stack.works
    slot = step % works.flux.shape[1]
    mean = (1.0 - GAMMA) * works.flux[k, slot, 0, lane] + GAMMA * works.flux[k, slot, 1, lane]
    return mean, works.rate[k, lane]


def fluxes_of_sheets(stack, k, lane, step):
    return stack.mean[k], stack.rate[k]


def stand_in_tiles(stack, k, lane, value):
    stack.works.rate[k, lane] = value


def stand_in_sheets(stack, k, lane, value):
    stack.rate[k] = value


def record_tiles(stack, step, dt, scratch, output, record, lanes):
    works = stack.works
    for k in range(works.density.shape[0]):
        record_tile(tile_at(stack.tiles, k), work_at(works, k), step, dt, scratch, output.values[record, k], lanes)
        if output.p.shape[0] > 0:
            copy_density(works.density[k, works.current[k, 0]], output.p[record, k])


def record_sheets(stack, step, dt, scratch, output, record, lanes):
    for k in range(len(stack.rate)):
        record_sheet(stack, k, step, dt, output.values[record, k], scratch, lanes)
        if output.p.shape[0] > 0 or output.masses.shape[0] > 0 or output.joint.shape[0] > 0:
            copy_sheet(stack, k, scratch, output, record, lanes)


@overload(step_members)
def _step(stack, drive, kick, dt, stages, step, lanes):
    return step_sheets if stack.instance_class in SHEETS else step_tiles


@overload(fluxes)
def _fluxes(stack, k, lane, step):
    return fluxes_of_sheets if stack.instance_class in SHEETS else fluxes_of_tiles


@overload(stand_in)
def _stand_in(stack, k, lane, value):
    return stand_in_sheets if stack.instance_class in SHEETS else stand_in_tiles


@overload(record_members)
def _record(stack, step, dt, scratch, output, record, lanes):
    return record_sheets if stack.instance_class in SHEETS else record_tiles
