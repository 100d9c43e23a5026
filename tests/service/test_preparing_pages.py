"""Preparing a draw through its pages, without script: every form is sent as the page shows it, with some fields filled in."""

from datetime import date
from html.parser import HTMLParser

import httpx
import msgspec
import pytest
import scene
from application import PASSWORD
from joint import employ_all, found, register_fire

from selection.plan import Fixed, Percent
from service.annual_plan.content import AnnualPlan, Batch, Entry, format_content
from service.drafting import preview, read_draft, revise_draft
from service.drafts import CapClass, Draft, DraftStratum, PublicGiver, YearlyCap
from service.errors import Conflicting
from service.preparing.answers import StatementRow, StrataPage, StratumRow
from service.preparing.assembling import assemble
from service.preparing.looking import follow_strata
from service.preparing.store import ChangedMeanwhile, begin, finish, of_draw, read_preparation, save
from service.preparing.writing import answers_of


class Form(HTMLParser):
    """The fields a browser would send of the form that posts to `action`, and the page's text."""

    def __init__(self, html: str, action: str) -> None:
        super().__init__()
        self.action, self.fields, self._inside, self._area, self._select, self._option = action, list[tuple[str, str]](), False, None, None, None
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        of = dict(attrs)
        if tag == "form":
            self._inside = of.get("action") == self.action
        if not self._inside or "disabled" in of:
            return
        if tag == "input" and of.get("name"):
            kind = of.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in of:
                self.fields.append((of["name"], of.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "textarea":
            self._area = (of["name"], "")
        elif tag == "select":
            self._select, self._option = of["name"], None
        elif tag == "option" and self._select and ("selected" in of or self._option is None):
            self._option = of.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area = (self._area[0], self._area[1] + data)

    def handle_endtag(self, tag) -> None:
        if tag == "textarea" and self._area:
            self.fields.append(self._area)
            self._area = None
        elif tag == "select" and self._select:
            self.fields.append((self._select, self._option or ""))
            self._select = None
        elif tag == "form":
            self._inside = False


class Visitor:
    """Somebody at a browser: opens pages, fills in fields, presses buttons."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.html, self.at = client, "", ""

    async def log_in(self, login: str) -> "Visitor":
        self.client.cookies.clear()
        await self.client.post("/staff/login", data={"login": login, "password": PASSWORD, "next": "/staff/"})
        return self

    async def open(self, address: str, status: int = 200) -> str:
        answer = await self.client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
        assert answer.status_code == status, (address, answer.text[:3000])
        self.html, self.at = answer.text, str(answer.url.path)
        return self.html

    async def press(self, action: str, do: str | None = None, status: int = 200, drop: tuple[tuple[str, str], ...] = (), **values) -> str:
        """Send the form with `values` in its fields (a list: every value of that name) and the button `do`."""
        fields = [pair for pair in Form(self.html, action).fields if pair not in drop]
        assert fields, f"no form posts to {action}"
        for name, value in values.items():
            wanted = value if isinstance(value, list) else [value]
            fields = [pair for pair in fields if pair[0] != name.replace("__", "-")] + [(name.replace("__", "-"), each) for each in wanted]
        if do is not None:
            fields.append(("do", do))
        body = httpx.QueryParams(fields)
        answer = await self.client.post(
            action, content=str(body), headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}, follow_redirects=True
        )
        self.html, self.at = answer.text, str(answer.url.path)
        assert answer.status_code == status, (action, answer.status_code, answer.text[:4000])
        return self.html

    async def fill(self, slug: str, do: str = "save", status: int = 200, **values) -> str:
        await self.open(f"{self.base}/{slug}")
        return await self.press(f"{self.base}/{slug}", do, status, **values)

    @property
    def base(self) -> str:
        return "/".join(self.at.split("/")[:4])


@pytest.fixture
async def city(office, clock, employ):
    """Registries and accounts that can log in."""
    people = await scene.found_city(office)
    await employ("hong", "operator")
    await office.pool.execute("UPDATE staff SET password_hash = (SELECT password_hash FROM staff WHERE login = 'hong')")
    clock.set("2026-11-02T01:00:00+00:00")
    return people


async def begin_blank(client) -> Visitor:
    visitor = await Visitor(client).log_in("operator")
    await visitor.open("/staff/preparations/new")
    await visitor.press("/staff/preparations", way="blank")
    assert "任务清单" in visitor.html
    return visitor


async def name_witnesses(visitor: Visitor) -> None:
    filled = {"givers__0__custodian": "云州市公证处", "givers__4__issue": "第 2026137 期"}
    for number, body in ((1, "云州市公证处"), (2, "驻局纪检监察组"), (3, "市消费者协会")):
        filled |= {f"givers__{number}__body": body, f"givers__{number}__name": "何"}
    await visitor.fill("numbers", **filled)


async def make_draft(office, visitor: Visitor) -> str:
    base = visitor.base
    await visitor.open(base)
    answer = await visitor.client.post(f"{base}/draft", data=dict(Form(visitor.html, f"{base}/draft").fields), headers={"Accept": "text/html"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


async def draft_of(office, draw: str) -> Draft:
    async with office.pool.acquire() as connection:
        return await read_draft(connection, draw)


async def test_a_plain_draw_needs_few_answers(office, client, city) -> None:
    """From a blank form: what, how many, who watches. Everything else is as it usually is, and the preview has no fault."""
    await office.pool.execute(
        "INSERT INTO conflict (person, target, reason) SELECT '42190003', id, 'kinship' FROM target OFFSET 30 LIMIT 80 ON CONFLICT DO NOTHING"
    )
    visitor = await begin_blank(client)
    base = visitor.base
    assert "还差" in visitor.html
    await visitor.fill("basis", title="2026 年第 1 批抽查", task="2026-07", task_name="工贸企业抽查", origin="special-campaign")
    assert visitor.at == f"{base}/scope"
    await visitor.open(f"{base}/strata")
    await visitor.press(f"{base}/strata", "save", strata__0__rule__number="5")
    assert visitor.at == f"{base}/classes"
    await visitor.open(f"{base}/strata")
    assert "名单 389 户，抽 19 户" in visitor.html, visitor.html
    await name_witnesses(visitor)
    await visitor.open(base)
    assert "都填好了" not in visitor.html and "42190003" in visitor.html  # somebody is kept from many firms: a reason is owed
    await visitor.open(f"{base}/exceptions")
    await visitor.press(f"{base}/exceptions", "save", exceptions__0__reason="主动申报的回避面较宽")
    await visitor.open(base)
    assert "都填好了" in visitor.html, visitor.html
    draw = await make_draft(office, visitor)
    found = await preview(office, city["operator"], draw)
    assert found["faults"] == [] and found["candidates"] == 389
    draft = await draft_of(office, draw)
    assert draft.sealed_until is not None and isinstance(draft.givers[-1], PublicGiver) and draft.givers[-1].issue == "第 2026137 期"
    await visitor.open(base)
    assert "草案与这里填写的一致" in visitor.html


async def test_strata_are_made_of_what_the_registry_holds(office, client, city) -> None:
    visitor = await begin_blank(client)
    base = visitor.base
    await visitor.fill("strata", attributes=["risk_colour"])
    await visitor.fill("strata", do="fill:strata")
    numbers = dict(Form(visitor.html, f"{base}/strata").fields)
    assert [numbers[f"strata-{n}-values"] for n in range(4)] == ["red", "orange", "yellow", "blue"]
    await visitor.fill("strata", do="down:strata-0", strata__0__rule__number="30%")
    numbers = dict(Form(visitor.html, f"{base}/strata").fields)
    assert numbers["strata-1-values"] == "red" and numbers["strata-1-rule-number"] == "30%"
    await visitor.fill("strata", do="remove:strata-3")
    assert "strata-3-name" not in visitor.html


async def test_what_is_wrong_is_kept_and_said_at_its_field(client, city) -> None:
    visitor = await begin_blank(client)
    base = visitor.base
    await visitor.fill("strata", strata__0__rule__number="五成")
    assert visitor.at == f"{base}/strata" and 'value="五成"' in visitor.html and 'role="alert"' in visitor.html
    assert "第 1 行：抽取比例“五成”看不懂；请写作 5%、2.5% 或 1/20" in visitor.html and 'href="#f-strata-0-rule-number"' in visitor.html
    await visitor.open(base)
    assert "五成" in visitor.html and "有问题" in visitor.html
    await visitor.fill("times", instant="2026-10-01 10:00", first="2026-11-31")
    assert "检查首日“2026-11-31”看不懂" in visitor.html and "2026-10-01，星期四" in visitor.html


async def test_a_rule_of_drafts_is_said_on_the_page_that_mends_it(client, city) -> None:
    visitor = await begin_blank(client)
    base = visitor.base
    await visitor.fill("basis", title="一", task="t-1", task_name="一", origin="special-campaign")
    await visitor.fill("strata", strata__0__rule__number="5")
    await name_witnesses(visitor)
    await visitor.fill("times", instant="2026-10-01 10:00", sealed_until="")
    await visitor.open(f"{base}/times")
    assert "锁定" in visitor.html and 'role="alert"' in visitor.html
    await visitor.fill("mandatory", do="paste:targets", paste="91421999MA99999X\r\n", paste_reason="complaint")
    await visitor.open(f"{base}/mandatory")
    assert "必查对象 91421999MA99999X 不在检查对象名录中" in visitor.html
    await visitor.fill("mandatory", do="find", q="914219")
    assert "列为必查" in visitor.html


async def test_two_editors_of_one_page_lose_nothing(office, client, city) -> None:
    visitor = await begin_blank(client)
    base = visitor.base
    mine = await visitor.open(f"{base}/basis")
    await visitor.log_in("hong")
    await visitor.open(f"{base}/basis")
    await visitor.press(f"{base}/basis", "save", title="对方的名称", task="2026-01", task_name="对方")
    await visitor.open(f"{base}/people")
    theirs_people = visitor.html
    await visitor.log_in("operator")
    page = await visitor.open(f"{base}/people")
    # The form of the first person, as it was opened before, with the token of their present session.
    token = next(value for name, value in Form(page, f"{base}/people").fields if name == "csrf")
    visitor.html = mine
    await visitor.press(f"{base}/basis", "save", 409, csrf=token, title="我的名称", task="2026-02")
    assert "hong 某在您填写期间保存过这一页" in visitor.html and 'value="我的名称"' in visitor.html and "对方的名称" in visitor.html
    assert "对方的名称" in (await read_preparation(office, base.rpartition("/")[2])).answers.basis.title
    await visitor.press(f"{base}/basis", "save")  # having seen it
    assert (await read_preparation(office, base.rpartition("/")[2])).answers.basis.title == "我的名称"
    # Another page is nobody's business.
    visitor.html = theirs_people
    await visitor.press(f"{base}/people", "save", csrf=token, places="9")


async def test_a_draft_of_the_api_is_opened_changed_and_followed(office, client, clock, city) -> None:
    made = await scene.begin(office, clock, 24)
    draft = await draft_of(office, made.draw)
    visitor = await Visitor(client).log_in("operator")
    await visitor.open(f"/staff/draws/{made.draw}/draft")
    base = visitor.base
    for slug in ("basis", "scope", "rules", "strata", "classes", "mandatory", "people", "numbers", "times", "reasons", "exceptions"):
        await visitor.fill(slug)  # saved as the page shows it, nothing changed
    id = await of_draw(office, city["operator"], made.draw)
    shown = assemble((await read_preparation(office, id)).answers)
    assert isinstance(shown, Draft) and {n: v for n in draft.__struct_fields__ if (v := getattr(shown, n)) != getattr(draft, n)} == {}
    await visitor.fill("people", places="7")
    assert await make_draft(office, visitor) == made.draw
    assert await draft_of(office, made.draw) == msgspec.structs.replace(draft, default_places=7)
    # Changed elsewhere: the answers, which nobody has touched since, follow; touched ones are not overwritten in silence.
    await revise_draft(office, city["operator"], made.draw, msgspec.structs.replace(draft, title="接口改过"))
    await visitor.open(f"/staff/draws/{made.draw}/draft")
    assert "接口改过" in visitor.html and "别处修改过" not in visitor.html
    await visitor.fill("people", places="6")
    await revise_draft(office, city["operator"], made.draw, msgspec.structs.replace(draft, title="又改过"))
    await visitor.open(base)
    assert "草案在别处修改过" in visitor.html
    await visitor.press(f"{base}/reload")
    assert "又改过" in visitor.html and "草案与这里填写的一致" in visitor.html


async def test_readers_read_and_nobody_changes_a_frozen_draw(office, client, clock, city) -> None:
    made = await scene.begin(office, clock, 24)
    visitor = await Visitor(client).log_in("confirmer")
    await visitor.open(f"/staff/draws/{made.draw}/draft?page=times")  # it came through the API, and is read all the same
    assert visitor.at.endswith("/times")
    id = await of_draw(office, city["operator"], made.draw)
    await visitor.open(f"/staff/draws/{made.draw}/draft")
    for slug in ("basis", "strata", "numbers"):
        page = await visitor.open(f"/staff/preparations/{id}/{slug}")
        assert "保存并继续" not in page and "<fieldset class=\"all\" disabled>" in page
    await scene.freeze(made)
    await visitor.log_in("operator")
    page = await visitor.open(f"/staff/preparations/{id}/basis")
    assert "名单已锁定" in page
    found = await read_preparation(office, id)
    with pytest.raises(Conflicting, match="frozen"):
        await save(office, city["operator"], id, "people", found.answers.people, found.version)


async def test_a_joint_campaign_with_nested_quotas(office, client, clock, employ) -> None:
    await register_fire(office)
    await found(office)
    await employ_all(office, employ)
    clock.set("2026-11-09T00:00:00+00:00")
    visitor = await begin_blank(client)
    base = visitor.base
    await visitor.fill("basis", title="联合抽查", task="joint-1", task_name="联合抽查", origin="special-campaign")
    assert visitor.at == f"{base}/sections"
    await visitor.fill("sections", sections=["lead", "fire"])
    await visitor.fill("strata", strata__0__rule__kind="fixed", strata__0__rule__number="9", strata__0__sections__0__rule__kind="fixed",
                       strata__0__sections__0__rule__number="4")  # fmt: skip
    assert "云州市消防救援支队抽多少" in await visitor.open(f"{base}/strata")
    assert "抽 9 户" in visitor.html and "抽 4 户" in visitor.html
    await visitor.open(f"{base}/classes?add=classes-0-inspectors")
    await visitor.press(f"{base}/classes", "save", classes__0__inspectors__2__name="消防检查员", classes__0__inspectors__2__section="fire",
                        classes__0__section_items__0__optional="1")  # fmt: skip
    await name_witnesses(visitor)
    await visitor.open(base)
    assert "都填好了" in visitor.html, visitor.html
    await employ("lan", "operator", "confirmer")
    await office.pool.execute("UPDATE staff SET department = 'fire' WHERE login = 'lan'")
    fire = await Visitor(client).log_in("lan")
    await fire.open("/staff/preparations/new", 403)
    await fire.open(base, 404)  # not a draw of theirs yet
    assert "联合抽查" not in await fire.open("/staff/preparations")
    await visitor.log_in("operator")
    draft = await draft_of(office, await make_draft(office, visitor))
    await fire.log_in("lan")
    assert "联合抽查" in await fire.open("/staff/preparations") and "联合抽查" in await fire.open(base)
    assert "保存并继续" not in await fire.open(f"{base}/people")
    token = next(value for name, value in Form(fire.html, f"{base}/people").fields if name == "csrf")
    sent = {"csrf": token, "seen": "99", "places": "1", "do": "save"}
    assert (await client.post(f"{base}/people", data=sent, headers={"Accept": "text/html"})).status_code in (403, 409)
    assert (await read_preparation(office, base.rpartition("/")[2])).answers.people.places == "8"
    assert draft.sections == ("lead", "fire") and draft.strata[0].section_rules[0].section == "fire"
    assert [seat.section for seat in draft.classes[0].inspectors] == [None, None, "fire"]


async def test_teams_alone_are_prepared_for_a_draw_that_lacks_them(office, client, clock, city) -> None:
    short = await scene.short_scene(office, clock)
    visitor = await Visitor(client).log_in("operator")
    await visitor.open("/staff/preparations/new")
    await visitor.press("/staff/preparations", way="teams", of__teams=short.draw)
    base = visitor.base
    assert "分层与应抽数" not in visitor.html and "抽查范围" not in visitor.html
    await visitor.open(base)
    assert "都填好了" in visitor.html, visitor.html
    draw = await make_draft(office, visitor)
    assert (await draft_of(office, draw)).teams_of == short.draw
    assert (await preview(office, city["operator"], draw))["teams_of"] == short.draw


async def test_a_voided_draw_is_prepared_again_and_a_copy_begins_anew(office, client, clock, city) -> None:
    voided = await scene.voided_scene(office, clock)
    visitor = await Visitor(client).log_in("operator")
    await visitor.open("/staff/preparations/new")
    await visitor.press("/staff/preparations", way="retry", of__retry=voided.draw)
    draw = await make_draft(office, visitor)
    assert draw == voided.draw[:-1] + "2" and (await draft_of(office, draw)).retries == voided.draw
    await visitor.open("/staff/preparations/new")
    await visitor.press("/staff/preparations", way="copy", of__copy=voided.draw)
    base = visitor.base
    await visitor.press(f"{base}/draft", status=409)  # the task has an unfinished draw
    assert "已有未完成的批次" in visitor.html
    await visitor.press(f"{base}/discard")
    assert visitor.at == "/staff/preparations"


async def publish_plan(office, people) -> None:
    """A plan of 2026 with one task in two batches, as it stands when it is published."""
    strata = (DraftStratum(name="红色", values=("red",), rule=Percent(numerator=30, denominator=100)), DraftStratum(name="其余", rule=Fixed(count=9)))
    batches = (Batch(first=date(2026, 11, 20), last=date(2026, 12, 4), visits=20), Batch(first=date(2026, 12, 7), last=date(2026, 12, 18), visits=20))
    entry = Entry(id="2026-01", name="工贸企业安全生产抽查", stratify_by="risk_colour", strata=strata, batches=batches)
    plan = AnnualPlan(year=2026, title="计划", legal_basis=("《安全生产法》第六十二条",), first=date(2026, 1, 1), last=date(2026, 12, 31),
                      caps=(CapClass(most=2),), entries=(entry,))  # fmt: skip
    async with office.pool.acquire() as c:
        text, one, other = format_content(plan), people["operator"].id, people["approver"].id
        await c.execute("INSERT INTO annual_plan_draft (year, content, changed_by, changed_at) VALUES (2026, $1, $2, now())", text, one)
        number = await c.fetchval(
            "INSERT INTO annual_plan_submission (year, content, reason, by, at) VALUES (2026, $1, '', $2, now()) RETURNING id", text, one
        )
        await c.execute("INSERT INTO annual_plan_verdict (submission, approved, remark, by, at) VALUES ($1, true, '', $2, now())", number, other)
        await c.execute("INSERT INTO annual_plan_version (year, version, submission, by, at) VALUES (2026, 1, $1, $2, now())", number, other)


async def test_a_task_of_the_plan_brings_its_strata_caps_and_days(office, client, city) -> None:
    await publish_plan(office, city)
    visitor = await Visitor(client).log_in("operator")
    await visitor.open("/staff/preparations/new?task=2026-01")
    await visitor.press("/staff/preparations", way="task", of__task="2026-01|1")
    assert "2026 年工贸企业安全生产抽查第 2 批" in visitor.html and "还差 1 页" in visitor.html  # only who watches is not known
    await name_witnesses(visitor)
    await visitor.open(visitor.base)
    assert "都填好了" in visitor.html, visitor.html
    draft = await draft_of(office, await make_draft(office, visitor))
    assert draft.task.id == "2026-01" and draft.origin == "annual-plan" and draft.visits.first == date(2026, 12, 7)
    assert [stratum.name for stratum in draft.strata] == ["红色", "其余"] and isinstance(draft.pool_rules[0], YearlyCap)


def test_a_reason_stays_with_its_stratum_when_strata_move() -> None:
    before = StrataPage(strata=tuple(StratumRow(name=name) for name in ("甲", "乙", "丙")))
    after = StrataPage(strata=(before.strata[2], before.strata[0]))
    rows = tuple(StatementRow(rule=rule, subject=subject, reason="r") for rule, subject in (
        ("small-stratum", "s1"), ("no-chance", "s3/fire"), ("small-stratum", "s2"), ("thin-seat", "s1/inspectors/1")))  # fmt: skip
    assert [row.subject for row in follow_strata(before, after, rows)] == ["s2", "s1/fire", "s1/inspectors/1"]


async def test_the_second_of_two_saves_brings_what_the_first_wrote(office, city) -> None:
    """The use case by itself: the same page twice from one version, and the same words twice."""
    async with office.pool.acquire() as connection, connection.transaction():
        id = await begin(connection, office, city["operator"], answers_of(scene.draft(24, "9142")))
    found = await read_preparation(office, id)
    one, other = (msgspec.structs.replace(found.answers.people, places=places) for places in ("5", "6"))
    await save(office, city["operator"], id, "people", one, found.version)
    await save(office, city["operator"], id, "people", one, found.version)  # sent twice
    with pytest.raises(ChangedMeanwhile) as caught:
        await save(office, city["operator"], id, "people", other, found.version)
    assert caught.value.theirs.answers.people.places == "5"
    draws = [await finish(office, city["operator"], id) for _ in range(2)]  # pressed twice
    assert draws[0] == draws[1] and await office.pool.fetchval("SELECT count(*) FROM draw") == 1
