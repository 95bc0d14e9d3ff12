"""Responses as a plain table (CSV): a row per stimulus.

    # {"condition": "mine", "base": 5.9}        a first line that may be missing
    culture,session,step,s0,s1,o0,...,r0,r1,...

`s` are sources, `o` inputs, `r` counts; a unit that a culture does not have is blank in all of its rows. Without a
column `culture` there is one; without `session` and `step`, sessions are `steps` rows long.
"""

import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from synfer.core.checks import shortly
from synfer.core.errors import ParameterError
from synfer.io.responses.rows import Rows, attributes, from_attributes, from_rows, rows, sessions_of

COLUMNS = 10_000
"""More than a table of responses has; reading them takes about 1.5 s."""
LETTERS = {"stimulus": "s", "input": "o", "spikes": "r"}


def write(ds: xr.Dataset, path: Path) -> None:
    """Write the table."""
    given, names, n_units = rows(ds), ds["culture"].values, ds["n_units"].values
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {attributes(ds)}\n")
        for k, name in enumerate(names.tolist()):
            of = given.culture == k
            columns: dict[str, Any] = {"culture": name, "session": given.session[of], "step": given.step[of]}
            for variable, letter in LETTERS.items():
                values = getattr(given, variable)[of]
                beyond = n_units[k] if variable == "spikes" else values.shape[1]
                columns |= {f"{letter}{j}": v if j < beyond else "" for j, v in enumerate(values.T)}
            pd.DataFrame(columns).to_csv(file, index=False, header=k == 0, lineterminator="\n")


def read(path: Path, steps: int) -> xr.Dataset:
    """Read the table."""
    lines = list(io.StringIO(path.read_text(encoding="utf-8-sig")))
    commented = lines[0].startswith("#")
    attrs = from_attributes(lines.pop(0)[1:]) if commented else {"file": path.name}
    at = [k for k, text in enumerate(lines, 1 + commented) if text.strip()]
    wide = max((text.count(",") for text in lines[: at[0] - commented]), default=0) if at else 0
    if wide >= COLUMNS:
        raise ParameterError(f"line {at[0]} names {wide + 1:,} columns, of at most {COLUMNS:,}: is it turned?")
    line = np.array(at[1:])  # of every row
    for k in at[1:]:
        if (fields := lines[k - 1 - commented].count(",")) != wide and '"' not in lines[k - 1 - commented]:
            raise ParameterError(f"line {k} has {fields + 1} values and the header names {wide + 1}; give one for each")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # columns of mixed kinds are refused below
        table: Any = pd.read_csv(
            io.StringIO("".join(lines)), keep_default_na=False, na_values=[""], dtype={"culture": str}, index_col=False
        )
    table.columns = [str(c).strip() for c in table.columns]
    columns = {variable: _columns(table, letter) for variable, letter in LETTERS.items()}
    others = set(table.columns) - {"culture", "session", "step"} - {c for part in columns.values() for c in part}
    if others:
        raise ParameterError(
            f"column {sorted(others)[0]!r} is unknown; columns are culture, session, step, s0, o0, r0 ..."
        )
    names = table["culture"] if "culture" in table else pd.Series(["c0"] * len(table))
    if names.isna().any():
        raise ParameterError(f"line {line[int(np.argmax(names.isna()))]}, column culture: a blank must be a name")
    index, cultures = pd.factorize(names)
    if ("session" in table) != ("step" in table):
        raise ParameterError("the columns session and step must both be there, or neither")
    places = _values(table[["session", "step"]], line).T if "step" in table else sessions_of(index, steps)
    counts = table[columns["spikes"]]
    n_units = _units(counts, index, list(cultures), line)
    given = Rows(
        index,
        places[0],
        places[1],
        _values(counts, line, blank=True),
        _values(table[columns["stimulus"]], line),
        _values(table[columns["input"]], line),
    )
    return from_rows(given, [str(c) for c in cultures], n_units, attrs)


def _columns(table: Any, letter: str) -> list[str]:
    found = [c for c in table.columns if re.fullmatch(rf"{letter}\d+", c)]
    wanted = [f"{letter}{k}" for k in range(len(found))]
    if not found or set(found) != set(wanted):
        got = shortly(found) if found else f"none; the table has {shortly(list(table.columns))}"
        raise ParameterError(f"columns {letter}0, {letter}1, ... must be there, each once; there are {got}")
    return wanted


def _values(table: Any, line: np.ndarray, *, blank: bool = False) -> np.ndarray:
    """Columns as whole numbers; blanks become 0 where they are allowed."""
    for name, column in table.items():
        if column.dtype.kind not in "biuf":
            number: Any = pd.to_numeric(column, errors="coerce")
            wrong = (number.isna() & column.notna()).to_numpy()
            if wrong.any():
                row = int(np.argmax(wrong))
                raise ParameterError(f"line {line[row]}, column {name}: {column[row]!r} must be a whole number")
        values = column.to_numpy()
        wrong = np.zeros(len(values), bool)
        if values.dtype.kind == "f":
            wrong = ((values != np.floor(values)) | np.isinf(values)) & ~(np.isnan(values) & blank)
        if values.dtype.kind in "if":
            wrong = wrong | (values < 0)
        if wrong.any():
            row = int(np.argmax(wrong))
            got = "a blank" if pd.isna(values[row]) else f"{values[row]:g}"
            raise ParameterError(f"line {line[row]}, column {name}: {got} must be a whole number >= 0")
    values = table.to_numpy()
    return np.nan_to_num(values, nan=0.0) if values.dtype.kind == "f" else values


def _units(counts: Any, index: np.ndarray, cultures: list[str], line: np.ndarray) -> np.ndarray:
    blank, n_units = counts.isna().to_numpy(), []
    for k, name in enumerate(cultures):
        of = np.flatnonzero(index == k)
        everywhere = blank[of].all(axis=0)
        some = blank[of] & ~everywhere
        if some.any():
            row, unit = (int(n) for n in np.argwhere(some)[0])
            raise ParameterError(f"line {line[of[row]]}, column r{unit}: a blank, where culture {name!r} has counts")
        units = len(everywhere) - int(everywhere[::-1].cumprod().sum())
        if everywhere[:units].any():
            unit = int(np.argmax(everywhere))
            raise ParameterError(f"column r{unit} is blank for culture {name!r}, and columns after it are not")
        n_units.append(units)
    return np.array(n_units, dtype=np.int64)
