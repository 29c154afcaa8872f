"""Which tests `make quick` leaves out: most of the time of `make test` is theirs."""

import inspect

import pytest
from places import TESTS

SLOW = (
    "cli/commands/test_faults.py",
    "cli/commands/test_metrics.py",
    "cli/commands/test_metrics_prometheus.py",
    "cli/commands/test_record.py",
    "cli/commands/test_record_alerts.py",
    "cli/commands/test_record_via.py",
    "cli/commands/test_snapshot_via.py",
    "cli/test_main.py",
    "cli/test_main_privileges.py",
    "e2e",
    "export/html/test_page_browser.py",
    "export/test_line_writer.py",
    "model/timeline/test_timeline_properties.py",
    "proc/callstack/test_unwind_run_time.py",
    "proc/callstack/test_unwind_truth.py",
    "proc/smaps/test_incremental_readings.py",
    "proc/smaps/test_incremental_small_changes.py",
    "proc/smaps/test_incremental_thousands.py",
    "proc/smaps/test_parser_properties.py",
    "recording/test_reader.py",
    "sampling/test_family_reader_servers.py",
    "sampling/test_remote_fleet.py",
    "sampling/test_sampler_budget.py",
    "source/test_live.py",
    "source/test_live_via.py",
    "test_fuzz.py",
    "test_readme.py",
    "test_truth.py",
)
"""Files and folders: real processes, terminals and servers, many examples, much memory."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them; also all tests that start an app of Textual."""
    for item in items:
        path = item.path.relative_to(TESTS)
        starts_app = path.parts[0] == "ui" and inspect.iscoroutinefunction(getattr(item, "obj", None))
        if starts_app or any(path.is_relative_to(name) for name in SLOW):
            item.add_marker(pytest.mark.slow)
