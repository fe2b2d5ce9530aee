"""Root bound by the modes of files, as everybody else is."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522  # of Linux' capabilities in two words
_DAC_OVERRIDE = 1 << 1  # writes and looks whatever the modes say


@contextmanager
def modes_bind() -> Iterator[None]:
    """Within it this thread, and those that it starts, may do with a file what its mode says: for
    root, the capability that goes past modes is laid down and taken up again (Linux). For others
    nothing changes."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    words = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice

    def call(function) -> None:
        if function(header, words):
            raise OSError(ctypes.get_errno(), "capabilities cannot be changed")

    call(libc.capget)
    before = words[0]
    words[0] &= ~_DAC_OVERRIDE
    call(libc.capset)
    try:
        yield
    finally:
        words[0] = before
        call(libc.capset)
