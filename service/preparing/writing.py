"""The answers that make a given draft: for one that came through the API, or is copied from an earlier draw. Pure."""

from selection import plan
from selection.plan import QuotaRule
from service.drafts import (
    Closed,
    DiceGiver,
    Draft,
    DraftClass,
    DraftRule,
    DraftSeat,
    DraftStratum,
    DrandGiver,
    Giver,
    JustInspected,
    NonceGiver,
    PublicGiver,
    Scope,
    Where,
    WitnessGiver,
    YearlyCap,
)
from service.pool_rules import code_of
from service.preparing.answers import (
    Answers,
    BasisPage,
    CapRow,
    ClassesPage,
    ClassRow,
    ExceptionsPage,
    GiverRow,
    LeaveRow,
    MandatoryPage,
    MandatoryRow,
    NumbersPage,
    PairRow,
    PeoplePage,
    QuotaAnswer,
    ReasonRow,
    ReasonsPage,
    RuleRow,
    RulesPage,
    ScopePage,
    SeatRow,
    SectionItemsRow,
    SectionQuotaRow,
    SectionsPage,
    StatementRow,
    StrataPage,
    StratumRow,
    ThrowerRow,
    TimesPage,
    WhereAnswer,
)
from service.preparing.texts import format_bands, format_moment, format_share

__all__ = ["answers_of", "rule_row", "scope_page", "stratum_row"]


def answers_of(draft: Draft) -> Answers:
    """Return the answers from which `assemble` makes this very draft."""
    by = draft.stratify_by
    return Answers(
        basis=BasisPage(
            title=draft.title, task=draft.task.id, task_name=draft.task.name, origin=draft.origin, legal_basis="\n".join(draft.legal_basis),
            retries=draft.retries or "", teams_of=draft.teams_of or "", rehearsal=draft.rehearsal,
        ),
        sections=SectionsPage(sections=draft.sections),
        scope=scope_page(draft.scope),
        rules=RulesPage(rules=tuple(map(rule_row, draft.pool_rules))),
        strata=StrataPage(
            attributes=() if by is None else (by,) if isinstance(by, str) else by, listed=isinstance(by, tuple) and len(by) == 1,
            strata=tuple(map(stratum_row, draft.strata)),
        ),
        classes=ClassesPage(classes=tuple(map(_class_row, draft.classes))),
        mandatory=MandatoryPage(
            targets=tuple(MandatoryRow(target=row.target, reason=row.reason) for row in draft.mandatory), counts=draft.mandatory_counts
        ),
        people=_people_page(draft),
        numbers=NumbersPage(givers=tuple(map(_giver_row, draft.givers))),
        times=TimesPage(
            instant=format_moment(draft.instant), first=draft.visits.first.isoformat(), last=draft.visits.last.isoformat(),
            names_open=format_moment(draft.names_open), sealed_until="" if draft.sealed_until is None else format_moment(draft.sealed_until),
        ),
        reasons=ReasonsPage(reasons=tuple(ReasonRow(applies=r.applies, id=r.id, name=r.name) for r in draft.replacement_reasons)),
        exceptions=ExceptionsPage(
            exceptions=tuple(StatementRow(rule=one.rule, subject=one.subject, reason=one.reason) for one in draft.exceptions)
        ),
    )  # fmt: skip


def scope_page(scope: Scope) -> ScopePage:
    """Return a scope as its page."""
    return ScopePage(
        areas=scope.areas, sectors=scope.sectors, risk_colours=scope.risk_colours, credit_classes=scope.credit_classes,
        standardisations=scope.standardisations, entity_types=scope.entity_types, sizes=format_bands(scope.sizes),
        months=str(scope.not_inspected_within_months or ""), version=scope.version,
    )  # fmt: skip


def rule_row(rule: DraftRule) -> RuleRow:
    """Return a list rule as a row of its page."""
    caps = rule.caps if isinstance(rule, YearlyCap) else ()
    return RuleRow(
        kind=code_of(rule), months=str(rule.months) if isinstance(rule, JustInspected) else "",
        caps=tuple(CapRow(most=str(cap.most), risk_colours=cap.risk_colours, standardisations=cap.standardisations, sectors=cap.sectors) for cap in caps),
        exempt=rule.exempt_origins if isinstance(rule, JustInspected | YearlyCap) else (),
        spares=not isinstance(rule, Closed) and rule.spares_mandatory, version=rule.version,
    )  # fmt: skip


def stratum_row(stratum: DraftStratum) -> StratumRow:
    """Return a stratum as a row of its page."""
    where = stratum.where
    return StratumRow(
        name=stratum.name, values=stratum.values, by_where=where == Where(), rule=_quota(stratum.rule),
        where=WhereAnswer() if where is None else WhereAnswer(
            area=where.area, sector=where.sector, risk_colour=where.risk_colour, credit_class=where.credit_class,
            standardisation=where.standardisation, entity_type=where.entity_type, size=format_bands(where.size), recency=format_bands(where.recency),
        ),
        sections=tuple(SectionQuotaRow(section=asked.section, rule=_quota(asked.rule)) for asked in stratum.section_rules),
    )  # fmt: skip


def _quota(rule: QuotaRule | None) -> QuotaAnswer:
    if rule is None:
        return QuotaAnswer()
    kind = str(rule.__struct_config__.tag)
    match rule:
        case plan.Fixed():
            return QuotaAnswer(kind, str(rule.count))
        case plan.PerOfficer():
            return QuotaAnswer(kind, str(rule.targets))
        case plan.LargestRemainder():
            return QuotaAnswer(kind, str(rule.total))
        case plan.PerPeriod():
            return QuotaAnswer(kind, format_share(rule.numerator, rule.denominator), f"{rule.period}/{rule.periods}")
    return QuotaAnswer(kind, format_share(rule.numerator, rule.denominator))


def _class_row(class_: DraftClass) -> ClassRow:
    return ClassRow(
        id=class_.id, name=class_.name, sectors=class_.sectors, inspectors=tuple(map(_seat_row, class_.inspectors)),
        experts=tuple(map(_seat_row, class_.experts)), optional=str(class_.optional_items),
        section_items=tuple(SectionItemsRow(section=asked.section, optional=str(asked.optional_items)) for asked in class_.section_items),
    )  # fmt: skip


def _seat_row(seat: DraftSeat) -> SeatRow:
    return SeatRow(name=seat.name, specialities=seat.specialities, lead=seat.lead, section=seat.section or "")


def _people_page(draft: Draft) -> PeoplePage:
    return PeoplePage(
        area_rule=draft.area_rule, places=str(draft.default_places), most_per_day="" if draft.most_per_day is None else str(draft.most_per_day),
        leave=tuple(LeaveRow(person=one.person, first=one.first.isoformat(), last=one.last.isoformat()) for one in draft.leave),
        apart=tuple(PairRow(one=one, other=other) for one, other in draft.apart),
    )  # fmt: skip


def _giver_row(giver: Giver) -> GiverRow:
    match giver:
        case NonceGiver():
            return GiverRow(kind="nonce", label=giver.label, custodian=giver.custodian)
        case WitnessGiver():
            return GiverRow(kind="witness", label=giver.label, body=giver.body, name=giver.name, key=giver.key or "")
        case DiceGiver():
            throwers = tuple(ThrowerRow(label=one.label, body=one.body, name=one.name, key=one.key or "") for one in giver.throwers)
            return GiverRow(kind="dice", digits=str(giver.digits), throwers=throwers)
        case PublicGiver():
            return GiverRow(kind="public", label=giver.label, source=giver.source, issue=giver.issue, digits=str(giver.digits),
                            order=giver.order, example=giver.example)  # fmt: skip
        case DrandGiver():
            return GiverRow(kind="drand")
