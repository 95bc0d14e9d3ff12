"""How much memory a process has taken."""

from pathlib import Path


def peak() -> float:
    """Most that this process has held so far [MB]; what the one that started it held does not count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6
