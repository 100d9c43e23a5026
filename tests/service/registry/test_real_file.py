"""A real registration file imports whole, and every number in the report is accounted for."""

import csv
import os
from pathlib import Path

import pytest

from service.registry import check_table, read_table

PROJECT = Path(__file__).parents[3]
SHARED = PROJECT / os.environ.get("DOUBLE_RANDOM_SHARED", "../shared")
REAL = SHARED / "data" / "hubei-enterprises.csv"
pytestmark = pytest.mark.skipif(
    not REAL.exists(), reason="the shared registration file is not on this machine"
)


def test_every_row_is_new_and_each_of_the_24_warnings_is_explained():
    data = REAL.read_bytes()
    found = [row["统一社会信用代码"] for row in csv.DictReader(data.decode("utf-8-sig").splitlines())]
    report = check_table("targets", read_table(data, REAL.name), {})
    counts = report.counts
    assert (counts.rows, counts.new, counts.refused, counts.merged, counts.blank) == (8019, 8019, 0, 0, 0)
    # 23 codes are written with a lower-case letter; one has a wrong check character; nothing else is said.
    lower = [code for code in found if code != code.upper()]
    warnings = {finding.code: [] for finding in report.findings}
    for finding in report.findings:
        warnings[finding.code].append(finding.value)
    assert warnings.pop("ignored-column") == ["经营范围", "所在省份"]
    assert warnings.pop("code-normalised") == lower
    assert len(lower) == 23
    assert warnings.pop("credit-check") == ["91421083751826057B"]
    assert not warnings
    assert counts.warned == 24
    assert {row.key for row in report.rows} == {code.upper() for code in found}


def test_placeholders_become_empty_and_a_second_import_changes_nothing():
    table = read_table(REAL.read_bytes(), REAL.name)
    first = {row.key: row.record for row in check_table("targets", table, {}).rows}
    assert not any(record.entity_type == "N/A" for record in first.values())
    again = check_table("targets", table, first)
    assert again.counts.unchanged == 8019
    assert again.absent == ()


def test_the_same_rows_in_gb18030_give_the_same_records():
    data = REAL.read_bytes()
    text = data.decode("utf-8-sig")
    first = check_table("targets", read_table(data, "x"), {})
    second = check_table("targets", read_table(text.encode("gb18030"), "x"), {})
    assert [row.record for row in first.rows] == [row.record for row in second.rows]
