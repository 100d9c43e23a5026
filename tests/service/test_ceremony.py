"""The ceremony through its pages, by forms alone: every order but the lawful one is refused, and nothing is said too early."""

import hashlib
import json
import logging
import re

import bureau
import pytest
from ceremony_room import CONSUMERS, DICE, DIGITS, DISCIPLINE, LOTTERY, NOTARY, SCAN, THROWN, begin

from disclosure.document import DOCUMENT_TYPE, Contribution, DrawOutcome
from disclosure.envelope import Envelope, Signature, format_envelope
from disclosure.keys import decode_base64, encode_base64, key_id
from selection.transcript import parse_transcript
from service.ceremony.cards import offered_keys, take_key
from service.ceremony.state import groups, read_ceremony
from service.documents import documents_of
from service.errors import Conflicting, Denied

PRESENT = ("notary", "discipline")


async def test_a_ceremony_by_forms_in_the_one_lawful_order(client, office, clock, employ) -> None:
    """W20: freeze < witnesses < T < dice < draw. Whatever comes too early or too late is refused, and nothing has changed."""
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, CONSUMERS, DICE)
    assert groups(room.scene.office and (await read_ceremony(office, room.scene.draw)).s) in await room.get("operator", "/stage")
    early = await room.post("operator", "/ceremony/consumers", 422, absent="1")
    assert "距 T 尚早" in early
    dice = {"digits": THROWN, "files": {"scan": ("d.pdf", SCAN, "application/pdf")}}
    assert "未到" in await room.post("operator", "/ceremony/dice", 422, **dice)
    assert "不能抽取" in await room.post("operator", "/stage", 409) or await room.state() == "frozen"
    await room.paper("notary", DIGITS["notary"])
    assert groups(DIGITS["notary"], 5) in await room.get("operator", "/stage")
    # Typed, but not confirmed: the room hears that, the digits are for the confirmer to compare.
    await room.post("operator", "/ceremony/discipline", files={"scan": ("f.png", b"\x89PNG\r\n\x1a\n", "image/png")}, digits="27182 81828 45904")
    stage = await room.get("operator", "/stage")
    assert "已录入，待复核" in stage
    assert "27182" not in stage
    assert "27182 81828 45904" in await room.get("confirmer", "/ceremony")
    await room.post("operator", "/ceremony/discipline/confirm", 403)
    await room.post("operator", "/ceremony/discipline/withdraw")
    await room.paper("discipline", DIGITS["discipline"])
    await room.at("01:50:00")
    await room.absent("consumers")
    assert "请等候开号时刻" in await room.get("operator", "/stage")
    await room.at("02:00:00")
    assert "请掷骰子" in await room.get("operator", "/stage")
    await room.post("operator", "/ceremony/dice", digits=groups(THROWN, 5), files=dice["files"])
    await room.confirm("dice")
    assert "请经办人按“抽取”" in await room.get("confirmer", "/stage")
    assert "经办人先按" in await room.post("confirmer", "/stage", 409)
    for _ in range(2):
        await room.post("operator", "/stage")
    assert await room.state() == "contributed"
    for _ in range(3):
        await room.post("confirmer", "/stage")
    assert await room.state() == "drawn"
    assert "抽取完成" in await room.get("operator", "/stage")
    async with office.pool.acquire() as connection:
        documents = [stored.document for stored in await documents_of(connection, room.scene.draw)]
    assert [d.label for d in documents if isinstance(d, Contribution)] == ["notary", "discipline", "consumers", "dice"]
    assert isinstance(documents[-1], DrawOutcome)
    assert documents[1].form == hashlib.sha256(SCAN).hexdigest()


async def test_a_public_number_is_typed_by_two_who_do_not_see_each_other(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, LOTTERY)
    for label in PRESENT:
        await room.paper(label, DIGITS[label])
    await room.at("02:00:00")
    first, second = "05081119273203", "05081119273204"
    await room.post("operator", "/ceremony/lottery", digits=first)
    for page in ("/ceremony", "/stage"):
        assert first not in re.sub(r"[ <>]", "", await room.get("confirmer", page))
    bearer = await room.headers("confirmer")
    steps = (await client.get("/api/v1/steps", headers=bearer)).json()
    assert first not in json.dumps(steps)
    step = next(s["id"] for s in steps if s["subject"] == "lottery")
    assert first not in (await client.get(f"/staff/steps/{step}", headers=bearer)).text
    # No other door agrees without typing.
    assert (await client.post(f"/staff/steps/{step}/agree", headers=bearer)).status_code == 409
    assert (await client.post(f"/api/v1/steps/{step}/agree", headers=bearer)).status_code == 422
    shown = await room.confirm("lottery", 409, typed=second)
    assert "两次输入不一致" in shown
    assert second in shown  # what was typed is not lost to who typed it
    assert "两次输入不一致" in await room.get("operator", "/ceremony")
    assert "两次输入不一致" in await room.get("auditor", "/stage")
    for table in ("step", "step_agreement", "access_log", "document", "log_entry"):
        rows = await office.pool.fetch(f"SELECT x::text AS line FROM {table} x")
        assert not any(second in row["line"] for row in rows), table
    assert await room.state() == "frozen"
    await room.confirm("lottery", typed=groups(first))
    assert await room.state() == "contributed"
    await room.confirm("lottery", typed=first)  # a replayed form
    assert "不能更改" in await room.post("operator", "/ceremony/lottery", 422, digits=second)


async def test_fewer_than_two_witnesses_and_the_pages_say_that_it_is_void(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, DICE)
    address = (await room.cards("discipline"))["罗监察"]
    await room.paper("notary", DIGITS["notary"])
    await room.at("02:00:01")
    late = await room.post(
        "operator", "/ceremony/discipline", 422, digits=DIGITS["discipline"], files={"scan": ("f.pdf", SCAN, "application/pdf")}
    )
    assert "已过 T" in late
    assert DIGITS["discipline"] in late
    assert "T 已过，您的数字不再接受" in (await client.get(address)).text
    await room.absent("discipline")
    assert "您已登记为缺席" in (await client.get(address)).text
    for page in ("/stage", "/ceremony"):
        assert "到场见证人不足两名，本批次按规则作废" in await room.get("operator", page)
    void = {"reason": "witness-shortage", "statement": "到场一人"}
    await room.scene.take("draw-void/v1", void, "confirmer", "approver")
    assert "已作废，没有抽取" in await room.get("operator", "/stage")
    assert "已作废，没有抽取" in await room.get("operator", "/ceremony")


# ---- cards and keys


def offer(name: str) -> dict[str, str]:
    return {"key": encode_base64(bureau.testing_only_signer(name).public_key)}


async def test_a_card_lets_in_its_holder_and_no_other_power(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, CONSUMERS, DICE, freeze=False)
    cards = await room.cards()
    assert list(cards) == ["何公证", "罗监察", "谢会员", "掷骰人a", "掷骰人b", "掷骰人c"]
    rows = await office.pool.fetch("SELECT w::text AS line FROM witness_card w")
    log = await office.pool.fetch("SELECT a::text AS line FROM access_log a")
    for address in cards.values():
        assert not any(address[3:] in row["line"] for row in (*rows, *log))
        page = (await client.get(address, headers={"Accept": "text/html"})).text
        assert "名单尚未锁定" in page
        assert address[3:] not in (await room.get("operator", "/cards"))
    assert (await client.post(cards["掷骰人a"] + "/key", json=offer("witness-a"))).status_code == 422
    assert (await client.post(cards["何公证"] + "/key", json={"key": "AAAA"})).status_code == 422
    assert (await client.post(cards["何公证"] + "/key", json=offer("witness-a"))).status_code == 200
    assert (await client.post(cards["罗监察"] + "/key", json=offer("witness-b"))).status_code == 200
    fingerprint = (await offered_keys(office, room.scene.draw))["notary"].fingerprint
    assert groups(fingerprint.removeprefix("sha256:")) in await room.get("operator", "/cards")
    with pytest.raises(Denied):
        await take_key(office, room.scene.people["confirmer"], room.scene.draw, "notary", fingerprint)
    # Compared one, offered another meanwhile.
    assert (await client.post(cards["何公证"] + "/key", json=offer("witness-c"))).status_code == 200
    await room.post("operator", "/cards/notary/key", 409, fingerprint=fingerprint)
    taken = (await offered_keys(office, room.scene.draw))["notary"]
    await room.post("operator", "/cards/notary/key", fingerprint=taken.fingerprint)
    assert (await offered_keys(office, room.scene.draw))["notary"].taken
    assert (await client.post(cards["何公证"] + "/key", json=offer("witness-a"))).status_code == 409
    # Lost: the new card counts, the old address does not, nor does the key it had offered.
    new = (await room.cards("discipline"))["罗监察"]
    gone = await client.get(cards["罗监察"])
    assert gone.status_code == 404
    assert "已作废" in gone.text
    assert (await client.get(new)).status_code == 200
    assert "discipline" not in await offered_keys(office, room.scene.draw)
    await room.post("operator", "/cards/discipline/revoke")
    assert (await client.get(new)).status_code == 404
    from scene import freeze

    await freeze(room.scene)
    assert (await client.post(cards["谢会员"] + "/key", json=offer("witness-b"))).status_code == 409
    ceremony = await read_ceremony(office, room.scene.draw)
    assert ceremony.giver("notary").own_key == taken.key
    assert ceremony.giver("discipline").own_key is None
    actions = [r["action"] for r in await office.pool.fetch("SELECT action FROM access_log")]
    assert actions.count("issue card") == 7
    assert actions.count("revoke card") == 1
    with pytest.raises(Conflicting):
        await take_key(office, room.scene.people["operator"], room.scene.draw, "notary", None)


async def test_a_witness_with_a_key_signs_alone_and_staff_cannot_type_for_them(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, DICE, freeze=False)
    address = (await room.cards("notary"))["何公证"]
    signer = bureau.testing_only_signer("witness-a")
    await client.post(address + "/key", json=offer("witness-a"))
    await room.post("operator", "/cards/notary/key", fingerprint=key_id(signer.public_key))
    from scene import freeze

    await freeze(room.scene)
    assert "不能代录" in await room.get("operator", "/ceremony")
    files = {"scan": ("f.pdf", SCAN, "application/pdf")}
    assert "本人密钥签名" in await room.post("operator", "/ceremony/notary", 422, digits=DIGITS["notary"], files=files)
    asked = f"/api/v1/draws/{room.scene.draw}/contributions"
    told = (await client.get(f"{asked}/notary", params={"digits": DIGITS["notary"]})).json()
    signature = Signature(key_id(signer.public_key), encode_base64(signer.sign(decode_base64(told["pae"]))))
    envelope = format_envelope(Envelope(told["payload"], DOCUMENT_TYPE, (signature,)))
    assert (await client.post(asked, content=envelope)).status_code == 201
    assert "任何人都不能更改" in (await client.get(address)).text
    assert groups(DIGITS["notary"], 5) in await room.get("operator", "/stage")


async def test_scans_are_kept_for_auditors_and_are_what_they_say(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, DICE)
    for data in (b"GIF89a", b"<html>", b"%PDF-" + bytes(20 << 20)):
        await room.post("operator", "/ceremony/notary", 422, digits=DIGITS["notary"], files={"scan": ("x.pdf", data, "application/pdf")})
    assert "form" in await room.post("operator", "/ceremony/notary", 422, digits=DIGITS["notary"])  # no scan at all
    short = await room.post("operator", "/ceremony/notary", 422, digits="12345", files={"scan": ("x.pdf", SCAN, "application/pdf")})
    assert 'value="12345"' in short
    await room.post("operator", "/ceremony/notary", 422, digits=DIGITS["notary"], form="e" * 64)  # of a scan that nobody sent
    assert f'name="form" value="{hashlib.sha256(SCAN).hexdigest()}"' in short  # the scan need not be sent again
    await room.paper("notary", DIGITS["notary"])
    sha256 = hashlib.sha256(SCAN).hexdigest()
    for login, status in (("operator", 403), ("confirmer", 403), ("approver", 403), ("auditor", 200)):
        answer = await client.get(f"{room.base}/scans/{sha256}", headers=await room.headers(login))
        assert answer.status_code == status
        assert (answer.content == SCAN) == (status == 200)
    assert await office.pool.fetchval("SELECT count(*) FROM access_log WHERE action = 'read scan'") == 1
    with pytest.raises(Exception, match="only ever added"):
        await office.pool.execute("DELETE FROM paper_scan")


# ---- nothing of a sealed result


async def test_nothing_of_a_sealed_result_is_on_stage_stream_page_api_or_log_line(client, office, clock, employ, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, DICE, sealed_until="2026-11-30T00:00:00Z")
    cards = await room.cards()
    for label in PRESENT:
        await room.paper(label, DIGITS[label])
    await room.at("02:00:00")
    await room.post("operator", "/ceremony/dice", digits=THROWN, files={"scan": ("f.pdf", SCAN, "application/pdf")})
    await room.confirm("dice")
    await room.draw()
    assert await room.state() == "sealed"
    result = parse_transcript(await office.pool.fetchval("SELECT result FROM draw_result WHERE draw = $1", room.scene.draw))
    # Who must be inspected in any case stands in the frozen lists, for everybody.
    secrets = [t.id for t in result.targets if t.rank is not None] + [t.ticket for t in result.targets] + [result.draw_key, result.stage_key]
    secrets += [p for t in result.targets for p in t.inspectors]
    secrets += [hashlib.sha256(await office.pool.fetchval("SELECT result FROM draw_result")).hexdigest()]
    drawn = {len(result.targets), *(sum(t.stratum == s.id for t in result.targets) for s in result.strata)}
    said = {}
    for login in ("operator", "confirmer", "approver", "auditor", "inspector1"):
        paths = ["/stage"] + (["/ceremony", "/cards", "/print/record", "/print/dice", "/print/witness"] if login != "inspector1" else [])
        for path in paths:
            said[login, path] = await room.get(login, path)
        said[login, "api"] = (await client.get(f"/api/v1/draws/{room.scene.draw}", headers=await room.headers(login))).text
    for name, address in cards.items():
        said[name, "card"] = (await client.get(address)).text
    from service.ceremony.streams import Streams

    stream = Streams(office).begin(room.scene.draw, "card", cards["何公证"][3:])
    said["stream", ""] = b"".join([await anext(stream), await anext(stream)]).decode()
    await stream.aclose()
    assert re.fullmatch(r"retry: 2000\n\ndata: [0-9a-f]{16}\n\n", said["stream", ""])
    said["log", ""] = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("service", "uvicorn")))
    for where, text in said.items():
        bare = re.sub(r"\s", "", text)
        assert not [secret for secret in secrets if secret in bare], where
        if where[1] in ("/stage", "card", "/print/record"):
            words = re.sub(r"<[^>]*>|[0-9a-f]{4}( [0-9a-f]{4})+|\d{5}( \d{5})+", " ", text)
            assert not [n for n in drawn if n > 12 and re.search(rf"(?<![\d-]){n}(?![\d:-])", words)], where
    assert "结果已封存" in said["operator", "/stage"]
    # The same readers see it once it is opened.
    from service.life.open import open_draw

    await room.at("02:01:00")
    clock.set("2026-11-30T00:00:01+00:00")
    await open_draw(office, None, room.scene.draw, "date")
    room._headers.clear()
    assert result.draw_key in re.sub(r"\s", "", await room.get("operator", "/print/record"))


async def test_pages_of_staff_speak_english_but_for_names(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, CONSUMERS, DICE)
    await room.cards()
    await room.paper("notary", DIGITS["notary"])
    client.cookies.set("language", "en")
    for path in ("/stage", "/ceremony", "/cards", "/print/dice", "/print/witness"):
        page = (await room.get("operator", path)).partition("<main")[2].partition("</main>")[0]
        left = re.sub(r'<(\w+)[^>]* lang="zh-CN"[^>]*>.*?</\1>', "", page, flags=re.DOTALL)
        left = re.sub(r"<[^>]*>", " ", left)
        # Buttons and sentences that name somebody hold the name in the middle of English words.
        left = re.sub(r"何公证|罗监察|谢会员|掷骰人[abc]|云州市公证处|驻局纪检监察组|市消费者协会|单位[abc]", "", left)
        assert re.findall(r"[\u4e00-\u9fff]+", left) == [], path
