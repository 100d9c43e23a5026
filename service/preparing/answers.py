"""What was typed into each page of a preparation: texts as they were typed, right or wrong, complete or not. One frozen struct per page."""

from typing import Final

from msgspec import Struct

from service.language import marked

__all__ = ["PAGES", "Answers", "BasisPage", "CapRow", "ClassRow", "ClassesPage", "ExceptionsPage", "GiverRow", "LeaveRow", "MandatoryPage", "MandatoryRow",
           "NumbersPage", "Page", "PairRow", "PeoplePage", "QuotaAnswer", "ReasonRow", "ReasonsPage", "RuleRow", "RulesPage", "ScopePage", "SeatRow",
           "SectionItemsRow", "SectionQuotaRow", "SectionsPage", "StatementRow", "StrataPage", "StratumRow", "ThrowerRow", "TimesPage", "WhereAnswer"]  # fmt: skip


class BasisPage(Struct, frozen=True):
    """1 What is prepared, and by what right. `legal_basis` has one per line."""

    title: str = ""
    task: str = ""
    task_name: str = ""
    origin: str = "annual-plan"
    legal_basis: str = ""
    retries: str = ""
    teams_of: str = ""
    rehearsal: bool = False


class SectionsPage(Struct, frozen=True):
    """Labels of the departments that take part; none: the bureau's own alone."""

    sections: tuple[str, ...] = ()


class ScopePage(Struct, frozen=True):
    areas: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    risk_colours: tuple[str, ...] = ()
    credit_classes: tuple[str, ...] = ()
    standardisations: tuple[str, ...] = ()
    entity_types: tuple[str, ...] = ()
    sizes: str = ""  # bands: `20-299 300- ?`
    months: str = ""
    version: str = "1"


class CapRow(Struct, frozen=True):
    most: str = ""
    risk_colours: tuple[str, ...] = ()
    standardisations: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


class RuleRow(Struct, frozen=True):
    """`kind` is the code of the rule; `months` of just-inspected, `caps` of yearly-cap."""

    kind: str = ""
    months: str = ""
    caps: tuple[CapRow, ...] = ()
    exempt: tuple[str, ...] = ()
    spares: bool = False
    version: str = ""


class RulesPage(Struct, frozen=True):
    rules: tuple[RuleRow, ...] = ()


class QuotaAnswer(Struct, frozen=True):
    """A quota rule: `number` is a count or a share as `kind` asks, `period` such as `1/4`. Without kind nothing is drawn."""

    kind: str = ""
    number: str = ""
    period: str = ""


class SectionQuotaRow(Struct, frozen=True):
    section: str = ""
    rule: QuotaAnswer = QuotaAnswer()


class WhereAnswer(Struct, frozen=True):
    area: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    risk_colour: tuple[str, ...] = ()
    credit_class: tuple[str, ...] = ()
    standardisation: tuple[str, ...] = ()
    entity_type: tuple[str, ...] = ()
    size: str = ""
    recency: str = ""


class StratumRow(Struct, frozen=True):
    """`by_where` keeps that a draft wrote an empty `where`, which says no more than none."""

    name: str = ""
    values: tuple[str, ...] = ()
    where: WhereAnswer = WhereAnswer()
    by_where: bool = False
    rule: QuotaAnswer = QuotaAnswer()
    sections: tuple[SectionQuotaRow, ...] = ()


class StrataPage(Struct, frozen=True):
    """`listed` keeps that a draft wrote its one attribute as a list."""

    attributes: tuple[str, ...] = ()
    listed: bool = False
    strata: tuple[StratumRow, ...] = ()


class SeatRow(Struct, frozen=True):
    name: str = ""
    specialities: tuple[str, ...] = ()
    lead: bool = False
    section: str = ""


class SectionItemsRow(Struct, frozen=True):
    section: str = ""
    optional: str = ""


class ClassRow(Struct, frozen=True):
    id: str = ""
    name: str = ""
    sectors: tuple[str, ...] = ()
    inspectors: tuple[SeatRow, ...] = ()
    experts: tuple[SeatRow, ...] = ()
    optional: str = ""
    section_items: tuple[SectionItemsRow, ...] = ()


class ClassesPage(Struct, frozen=True):
    classes: tuple[ClassRow, ...] = ()


class MandatoryRow(Struct, frozen=True):
    target: str = ""
    reason: str = ""


class MandatoryPage(Struct, frozen=True):
    targets: tuple[MandatoryRow, ...] = ()
    counts: bool = True


class LeaveRow(Struct, frozen=True):
    person: str = ""
    first: str = ""
    last: str = ""


class PairRow(Struct, frozen=True):
    one: str = ""
    other: str = ""


class PeoplePage(Struct, frozen=True):
    area_rule: str = "any"
    places: str = "8"
    most_per_day: str = ""
    leave: tuple[LeaveRow, ...] = ()
    apart: tuple[PairRow, ...] = ()


class ThrowerRow(Struct, frozen=True):
    label: str = ""
    body: str = ""
    name: str = ""
    key: str = ""


class GiverRow(Struct, frozen=True):
    """One source of numbers; which fields count is for `kind` to say: nonce, witness, dice, public, drand."""

    kind: str = ""
    label: str = ""
    custodian: str = ""
    body: str = ""
    name: str = ""
    key: str = ""
    source: str = ""
    issue: str = ""
    digits: str = ""
    order: str = ""
    example: str = ""
    throwers: tuple[ThrowerRow, ...] = ()


class NumbersPage(Struct, frozen=True):
    givers: tuple[GiverRow, ...] = ()


class TimesPage(Struct, frozen=True):
    """Moments as the clock shows them in Beijing. `sealed_until` empty: an open draw."""

    instant: str = ""
    first: str = ""
    last: str = ""
    names_open: str = ""
    sealed_until: str = ""


class ReasonRow(Struct, frozen=True):
    applies: str = ""
    id: str = ""
    name: str = ""


class ReasonsPage(Struct, frozen=True):
    reasons: tuple[ReasonRow, ...] = ()


class StatementRow(Struct, frozen=True):
    rule: str = ""
    subject: str = ""
    reason: str = ""


class ExceptionsPage(Struct, frozen=True):
    exceptions: tuple[StatementRow, ...] = ()


class Answers(Struct, frozen=True):
    """All pages of one preparation."""

    basis: BasisPage = BasisPage()
    sections: SectionsPage = SectionsPage()
    scope: ScopePage = ScopePage()
    rules: RulesPage = RulesPage()
    strata: StrataPage = StrataPage()
    classes: ClassesPage = ClassesPage()
    mandatory: MandatoryPage = MandatoryPage()
    people: PeoplePage = PeoplePage()
    numbers: NumbersPage = NumbersPage()
    times: TimesPage = TimesPage()
    reasons: ReasonsPage = ReasonsPage()
    exceptions: ExceptionsPage = ExceptionsPage()


class Page(Struct, frozen=True):
    """One page: `slug` names it in the address and in `Answers`."""

    slug: str
    title: str
    kind: type[Struct]


# In the order in which they are filled in; a page may need what an earlier one says.
PAGES: Final[dict[str, Page]] = {
    page.slug: page
    for page in (
        Page("basis", marked("任务与依据"), BasisPage),
        Page("sections", marked("联合部门"), SectionsPage),
        Page("scope", marked("抽查范围"), ScopePage),
        Page("rules", marked("名单规则"), RulesPage),
        Page("strata", marked("分层与应抽数"), StrataPage),
        Page("classes", marked("类别、席位与事项"), ClassesPage),
        Page("mandatory", marked("必查对象"), MandatoryPage),
        Page("people", marked("人员安排"), PeoplePage),
        Page("numbers", marked("数字来源"), NumbersPage),
        Page("times", marked("时刻与公开"), TimesPage),
        Page("reasons", marked("递补理由"), ReasonsPage),
        Page("exceptions", marked("说明理由"), ExceptionsPage),
    )
}
