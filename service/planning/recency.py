"""What a rule about recently inspected firms does over many years: a simulation anyone can repeat.

Every year of every repetition is a draw with its own key, in the order of `selection`; nothing else is random:

    S         = SHA256hex(seed text)
    draw_key  = of S and the one line  recency:<repetition from 1>:<year from 1>
    ids       = firm-1 … firm-N, stage `targets`

so two rules asked with one seed meet the same tickets. Counts are integers and shares exact fractions, never floats.
Permanent numbers are here to be compared with, not to be chosen: whoever knows them knows every later draw.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

from msgspec import Struct

from selection.keys import digest_of, draw_key, stage_key
from selection.order import first, in_order
from selection.plan import Percent
from selection.quota import count_quota
from service.errors import Invalid

__all__ = ["MAXIMUM_TICKETS", "FrequencyCap", "FreshDraw", "Group", "History", "Outcome", "PermanentNumbers", "Question",
           "RecencyStrata", "Rule", "Share", "faults_of", "groups_of", "places_of", "simulate", "stage_of"]  # fmt: skip

# About ten seconds of one core; N = 2,000 over 20 years is 40,000 tickets per repetition.
MAXIMUM_TICKETS = 12_000_000
MAXIMUM_YEARS, MAXIMUM_REPETITIONS, MAXIMUM_SEED = 50, 100, 200
NEVER = -1_000_000


class Share(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a whole as an exact fraction: above 0, at most 1."""

    numerator: int
    denominator: int


class FreshDraw(Struct, frozen=True, forbid_unknown_fields=True, tag="fresh"):
    """Every year all firms, whatever happened before."""


class FrequencyCap(Struct, frozen=True, forbid_unknown_fields=True, tag="cap"):
    """Who was inspected in one of the last `years` years is excluded."""

    years: int


class RecencyStrata(Struct, frozen=True, forbid_unknown_fields=True, tag="strata"):
    """Two strata: `share` of the places for firms not inspected for more than `years` years, the rest for all others.

    The split is rounded half up. A stratum smaller than its places is drawn whole and its other places go to the other
    one, so the year's total is kept: in the first year nobody was inspected and one stratum is empty.
    """

    share: Share
    years: int


class PermanentNumbers(Struct, frozen=True, forbid_unknown_fields=True, tag="permanent"):
    """One order for ever; each year takes the next places of it, and after the last the first again."""


Rule: TypeAlias = FreshDraw | FrequencyCap | RecencyStrata | PermanentNumbers


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked: `share` of `firms` every year (rounded half up), for `years` years, `repetitions` times over."""

    firms: int
    share: Share
    years: int
    rule: Rule
    seed: str
    repetitions: int = 5


class Group(Struct, frozen=True):
    """Firms (numbers from 0) among whom `places` are drawn with equal chances in one year. Who is in none is safe."""

    members: Sequence[int]
    places: int


class Outcome(Struct, frozen=True):
    """What happened, summed over the repetitions; "next year" is the year after the last one that was simulated.

    `by_count[n]` firms were inspected n times. `repeats` of the `later_visits` (those from the third year on) met a
    firm that was inspected in one of the two years before. `unfilled` visits found no firm that the rule lets be
    drawn. `safe` firms cannot be drawn next year and `certain` ones must be, which whoever knows the rule and the past
    knows too. `lowest` and `highest` are the chances next year of those in between or certain, over places/firms.
    """

    places: int
    cases: int  # firms × repetitions
    visits: int
    unfilled: int
    by_count: tuple[int, ...]
    later_visits: int
    repeats: int
    safe: int
    certain: int
    lowest: Fraction
    highest: Fraction

    @property
    def never(self) -> Fraction:
        """The share of firms never inspected."""
        return Fraction(self.by_count[0], self.cases)

    @property
    def most(self) -> int:
        """How often the most inspected firm was inspected."""
        return len(self.by_count) - 1

    @property
    def repeated(self) -> Fraction:
        """The share of the visits from the third year on that met a firm inspected in one of the two years before."""
        return Fraction(self.repeats, self.later_visits) if self.later_visits else Fraction(0)

    @property
    def knows_safe(self) -> Fraction:
        """The share of firms that know they cannot be drawn next year."""
        return Fraction(self.safe, self.cases)

    @property
    def knows_certain(self) -> Fraction:
        """The share of firms that know they will be drawn next year."""
        return Fraction(self.certain, self.cases)


class History:
    """What is remembered of one run of years."""

    def __init__(self, firms: int) -> None:
        self.last = [NEVER] * firms
        self.count = [0] * firms
        self.visits = self.later_visits = self.repeats = 0

    def record(self, year: int, inspected: Iterable[int]) -> None:
        """Note the visits of `year`; years begin at 1 and come in order."""
        for firm in inspected:
            self.visits += 1
            if year > 2:
                self.later_visits += 1
                self.repeats += year - self.last[firm] <= 2
            self.last[firm] = year
            self.count[firm] += 1


def places_of(question: Question) -> int:
    """Return how many firms are inspected every year."""
    share = question.share
    return count_quota(Percent(denominator=share.denominator, numerator=share.numerator), question.firms)


def stage_of(seed: str, repetition: int, year: int) -> str:
    """Return the stage key of one simulated year, both numbers from 1; year 0 is the order of permanent numbers."""
    return stage_key(draw_key(digest_of(seed.encode()), [f"recency:{repetition}:{year}"]), "targets")


def groups_of(rule: Rule, places: int, year: int, last: Sequence[int], permanent: Sequence[int]) -> list[Group]:
    """Return the groups of `year` for firms last inspected in the years `last` (NEVER for never); they do not overlap.

    `permanent` is the order of permanent numbers and not looked at under other rules.
    """
    firms = range(len(last))
    if isinstance(rule, FreshDraw):
        return [Group(firms, places)]
    if isinstance(rule, FrequencyCap):
        free = [firm for firm in firms if year - last[firm] > rule.years]
        return [Group(free, min(places, len(free)))]
    if isinstance(rule, RecencyStrata):
        long_ago = [firm for firm in firms if year - last[firm] > rule.years]
        others = [firm for firm in firms if year - last[firm] <= rule.years]
        split = Percent(denominator=rule.share.denominator, numerator=rule.share.numerator)
        wanted = count_quota(split, places)
        of_others = min(places - min(wanted, len(long_ago)), len(others))
        return [Group(long_ago, places - of_others), Group(others, of_others)]
    start = (year - 1) * places % len(last)
    return [Group([permanent[(start + n) % len(last)] for n in range(places)], places)]


def simulate(question: Question) -> Outcome:
    """Return what the rule does. Raises Invalid, naming every fault, for a question that cannot be asked."""
    if faults := faults_of(question):
        raise Invalid("；".join(zh for zh, _ in faults), "; ".join(en for _, en in faults),
                      tuple(en for _, en in faults))  # fmt: skip
    names = [f"firm-{n}" for n in range(1, question.firms + 1)]
    place = {name: n for n, name in enumerate(names)}
    places = places_of(question)
    counts, chances = Counter[int](), set[Fraction]()
    visits = later_visits = repeats = safe = certain = 0
    for repetition in range(1, question.repetitions + 1):
        history, permanent = History(question.firms), list[int]()
        if isinstance(question.rule, PermanentNumbers):
            permanent = [place[name] for _, name in in_order(stage_of(question.seed, repetition, 0), names)]
        for year in range(1, question.years + 1):
            stage = stage_of(question.seed, repetition, year)
            inspected = list[int]()
            for group in groups_of(question.rule, places, year, history.last, permanent):
                if group.places == len(group.members):
                    inspected.extend(group.members)
                else:
                    drawn = first(stage, [names[firm] for firm in group.members], group.places)
                    inspected.extend(place[name] for _, name in drawn)
            history.record(year, inspected)
        counts.update(history.count)
        visits += history.visits
        later_visits += history.later_visits
        repeats += history.repeats
        open_groups = [
            group
            for group in groups_of(question.rule, places, question.years + 1, history.last, permanent)
            if group.places
        ]
        safe += question.firms - sum(len(group.members) for group in open_groups)
        certain += sum(group.places for group in open_groups if group.places == len(group.members))
        chances.update(Fraction(group.places, len(group.members)) for group in open_groups)
    mean = Fraction(places, question.firms)
    return Outcome(
        places=places,
        cases=question.firms * question.repetitions,
        visits=visits,
        unfilled=places * question.years * question.repetitions - visits,
        by_count=tuple(counts[n] for n in range(max(counts) + 1)),
        later_visits=later_visits,
        repeats=repeats,
        safe=safe,
        certain=certain,
        lowest=min(chances, default=Fraction(0)) / mean,
        highest=max(chances, default=Fraction(0)) / mean,
    )


def _is_share(share: Share) -> bool:
    return share.denominator >= 1 and 1 <= share.numerator <= share.denominator


def faults_of(question: Question) -> list[tuple[str, str]]:
    """Return what is wrong with a question, each fault in Chinese and English; empty if it can be asked."""
    rule, faults = question.rule, list[tuple[str, str]]()

    def within(value: int, most: int, zh: str, en: str) -> None:
        if not 1 <= value <= most:
            faults.append((f"{zh}须为 1 至 {most:,}，不是 {value:,}", f"{en} is 1 to {most:,}, not {value:,}"))

    within(question.firms, MAXIMUM_TICKETS, "企业数", "the number of firms")
    within(question.years, MAXIMUM_YEARS, "年数", "the number of years")
    within(question.repetitions, MAXIMUM_REPETITIONS, "重复次数", "the number of repetitions")
    within(len(question.seed), MAXIMUM_SEED, "种子文字的长度", "the length of the seed text")
    if isinstance(rule, FrequencyCap | RecencyStrata):
        within(rule.years, MAXIMUM_YEARS, "规则中的年数", "the number of years in the rule")
    if isinstance(rule, RecencyStrata) and not _is_share(rule.share):
        faults.append(_share_fault("分给久未检查企业的份额", "the share of places for firms not seen for long", rule.share))
    if not _is_share(question.share):
        faults.append(_share_fault("每年抽查比例", "the yearly share", question.share))
    if faults:
        return faults
    if not places_of(question):
        faults.append(("按此比例每年一家也抽不到，请提高比例", "at this share no firm is drawn in any year; raise it"))
    work = question.firms * question.years * question.repetitions
    if work > MAXIMUM_TICKETS:
        faults.append((
            f"企业数×年数×重复次数为 {work:,}，超过 {MAXIMUM_TICKETS:,}，请减少重复次数或企业数（比例不变，结果几乎相同）",
            f"firms × years × repetitions is {work:,}, over {MAXIMUM_TICKETS:,}; ask for fewer repetitions or firms",
        ))  # fmt: skip
    return faults


def _share_fault(zh: str, en: str, share: Share) -> tuple[str, str]:
    found = f"{share.numerator}/{share.denominator}"
    return f"{zh}须大于 0 且不超过 1，不是 {found}", f"{en} is above 0 and at most 1, not {found}"
