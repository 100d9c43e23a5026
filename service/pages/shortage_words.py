"""Why teams cannot be drawn, in plain words, Chinese and English: seats, people, rules, and what would help.

The facts are those of `selection.shortage`. What the law excludes is named, and never proposed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from selection.shortage import Lift, ShortagePart
from selection.teams import node_limit
from selection.transcript import Certificate
from service.language import SOURCE, current_language

__all__ = ["Naming", "Shortfall", "Words", "missing_words", "outcome_words", "words_of"]

SHOWN = 5  # names in one enumeration; the rest is counted


class Naming(Struct, frozen=True):
    """What seats, people and targets are called; public pages give ids, staff pages names. `role` is inspector or expert."""

    target: Callable[[str], str]
    person: Callable[[str], str]
    seat: Callable[[str, int], str]  # of a target, by number
    role: str = "inspector"


class Words(Struct, frozen=True):
    """One statement in both languages."""

    zh: str
    en: str

    @property
    def said(self) -> str:
        """The statement in the language being spoken."""
        return self.zh if current_language() == SOURCE else self.en


class Shortfall(Struct, frozen=True):
    """One part of the shortage: what is missing, who was left out and why, what would help, and what the law forbids."""

    missing: Words
    excluded: Words | None
    helps: Words
    forbidden: Words | None


# reason of selection.shortage -> (why somebody is no candidate, what would have to change)
_REASONS: Mapping[str, tuple[Words, Words]] = {
    "role": (Words("角色不符", "another role"), Words("改由其担任这一角色", "giving the role to")),
    "section": (Words("属于其他部门", "of another department"), Words("改由其部门承担", "letting their department take the seat:")),
    "code": (Words("缺少所需资格或专业", "lacking the qualification"), Words("取得所需资格或专业", "qualifying")),
    "area": (Words("不合区域规则", "barred by the area rule"), Words("放宽区域规则", "widening the area rule for")),
    "conflict": (Words("依法回避", "recused by law"), Words("", "")),
    "apart": (Words("不得与组内已有的人同组", "kept apart from a team mate"), Words("", "")),
}


def words_of(parts: Sequence[ShortagePart], naming: Naming) -> tuple[Shortfall, ...]:
    """Return each part of a shortage in words."""
    return tuple(
        Shortfall(missing_words(part.certificate, naming), _excluded(part), _helps(part, naming), _forbidden(part, naming)) for part in parts
    )


def outcome_words(outcome: str, seats: int, places: int) -> Words | None:
    """Return why there are no teams although no seat alone lacks people; None for any other outcome. `seats` 0: not counted."""
    count, count_en = f"{seats} 个席位" if seats else "各席位", f"Each of the {seats} seats" if seats else "Each seat"
    more = -(-places // 20)
    remedy = Words(
        f"办法：把各人的名额合计从 {places} 个增加到 {places + more} 个左右（多 5%），或核对“不得同组”的登记是否都有必要，再单独补抽检查组。",
        f"Remedy: raise the places of all people together from {places} to about {places + more} (5 % more), or check whether"
        " every pair kept apart has to be; then draw the teams alone.",
    )
    if outcome == "IMPOSSIBLE_PAIRS":
        return Words(
            f"{count}逐一看都有人可派，但有人不得同组，全部排法都试过，没有一种能配齐。{remedy.zh}",
            f"{count_en} can be filled on its own, but with the people who are kept apart no way to fill all of them"
            f" exists; every way was tried. {remedy.en}",
        )
    if outcome == "SEARCH_LIMIT":
        limit = f"{node_limit(seats)} 步（{seats} 个席位的上限）" if seats else "规则所定的上限那么多步"
        limit_en = f"{node_limit(seats)} choices were tried (the limit for {seats} seats)" if seats else "choices were tried up to the limit"
        return Words(
            f"因有人不得同组，按规定的次序试了{' ' if seats else ''}{limit}，没有找到能配齐的排法；这不证明没有。{remedy.zh}",
            f"With people kept apart, {limit_en} in the order of the rule, and none led to complete teams; that does not prove"
            f" that there are none. {remedy.en}",
        )
    return None


def _list(names: Iterable[str], unit: str = "人") -> Words:
    every = list(names)
    rest = len(every) - SHOWN
    zh, en = "、".join(every[:SHOWN]), ", ".join(every[:SHOWN])
    return Words(f"{zh} 等 {len(every)} {unit}", f"{en} and {rest} more") if rest > 0 else Words(zh, en)


def _seats(found: Certificate, naming: Naming) -> Words:
    by_target: dict[str, list[int]] = {}
    for seat in found.seats:
        by_target.setdefault(seat.target, []).append(seat.seat)
    # Targets of which the same seats are meant are named together.
    zh, en = dict[str, list[str]](), dict[str, list[str]]()
    for target, numbers in by_target.items():
        zh.setdefault("、".join(naming.seat(target, n) for n in numbers), []).append(naming.target(target))
        words = f"{'seat' if len(numbers) == 1 else 'seats'} {' and '.join(map(str, numbers))}"
        en.setdefault(words, []).append(naming.target(target))
    return Words(
        "；".join(f"{_list(targets, '户').zh}的{seats}" for seats, targets in zh.items()),
        "; ".join(f"{seats} of {_list(targets).en}" for seats, targets in en.items()),
    )


def missing_words(found: Certificate, naming: Naming) -> Words:
    """Return what a certificate says: these seats, the only people for them, how many they fill, how many are short."""
    seats, count = _seats(found, naming), len(found.seats)
    people = _list(f"{naming.person(p.person)}（名额 {p.places}）" for p in found.people).zh
    people_en = _list(f"{naming.person(p.person)} ({_number(p.places, 'place')})" for p in found.people).en
    pairs: dict[str, list[str]] = {}
    for pair in found.pairs:
        pairs.setdefault(pair.target, []).append(naming.person(pair.person))
    once = [
        f"在{naming.target(target)}只有{_list(names).zh}可以担任{'其中' if found.people else ''}，同一人在一户只能占一席"
        for target, names in pairs.items()
    ]
    once_en = [
        f"at {naming.target(target)} only {_list(names).en}, who can take one of the seats there{' each' if len(names) > 1 else ''}"
        for target, names in pairs.items()
    ]
    if not found.people and len(pairs) == 1 and len({seat.target for seat in found.seats}) == 1:
        [names] = pairs.values()
        # The one case in which nobody's places are short: the people are, for a seat each is all that one person can take.
        return Words(
            f"{seats.zh}只有{_list(names).zh}可以担任，而一人在一户只能占一席。缺 {found.short} 席。",
            f"{seats.en} have only {_list(names).en}, who can take one of them{' each' if len(names) > 1 else ''}."
            f" {_number(found.short, 'seat')} short.",
        )
    supply = [f"只有{people}可以担任，名额合计 {sum(p.places for p in found.people)} 个"] if found.people else []
    supply_en = [f"only {people_en} may take them"] if found.people else []
    who = "；".join([*supply, *once[:SHOWN]]) or "没有人可以担任"
    who_en = "; ".join([*supply_en, *once_en[:SHOWN]]) or "nobody may take them"
    total = f"，合起来至多配 {found.supply} 席" if found.supply and ((found.people and pairs) or len(pairs) > 1) else ""
    total_en = f"; together they fill at most {found.supply}" if total else ""
    return Words(
        f"{seats.zh}，共 {count} 席：{who}{total}。缺 {found.short} 席。",
        f"{seats.en}, {_number(count, 'seat')} in all: {who_en}{total_en}. {_number(found.short, 'seat')} short.",
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _excluded(part: ShortagePart) -> Words | None:
    if not part.excluded:
        return None
    zh = "，".join(f"{_REASONS[e.reason][0].zh} {e.people} 人" for e in part.excluded)
    en = ", ".join(f"{_REASONS[e.reason][0].en} {e.people}" for e in part.excluded)
    return Words(f"不能担任这些席位的人：{zh}。", f"Who may not take these seats: {en}.")


def _helps(part: ShortagePart, naming: Naming) -> Words:
    zh, en = [], []
    if part.certificate.people:
        people = [naming.person(p.person) for p in part.certificate.people]
        several = "中的任何一人" if len(people) > 1 else ""
        zh.append(f"给{_list(people).zh}{several}增加一个名额")
        en.append(f"one more place for {'any of ' if len(people) > 1 else ''}{_list(people).en}")
    grouped: dict[tuple[str, ...], list[Lift]] = {}
    for lift in part.offered:
        if "role" not in lift.reasons:
            grouped.setdefault(lift.reasons, []).append(lift)
    for reasons, lifts in grouped.items():
        change = "并".join(_REASONS[reason][1].zh for reason in reasons)
        change_en = " and ".join(_REASONS[reason][1].en for reason in reasons)
        zh.append(f"{change}：{_lifts(lifts, naming).zh}")
        en.append(f"{change_en} {_lifts(lifts, naming).en}")
    if not zh:
        zh, en = ["增加一名能够担任的人员"], ["one more person who may take one of these seats"]
    return Words(f"下列任何一项都能多配一席：{'；'.join(zh)}。", f"Any one of these fills one more seat: {'; '.join(en)}.")


def _lifts(lifts: Sequence[Lift], naming: Naming) -> Words:
    """Return who, and where if it is one place; otherwise in how many."""
    at: dict[str, list[str]] = {}
    for lift in lifts:
        at.setdefault(lift.person, []).append(f"{naming.target(lift.target)}的{naming.seat(lift.target, lift.seat)}")
    counts = {len(seats) for seats in at.values()}
    if len(counts) == 1 and (count := counts.pop()) > 1:
        people = _list(map(naming.person, at))
        return Words(f"{people.zh}（{count} 席中的任何一席）", f"{people.en} (any of {count} seats)")
    zh = [f"{naming.person(p)}（{seats[0] if len(seats) == 1 else f'{len(seats)} 席中的任何一席'}）" for p, seats in at.items()]
    first = {lift.person: lift for lift in lifts}
    en = [
        f"{naming.person(p)} ({f'seat {first[p].seat} of {naming.target(first[p].target)}' if len(s) == 1 else f'any of {len(s)} seats'})"
        for p, s in at.items()
    ]
    return Words(_list(zh).zh, _list(en).en)


def _forbidden(part: ShortagePart, naming: Naming) -> Words | None:
    people = list(dict.fromkeys(naming.person(lift.person) for lift in part.legal))
    if not people:
        return None
    return Words(
        f"{_list(people).zh}须依法回避，或与组内的人不得同组；这里只说明情况，不得为配席而放开。",
        f"{_list(people).en}: recused by law, or kept apart from a team mate; stated here, never to be lifted to fill a seat.",
    )
