"""What keeps a plan from being submitted: everything at once, with the part of the plan that mends it. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct

from selection.errors import PlanError
from selection.plan import LargestRemainder
from selection.quota import count_quota
from service.annual_plan.content import AnnualPlan, Entry
from service.annual_plan.tasks import is_plan_id
from service.annual_plan.working_time import budget_faults
from service.drafts import Scope
from service.language import gettext

__all__ = ["Known", "PlanFault", "plan_faults"]

BASIS: Final = "basis"
TIME: Final = "time"


class PlanFault(Struct, frozen=True):
    """One fault in words; `part` is "basis", "time", "" (no task yet) or the id of a task."""

    part: str
    words: str


class Known(Struct, frozen=True):
    """What a plan is judged by: items of the registry that are in force, departments by label, and statutory days if the year is loaded."""

    items: Mapping[str, str]
    sections: Mapping[str, str]
    statutory: int | None


def plan_faults(plan: AnnualPlan, known: Known) -> list[PlanFault]:
    """Return every fault in the order of the plan."""
    faults = [PlanFault(BASIS, words) for words in _basis(plan, known)]
    if plan.time is not None:
        faults += [PlanFault(TIME, words) for _, words in budget_faults(plan.time, known.statutory)]
    if not plan.entries:
        faults.append(PlanFault("", gettext("还没有任务")))
    twice = {id for id, count in Counter(entry.id for entry in plan.entries).items() if count > 1}
    for entry in plan.entries:
        faults += [PlanFault(entry.id, words) for words in _entry(plan, entry, known, twice)]
    return faults


def _sections(labels: Collection[str], known: Known) -> Iterator[str]:
    for label in labels:
        if label not in known.sections:
            yield gettext("没有部门 %(label)s，或已停用") % {"label": label}


def _basis(plan: AnnualPlan, known: Known) -> Iterator[str]:
    yield from _sections(plan.sections, known)
    if plan.first > plan.last:
        yield gettext("实施期间的开始日 %(first)s 晚于结束日 %(last)s") % {"first": plan.first, "last": plan.last}
    elif plan.first.year != plan.year:
        yield gettext("实施期间须在 %(year)s 年开始") % {"year": plan.year}


def _entry(plan: AnnualPlan, entry: Entry, known: Known, twice: Collection[str]) -> Iterator[str]:
    if not is_plan_id(entry.id, plan.year):
        yield gettext("任务编号须以“%(year)s-”开头，且不能像临时任务那样写成“%(year)s-t1”") % {"year": plan.year}
    if entry.id in twice:
        yield gettext("另有一个任务也用编号 %(id)s") % {"id": entry.id}
    yield from _sections(entry.sections, known)
    if not entry.items:
        yield gettext("没有选检查事项：未经公布的事项不得检查")
    for item in entry.items:
        if item.id not in known.items:
            yield gettext("事项 %(id)s（%(name)s）不在事项清单里，或已失效") % {"id": item.id, "name": item.name}
    yield from _batches(plan, entry)
    if entry.origin == "plan-key":
        yield from _key(entry)
    else:
        yield from _drawn(entry)


def _batches(plan: AnnualPlan, entry: Entry) -> Iterator[str]:
    if not entry.batches:
        yield gettext("没有批次：至少写一批的起止日期和户数")
    for number, batch in enumerate(entry.batches, 1):
        if batch.first > batch.last:
            yield gettext("第 %(number)s 批的开始日晚于结束日") % {"number": number}
        elif plan.first <= plan.last and not plan.first <= batch.first <= batch.last <= plan.last:
            yield gettext("第 %(number)s 批（%(first)s 至 %(last)s）超出计划的实施期间") % {
                "number": number, "first": batch.first, "last": batch.last,
            }  # fmt: skip
        if batch.visits == 0:
            yield gettext("第 %(number)s 批的户数是 0") % {"number": number}


def _key(entry: Entry) -> Iterator[str]:
    if not entry.key_targets:
        yield gettext("重点检查须逐户写明企业和理由")
    for target, count in Counter(one.target for one in entry.key_targets).items():
        if count > 1:
            yield gettext("企业 %(target)s 写了 %(count)s 次") % {"target": target, "count": count}
    if entry.strata or entry.directed or entry.scope != Scope():
        yield gettext("重点检查不抽取，不写抽查范围和分层")


def _drawn(entry: Entry) -> Iterator[str]:
    if entry.key_targets:
        yield gettext("双随机抽查不点名企业；要点名的另列重点检查任务")
    if entry.directed and entry.scope == Scope():
        yield gettext("定向抽查须写明按什么筛选")
    if not entry.directed and entry.scope != Scope():
        yield gettext("不定向抽查不筛选对象；要筛选的请选定向")
    if not entry.strata:
        yield gettext("没有写抽查比例或户数")
    values = Counter(value for stratum in entry.strata for value in set(stratum.values))
    for value in (value for value, count in values.items() if count > 1):
        yield gettext("取值“%(value)s”同时属于两层") % {"value": value}
    if sum(not stratum.values for stratum in entry.strata) > 1:
        yield gettext("只能有一层不写取值（其余各类）")
    if entry.stratify_by is None and any(stratum.values for stratum in entry.strata):
        yield gettext("写了各层取值，却没有选按什么分层")
    if len({stratum.name for stratum in entry.strata}) < len(entry.strata):
        yield gettext("两层同名")
    for stratum in entry.strata:
        if stratum.rule is None:
            yield gettext("分层“%(name)s”没有写抽多少") % {"name": stratum.name}
        elif not isinstance(stratum.rule, LargestRemainder):
            try:
                count_quota(stratum.rule, 0)
            except PlanError:
                yield gettext("分层“%(name)s”的比例须在 0 与 100%% 之间，期次须在期数之内") % {"name": stratum.name}
