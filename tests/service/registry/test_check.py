"""What an import would do: no row lost, no order that matters, every refusal with its reason."""

import csv
import io
from datetime import date

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.registry import (
    KINDS,
    Conflict,
    Expert,
    Inspection,
    Inspector,
    Item,
    Service,
    Table,
    Target,
    check_table,
    conflicts_of,
    format_csv,
    header_cells,
    read_table,
    record_key,
    row_cells,
)
from service.registry.columns import find_layout
from service.registry.fields import FIELDS

FIRM = Target("91330100311348661F", "甲公司", "城关镇", "机械", "red")
OTHER = Target("91350100M000100Y43", "乙公司", "白沙镇", "轻工", "blue")


def table(*rows: list[str]) -> Table:
    return Table("x.csv", "csv", "", "utf-8", [list(row) for row in rows], list(range(1, len(rows) + 1)), {})


def codes(report) -> list[tuple[int, str]]:
    return [(finding.row, finding.code) for finding in report.findings]


def balanced(report, data_rows: int) -> bool:
    counts = report.counts
    total = counts.new + counts.changed + counts.unchanged + counts.refused + counts.merged
    return total == counts.rows == data_rows


words = st.text(alphabet="甲乙丙丁机械化工ABC0123（）-", min_size=1, max_size=8).map(lambda word: "企" + word)
names = st.lists(words, max_size=3, unique=True).map(
    lambda parts: tuple(part.strip("（）") for part in parts)
)
days = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
dates = st.none() | days
ids = st.from_regex(r"[0-9A-Z][0-9A-Z._-]{0,20}", fullmatch=True)
firm_codes = st.sampled_from([FIRM.id, OTHER.id])
flat = st.sampled_from(["", "企业类型甲", "B", "一级"])
targets = st.builds(
    Target, ids, words, words, words, st.sampled_from(["red", "orange", "yellow", "blue", ""]),
    st.sampled_from(["", "A", "D"]), st.sampled_from(["", "一级", "小微"]), words, words, dates,
    st.sampled_from(["active", "suspended", "closed", "deregistered", "revoked", "moved"]), dates,
    st.none() | st.integers(0, 9_999_999),
)  # fmt: skip
plain_names = st.lists(
    st.sampled_from(["机械", "化工", "轻工", "危险化学品（生产、经营）"]), unique=True
).map(tuple)
capacities = st.integers(0, 9999)
statuses = st.sampled_from(["active", "suspended", "inactive"])
RECORDS = {
    "targets": targets,
    "items": st.builds(Item, ids, words, words, words, st.booleans(), plain_names, words, st.sampled_from(["active", "inactive"])),
    "inspectors": st.builds(
        Inspector,
        ids,
        words,
        words,
        words,
        plain_names,
        plain_names,
        dates,
        capacities,
        st.booleans(),
        statuses,
    ),
    "experts": st.builds(
        Expert,
        ids,
        words,
        words,
        words,
        plain_names,
        plain_names,
        dates,
        capacities,
        st.lists(firm_codes, unique=True).map(tuple),
        statuses,
    ),
    "inspections": st.builds(
        Inspection, firm_codes, days, words, words, st.sampled_from(["", "plan-random", "complaint", "referral", "other"]),
        words, st.booleans(),
    ),
    "services": st.one_of(
        st.builds(Service, ids, st.just("expert"), firm_codes, days, st.none(), words, words),
        st.builds(Service, words.filter(bool), st.just("organisation"), firm_codes, days, st.none(), words, words),
    ),
    "conflicts": st.builds(
        Conflict, ids, firm_codes, st.sampled_from(["kinship", "shareholding", "service", "other"]), words
    ),
}
REASONABLE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", KINDS)
@REASONABLE
@given(data=st.data())
def test_any_order_of_rows_and_columns_gives_the_same_records_and_our_own_file_reads_back(kind, data):
    records = data.draw(st.lists(RECORDS[kind], min_size=1, max_size=6, unique_by=record_key))
    rows = data.draw(st.permutations([row_cells(kind, record) for record in records]))
    order = data.draw(st.permutations(range(len(FIELDS[kind]))))
    shuffled = [[row[column] for column in order] for row in (header_cells(kind), *rows)]
    for form in (table(*shuffled), read_table(format_csv(kind, records), "x")):
        report = check_table(kind, form, {})
        assert report.usable
        assert not [finding for finding in report.findings if finding.severity == "error"]
        assert {record_key(record): record for record in report.accepted()} == {
            record_key(record): record for record in records
        }
        again = check_table(kind, form, {record_key(record): record for record in records})
        assert again.counts.unchanged == len(records)


cells = st.sampled_from(
    [
        "",
        " ",
        FIRM.id,
        OTHER.id,
        FIRM.id.lower(),
        "甲公司",
        "红",
        "紫",
        "2016-09-08",
        "8/9/2016",
        "=1+1",
        "正常",
        "A",
    ]
)


@pytest.mark.parametrize("kind", KINDS)
@REASONABLE
@given(rows=st.lists(st.lists(cells, max_size=9), max_size=12))
def test_no_row_is_lost_whatever_stands_in_it(kind, rows):
    report = check_table(kind, table(header_cells(kind)[:9], *rows), {})
    data_rows = [number for number, row in enumerate(rows, start=2) if any(cell.strip() for cell in row)]
    assert balanced(report, len(data_rows))
    assert [row.row for row in report.rows] == data_rows
    assert report.counts.blank == len(rows) - len(data_rows)
    refused = {row.row for row in report.rows if row.verdict == "refused"}
    errors = {finding.row for finding in report.findings if finding.severity == "error"}
    assert refused == errors
    rejected = list(csv.reader(io.StringIO(report.rejected_csv().decode("utf-8-sig"), newline="")))
    assert {int(row[0]) for row in rejected[1:]} == refused
    assert all(row[-1] and row[-2] and row[-3] for row in rejected[1:])


def test_a_change_names_each_field_with_its_old_and_new_value():
    new = msgspec.structs.replace(FIRM, risk_colour="blue", area="白沙镇")
    report = check_table(
        "targets", table(header_cells("targets"), row_cells("targets", new)), {FIRM.id: FIRM}
    )
    (row,) = report.rows
    assert row.verdict == "changed"
    assert [(change.label, change.old, change.new) for change in row.changes] == [
        ("所属区域", "城关镇", "白沙镇"),
        ("风险等级", "红", "蓝"),
    ]


def test_a_column_the_file_lacks_leaves_the_registered_value_and_an_empty_cell_clears_it():
    existing = {FIRM.id: FIRM, OTHER.id: OTHER}
    report = check_table("targets", table(["信用代码", "名称", "行业"], [FIRM.id, FIRM.name, ""]), existing)
    assert report.rows[0].record == msgspec.structs.replace(FIRM, sector="")
    assert report.absent == (OTHER.id,)


def test_identical_rows_merge_and_contradicting_rows_are_all_refused_naming_each_other():
    rows = [[FIRM.id, "甲"], [OTHER.id, "乙"], [FIRM.id.lower(), "甲"], [OTHER.id, "丙"]]
    report = check_table("targets", table(["信用代码", "名称"], *rows), {})
    assert [row.verdict for row in report.rows] == ["new", "refused", "merged", "refused"]
    messages = {
        finding.row: finding.message_zh for finding in report.findings if finding.code.startswith("duplicate")
    }
    assert "第2行" in messages[4]
    assert "第5行" in messages[3]
    assert "第3行" in messages[5]


def test_a_row_is_not_taken_while_another_row_of_the_same_code_is_faulty():
    rows = [[FIRM.id, "甲", "紫"], [FIRM.id, "甲", "红"]]
    report = check_table("targets", table(["信用代码", "名称", "风险等级"], *rows), {})
    assert report.counts.refused == 2


def test_ten_thousand_rows_of_one_code_take_no_quadratic_time_or_text():
    rows = [[FIRM.id, str(number)] for number in range(10_000)]
    report = check_table("targets", table(["信用代码", "名称"], *rows), {})
    assert report.counts.refused == 10_000
    assert max(len(finding.message_zh) for finding in report.findings) < 120


def test_all_errors_of_a_row_are_told_at_once():
    row = ["", "", "紫", "8/9/2016", "不明"]
    report = check_table("targets", table(["信用代码", "名称", "风险等级", "成立日期", "状态"], row), {})
    assert [code for _, code in codes(report)] == [
        "code-missing", "value-missing", "colour-unknown", "date-unknown", "status-unknown",
    ]  # fmt: skip


def test_the_registration_number_stands_in_where_the_credit_code_is_empty():
    rows = [["421902000000018", "", "甲"], ["421902000000018", FIRM.id, "乙"]]
    report = check_table("targets", table(["注册号", "统一社会信用代码", "企业名称"], *rows), {})
    assert [row.key for row in report.rows] == ["421902000000018", FIRM.id]


@pytest.mark.parametrize(
    "header", ["统一社会信用代码（必填）", "* 统一 社会信用代码：", "统一社会信用代码/注册号", "注册号\n"]
)
def test_headers_are_recognised_with_the_marks_people_put_on_them(header):
    report = check_table("targets", table(["名录"], [header, "企业名称【全称】"], [FIRM.id, "甲"]), {})
    assert report.header_row == 2
    assert report.counts.new == 1


def test_no_alias_names_two_fields_of_one_registry():
    for kind in KINDS:
        seen: dict[str, str] = {}
        for field in FIELDS[kind]:
            for name in (field.label, *field.aliases.split()):
                assert seen.setdefault(name, field.name) == field.name, (kind, name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_registry_is_named_and_refused(kind):
    for other in KINDS:
        report = check_table(other, table(header_cells(kind), ["1"] * len(FIELDS[kind])), {})
        assert report.usable == (kind == other)
        if kind != other:
            assert "wrong-kind" in [code for _, code in codes(report)]
            # Without a layout no row is known to be the header, so both rows count as refused.
            assert balanced(report, 2)


def test_an_experts_file_with_a_certificate_column_cannot_enter_as_inspectors():
    layout, findings = find_layout(
        "inspectors", table(["编号", "证件号码", "姓名", "工作单位", "聘期至", "服务企业", "专家编号"])
    )
    assert layout is None
    assert [finding.code for finding in findings if finding.severity == "error"] == ["wrong-kind"]


def test_missing_and_repeated_columns_are_named_with_what_was_found():
    missing = check_table("targets", table(["企业名称", "地址"], ["甲", "乙"]), {})
    assert [(finding.code, finding.value) for finding in missing.findings] == [
        ("missing-column", "企业名称、地址")
    ]
    repeated = check_table("targets", table(["信用代码", "名称", "名称"], ["1", "甲", "乙"]), {})
    assert "repeated-column" in [code for _, code in codes(repeated)]
    assert not check_table("targets", table(["甲", "乙"], ["1", "2"]), {}).usable
    assert not check_table("targets", table(), {}).usable


def test_an_unknown_person_refuses_a_conflict_and_an_unknown_target_only_warns():
    rows = [["P1", FIRM.id, "亲属"], ["P2", FIRM.id, "持股"], ["P1", OTHER.id, "邻居"]]
    report = check_table(
        "conflicts",
        table(["人员编号", "信用代码", "回避原因"], *rows),
        {},
        known_people={"P1"},
        known_targets={FIRM.id},
    )
    assert [row.verdict for row in report.rows] == ["new", "refused", "new"]
    assert codes(report) == [
        (3, "person-unknown"), (4, "reason-unknown"), (4, "target-unknown"),
    ]  # fmt: skip
    assert report.rows[2].record == Conflict("P1", OTHER.id, "other", "邻居")


def test_every_firm_an_expert_serves_is_a_conflict():
    expert = Expert("E1", "张三", serves=(FIRM.id, OTHER.id))
    assert [(conflict.person, conflict.target, conflict.reason) for conflict in conflicts_of(expert)] == [
        ("E1", FIRM.id, "service"),
        ("E1", OTHER.id, "service"),
    ]


def test_codes_of_firms_served_are_normalised_with_a_warning():
    report = check_table(
        "experts", table(["专家编号", "姓名", "服务企业"], ["E1", "张三", f"{FIRM.id.lower()}， 无"]), {}
    )
    assert report.rows[0].record.serves == (FIRM.id,)
    assert (2, "code-normalised") in codes(report)


def test_rejected_rows_hold_no_formula_and_can_be_imported_again_after_mending():
    rows = [[FIRM.id, "=1+1", "紫"], ["9.142E+17", "@乙", "红"]]
    report = check_table("targets", table(["信用代码", "名称", "风险等级"], *rows), {})
    text = report.rejected_csv().decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",=" not in text
    mended = text.replace("紫", "红").replace("9.142E+17", OTHER.id)
    again = check_table("targets", read_table(mended.encode("utf-8-sig"), "x"), {})
    assert [record.name for record in again.accepted()] == ["=1+1", "@乙"]
