"""Whether a zarr v3 folder is whole and harmless, before anything in it is unpacked: its codecs, sizes and chunks."""

import itertools
import json
import math
import zlib
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np

from synfer.core.checks import shortly
from synfer.core.errors import ParameterError
from synfer.io.files import check_claim

PACKERS = {"zstd", "blosc", "gzip"}
CODECS = PACKERS | {"bytes", "crc32c", "vlen-utf8", "transpose"}
TYPES = {"bool", "string"} | {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
TYPES |= {"float32", "float64"}
TEXT = 64
"""Bytes of a text in memory, at least."""
TEXTS = 2**20
"""More bytes than the names of a chunk have."""
CHUNKS = 10_000
"""More chunks than a folder of responses has; reading as many takes about 2 s."""


def check_folder(path: Path, needed: tuple[str, ...]) -> None:
    """That the arrays of a folder can be read in little time and memory, and that no chunk of those needed is lost.

    Raises:
        ParameterError: it is not so; names the array and the chunk.
    """
    stored = sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    claimed, chunks = 0, 0
    for meta in sorted(path.glob("*/zarr.json")):
        name, about = meta.parent.name, json.loads(meta.read_text(encoding="utf-8"))
        _check_codecs(name, about)
        grid, shape = _grid(name, about)
        text = about["data_type"] == "string"
        size = math.prod(shape) * (TEXT if text else np.dtype(about["data_type"]).itemsize)
        chunks += math.prod(grid)
        claimed += math.prod(grid) * size
        check_claim("it", claimed, stored)
        if chunks > CHUNKS:
            raise ParameterError(f"{name} is cut into {math.prod(grid):,} chunks; save it in at most {CHUNKS:,}")
        if name in needed:
            _check_chunks(meta.parent, about, grid, size + TEXTS * text)
            if text:
                _check_texts(meta.parent, about, math.prod(shape))


def _check_codecs(name: str, about: dict[str, Any]) -> None:
    codecs = _codecs(about)
    unknown = sorted(set(codecs) - CODECS)
    kind = about.get("data_type")
    if about.get("storage_transformers") or unknown or not isinstance(kind, str) or kind not in TYPES:
        got = f"codec {unknown[0]!r}" if unknown else f"data_type {kind!r}"
        raise ParameterError(f"{name} has the {got}; a store of responses holds numbers and text, plainly coded")
    if sum(codec in PACKERS for codec in codecs) > 1:
        raise ParameterError(f"{name} is packed more than once, by {', '.join(codecs)}; save it with one codec")


def _codecs(about: dict[str, Any]) -> list[str]:
    return [c["name"] if isinstance(c, dict) else str(c) for c in about.get("codecs", [])]


def _grid(name: str, about: dict[str, Any]) -> tuple[list[int], list[int]]:
    """How many chunks there are along each axis, and the shape of each."""
    grid = about["chunk_grid"]
    shape, each = about["shape"], grid["configuration"]["chunk_shape"]
    whole = all(isinstance(n, int) for n in (*shape, *each))
    if grid["name"] != "regular" or not whole or len(shape) != len(each) or min((*shape, 0)) < 0 or min((*each, 1)) < 1:
        raise ParameterError(f"{name} has the shape {shortly(shape)} in chunks of {shortly(each)}: it is damaged")
    return [-(-n // k) for n, k in zip(shape, each, strict=True)], each


def _check_chunks(folder: Path, about: dict[str, Any], grid: list[int], size: int) -> None:
    encoding = about["chunk_key_encoding"]
    old = encoding["name"] == "v2"
    between = encoding.get("configuration", {}).get("separator", "." if old else "/")
    codecs = _codecs(about)
    for place in itertools.product(*map(range, grid)):
        words = [*([] if old and place else ["0" if old else "c"]), *map(str, place)]
        chunk = folder / between.join(words)
        where = f"the chunk {chunk.relative_to(folder.parent).as_posix()}"
        if not chunk.is_file():
            raise ParameterError(
                f"{where} is missing; copy the folder again, or save it with to_zarr(..., write_empty_chunks=True)"
            )
        unpacked = _unpacked(chunk, codecs, size)
        if unpacked is None or unpacked > size + 64:  # some for a checksum
            got = "does not state its size" if unpacked is None else f"unpacks to {unpacked:,} bytes or more"
            raise ParameterError(f"{where} {got} and must have {size:,}: it is damaged; save the recording again")


def _check_texts(folder: Path, about: dict[str, Any], count: int) -> None:
    """That every chunk of texts begins with their number: room for so many would be made. Sizes are checked before."""
    packers = [codec for codec in _codecs(about) if codec in PACKERS]
    for chunk in folder.rglob("*"):
        if not chunk.is_file() or chunk.name == "zarr.json":
            continue
        data: Any = chunk.read_bytes()
        try:
            for packer in packers:
                data = numcodecs.get_codec({"id": packer}).decode(data)
        except (RuntimeError, ValueError, OSError) as error:
            raise ParameterError(f"{chunk.name} of {folder.name} does not unpack ({error}): it is damaged") from None
        if len(data) < 4 or int.from_bytes(bytes(data[:4]), "little") != count:
            raise ParameterError(f"a chunk of {folder.name} must hold {count} texts and does not say so: it is damaged")


def _unpacked(chunk: Path, codecs: list[str], size: int) -> int | None:
    """Bytes that a chunk unpacks to, at least; None where it does not say. Source: RFC 8878 and 1952, c-blosc 1."""
    with chunk.open("rb") as file:
        head = file.read(18)
        if "blosc" in codecs:
            return int.from_bytes(head[4:8], "little") if len(head) >= 16 else None
        if "gzip" in codecs:
            stream = zlib.decompressobj(31)
            done = len(stream.decompress(head + file.read(), size + 65))
            return None if stream.unused_data[4:] else done
    if "zstd" not in codecs:
        return chunk.stat().st_size
    if len(head) < 6 or head[:4] != b"\x28\xb5\x2f\xfd":
        return None
    flag, single = head[4] >> 6, head[4] >> 5 & 1
    if not flag and not single:
        return None
    at = 5 + (not single) + (0, 1, 2, 4)[head[4] & 3]
    return int.from_bytes(head[at : at + (1, 2, 4, 8)[flag]], "little") + 256 * (flag == 1)
