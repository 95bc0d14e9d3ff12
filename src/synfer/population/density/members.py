"""What the densities of a network are: lanes of tiles, or sheets. The kernel's type of `stack` decides at compile time.

A network knows its densities by (tile, lane): lane k W + i of tiles W lanes wide, or sheet k, one lane wide.
(`overload` without inlining: numba 0.68 loses stores in code that it inlines there. It compiles what stands here in
plain Python where it is called: every kernel between costs seconds, as numba optimises what it calls once more.)
"""

from typing import Any

from numba.extending import overload

from .records import record_tile
from .run import copy_density
from .slow_layout import SHEETS
from .slow_records import record_sheet
from .slow_step import step_sheet
from .stack import tile_at, work_at
from .stage import GAMMA
from .step import step_tile


def step_member(stack, k, drive, kick, dt, stages, step, lanes):
    """Advance a tile or a sheet by one step; drive (stages, 4, lanes), kick (lanes,)."""


def fluxes(stack, k, lane, step) -> Any:
    """Mean flux of a density in the step just done, and its flux at the end [1/ms]."""


def stand_in(stack, k, lane, value):
    """Let `value` be a density's rate at the node."""


def record_member(stack, k, step, dt, scratch, output, record, lanes):
    """Write row `record` of the output: the node before `step`."""


def step_in_stack(stack, k, drive, kick, dt, stages, step, lanes):
    step_tile(tile_at(stack.tiles, k), work_at(stack.works, k), drive, kick, dt, stages, step, lanes)


def fluxes_of_tile(stack, k, lane, step):
    works = stack.works
    slot = step % works.flux.shape[1]
    mean = (1.0 - GAMMA) * works.flux[k, slot, 0, lane] + GAMMA * works.flux[k, slot, 1, lane]
    return mean, works.rate[k, lane]


def fluxes_of_sheet(stack, k, lane, step):
    return stack.mean[k], stack.rate[k]


def stand_in_tile(stack, k, lane, value):
    stack.works.rate[k, lane] = value


def stand_in_sheet(stack, k, lane, value):
    stack.rate[k] = value


def record_in_stack(stack, k, step, dt, scratch, output, record, lanes):
    works = stack.works
    record_tile(tile_at(stack.tiles, k), work_at(works, k), step, dt, scratch, output.values[record, k], lanes)
    if output.p.shape[0] > 0:
        copy_density(works.density[k, works.current[k, 0]], output.p[record, k])


@overload(step_member, strict=False)
def _step(stack, k, drive, kick, dt, stages, step, lanes):
    return step_sheet if stack.instance_class in SHEETS else step_in_stack


@overload(fluxes)
def _fluxes(stack, k, lane, step):
    return fluxes_of_sheet if stack.instance_class in SHEETS else fluxes_of_tile


@overload(stand_in)
def _stand_in(stack, k, lane, value):
    return stand_in_sheet if stack.instance_class in SHEETS else stand_in_tile


@overload(record_member, strict=False)
def _record(stack, k, step, dt, scratch, output, record, lanes):
    return record_sheet if stack.instance_class in SHEETS else record_in_stack
