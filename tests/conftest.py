"""What all tests share: Hypothesis draws the same examples on every machine, and no test is judged by its speed."""

import os

import pytest
from hypothesis import settings

settings.register_profile("double-random", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("double-random")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Under DOUBLE_RANDOM_REQUIRE_TOOLS=1, which continuous integration sets, a test that skips has failed.

    What a kernel refuses no installation mends: a reason that begins with "this machine refuses" stays a skip.
    """
    report = yield
    refused = report.skipped and "this machine refuses" in str(report.longrepr)
    if report.skipped and not refused and os.environ.get("DOUBLE_RANDOM_REQUIRE_TOOLS") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped, and DOUBLE_RANDOM_REQUIRE_TOOLS=1 forbids it: {call.excinfo}"
    return report
