"""Files that are read without trust."""

from synfer.core.errors import ParameterError

SLACK, RATIO = 2**26, 256
"""A file may claim this many bytes of memory, and this many times its own size (counts compress 4 to 50 times)."""


def check_claim(what: str, claimed: int, stored: int) -> None:
    """That a file, or a part of it, claims no more memory than one of `stored` bytes can fill."""
    if claimed > SLACK + RATIO * stored:
        raise ParameterError(
            f"{what} claims {claimed:,} bytes, and the file has {stored:,}: it is damaged or made to exhaust the "
            f"memory; save the recording again"
        )
