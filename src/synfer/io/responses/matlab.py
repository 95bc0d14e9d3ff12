"""MATLAB 5 files: cells, structs and arrays of numbers, and nothing else.

Objects, functions and text are named and never built. Sizes are held against what is there before memory is asked for.
Source: MAT-File Format, The MathWorks (levels 5).
"""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from synfer.core.errors import ParameterError
from synfer.io.files import check_claim

HEADER = 128
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
MATRIX, COMPRESSED = 14, 15
KINDS = {1: "cell", 2: "struct", 3: "object", 4: "text", 5: "sparse matrix", 16: "function", 17: "object"}
KINDS |= dict.fromkeys(range(6, 16), "numbers")
ELEMENTS = 10_000
"""More cells, fields or variables than any such file has."""
MOST_AXES = 32
PEEK = 2048
"""Bytes that hold the flags, dimensions and name of a variable."""


@dataclass(frozen=True)
class Part:
    """A tag: its type, where its data begin and end, and where the next one begins."""

    kind: int
    start: int
    stop: int
    next: int


class Node:
    """A variable, a cell or a field: its kind, shape and name, and what is inside on demand."""

    def __init__(self, data: bytes | memoryview, order: str, part: Part, where: str = "") -> None:
        self._data, self._order = data, order
        if part.kind != MATRIX:
            raise ParameterError(f"{where or 'the file'} holds a part of type {part.kind} where an array must be")
        self._stop, self.name = part.stop, ""
        if part.start == part.stop:  # MATLAB's []
            self.kind, self.shape, self.complex, self._at = "numbers", (0, 0), False, part.stop
        else:
            flags = self._part(part.start, where)
            dims = self._part(flags.next, where)
            name = self._part(dims.next, where)
            word = int(self._numbers(flags, where)[0])
            self.kind, self.complex = KINDS.get(word & 0xFF, "something"), bool(word & 0x800)
            shape = self._numbers(dims, where)[: MOST_AXES + 1].tolist()
            self.shape = tuple(int(n) for n in shape)
            self.name = bytes(data[name.start : name.stop]).decode("latin1")
            self._at = name.next
        self.where = where or self.name
        if not 2 <= len(self.shape) <= MOST_AXES or min(self.shape) < 0:
            raise ParameterError(f"{self.where} has the shape {self.shape}: the file is damaged; save it again")

    def cells(self) -> list["Node"]:
        """What the cells hold, columns first."""
        return self._nodes([f"{self.where}{{{k + 1}}}" for k in self._count()])

    def structs(self) -> list[dict[str, "Node"]]:
        """The fields of every element."""
        length = self._part(self._at, self.where)
        words = self._part(length.next, self.where)
        size = int(self._numbers(length, self.where)[0])
        if not 0 < size <= 64 or (words.stop - words.start) % size:
            raise ParameterError(f"{self.where} has names of fields of length {size}: the file is damaged")
        if words.stop - words.start > size * ELEMENTS:
            raise ParameterError(f"{self.where} names more than {ELEMENTS:,} fields: it is no recording")
        text = bytes(self._data[words.start : words.stop])
        names = [text[k : k + size].split(b"\0")[0].decode("latin1") for k in range(0, len(text), size)]
        self._at = words.next
        elements = self._count(max(len(names), 1))
        single = len(elements) == 1
        places = [f"{self.where}{'' if single else f'({k + 1})'}.{name}" for k in elements for name in names]
        nodes = self._nodes(places)
        return [dict(zip(names, nodes[k * len(names) :], strict=False)) for k in elements]

    def numbers(self) -> np.ndarray:
        """The array; a view of the file's bytes."""
        if self.kind != "numbers" or self.complex:
            kind = "complex numbers" if self.complex else self.kind
            raise ParameterError(f"{self.where} is of kind {kind!r} and must be real numbers; save it as uint8")
        if 0 in self.shape:
            return np.zeros(self.shape, np.uint8)
        part = self._part(self._at, self.where)
        numbers = self._numbers(part, self.where)
        if len(numbers) != math.prod(self.shape):
            raise ParameterError(
                f"{self.where} claims the shape {self.shape}, and {len(numbers)} numbers are there: the file is "
                f"damaged; save it again"
            )
        return numbers.reshape(self.shape, order="F")

    def _count(self, fields: int = 1) -> range:
        count = math.prod(self.shape)
        if count * fields * 8 > self._stop - self._at:
            raise ParameterError(
                f"{self.where} claims {count:,} elements in {self._stop - self._at:,} bytes: the file is damaged"
            )
        if count * fields > ELEMENTS:
            raise ParameterError(
                f"{self.where} holds {count * fields:,} arrays, of at most {ELEMENTS:,}: it is no recording"
            )
        return range(count)

    def _nodes(self, places: list[str]) -> list["Node"]:
        nodes, at = [], self._at
        for place in places:
            part = self._part(at, place)
            nodes.append(Node(self._data, self._order, part, place))
            at = part.next
        return nodes

    def _part(self, at: int, where: str) -> Part:
        return tag(self._data, self._order, at, self._stop, where)

    def _numbers(self, part: Part, where: str) -> np.ndarray:
        kind, size = NUMBERS.get(part.kind), part.stop - part.start
        if kind is None or size == 0 or size % int(kind[1]):
            raise ParameterError(f"{where or 'the file'} holds {size} bytes of type {part.kind}, which are no numbers")
        return np.frombuffer(self._data[part.start : part.stop], np.dtype(self._order + kind))


def tag(data: bytes | memoryview, order: str, at: int, stop: int, where: str) -> Part:
    """The tag at a place, which must end before `stop`."""
    if at + 8 > min(stop, len(data)):
        raise ParameterError(f"{where or 'the file'} is cut off at byte {at}: the file is damaged; copy it again")
    first, second = (int(w) for w in np.frombuffer(data[at : at + 8], np.dtype(order + "u4")))
    if first >> 16:  # a small one: its data are in the tag
        part = Part(first & 0xFFFF, at + 4, at + 4 + (first >> 16), at + 8)
        end = at + 8
    else:
        end = at + 8 + second
        part = Part(first, at + 8, end, end if first == COMPRESSED else end + -second % 8)
    if part.stop > min(end, stop):
        raise ParameterError(
            f"{where or 'the file'} claims {part.stop - part.start:,} bytes at byte {at}, of {stop - at:,} left: the "
            f"file is cut off or damaged; copy it again"
        )
    return part


def variables(path: Path) -> dict[str, Callable[[], Node] | None]:
    """What unpacks each variable, by name in the file's order; None for those that are no cell and no struct.

    Raises:
        ParameterError: no MATLAB 5 file, or a damaged one.
    """
    data = memoryview(path.read_bytes())
    order = _order(bytes(data[:HEADER]))
    found: dict[str, Callable[[], Node] | None] = {}
    at = HEADER
    while at < len(data):
        part = tag(data, order, at, len(data), "")
        inner = _peeked(data, order, part) if part.kind == COMPRESSED else (data, part)
        node = Node(inner[0], order, inner[1])
        if node.name in found or len(found) == ELEMENTS:
            what = f"a second variable {node.name}" if node.name in found else f"more than {ELEMENTS:,} variables"
            raise ParameterError(f"it holds {what}: it is damaged or no recording")
        unpack = partial(_unpacked if part.kind == COMPRESSED else Node, data, order, part)
        found[node.name] = unpack if node.kind in ("cell", "struct") else None
        at = part.next
    return found


def _order(header: bytes) -> str:
    if header[:4] == b"\x89HDF" or header[:10] == b"MATLAB 7.3":
        raise ParameterError("it is a MATLAB 7.3 file, of which this reads none; in MATLAB: save(file, name, '-v7')")
    order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
    if order is None or len(header) < HEADER or header[124:126] not in (b"\x00\x01", b"\x01\x00"):
        raise ParameterError(
            "it is no MATLAB 5 file: its header says something else; save(file, name, '-v7') makes one"
        )
    return order


def _peeked(data: memoryview, order: str, part: Part) -> tuple[bytes, Part]:
    """The beginning of a packed variable, and its tag, which ends there and says where all of it does."""
    try:
        head = zlib.decompressobj().decompress(data[part.start : part.stop], PEEK)
    except zlib.error as error:
        raise ParameterError(f"a variable is damaged ({error}); copy the file again") from None
    inner = tag(head, order, 0, 2**40, "")
    return head, Part(inner.kind, inner.start, min(inner.stop, len(head)), inner.stop)


def _unpacked(data: memoryview, order: str, part: Part) -> Node:
    head, inner = _peeked(data, order, part)
    peek = Node(head, order, inner)
    claimed = inner.next
    check_claim(peek.name, claimed, len(data))
    stream = zlib.decompressobj()
    try:
        whole = memoryview(stream.decompress(data[part.start : part.stop], claimed))
        more = stream.decompress(stream.unconsumed_tail, 1)  # which also holds the checksum against the data
    except zlib.error as error:
        raise ParameterError(f"a variable is damaged ({error}); copy the file again") from None
    if len(whole) < claimed or more or not stream.eof:
        raise ParameterError(
            f"{peek.name} claims {claimed:,} bytes, and {len(whole):,} or more are there: the file is cut off or "
            f"damaged; copy it again"
        )
    return Node(whole, order, tag(whole, order, 0, len(whole), peek.name))
