"""The plans of a bureau among one another: numbers, attempts, the chain, one task at a time, teams alone (findings 1 to 7)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import UNSET

from disclosure.monitoring.archive import Archive
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.record import Draw, Entry
from selection.errors import SelectionError
from selection.plan import Former
from selection.pool import parse_listed

__all__ = ["Plans"]


class Plans:
    """What was planned so far. `draws` are all draws by S; they are shared with the other groups of rules."""

    def __init__(self, archive: Archive, draws: Mapping[str, Draw]) -> None:
        self._archive, self._draws = archive, draws
        self._attempts: defaultdict[tuple[str, int, int], dict[int, Draw]] = defaultdict(dict)
        self._newest: dict[str, Draw] = {}
        self._of_task: defaultdict[tuple[str, str], list[Draw]] = defaultdict(list)

    def observe(self, draw: Draw) -> Iterator[Finding]:
        """Yield what is wrong with a plan, given all plans before it."""
        yield from self._number(draw)
        if draw.identity is not None:
            yield from self._chain(draw, draw.identity.bureau)
        yield from self._alone(draw)
        if draw.plan is not None and draw.plan.rehearsal:
            yield draw.entry.finding(
                "rehearsal-logged", draw.id, "计划注明是演练；演练不得进入日志", "the plan is a rehearsal; none ever stands in a log"
            )
        if draw.plan is not None and draw.plan.teams_of is not UNSET:
            yield from self._teams(draw, draw.plan.teams_of)

    def again(self, draw: Draw, entry: Entry) -> Iterator[Finding]:
        """Yield that a plan stands in the log a second time."""
        yield _doubled(entry, draw)

    def finish(self) -> Iterator[Finding]:
        """Yield the numbers and attempts that no plan has."""
        years: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for (bureau, year, number), attempts in sorted(self._attempts.items()):
            years[bureau, year].append(number)
            for attempt, missing in _gaps(sorted(attempts)):
                yield _missing(attempts[attempt], f"{bureau}-{year}-{number} 的第 {missing} 次", f"attempt {missing}")
        for (bureau, year), numbers in sorted(years.items()):
            for number, missing in _gaps(numbers):
                plan = next(iter(self._attempts[bureau, year, number].values()))
                yield _missing(plan, f"{bureau} {year} 年的编号 {missing}", f"number {missing} of {bureau} in {year}")

    def _number(self, draw: Draw) -> Iterator[Finding]:
        if (identity := draw.identity) is None:
            return
        attempts = self._attempts[identity.bureau, identity.year, identity.number]
        if (other := attempts.get(identity.attempt)) is not None:
            yield _doubled(draw.entry, other)
            return
        attempts[identity.attempt] = draw
        former = attempts.get(identity.attempt - 1)
        if former is not None and former.void is None:
            yield draw.entry.finding(
                "attempt-unvoided", draw.id, f"另起一次抽取，但前一次 {former.id} 此时没有作废；应先作废",
                f"a new attempt, but {former.id} was not voided before; an attempt follows only a void",
            )  # fmt: skip

    def _chain(self, draw: Draw, bureau: str) -> Iterator[Finding]:
        before = self._newest.get(bureau)
        self._newest[bureau] = draw
        expected = None if before is None else before.s
        if draw.plan is not None and draw.plan.previous != expected:
            yield draw.entry.finding(
                "chain-broken", draw.id, f"计划所称前一计划是 {draw.plan.previous or '无'}，日志中前一计划是 {expected or '无'}",
                f"the plan names {draw.plan.previous} as the one before; in the log that is {expected}",
            )  # fmt: skip

    def _alone(self, draw: Draw) -> Iterator[Finding]:
        if draw.plan is None:
            return
        of_task = self._of_task[draw.plan.bureau, draw.plan.task.id]
        of_task[:] = [other for other in of_task if not other.finished]
        for other in of_task:
            yield draw.entry.finding(
                "two-unfinished", draw.id, f"任务 {draw.plan.task.id} 的批次 {other.id} 此时既无结果也未作废；同一任务须逐批进行",
                f"{other.id} of the same task {draw.plan.task.id} has neither an outcome nor a void yet; a task has one at a time",
            )  # fmt: skip
        of_task.append(draw)

    def _teams(self, draw: Draw, of: Former) -> Iterator[Finding]:
        def wrong(zh: str, en: str) -> Finding:
            return draw.entry.finding("former-wrong", draw.id, zh, en)

        former = self._draws.get(of.plan)
        if former is None or former.id != of.draw:
            found = "没有" if former is None else former.id
            yield wrong(f"计划 {of.plan} 不是批次 {of.draw} 的计划（日志中：{found}）",
                        f"{of.plan} is not the plan of {of.draw} in the log ({found} there)")  # fmt: skip
            return
        if former.result != of.result:
            yield wrong(f"批次 {of.draw} 已公开的结果是 {former.result or '无'}，计划所称是 {of.result}",
                        f"the result of {of.draw} shown so far is {former.result}; the plan names {of.result}")  # fmt: skip
        standing = [other for other in former.teams if other.void is None]
        if standing:
            yield wrong(f"批次 {of.draw} 的检查组已由 {standing[0].id} 补抽，未作废",
                        f"teams for {of.draw} are drawn by {standing[0].id}, which was not voided")  # fmt: skip
        former.teams.append(draw)
        yield from self._excluded(draw, former)

    def _excluded(self, draw: Draw, former: Draw) -> Iterator[Finding]:
        assert draw.plan is not None
        data = self._archive.blob(draw.plan.blobs.excluded.sha256, draw.id)
        if data is None:
            return
        ended: set[str] = set()
        step: Draw | None = former
        seen: set[str] = set()
        while step is not None and step.s not in seen:  # teams drawn for teams drawn: up to the draw of the targets
            ended |= step.ended
            seen.add(step.s)
            of = UNSET if step.plan is None else step.plan.teams_of
            step = None if of is UNSET else self._draws.get(of.plan)
        try:
            excluded = parse_listed("excluded", data)
        except SelectionError as error:
            self._archive.miss(draw.id, f"排除名单无法读取：{error}", f"the list `excluded` cannot be read: {error}")
            return
        for row in excluded:
            if row.target not in ended:
                yield draw.entry.finding(
                    "former-wrong", draw.id, f"{row.target} 被排除在补抽之外，但此前没有对它的递补",
                    f"{row.target} is left out of the teams, but no replacement ended it before",
                )  # fmt: skip


def _gaps(numbers: list[int]) -> Iterator[tuple[int, str]]:
    """Yield (the number after the gap, the missing ones in words) of ascending `numbers`, which should run 1, 2, …"""
    for before, number in zip([0, *numbers], numbers, strict=False):
        if number > before + 1:
            yield number, f"{before + 1}" if number == before + 2 else f"{before + 1}–{number - 1}"


def _doubled(entry: Entry, other: Draw) -> Finding:
    return entry.finding(
        "number-doubled", other.id, f"编号 {other.id} 已由第 {other.entry.index} 号条目的计划 {other.s} 使用",
        f"{other.id} is the number of the plan {other.s} at entry {other.entry.index} already",
    )  # fmt: skip


def _missing(after: Draw, zh: str, en: str) -> Finding:
    return after.entry.finding(
        "number-missing", after.id, f"日志中没有{zh}，其后的 {after.id} 却在", f"{en} is nowhere in the log, though {after.id} is"
    )
