"""Tiles stacked along a leading axis, so that one compiled loop steps several of them in turn.

The lanes of a network meet after every step, so its tiles advance side by side. All tiles of a stack are as tall as
the tallest and look back as far as the longest refractory queue; lanes never notice.
"""

from typing import Any, NamedTuple

import numpy as np

from .inner import inner
from .mesh import Lanes
from .tile import WIDTH, Tile, Work, aligned, build


class Stack(NamedTuple):
    """Tiles and their work space, every array with a leading axis of tiles."""

    tiles: Any  # a Tile whose fields are (tiles, ...)
    works: Any  # a Work likewise

    def at(self, i: int) -> tuple[Tile, Work]:
        """One tile and its work space, as views."""
        return Tile(*(field[i] for field in self.tiles)), Work(*(field[i] for field in self.works))


def stack(lanes: Lanes, members: list[np.ndarray], dt: float, dtype: Any) -> Stack:
    """The tiles that hold these lanes; a tile that is not full repeats its last member."""
    width = WIDTH[np.dtype(dtype)]
    tiles, works = zip(*(build(lanes, own, dt, dtype, width) for own in members), strict=True)
    tall = max(tile.psi.shape[0] for tile in tiles)
    if any(tile.psi.shape[0] != tall for tile in tiles):
        tiles, works = zip(*(build(lanes, own, dt, dtype, width, tall) for own in members), strict=True)
    fields: list[Any] = [list(map(_stacked, zip(*rows, strict=True))) for rows in (tiles, works)]
    return Stack(Tile(*fields[0]), Work(*fields[1]))


def _stacked(arrays: tuple[Any, ...]) -> np.ndarray:
    """One array of several, filled up with zeros where they differ in size."""
    shape = np.max([np.shape(array) for array in arrays], axis=0)
    out = aligned((len(arrays), *(int(size) for size in shape)), np.asarray(arrays[0]).dtype)
    for i, array in enumerate(arrays):
        out[(i, *(slice(size) for size in np.shape(array)))] = array
    return out


@inner
def tile_at(tiles, i):
    """One tile of a stack."""
    return Tile(
        tiles.psi[i], tiles.bottom[i], tiles.ragged[i], tiles.tau_m[i], tiles.V_top[i], tiles.h[i],
        tiles.reset_row[i], tiles.reset_upper[i], tiles.delay[i], tiles.theta[i], tiles.instant[i],
    )  # fmt: skip


@inner
def work_at(works, i):
    """The work space of one tile of a stack."""
    return Work(
        works.density[i], works.current[i], works.b[i], works.a[i], works.w[i], works.unit[i], works.coefficients[i],
        works.previous[i], works.factored[i], works.saved[i], works.outflow[i], works.summary[i], works.flux[i],
        works.source[i], works.burst[i], works.spare[i], works.trial[i], works.drive[i], works.tried[i],
        works.chosen[i], works.mass[i], works.rate[i], works.spikes[i], works.fallbacks[i],
    )  # fmt: skip
