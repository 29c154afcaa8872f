"""The layout of recordings, which readers of other versions rely on."""

import sqlite3
from contextlib import closing

from smapstop.recording.schema import FORMAT, columns_of, create_tables


def test_format_1_has_these_columns_of_mappings() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        create_tables(database)
        columns = columns_of(database, "mappings")

    assert FORMAT == 1
    assert columns == (
        *("mapping", "since", "start", "end", "offset", "inode", "perms", "device", "name", "vm_flags"),
        *("size", "kernel_page_size", "mmu_page_size", "thp_eligible", "protection_key"),
    )
