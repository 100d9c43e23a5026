"""What is pasted from the public beacon: its signature, or the JSON one of its servers answers. Nothing is ever fetched here.

The signature proves itself, so it does not matter who brought it or on which way. Anything the JSON says besides is compared, so that a
wrong round is called one, and not merely a bad signature.
"""

import asyncio
import re
from typing import Any

from msgspec import DecodeError, json

from disclosure.beacon import check_round, randomness
from disclosure.errors import BeaconError
from selection.contribution import beacon_prefix
from selection.plan import Drand, Plan
from selection.quicknet import time_of
from service.errors import Invalid

__all__ = ["DIGITS", "signature_in", "verify_beacon"]

DIGITS = 96  # hexadecimal digits of a signature
_LONGEST = 4000  # characters of what is pasted


def signature_in(drand: Drand, pasted: str) -> str:
    """Return the signature in `pasted` as its line writes it; Invalid, saying what was found, if it is none or another round's."""
    text = pasted.strip()[:_LONGEST]
    answer: dict[str, Any] = _answer(text) if text.startswith("{") else {"signature": text}
    _check_origin(drand, answer)
    # Read out or copied in groups and in capitals it is the same number.
    signature = "".join(str(answer.get("signature", "")).split()).lower()
    if not re.fullmatch(f"[0-9a-f]{{{DIGITS}}}", signature):
        raise Invalid(
            f"信标的签名应为 {DIGITS} 位十六进制数字（0–9、a–f），现有 {len(signature)} 个字符；请从信标重新复制第 {drand.round} 轮的 signature",
            f"a signature has {DIGITS} hexadecimal digits; {len(signature)} characters were found; copy that of round {drand.round} anew",
        )
    stated = answer.get("randomness")
    if stated is not None and str(stated).lower() != randomness(bytes.fromhex(signature)):
        raise Invalid(
            "所附 randomness 不是该签名的 SHA-256，内容不完整或被改动；请从信标重新复制",
            "the randomness given with it is not the SHA-256 of the signature; copy both anew",
        )
    return signature


def _answer(text: str) -> dict[str, Any]:
    try:
        return json.decode(text, type=dict[str, Any])
    except (DecodeError, RecursionError) as error:
        raise Invalid(f"粘贴的 JSON 不完整：{error}；请重新复制全部内容", f"this JSON is not complete: {error}; copy all of it") from error


def _check_origin(drand: Drand, answer: dict[str, Any]) -> None:
    chain = next((answer[name] for name in ("chain_hash", "chainHash", "chain") if name in answer), drand.chain)
    if str(chain).lower() != drand.chain or answer.get("previous_signature"):
        raise Invalid(
            f"这是另一条信标链的内容；计划写明的是 quicknet（{drand.chain}）",
            f"this is of another chain; the plan names quicknet, {drand.chain}",
        )
    found = answer.get("round", drand.round)
    if str(found) != str(drand.round):
        raise Invalid(
            f"这是第 {str(found)[:20]} 轮；计划写明的是第 {drand.round} 轮（{time_of(drand.round)}）",
            f"this is round {str(found)[:20]}; the plan names round {drand.round} ({time_of(drand.round)})",
        )


async def verify_beacon(plan: Plan, line: str) -> None:
    """Raise Invalid unless the lawful line of a drand contributor holds the beacon's own signature; other lines pass."""
    drand = plan.contributors[-1]
    if not isinstance(drand, Drand) or not line.startswith(beacon_prefix(drand)):
        return
    try:
        # Some tenths of a second of arithmetic, which must not stop everybody else.
        await asyncio.to_thread(check_round, drand.round, bytes.fromhex(line.removeprefix(beacon_prefix(drand))))
    except BeaconError as error:
        raise Invalid(
            f"签名不是 quicknet 第 {drand.round} 轮（{time_of(drand.round)}）的，没有登记；请核对轮次后从信标重新复制",
            f"{error}; nothing was recorded; compare the round and copy it anew",
        ) from error
