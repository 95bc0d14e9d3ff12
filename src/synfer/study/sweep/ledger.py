"""The ledger of a sweep: one line of JSON for whatever happened, when, where and for how long.

It is added to and never rewritten. A killed writer leaves a torn last line, which reading skips.
"""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

NAME = "ledger.jsonl"


def note(out: Path, event: str, **facts: Any) -> None:
    """Add a line; it begins on a line of its own whatever was torn before it."""
    line = json.dumps({"event": event, "time": time.time(), "host": platform.node(), "pid": os.getpid()} | facts)
    with (out / NAME).open("a+b") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(f"{line}\n".encode())


def read(out: Path) -> list[dict[str, Any]]:
    """The lines that are whole."""
    if not (out / NAME).exists():
        return []
    found = []
    for line in (out / NAME).read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return [entry for entry in found if isinstance(entry, dict)]
