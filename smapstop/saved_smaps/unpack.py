"""Decompress a saved file, by its first bytes, up to a limit."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from io import BytesIO

from smapstop.errors import SmapstopError

MOST_BYTES = 256 << 20
"""Size of the largest text that is read, bytes."""

_PACKED = {b"\x1f\x8b": ("gzip", "gzip"), b"\xfd7zXZ\x00": ("xz", "lzma"), b"BZh": ("bzip2", "bz2")}
"""Name and Python module for the first bytes of a compressed file."""
_ZSTD = b"\x28\xb5\x2f\xfd"
_LAYERS = 3
"""Compressions within each other that are undone."""


def unpack(data: bytes) -> bytes:
    """Decompress data of a known compression; other data is returned as it is.

    Raises:
        SmapstopError: It is damaged, too large, or nothing here can decompress it.
    """
    for _ in range(_LAYERS):
        decompress = _decompressor_of(data)
        if decompress is None:
            break
        data = decompress(data)
        require_size(data)
    return data


def require_size(data: bytes) -> None:
    """Require that a text is not too large.

    Raises:
        SmapstopError: It is larger than `MOST_BYTES`.
    """
    if len(data) > MOST_BYTES:
        raise SmapstopError(f"more than {MOST_BYTES >> 20} MiB of text", "give a part of it")


def _decompressor_of(data: bytes) -> Callable[[bytes], bytes] | None:
    """Find the decompression for the first bytes of a file."""
    if data.startswith(_ZSTD):
        return _decompress_zstd
    for magic, (name, module) in _PACKED.items():
        if data.startswith(magic):
            return partial(_decompress, name=name, module=module)
    return None


def _decompress(data: bytes, name: str, module: str) -> bytes:
    """Decompress with a module of the standard library, which a small Python may lack."""
    try:
        opener = import_module(module).open
    except ImportError as error:
        raise SmapstopError(f"{name}-compressed, and this Python has no {module}", _decompress_first(name)) from error
    errors: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, *_module_errors())
    try:
        with opener(BytesIO(data)) as file:
            text: bytes = file.read(MOST_BYTES + 1)
            return text
    except errors as error:
        raise SmapstopError(f"damaged {name} data ({error})", "compress and copy it again") from error


def _module_errors() -> tuple[type[Exception], ...]:
    """Errors of the compression modules that are no OSError, as far as they are loaded."""
    names = (("zlib", "error"), ("lzma", "LZMAError"), ("compression.zstd", "ZstdError"))
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)


def _decompress_zstd(data: bytes) -> bytes:
    """Decompress with the module of Python 3.14, or else with the program."""
    try:
        import_module("compression.zstd")
    except ImportError:
        return _run_zstd(data)
    return _decompress(data, "zstd", "compression.zstd")


def _run_zstd(data: bytes) -> bytes:
    """Decompress with the zstd program."""
    program = shutil.which("zstd")
    if program is None:
        raise SmapstopError("zstd-compressed, and there is no zstd program", _decompress_first("zstd"))
    with tempfile.TemporaryFile() as packed:
        packed.write(data)
        packed.seek(0)
        with subprocess.Popen(
            [program, "-dcq"], stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            text = process.stdout.read(MOST_BYTES + 1)
            process.stdout.close()
            status = process.wait()
    if status and len(text) <= MOST_BYTES:
        raise SmapstopError("damaged zstd data", "compress and copy it again")
    return text


def _decompress_first(name: str) -> str:
    """Remedy when nothing here can decompress a file."""
    return f"decompress it first: {name} -dc FILE | smapstop snapshot --from -"
