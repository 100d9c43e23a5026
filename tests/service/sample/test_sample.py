"""The shipped sample is what the generator makes, believable, and imports without a word."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from service.registry import KINDS, check_table, conflicts_of, describe, read_table, record_key
from service.sample.__main__ import main
from service.sample.damaged import BLANK_BEFORE, FAULTS, FIRST_ROW
from service.sample.files import AS_OF, write_sample
from service.sample.sectors import SECTOR_NAMES, SECTORS
from service.sample.targets import make_target

SHIPPED = Path(__file__).parents[3] / "sample"
SIZES = {"targets": 2000, "items": 60, "inspectors": 80, "experts": 40, "conflicts": 30, "services": 24, "inspections": 1867}


def shipped(kind: str):
    report = check_table(kind, read_table((SHIPPED / f"{kind}.csv").read_bytes(), f"{kind}.csv"), {})
    return {record_key(record): record for record in report.accepted()}


def test_the_generator_reproduces_the_shipped_files_byte_for_byte(tmp_path):
    assert main(["--out", str(tmp_path)]) == 0
    made = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    assert made == {name: hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() for name in made}
    assert len(made) == 8


def test_another_seed_gives_another_city_and_fewer_targets_are_a_prefix(tmp_path):
    write_sample(tmp_path / "a", 20)
    write_sample(tmp_path / "b", 20, seed="other")
    few = (tmp_path / "a" / "targets.csv").read_bytes()
    assert (SHIPPED / "targets.csv").read_bytes().startswith(few)
    assert few != (tmp_path / "b" / "targets.csv").read_bytes()


def test_a_number_of_targets_out_of_range_is_refused(tmp_path, capsys):
    assert main(["--out", str(tmp_path), "--targets", "0"]) == 2
    assert "1000000" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_files_import_whole_and_without_a_finding(kind):
    report = check_table(
        kind,
        read_table((SHIPPED / f"{kind}.csv").read_bytes(), f"{kind}.csv"),
        {},
        known_people={*shipped("inspectors"), *shipped("experts")},
        known_targets=set(shipped("targets")),
    )
    assert report.counts.new == report.counts.rows == SIZES[kind]
    assert report.findings == []


def test_codes_are_valid_and_do_not_repeat_far_into_the_million():
    codes = [make_target("x", number, AS_OF).id for number in (*range(3000), *range(997_000, 1_000_000))]
    assert len(set(codes)) == len(codes)
    assert all(describe(code).problems == () for code in codes)


def test_sectors_have_their_shares_and_enough_people():
    targets = Counter(target.sector for target in shipped("targets").values())
    for sector in SECTORS:
        assert abs(targets[sector.name] - 20 * sector.share) < 60
    for sector in SECTOR_NAMES:
        able = [person for person in shipped("inspectors").values() if sector in person.specialities]
        assert (
            sum(person.status == "active" and person.certificate_expires > "2026-06-01" for person in able)
            >= 10
        )
        assert sum(sector in person.specialities for person in shipped("experts").values()) >= 4
        assert any(sector in item.classes for item in shipped("items").values())


def test_some_certificates_have_expired_and_some_expire_soon():
    expiries = [person.certificate_expires for person in shipped("inspectors").values()]
    assert any(day < AS_OF.isoformat() for day in expiries)
    assert any(AS_OF.isoformat() <= day < "2026-05-01" for day in expiries)


def test_experts_serve_firms_that_exist():
    served = [conflict for expert in shipped("experts").values() for conflict in conflicts_of(expert)]
    assert len(served) > 40
    assert {conflict.target for conflict in served} <= set(shipped("targets"))


# fault -> verdict, findings of its row in order
EXPECTED = {
    "sound": ("new", []),
    "lower-case": ("new", ["code-normalised"]),
    "full-width digits": ("new", ["code-normalised"]),
    "spaces in code": ("new", ["code-normalised"]),
    "text mark before code": ("new", ["code-normalised"]),
    "wrong check character": ("new", ["credit-check"]),
    "letter O for zero": ("new", ["credit-letters"]),
    "15-digit number": ("new", []),
    "15-digit number, wrong check": ("new", ["registration-check"]),
    "own number": ("new", ["code-shape"]),
    "15-digit number as number": ("new", ["code-number"]),
    "code as number": ("refused", ["code-lossy"]),
    "code missing": ("refused", ["code-missing"]),
    "code with Chinese": ("refused", ["code-form"]),
    "name missing": ("refused", ["value-missing"]),
    "spaces in name": ("new", ["name-spaces"]),
    "formula-like name": ("new", ["formula-text"]),
    "unknown colour": ("refused", ["colour-unknown"]),
    "colour in other words": ("new", []),
    "unknown grade": ("new", ["grade-unknown"]),
    "serial date": ("new", ["date-serial"]),
    "date with slashes": ("new", []),
    "date in Chinese": ("new", []),
    "no-end date": ("new", []),
    "day-first date": ("refused", ["date-unknown"]),
    "impossible date": ("refused", ["date-unknown"]),
    "unknown status": ("refused", ["status-unknown"]),
    "long status": ("new", []),
    "to be repeated": ("new", []),
    "repeated with other letters": ("merged", ["code-normalised", "duplicate-merged"]),
    "to be contradicted": ("refused", ["duplicate-contradiction"]),
    "contradicting": ("refused", ["duplicate-contradiction"]),
    "two faults": ("refused", ["colour-unknown", "date-unknown"]),
    "last sound": ("new", []),
}


def test_the_damaged_workbook_gives_exactly_the_expected_findings():
    table = read_table((SHIPPED / "targets-damaged.xlsx").read_bytes(), "targets-damaged.xlsx")
    report = check_table("targets", table, {})
    found: dict[int, list[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.row, []).append(finding.code)
        assert finding.message_zh
        assert finding.message_en
        assert finding.mend_zh
        assert finding.mend_en
    assert found.pop(0) == ["other-sheet"]
    assert found.pop(FIRST_ROW - 1) == ["ignored-column", "ignored-column"]
    assert report.ignored_columns == ("序号", "联系人备注")
    assert report.blank_rows == len(BLANK_BEFORE)
    assert [name for name, _ in FAULTS] == list(EXPECTED)
    assert {
        name: (row.verdict, found.pop(row.row, []))
        for (name, _), row in zip(FAULTS, report.rows, strict=True)
    } == EXPECTED
    assert not found
    counts = report.counts
    assert (counts.rows, counts.new, counts.refused, counts.merged, counts.warned) == (34, 22, 11, 1, 14)


def test_values_of_the_damaged_workbook_are_mended_as_announced():
    table = read_table((SHIPPED / "targets-damaged.xlsx").read_bytes(), "x")
    rows = check_table("targets", table, {}).rows
    record = {name: row.record for (name, _), row in zip(FAULTS, rows, strict=True)}
    sound = {
        name: make_target("云州", 900_000 + position, AS_OF).id for position, (name, _) in enumerate(FAULTS)
    }
    for name in ("lower-case", "full-width digits", "spaces in code", "text mark before code"):
        assert record[name].id == sound[name]
    assert record["colour in other words"].risk_colour == "red"
    assert record["serial date"].established == "2017-03-07"
    assert record["date in Chinese"].established == record["date with slashes"].established == "2016-09-08"
    assert record["no-end date"].established is None
    assert record["long status"].status == "active"
    messages = {finding.code: finding.message_zh for finding in check_table("targets", table, {}).findings}
    assert "B16" in messages["code-lossy"]
    assert sound["letter O for zero"] in messages["credit-letters"]
