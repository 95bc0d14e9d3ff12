"""What the machine lends to this process."""

import os


def cores() -> int:
    """The cores this process may use, which a container or a batch system may have restricted."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
