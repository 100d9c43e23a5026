"""The pages of rows: list rules, strata, classes with their seats, sources of numbers. Pure."""

from typing import Any

from selection.forms import Id, Key, Label, Text
from service.drafts import (
    Attribute,
    CapClass,
    Closed,
    DiceGiver,
    DraftClass,
    DraftRule,
    DraftSeat,
    DraftStratum,
    DrandGiver,
    JustInspected,
    NonceGiver,
    Origin,
    PublicGiver,
    Punished,
    SectionItemCount,
    SectionRule,
    Suspended,
    ThrowerName,
    Where,
    WitnessGiver,
    Word,
    YearlyCap,
)
from service.fault_words import clip
from service.language import gettext
from service.preparing.answers import Answers, ClassRow, GiverRow, RuleRow, SeatRow, StratumRow, WhereAnswer
from service.preparing.reading import Reader

__all__ = ["read_classes", "read_numbers", "read_rules", "read_strata"]


def read_rules(reader: Reader, answers: Answers) -> dict[str, Any]:
    """Return the rules in their order."""
    rules = [_rule(reader, f"rules-{number}", row) for number, row in enumerate(answers.rules.rules)]
    return {"pool_rules": tuple(rule for rule in rules if rule is not None)}


def _rule(reader: Reader, at: str, row: RuleRow) -> DraftRule | None:
    before = len(reader.faults)
    version = reader.text(f"{at}-version", row.version, gettext("版本"))
    exempt = reader.words(f"{at}-exempt", row.exempt, gettext("不计的检查来源"), Origin)
    if row.kind == "just-inspected":
        months = reader.number(f"{at}-months", row.months, gettext("月数"), 1, 120)
        if len(reader.faults) > before:
            return None
        return JustInspected(months=months or 1, exempt_origins=exempt, spares_mandatory=row.spares, version=version)
    if row.kind == "yearly-cap":
        caps = [_cap(reader, f"{at}-caps-{number}", row, number) for number in range(len(row.caps))]
        if not caps:
            reader.miss(f"{at}-caps", gettext("请至少写一类的年度次数上限"))
        if len(reader.faults) > before:
            return None
        return YearlyCap(caps=tuple(cap for cap in caps if cap is not None), exempt_origins=exempt, spares_mandatory=row.spares, version=version)
    if row.kind not in ("closed", "punished", "suspended"):
        reader.refuse(f"{at}-kind", gettext("没有“%(value)s”这种名单规则；请删去") % {"value": clip(row.kind)})
    if len(reader.faults) > before:
        return None
    if row.kind == "closed":
        return Closed(version=version)
    return (Punished if row.kind == "punished" else Suspended)(spares_mandatory=row.spares, version=version)


def _cap(reader: Reader, at: str, row: RuleRow, number: int) -> CapClass | None:
    cap = row.caps[number]
    most = reader.number(f"{at}-most", cap.most, gettext("每年至多次数"), 0, 366)
    words = {
        name: reader.words(f"{at}-{name}", getattr(cap, name), label)
        for name, label in (("risk_colours", gettext("风险等级")), ("standardisations", gettext("标准化等级")), ("sectors", gettext("行业领域")))
    }
    return None if most is None or None in words.values() else CapClass(most=most, **words)


def read_strata(reader: Reader, answers: Answers) -> dict[str, Any]:
    """Return the attributes and the strata; a draft for teams alone has none."""
    page = answers.strata
    attributes = reader.words("attributes", page.attributes, gettext("分层依据"), Attribute)
    if not page.strata and not answers.basis.teams_of:
        reader.miss("strata", gettext("请至少写一层"))
    if len(page.attributes) > 8:
        reader.refuse("attributes", gettext("分层依据至多 8 项"))
    strata = [_stratum(reader, f"strata-{number}", row) for number, row in enumerate(page.strata)]
    by: Any = attributes
    if attributes is not None and len(attributes) <= 1 and not (page.listed and attributes):
        by = attributes[0] if attributes else None
    return {"stratify_by": by, "strata": tuple(stratum for stratum in strata if stratum is not None)}


def _stratum(reader: Reader, at: str, row: StratumRow) -> DraftStratum | None:
    before = len(reader.faults)
    name = reader.text(f"{at}-name", row.name, gettext("分层名称"))
    values = reader.words(f"{at}-values", row.values, gettext("取值"))
    where = None
    if row.by_where or row.where != WhereAnswer():
        lists: dict[str, Any] = {
            field: reader.words(f"{at}-where-{field}", getattr(row.where, field), gettext("取值"))
            for field in ("area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type")
        }
        bands: dict[str, Any] = {field: reader.bands(f"{at}-where-{field}", getattr(row.where, field), gettext("区间")) for field in ("size", "recency")}
        where = None if None in lists.values() else Where(**lists, **bands)
    rule = reader.quota(f"{at}-rule", row.rule)
    rules = []
    for number, asked in enumerate(row.sections):
        section = reader.text(f"{at}-sections-{number}-section", asked.section, gettext("部门"), Label)
        its = reader.quota(f"{at}-sections-{number}-rule", asked.rule)
        if section is not None and its is not None:
            rules.append(SectionRule(section=section, rule=its))
    if not row.rule.kind and all(not asked.rule.kind for asked in row.sections):
        reader.miss(f"{at}-rule-kind", gettext("请选择这一层抽多少"))
    if len(reader.faults) > before:
        return None
    return DraftStratum(name=name, values=values, where=where, rule=rule, section_rules=tuple(rules))


def read_classes(reader: Reader, answers: Answers) -> dict[str, Any]:
    """Return the classes; one without an id gets `c` and its number."""
    if not answers.classes.classes:
        reader.miss("classes", gettext("请至少写一个类别"))
    made = [_class(reader, f"classes-{number}", row, f"c{number + 1}") for number, row in enumerate(answers.classes.classes)]
    return {"classes": tuple(one for one in made if one is not None)}


def _class(reader: Reader, at: str, row: ClassRow, number: str) -> DraftClass | None:
    before = len(reader.faults)
    id = reader.text(f"{at}-id", row.id or number, gettext("类别编号"), Id)
    name = reader.text(f"{at}-name", row.name, gettext("类别名称"))
    sectors = reader.words(f"{at}-sectors", row.sectors, gettext("行业领域"))
    seats = {
        role: tuple(_seat(reader, f"{at}-{role}-{place}", seat) for place, seat in enumerate(getattr(row, role)))
        for role in ("inspectors", "experts")
    }
    optional = reader.number(f"{at}-optional", row.optional, gettext("选查事项数"), 0, 1000, 0)
    items = []
    for place, asked in enumerate(row.section_items):
        if not asked.optional:  # of a department that draws nothing of this class by lot
            continue
        section = reader.text(f"{at}-section_items-{place}-section", asked.section, gettext("部门"), Label)
        count = reader.number(f"{at}-section_items-{place}-optional", asked.optional, gettext("选查事项数"), 0, 1000)
        if section is not None and count is not None:
            items.append(SectionItemCount(section=section, optional_items=count))
    if len(reader.faults) > before:
        return None
    return DraftClass(id=id, name=name, sectors=sectors, optional_items=optional or 0, section_items=tuple(items),
                      inspectors=tuple(s for s in seats["inspectors"] if s), experts=tuple(s for s in seats["experts"] if s))  # fmt: skip


def _seat(reader: Reader, at: str, row: SeatRow) -> DraftSeat | None:
    name = reader.text(f"{at}-name", row.name, gettext("席位名称"))
    specialities = reader.words(f"{at}-specialities", row.specialities, gettext("专业"), Word)
    section = reader.of_type(f"{at}-section", row.section, Label, gettext("部门")) if row.section else None
    return None if name is None or specialities is None else DraftSeat(name=name, specialities=specialities, lead=row.lead, section=section)


def read_numbers(reader: Reader, answers: Answers) -> dict[str, Any]:
    """Return the sources of numbers, in their order."""
    if not answers.numbers.givers:
        reader.miss("givers", gettext("请至少写一个数字来源"))
    made = [_giver(reader, f"givers-{number}", row) for number, row in enumerate(answers.numbers.givers)]
    return {"givers": tuple(one for one in made if one is not None)}


def _giver(reader: Reader, at: str, row: GiverRow) -> Any:
    before = len(reader.faults)
    values: dict[str, Any] = {}
    if row.kind not in ("dice", "drand"):
        values["label"] = reader.text(f"{at}-label", row.label, gettext("代号"), Label)
    if row.kind == "nonce":
        values["custodian"] = reader.text(f"{at}-custodian", row.custodian, gettext("封存副本的保管单位"))
    elif row.kind == "witness":
        values |= _person(reader, at, row.body, row.name, row.key)
    elif row.kind == "dice":
        values["digits"] = reader.number(f"{at}-digits", row.digits, gettext("掷骰位数"), 40, 200, 60)
        throwers = []
        for number, thrower in enumerate(row.throwers):
            place = f"{at}-throwers-{number}"
            label = reader.text(f"{place}-label", thrower.label, gettext("代号"), Label)
            throwers.append({"label": label} | _person(reader, place, thrower.body, thrower.name, thrower.key))
        if not 3 <= len(throwers) <= 20:
            reader.miss(f"{at}-throwers", gettext("掷骰人须为 3 至 20 人，现有 %(count)s 人") % {"count": len(throwers)})
        if len(reader.faults) == before:
            values["throwers"] = tuple(ThrowerName(**thrower) for thrower in throwers)
    elif row.kind == "public":
        for name, label in (("source", gettext("公共号码的名称")), ("issue", gettext("期号")), ("order", gettext("读数次序")), ("example", gettext("号码示例"))):
            values[name] = reader.text(f"{at}-{name}", getattr(row, name), label, Text)
        values["digits"] = reader.number(f"{at}-digits", row.digits, gettext("位数"), 1, 200)
    elif row.kind != "drand":
        reader.refuse(f"{at}-kind", gettext("没有“%(value)s”这种数字来源；请删去") % {"value": clip(row.kind)})
    if len(reader.faults) > before:
        return None
    kinds: dict[str, Any] = {"nonce": NonceGiver, "witness": WitnessGiver, "dice": DiceGiver, "public": PublicGiver, "drand": DrandGiver}
    return kinds[row.kind](**values)


def _person(reader: Reader, at: str, body: str, name: str, key: str) -> dict[str, Any]:
    return {
        "body": reader.text(f"{at}-body", body, gettext("单位")), "name": reader.text(f"{at}-name", name, gettext("姓名")),
        "key": reader.of_type(f"{at}-key", key, Key, gettext("公钥")) if key else None,
    }  # fmt: skip
