"""The import of numpy, whose linear algebra would start threads that nothing here needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_threaded_numpy() -> Iterator[None]:
    """Within it, numpy is imported without them; the environment, which programs inherit, is then as before."""
    name = "OPENBLAS_NUM_THREADS"
    if name in os.environ:
        yield
        return
    os.environ[name] = "1"
    try:
        yield
    finally:
        del os.environ[name]
