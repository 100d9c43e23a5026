"""Contribute: witnesses openly by T, then dice, the public number or the beacon. What stands on paper is typed by one, confirmed by another."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from disclosure.document import Contribution
from selection.contribution import beacon_prefix, check_line, is_absent, label_of
from selection.errors import SelectionError
from selection.forms import Hex64, Text
from selection.plan import ActorRole, Dice, Drand, LastNumber, NonceCommitment, Plan, PublicNumber, Witness
from selection.quicknet import time_of
from service import log
from service.beacon import signature_in, verify_beacon
from service.database import Connection
from service.documents import Stored, begin_turn, record
from service.errors import Conflicting, Differs, Invalid
from service.frozen import DrawRow, FrozenDraw, read_frozen
from service.office import Office, as_time
from service.sections import signers_for
from service.steps import Prepared, Rule, convert_request

__all__ = ["RULE", "check_turn", "finish_contributing", "line_of", "need_checkpoint"]


class ContributionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was read from paper or an official page: digits, or None for a witness who gave nothing by T.

    Of a beacon `digits` are what was pasted: its signature, or the JSON with it.
    """

    label: Text
    digits: str | None = None
    form: Hex64 | None = None


def line_of(plan: Plan, label: str, digits: str | None) -> str:
    """Return the contribution line of `label`; Invalid if the plan asks for something else."""
    contributor = next((c for c in plan.contributors if label_of(c) == label), None)
    if contributor is None or isinstance(contributor, NonceCommitment):
        raise Invalid(
            f"计划中没有 {label} 这一数字来源", f"the plan names no contributor {label} who gives digits"
        )
    if digits is None:
        line = f"absent:{label}"
    elif isinstance(contributor, Dice):
        line = f"dice:{digits}"
    elif isinstance(contributor, Drand):
        line = beacon_prefix(contributor) + signature_in(contributor, digits)
    else:
        line = f"{'witness' if isinstance(contributor, Witness) else 'public'}:{label}:{digits}"
    try:
        check_line(plan, contributor, line)
    except SelectionError as error:
        if isinstance(contributor, PublicNumber) and digits is not None:
            raise Invalid(
                f"数字须是 {contributor.digits} 位（0–9），收到“{digits[:80]}”，{len(digits)} 个字符。请对照原件重新输入",
                f"{contributor.digits} digits (0 to 9) are wanted; “{digits[:80]}” is {len(digits)} characters. Compare with the original and type again",
            ) from error
        if isinstance(contributor, Witness) and digits is not None:
            raise Invalid(
                f"数字须是 10 至 80 位（0–9），收到“{digits[:80]}”，{len(digits)} 个字符。请对照签字表重新输入",
                f"10 to 80 digits (0 to 9) are wanted; “{digits[:80]}” is {len(digits)} characters. Compare with the signed form and type again",
            ) from error
        raise Invalid(f"{label} 的数字不合规定：{error}", str(error)) from error
    return line


def check_turn(frozen: FrozenDraw, label: str, now: datetime, absent: bool = False) -> None:
    """Raise Conflicting unless `label` may contribute now: witnesses by T, the last numbers from T on, after all witnesses.

    Called again when the step is performed; nothing that passed here is trusted later.
    """
    if frozen.row.state != "frozen":
        raise Conflicting("现在不是登记数字的时候", f"the draw is {frozen.row.state}, not frozen")
    if label in frozen.contributions:
        raise Conflicting(
            f"{label} 的数字已登记，不能更改", f"{label} has contributed; that is never changed"
        )
    late = {label_of(c): c for c in frozen.plan.contributors if isinstance(c, LastNumber)}
    t = datetime.fromisoformat(frozen.plan.instant)
    if label in late:
        if isinstance(beacon := late[label], Drand) and now < datetime.fromisoformat(time_of(beacon.round)):
            raise Conflicting(
                f"信标第 {beacon.round} 轮要到 {time_of(beacon.round)} 才产生",
                f"round {beacon.round} of the beacon comes into being at {time_of(beacon.round)}, not yet",
            )
        if now < t:
            raise Conflicting(
                f"开号时刻 T（{frozen.plan.instant}）未到", f"T, {frozen.plan.instant}, has not come yet"
            )
        missing = [label_of(c) for c in frozen.plan.contributors
                   if isinstance(c, Witness) and label_of(c) not in frozen.contributions]  # fmt: skip
        if missing:
            raise Conflicting(
                f"见证人 {'、'.join(missing)} 尚未给出数字，也未登记缺席",
                f"witnesses {', '.join(missing)} have neither contributed nor been recorded as absent",
            )
    elif now > t and not absent:
        raise Conflicting(
            "已过 T，见证人的数字不再接受", "T has passed: a witness's digits are no longer accepted"
        )
    elif absent and now < t - timedelta(minutes=10):
        raise Conflicting("距 T 尚早，不能登记缺席", "it is too early before T to record anyone as absent")


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, ContributionRequest)
    frozen = await read_frozen(connection, row)
    line = line_of(frozen.plan, asked.label, asked.digits)
    check_turn(frozen, asked.label, office.now(), is_absent(line))
    _check_paper(frozen, asked)
    await verify_beacon(frozen.plan, line)
    # Who confirms a public number types it again: until then it is shown to nobody (`compare_typed`).
    shown = {} if line.startswith("public:") else {"line": line}
    return Prepared(asked.label, {"label": asked.label, "line": line, "form": asked.form}, {**shown, "s": frozen.s})


def compare_typed(request: Any, typed: str | None) -> None:
    """Raise Invalid if a public number was not typed again by whoever agrees, Differs if as another one."""
    line: str = request["line"]
    if not line.startswith("public:"):
        return
    if not typed:
        raise Invalid(
            "公共号码须由复核人对照官方公告再输入一遍，不看第一次的输入：请到本批次的“录入与复核”页",
            "a public number is typed again by the confirmer, from its source and without seeing the first typing: see the draw's page /ceremony",
        )
    if typed != line.rpartition(":")[2]:
        raise Differs(
            "两次输入不一致，没有登记。请两人各自对照官方公告：复核人可再输入一遍；若第一次输错，由经办人撤回后重新输入",
            "the two typings differ; nothing was recorded. Compare with the source: type again, or withdraw the first and type it anew",
        )


def _check_paper(frozen: FrozenDraw, asked: ContributionRequest) -> None:
    contributor = next(c for c in frozen.plan.contributors if label_of(c) == asked.label)
    if isinstance(contributor, Dice):
        on_paper = any(thrower.key is None for thrower in contributor.throwers)
        own_keys = not on_paper
    elif isinstance(contributor, Witness) and asked.digits is not None:
        own_keys, on_paper = contributor.key is not None, contributor.key is None
    else:
        return
    if own_keys:
        raise Invalid(
            f"{asked.label} 须以本人密钥签名提交",
            f"{asked.label} signs with their own key; send the signature",
        )
    if on_paper and asked.form is None:
        raise Invalid(
            "请附纸质签字表扫描件的 SHA-256（form）",
            "the SHA-256 of the scanned paper form (form) is missing",
        )


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    frozen, line = await read_frozen(connection, row), request["line"]
    check_turn(frozen, request["label"], office.now(), is_absent(line))
    await verify_beacon(frozen.plan, line)
    contributor = next(c for c in frozen.plan.contributors if label_of(c) == request["label"])
    turn = await begin_turn(connection, office, frozen.documents[0].shard)
    given_at = as_time(turn.now)
    if isinstance(contributor, Witness):
        given_at = min(given_at, frozen.plan.instant)
    else:
        await need_checkpoint(connection, turn.head)
    document = Contribution(
        actors=actors,
        form=request["form"],
        given_at=given_at,
        id=row.id,
        label=request["label"],
        line=line,
        plan=frozen.s,
    )
    stored = await record(connection, turn, frozen.plan, document, request["label"], signers_for(office, frozen.plan, document))
    await finish_contributing(connection, frozen, request["label"])
    return stored


async def need_checkpoint(connection: Connection, head: log.Head) -> None:
    """Raise Conflicting unless everything before is under a signed checkpoint: it is the bundle's checkpoint A."""
    newest = await log.read_newest_checkpoint(connection, head.shard)
    if newest is None or newest[0] < head.size:
        raise Conflicting(
            "此前的记录尚未签发检查点，请稍后重试",
            "what came before is not under a checkpoint yet; retry shortly",
        )


async def finish_contributing(connection: Connection, frozen: FrozenDraw, label: str) -> None:
    """Move the draw to `contributed` when `label` was the last one missing."""
    wanted = {label_of(c) for c in frozen.plan.contributors if not isinstance(c, NonceCommitment)}
    if wanted <= {*frozen.contributions, label}:
        await connection.execute("UPDATE draw SET state = 'contributed' WHERE id = $1", frozen.row.id)


RULE = Rule(_prepare, _perform, compare_typed)
