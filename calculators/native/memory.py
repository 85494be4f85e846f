"""Memory of one evaluation is used again by the next, instead of going back to the system in between."""

from __future__ import annotations

import ctypes
import functools
import os
import platform

# As in malloc.h of glibc. The first bound may not be larger.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_BLOCK, _KEPT = 32 * 2**20, 512 * 2**20


@functools.cache
def keep_freed_memory() -> bool:
    """Have this process keep up to 512 MB that it frees; return whether it does.

    Else every array above 128 kB comes from the system anew, page by page, which takes a fifth of the time of an
    evaluation. Only glibc is asked, and not where the user has set one of its ``MALLOC_`` variables.
    """
    if platform.libc_ver()[0] != "glibc" or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)) and bool(library.mallopt(_TRIM_THRESHOLD, _KEPT))
