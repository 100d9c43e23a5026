"""What is wrong with a plan, in Chinese with the way to mend it. `selection` says it in one English sentence per fault.

A sentence keeps its English text behind the Chinese one, so that a verifier's report and the page can be laid side by side. What no
wording knows is passed on with a Chinese heading. Nobody's megabyte is ever echoed: a fault is at most 480 characters long.
"""

import re
from collections.abc import Mapping
from typing import Final

from selection.plan import Class, Item, Named, Plan, Section, Stratum
from service.language import SOURCE, current_language

__all__ = ["LONGEST", "clip", "names_of", "say"]

LONGEST: Final = 480  # characters of one fault
_SHOWN: Final = 60  # characters of one value inside a fault
_MATCHED: Final = 20_000  # characters; whatever is longer holds somebody's whole file and is only cut
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")

# Pattern of the English sentence -> Chinese sentence with mend. `{1}` is the first group, by its name where the plan has one.
_WORDINGS: Final[tuple[tuple[str, str], ...]] = (
    (r"(.+) is both in pool and excluded", "对象 {1} 既在抽查名单又在排除名单；请只留一处"),
    (r"mandatory target (.+) is not in pool",
     "必查对象 {1} 不在抽查名单中：它不在抽查范围内、已按规则排除，或不属于任何一层；请核对代码，或从必查名单中删去"),
    (r"reason (.+) of (.+) is not declared", "对象 {2} 的理由代码 {1} 没有在计划中列出；请改用计划列出的理由"),
    (r"conflicts name (.+), which is not in pool", "回避名单中的对象 {1} 不在抽查名单中；请删去该行"),
    (r"apart names (.+), who is not in people", "不得同组名单中的人员 {1} 不在人员名单中；请核对编号或删去该对"),
    (r"stratum (.+) is used but not declared in the plan", "名单用到的分层 {1} 没有在计划中列出；请补上该层"),
    (r"class (.+) is used but not declared in the plan", "名单用到的类别 {1} 没有在计划中列出；请补上该类"),
    (r"area (.+) is used but not declared in the plan", "名单用到的区域 {1} 没有在计划中列出；请补上该区域"),
    (r"section (.+) is used but not declared in the plan", "名单用到的部门 {1} 没有在计划中列出；请补上该部门"),
    (r"code (.+) is used but not declared in the plan", "名单用到的专业 {1} 没有在计划中列出；请补上该专业"),
    (r"section (.+) stands (\d+) times", "部门 {1} 出现 {2} 次；请只留一个"),
    (r"area (.+) stands (\d+) times", "区域 {1} 出现 {2} 次；请只留一个"),
    (r"code (.+) stands (\d+) times", "专业 {1} 出现 {2} 次；请只留一个"),
    (r"class (.+) stands (\d+) times", "类别编号 {1} 出现 {2} 次；请改名或合并"),
    (r"stratum (.+) stands (\d+) times", "分层编号 {1} 出现 {2} 次；请改名或合并"),
    (r"item (.+) stands (\d+) times", "事项 {1} 出现 {2} 次；请只留一个"),
    (r"pool rule (.+) stands (\d+) times", "名单规则 {1} 出现 {2} 次；请只留一个"),
    (r"reason code (.+) stands (\d+) times", "理由代码 {1} 出现 {2} 次；请只留一个"),
    (r"replacement reason (.+) stands (\d+) times", "更换理由 {1} 出现 {2} 次；请只留一个"),
    (r"contributor label (.+) stands (\d+) times", "给号人代号 {1} 出现 {2} 次；每位见证人、掷骰人的代号须各不相同"),
    (r"key (.+) stands (\d+) times", "同一把公钥 {1} 出现 {2} 次；每个部门、见证人、掷骰人须各用自己的公钥"),
    (r"the body of a dice thrower (.+) stands (\d+) times", "掷骰人所属单位 {1} 出现 {2} 次；掷骰人须来自不同单位"),
    (r"id (.+) is not (.+)", "批次编号 {1} 应为 {2}"),
    (r"a seat of class (.+) names section (.+), which is not declared", "类别 {1} 的席位属于部门 {2}，计划中没有这个部门；请补上或改正"),
    (r"a seat of class (.+) asks code (.+), which is not declared", "类别 {1} 的席位要求专业 {2}，计划中没有这个专业；请补上或改正"),
    (r"the codes of a seat of class (.+) do not strictly ascend", "类别 {1} 的席位所要求的专业没有按序排列，或有重复；请排序去重"),
    (r"item (.+) names section (.+), which is not declared", "事项 {1} 属于部门 {2}，计划中没有这个部门；请补上或改正"),
    (r"item (.+) names class (.+), which is not declared", "事项 {1} 适用于类别 {2}，计划中没有这个类别；请补上或改正"),
    (r"the classes of item (.+) do not strictly ascend", "事项 {1} 的适用类别没有按序排列，或有重复；请排序去重"),
    (r"the items of class (.+) name section (.+), which is not declared", "类别 {1} 的事项属于部门 {2}，计划中没有这个部门；请补上或改正"),
    (r"the quotas of stratum (.+) name section (.+), which is not declared", "分层 {1} 的配额属于部门 {2}，计划中没有这个部门；请补上或改正"),
    (r"the items of class (.+) do not name sections in plan order, each once", "类别 {1} 的事项没有按计划的部门顺序各列一次；请调整"),
    (r"the quotas of stratum (.+) do not name sections in plan order, each once", "分层 {1} 的配额没有按计划的部门顺序各列一次；请调整"),
    (r"frozen_at (.+) is not before T (.+)", "开号时刻 T（{2}）不晚于现在（{1}）；请把 T 改到以后"),
    (r"names_open (.+) is before T (.+)", "人员名单公开时间 {1} 早于开号时刻 T（{2}）；请改到 T 或以后"),
    (r"the sealed draw opens at (.+), not after T (.+)", "封存抽查的启封时间 {1} 不晚于开号时刻 T（{2}）；请改到 T 以后"),
    (r"visits from (.+) to (.+) end before they begin", "检查日期从 {1} 到 {2}，结束早于开始；请改正起止日期"),
    (r"stratum (.+) states (\d+) targets, (\d+) mandatory; the lists hold (\d+) and (\d+)",
     "分层 {1} 写明 {2} 户、其中必查 {3} 户，名单中实有 {4} 户、必查 {5} 户；请重新生成计划"),
    (r"stratum (.+): share (.+)/(.+) is not between 0 and 1",
     "分层 {1} 的比例 {2}/{3} 不在 0 与 1 之间；分母须不小于 1，分子不得大于分母"),
    (r"stratum (.+): quota (\d+) of section (.+) exceeds the (\d+) targets it is drawn from",
     "分层 {1} 要抽 {2} 户，可抽的只有 {4} 户（部门 {3}）；请把数量改为不大于 {4}，或核对该层的取值和抽查范围"),
    (r"stratum (.+), section (.+): the rule gives base (.+), quota (.+), by lot (.+), chance (.+); stated (.+), (.+), (.+), (.+)",
     "分层 {1}（部门 {2}）按规则应为：基数 {3}、配额 {4}、抽签 {5}、概率 {6}；写明的是 {7}、{8}、{9}、{10}；请重新计算"),
    (r"class (.+) asks (\d+) optional items of (.+), there are (\d+)",
     "类别 {1} 要抽 {2} 个选查事项（部门 {3}），名录里只有 {4} 个；请减少数量，或补充适用该类别的事项"),
    (r"class (.+) has no inspector seat of section (.+), which draws stratum (.+)",
     "部门 {2} 要抽分层 {3}，类别 {1} 却没有该部门的检查人员席位；请补上席位"),
    (r"class (.+) has no items entry of section (.+), which draws stratum (.+)",
     "部门 {2} 要抽分层 {3}，类别 {1} 却没有该部门的事项；请补上"),
    (r"a target of class (.+) gets no item of section (.+)",
     "类别 {1} 的对象没有任何可查事项（部门 {2}）；请增加选查事项数量，或在事项名录中设必查事项"),
    (r"the last contributor is not dice, public or drand", "最后一个给号来源须是掷骰子、公共号码或公共信标；请调整顺序"),
    (r"more than one contributor throws dice", "掷骰子只能有一组；请合并"),
    (r"exactly one witness is declared; at least two, or none", "见证人只有一位；请至少两位，或一位也不设"),
    (r"drand is named, and not as the last contributor", "公共信标须是最后一个给号来源，且只有一个；请调整顺序"),
    (r"the drand chain (.+) is not quicknet, (.+)", "信标的链 {1} 不是 quicknet（{2}）；请重新生成计划"),
    (r"drand round (\d+) is not (\d+), the first at or after T (.+)", "信标轮次 {1} 不对，T（{3}）起的第一轮是第 {2} 轮；请重新生成计划"),
    (r"a sealed plan needs a nonce", "封存抽查须有本机关的封存数（nonce）；请在给号来源中加上"),
    (r"the example (.+) of (.+) is not (\d+) digits", "公共号码 {2} 的示例 {1} 不是 {3} 位数字；请按写明的位数填写示例"),
    (r"no rule (.+) knows an exception", "没有“{1}”这种须写明理由的情形；请改用预览列出的规则名"),
    (r"stratum (.+) has 0 targets, under (\d+), and no reason is stated",
     "分层 {1} 没有任何对象；请核对该层的取值和抽查范围，或删去该层；确要保留的，写明理由（small-stratum）"),
    (r"stratum (.+) has (\d+) targets, under (\d+), and no reason is stated",
     "分层 {1} 只有 {2} 户，少于 {3} 户，抽中谁几乎可以预知；请与别层合并，或写明理由（small-stratum）"),
    (r"no firm of stratum (.+) can be drawn by section (.+), and no reason is stated",
     "分层 {1} 的企业按此配额一户也抽不到（部门 {2}）；请提高配额，或写明理由（no-chance）"),
    (r"seat (.+) has (\d+) possible people, fewer than (\d+), and no reason is stated",
     "席位 {1} 在某个区域只有 {2} 人可任，少于 {3} 人，几乎可以预知；请放宽要求、增加人员，或写明理由（thin-seat）"),
    (r"the pool holds (\d+) targets after (\d+) were excluded: more than are left to draw from, and no reason is stated",
     "排除了 {2} 户，只剩 {1} 户可抽，排除的比剩下的多；请核对名单规则，或写明理由（narrow-pool，对象填 pool）"),
    (r"stratum (.+): period (\d+) is not one of 1 to (\d+)", "分层 {1} 是第 {2} 期，全年只有 {3} 期；请填 1 到 {3}"),
    (r"(.+): total (\d+) exceeds the (\d+) targets of its strata",
     "{1} 要按最大余数分配的总数 {2} 超过各层合计的 {3} 户；请减少总数"),
    (r"(.+): a stratum of (\d+) targets would get less than one of (\d+) over (\d+): it is too small to be split over",
     "{1}：只有 {2} 户的一层在总数 {3}（各层合计 {4} 户）中分不到一户；请为它单独设配额，或与别层合并"),
    (r"section (.+) splits one total by largest remainder, and its strata name (.+): all name the same",
     "部门 {1} 按最大余数分配一个总数，各层写的总数却不同：{2}；请改为同一个数"),
    (r"class (.+) has no inspector seat at all: it has one or more", "类别 {1} 没有检查人员席位；请至少设一个"),
    (r"pool rule (.+) is not one of the plan's reason codes", "名单规则 {1} 没有对应的理由代码；请在理由代码中列出"),
    (r"the parameters of pool rule (.+) do not strictly ascend by name", "名单规则 {1} 的参数没有按名称排列，或有重复；请排序去重"),
    (r"the plan draws teams for (.+), and the result of that draw is not at hand: give result (.+)",
     "本计划只为 {1} 抽检查人员，却没有该批次的抽取结果 {2}；请一并提供"),
    (r"the plan is sealed until (.+): who is inspected is already known, so teams alone are drawn openly",
     "只抽检查人员的计划不能封存（启封时间 {1}）：检查对象已经公开；请取消封存"),
    (r"teams_of names result (.+); the result at hand is (.+)", "计划写明的前次结果是 {1}，手头的结果是 {2}；请核对"),
    (r"teams_of names plan (.+); the result it names is of plan (.+)", "计划写明的前次计划是 {1}，该结果属于计划 {2}；请核对"),
    (r"teams_of names (.+), this very draw", "只补抽人员的计划写明的前次批次 {1} 就是本批次；请填先前的批次"),
    (r"the result of (.+) lists (.+) (\d+) times", "批次 {1} 的结果中对象 {2} 出现 {3} 次；请核对该结果"),
    (r"mandatory_counts is true: where teams alone are drawn it is false", "只抽检查人员时，必查对象不计入配额；请改正 mandatory_counts"),
    (r"all teams of (.+) are complete: none is left to draw", "{1} 的检查人员已经全部抽出，没有可补抽的"),
    (r"target (.+) stands in stratum (.+) of sections (.+); (.+) drew it for (.+)",
     "对象 {1} 在分层 {2}（部门 {3}），{4} 却是为部门 {5} 抽中它的；请改正分层"),
    (r"the quota of stratum (.+), section (.+), is not fixed 0: where teams alone are drawn, no target is drawn by lot",
     "分层 {1}（部门 {2}）的配额不是 0；只抽检查人员时不再抽对象，请改为固定 0"),
    (r"(.+) stands in (pool|excluded), and (.+) did not draw it: teams alone are drawn for the drawn targets",
     "对象 {1} 在名单 {2} 中，{3} 却没有抽中它；只能为已抽中的对象补抽人员，请删去"),
    (r"(.+) was drawn by (.+) and stands neither in pool nor in excluded", "{2} 抽中的对象 {1} 既不在抽查名单也不在排除名单；请补上"),
    (r"target (.+) is not mandatory: where teams alone are drawn, every target of the pool is", "对象 {1} 应列为必查：只抽检查人员时名单上每户都是"),
    (r"item (.+) is listed: where teams alone are drawn, the items of the former draw stand", "不应再列事项 {1}：检查事项以前次抽取为准，请删去"),
    (r"class (.+) asks (\d+) optional items of (.+): where teams alone are drawn it asks 0",
     "类别 {1} 要抽 {2} 个选查事项（部门 {3}）；只抽检查人员时应为 0"),
    (r"no class of the targets has an expert seat: the experts of (.+) are what is left to draw",
     "批次 {1} 只缺专家，而名单中各类别都没有专家席位；请至少设一个专家席位"),
    (r"class (.+) has inspector seats, and the inspectors of (.+) are complete: only its experts are drawn",
     "类别 {1} 列了检查人员席位，{2} 的检查人员却已抽齐，只补抽专家；请删去检查人员席位"),
    # What freezing itself refuses, before the rules are asked.
    (r"apart names (.+), whom no registry knows", "不得同组名单中的 {1} 不在检查人员和专家名录中；请核对编号，或先导入人员"),
    (r"the reason stated for wide-exclusion names (.+), who takes no part in this draw",
     "为回避面过宽写明理由的 {1} 不参加本次抽查；请核对编号，或删去这条理由"),
    (r"a reason is stated for (.+) of (.+), which is not in this draw",
     "为 {1} 写明理由的 {2} 不在本次抽查中；请核对编号（预览中有），或删去这条理由"),
    (r"a seat asks for the speciality (.+), which nobody in the registries has",
     "席位要求的专业“{1}”名录中无人具备；请核对写法，或先更新人员名录"),
    (r"(.+): a column holds TAB or LF: (.+)", "{1} 名单的一行含有制表符或换行：{2}；请改正名录中的文字"),
    (r"(pool|mandatory|excluded|people|apart|conflicts|opened): line (\d+) repeats (.+)", "{1} 名单第 {2} 行重复：{3}；请只留一行"),
    (r"(pool|mandatory|excluded|people|apart|conflicts|opened): line (\d+) is not of the form asked: (.+)",
     "{1} 名单第 {2} 行不合格式：{3}；请改正该行的代码（1 至 64 个字母、数字和 . _ -，不以 p- 开头）"),
    (r"pool: (.+) is not a target id: 1 to 64 of .+",
     "对象代码 {1} 不合格式；须为 1 至 64 个字母、数字和 . _ -，且不以 p- 开头（留给人员编号）；请改正名录"),
    (r"plan: not a Plan: (.+) - at `(.+)`", "计划的 {2} 不合格式：{1}；请改正草案或名录中对应的文字（不得有制表符、换行，不超过 4000 字）"),
    (r"of the dice throwers some sign with a key and some on paper; it is all of them or none",
     "掷骰人有的用公钥签名、有的在纸上签名；请统一为一种"),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(pattern, re.DOTALL), zh) for pattern, zh in _WORDINGS)


def clip(text: str, most: int = _SHOWN) -> str:
    """Return `text` on one line, its middle left out and its length said where it is longer than `most` characters."""
    if len(text) <= most:
        line = text
    else:
        line = f"{text[: most * 2 // 3]}…（共 {len(text)} 字）"
    return "".join(c if c.isprintable() or c == "\u3000" else f"\\x{ord(c):02x}" for c in line)


def names_of(plan: Plan) -> dict[str, str]:
    """Return id -> name of the strata, classes, sections, items and codes of `plan`."""
    named: tuple[Named | Item | Section | Class | Stratum, ...] = (*plan.codes, *plan.items, *plan.sections, *plan.classes, *plan.strata)
    return {one.id: one.name for one in named}


def say(fault: str, names: Mapping[str, str] | None = None) -> str:
    """Return the fault in Chinese, with its mend and the English sentence behind it, at most 480 characters; in English that sentence alone.

    `names` are names by id (`names_of`); where an id has one, the name is shown with it.
    """
    for pattern, zh in _COMPILED if len(fault) <= _MATCHED else ():
        if match := pattern.fullmatch(fault):
            if current_language() != SOURCE:
                return clip(_english(fault, match), LONGEST)
            words = [_named(group, names or {}) for group in match.groups()]
            return clip(f"{zh.format('', *words)}。（{_english(fault, match)}）", LONGEST)
    return clip(fault if _CHINESE.search(fault) else f"内容不合规定：{fault}", LONGEST)


def _named(id: str, names: Mapping[str, str]) -> str:
    name = names.get(id)
    return clip(id) if name is None or name == id else f"“{clip(name)}”（{clip(id)}）"


def _english(fault: str, match: re.Match[str]) -> str:
    """The English sentence with every value cut to what may be shown."""
    text, at = "", 0
    for number in range(1, (match.re.groups or 0) + 1):
        text += fault[at : match.start(number)] + clip(match[number])
        at = match.end(number)
    return text + fault[at:]
