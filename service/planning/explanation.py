"""What a rule about recently inspected firms does, in plain words: one sentence per figure, Chinese and English."""

from fractions import Fraction

from msgspec import Struct

from service.language import SOURCE, current_language
from service.planning.recency import (
    FrequencyCap,
    FreshDraw,
    Outcome,
    Question,
    RecencyStrata,
    Rule,
    Share,
    places_of,
)

__all__ = ["Sentence", "describe", "explain", "hundredths", "percent"]


class Sentence(Struct, frozen=True):
    """One sentence in both languages."""

    zh: str
    en: str

    @property
    def said(self) -> str:
        """The sentence in the language being spoken."""
        return self.zh if current_language() == SOURCE else self.en


def percent(share: Fraction) -> str:
    """Return a share of 1 in per cent with one decimal, halves up, from integers: 1/8 is "12.5", 1 is "100.0".

    What is not nothing is not written as nothing: a share above 0 that rounds to it is "<0.1", one below 1 ">99.9".
    """
    thousandths = _half_up(share * 1000)
    if share > 0 and thousandths == 0:
        return "<0.1"
    if share < 1 and thousandths == 1000:
        return ">99.9"
    return f"{thousandths // 10}.{thousandths % 10}"


def hundredths(ratio: Fraction) -> str:
    """Return a ratio with two decimals, halves up, from integers: 10/9 is "1.11"."""
    found = _half_up(ratio * 100)
    return f"{found // 100}.{found % 100:02d}"


def _half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _share(share: Share) -> str:
    return f"{share.numerator}/{share.denominator}" if 100 % share.denominator else f"{share.numerator * 100 // share.denominator}%"


def describe(rule: Rule) -> Sentence:
    """Return the rule itself in one sentence."""
    if isinstance(rule, FreshDraw):
        return Sentence("每年从全部企业中重新抽取，不看以往。", "Every year all firms are drawn from afresh, whatever happened before.")
    if isinstance(rule, FrequencyCap):
        return Sentence(
            f"最近 {rule.years} 年内查过的企业不再进入名单。",
            f"Firms inspected in the last {_years(rule.years)} are left out.",
        )
    if isinstance(rule, RecencyStrata):
        return Sentence(
            f"{_share(rule.share)} 的名额给超过 {rule.years} 年未查的企业，其余名额给其他企业；一层企业不足时，余下的名额归另一层。",
            f"{_share(rule.share)} of the places go to firms not inspected for more than {_years(rule.years)}, the rest"
            " to all others; places that one stratum cannot fill go to the other.",
        )
    return Sentence(
        "每家企业终身一个号码，每年按号码依次轮换（仅作比较，不可采用）。",
        "Every firm has one number for ever and the years take turns by number (to compare with, not to use).",
    )


def explain(question: Question, outcome: Outcome) -> tuple[Sentence, ...]:
    """Return what the rule is and what it did, most telling first; sentences that would say nothing are left out."""
    years, sentences = question.years, [describe(question.rule)]
    add = sentences.append
    add(Sentence(
        f"{question.firms:,} 家企业，每年抽 {places_of(question):,} 家，模拟 {years} 年，重复 {question.repetitions} 次；人人可用种子文字重算。",
        f"{question.firms:,} firms, {places_of(question):,} inspected every year, {_years(years)} simulated"
        f" {_times(question.repetitions)}; anyone can repeat it from the seed text.",
    ))  # fmt: skip
    if outcome.by_count[0]:
        add(Sentence(
            f"{years} 年后仍有 {percent(outcome.never)}% 的企业从未被查。",
            f"After {_years(years)}, {percent(outcome.never)}% of the firms were never inspected.",
        ))  # fmt: skip
    else:
        add(Sentence(f"{years} 年内每家企业都至少被查过一次。", f"Within {_years(years)} every firm was inspected at least once."))
    add(Sentence(
        f"被查最多的企业共被查 {outcome.most} 次。",
        f"The firm inspected most often was inspected {_times(outcome.most)}.",
    ))  # fmt: skip
    if outcome.later_visits:
        add(Sentence(
            f"从第 3 年起，{percent(outcome.repeated)}% 的检查落在前两年内刚查过的企业。",
            f"From the third year on, {percent(outcome.repeated)}% of the visits met a firm inspected in one of the two years before.",
        ))  # fmt: skip
    if outcome.safe:
        add(Sentence(
            f"下一年确知不会被查的企业占 {percent(outcome.knows_safe)}%：这些企业可以预先放松。",
            f"{percent(outcome.knows_safe)}% of the firms know that they will not be inspected next year, and may slacken.",
        ))  # fmt: skip
    else:
        add(Sentence("下一年没有企业能确知自己不会被查。", "No firm knows that it will not be inspected next year."))
    if outcome.certain:
        add(Sentence(
            f"下一年确知必被查的企业占 {percent(outcome.knows_certain)}%：对这些企业已不是随机。",
            f"{percent(outcome.knows_certain)}% of the firms know that they will be inspected next year: for them it is no lottery.",
        ))  # fmt: skip
    if outcome.lowest != outcome.highest:
        add(Sentence(
            f"下一年仍可能被查的企业中，机会最小的是平均的 {hundredths(outcome.lowest)} 倍，最大的是 {hundredths(outcome.highest)} 倍。",
            f"Of the firms that may be inspected next year the lowest chance is {hundredths(outcome.lowest)} times the mean,"
            f" the highest {hundredths(outcome.highest)} times.",
        ))  # fmt: skip
    elif outcome.lowest:
        add(Sentence(
            f"下一年可能被查的企业机会相等，是全体平均的 {hundredths(outcome.lowest)} 倍。",
            f"The firms that may be inspected next year have equal chances, {hundredths(outcome.lowest)} times the mean of all.",
        ))  # fmt: skip
    if outcome.unfilled:
        due = outcome.visits + outcome.unfilled
        add(Sentence(
            f"该规则下企业不够抽：{percent(Fraction(outcome.unfilled, due))}% 的应查名额落空。",
            f"The rule leaves too few firms: {percent(Fraction(outcome.unfilled, due))}% of the visits due could not be made.",
        ))  # fmt: skip
    return tuple(sentences)


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
