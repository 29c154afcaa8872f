"""A text that is no smaps is refused with what it is."""

import io
import os
import re
import shutil
import subprocess
import tarfile

import pytest

from smapstop.errors import SmapstopError
from smapstop.saved_smaps.saved_text import decode_file, read_saved_text


def told(data: bytes) -> str:
    """Why a text is refused."""
    with pytest.raises(SmapstopError) as raised:
        read_saved_text(decode_file(data))
    assert raised.value.remedy
    return raised.value.what


@pytest.mark.skipif(shutil.which("pmap") is None, reason="no pmap")
@pytest.mark.parametrize("option", ["", "-x", "-X", "-XX", "-d"])
def test_the_output_of_pmap_is_reported(option: str) -> None:
    command = ["pmap", *filter(None, [option]), str(os.getpid())]
    text = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    for quoted in (text, re.sub(rb"(?m)^", b"> ", text).replace(b"\n", b"\r\n")):
        assert re.match(f"not smaps, but output of pmap ?{option}(?!X)", told(quoted))


@pytest.mark.parametrize("name", ["numa_maps", "status"])
def test_other_files_of_a_process_are_reported(name: str) -> None:
    with open(f"/proc/self/{name}", "rb") as file:
        assert told(file.read()).startswith(f"not smaps, but the text of {name}")


def test_archives_and_binaries_are_reported() -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("smaps"))
    assert told(archive.getvalue()) == "not smaps, but a tar archive"
    assert told(b"SQLite format 3\0" + bytes(99)) == "not smaps, but an SQLite database"
    assert told(b"\x7fELF" + bytes(99)) == "not smaps, but an ELF file, such as a program or a core dump"
    assert told(b"PK\x03\x04" + bytes(99)) == "not smaps, but a zip archive"
    assert told(b"a\1\0\2\3b" * 99) == "not smaps, but binary data"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "it is empty"),
        (b"\n \r\n", "it is empty"),
        (b"Rss: 4 kB\nPss: 4 kB\n", "not smaps, but lines of smaps without the headers of the mappings"),
        (b"cat: /proc/1/smaps: Permission denied\n", "not smaps, but an error message: its reader had no permission"),
        (
            b"cat: /proc/1/smaps: No such file or directory\n",
            "not smaps, but an error message: there was no such process",
        ),
        (b"<!DOCTYPE html>\n<html>", "not smaps, but a web page"),
        (b"start,end,perms,offset,device,inode,name\n", "not smaps, but CSV of smapstop"),
        (
            b"Mapping              Perm   Size    Rss\n",
            "not smaps: no line is the header of a mapping; it begins with ",
        ),
        (b"Mapping    Start Perm   Size    Rss\n", "not smaps, but a table of smapstop"),
        (b"root:x:0:0\n", "not smaps: no line is the header of a mapping; it begins with 'root:x:0:0'"),
        (b"x" * 99, "not smaps: no line is the header of a mapping; it begins with 'xxx"),
    ],
)
def test_other_texts_are_reported(text: bytes, what: str) -> None:
    assert told(text).startswith(what)
