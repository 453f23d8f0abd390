"""How many files and sockets this process may have open."""

import sys


def open_files_limit() -> int:
    """Return how many there may be at once; a huge number where nothing limits it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return sys.maxsize
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
