"""Fixtures of tests/proc."""

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from places import PROGRAMS
from watched_program import Compiler


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    """Compile tests/programs/NAME.c with options, once per session; skip the test if that fails."""
    directory = tmp_path_factory.mktemp("symbols")

    @cache
    def compile_program(name: str, *options: str) -> Path:
        to = directory / f"{len(list(directory.iterdir()))}-{name}"
        command: tuple[str | Path, ...] = (
            "cc",
            "-O0",
            "-Wall",
            "-Werror",
            "-o",
            to,
            PROGRAMS / f"{name}.c",
            *options,
        )
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            assert "-m32" in options, done.stderr
            pytest.skip("the compiler does not compile for 32 bits")
        return to

    return compile_program


@pytest.fixture
def with_library(compiler: Compiler, tmp_path: Path) -> Callable[..., Path]:
    """A program whose variables are in a shared library, compiled with options."""

    def build(*options: str) -> Path:
        library = compiler("known_pages", "-shared", "-fPIC", *options)
        return compiler("known_user", str(library), f"-Wl,-rpath,{library.parent}")

    return build
