"""Steps redone by backward Euler substeps, for the lanes whose density SDIRK2 left below zero."""

from .inner import inner
from .stage import GAMMA, solve_stage
from .sweep import TOTAL, substitute_last

SUBSTEPS = 4


@inner
def substep_drive(drive, substep, out):
    """The drive at the end of a substep: linear through the two stage times, constant before the first."""
    late = max(0.0, (substep / SUBSTEPS - GAMMA) / (1.0 - GAMMA))
    for row in range(out.shape[0]):
        for lane in range(out.shape[1]):
            out[row, lane] = drive[0, row, lane] + late * (drive[1, row, lane] - drive[0, row, lane])


@inner
def rescue(tile, work, p, u, drive, dt, slot, chosen, lanes):
    """Redo the step of the chosen lanes from p into u; their stage fluxes become the mean over the substeps.

    The whole tile is stepped, in spare arrays, and only the chosen lanes are taken over. Both stages carry the mean
    flux, so that probability stays exact; the rate at the node is that of the last substep.
    """
    x, trial, total, source = work.spare, work.trial[0], work.trial[1], work.trial[2]
    for i in range(p.shape[0]):
        for lane in range(len(lanes)):
            x[i, lane] = p[i, lane]
    for lane in range(len(lanes)):
        total[lane] = 0.0
        source[lane] = (1.0 - GAMMA) * work.source[0, lane] + GAMMA * work.source[1, lane]
    for substep in range(1, SUBSTEPS + 1):
        substep_drive(drive, substep, work.drive)
        solve_stage(tile, work, x, x, work.drive, dt / SUBSTEPS, source, trial, lanes)
        substitute_last(x, work.b, work.tried, lanes)
        for lane in range(len(lanes)):
            total[lane] += trial[lane] / SUBSTEPS
    for lane in range(len(lanes)):
        if chosen[lane]:
            work.flux[slot, 0, lane] = total[lane]
            work.flux[slot, 1, lane] = total[lane]
            work.rate[lane] = trial[lane]
            work.summary[TOTAL, lane] = work.tried[TOTAL, lane]
            work.fallbacks[lane] += 1
            for i in range(p.shape[0]):
                u[i, lane] = x[i, lane]
