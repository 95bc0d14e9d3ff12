"""The slow variable's own motion: every row of cells slides along w, columns being lanes.

    dw/dt = (target(V) - w)/tau

has exact paths, so what crosses a face in a time delta is what stood within the distance
    d = (target(V) - w_face)(e^{delta/tau} - 1)
on its upwind side, under a straight line in each column with the slope of `slow_slope`: no error in time, second order
in the width of the columns, conservative to rounding, and never negative while no path crosses a whole column.
"""

from .inner import inner
from .slow_slope import double_slope
from .vector import choose, fill, fma, lane_above, lane_below, load, magnitude, store


@inner
def slide(p, tiles, level, faces, gate, lanes):
    """Move the density of a sheet along w, in place.

    Args:
        p: density of its columns, (tiles n, W): row i of tile t is t n + i.
        tiles: tiles of the sheet.
        level: target(V) (e^{delta/tau} - 1)/dw in every row, (n,).
        faces: the same of the lower face of every column in place of target(V), (tiles, W).
        gate: 0 where that face is closed, 1 elsewhere, (tiles, W).
    """
    n = level.shape[0]
    zero = fill(load(faces, 0, lanes), 0.0)
    one, quarter = fill(zero, 1.0), fill(zero, 0.25)
    for i in range(n):
        reach = fill(zero, level[i])
        before, slope_before, flux_before = zero, zero, zero
        here = load(p, i, lanes)
        for t in range(tiles):
            after = load(p, (t + 1) * n + i, lanes) if t + 1 < tiles else zero
            below = lane_below(before, here)
            slope = double_slope(below, here, lane_above(here, after), zero)
            d = (reach - load(faces, t, lanes)) * load(gate, t, lanes)
            share = quarter * (one - magnitude(d))
            upward = fma(share, lane_below(slope_before, slope), below)
            downward = here - share * slope
            flux = d * choose(zero, d, upward, downward)
            if t > 0:
                store(p, (t - 1) * n + i, (before + flux_before) - lane_above(flux_before, flux))
            before, slope_before, flux_before = here, slope, flux
            here = after
        store(p, (tiles - 1) * n + i, (before + flux_before) - lane_above(flux_before, zero))
