"""The whole journey in Chinese: from an empty installation and spreadsheets to a drawn, published and verified result."""

import msgspec
import pytest
from browser.conftest import serving
from ceremony_room import SCAN
from walk import SAMPLES, Eyes, Person, command, workbook

from service.command.serve import running_office
from service.config import read_config
from service.publishing import run_jobs
from service.shards import create_first_log

PEOPLE = {
    "deng": ("邓登记", "registrar"), "wang": ("王经办", "operator"), "fu": ("傅复核", "confirmer"), "shen": ("沈审批", "approver"),
    "fabu": ("费发布", "publisher"),
}  # fmt: skip
KINDS = ("items", "targets", "inspectors", "experts", "conflicts", "services", "inspections")
FORM = {"name": "form.pdf", "mimeType": "application/pdf", "buffer": SCAN}
DIGITS = ("31415926535897932384", "27182818284590452353", "16180339887498948482")
LOTTERY = "03081119273207"


@pytest.fixture
async def installation(empty_dsn, clock, tmp_path):
    """What the commands of the README leave behind, and an office that runs on it with the clock of the test."""
    (tmp_path / "passphrase").write_text("a passphrase of the test\n")
    (tmp_path / "passphrase").chmod(0o600)
    (tmp_path / "keys").mkdir(mode=0o700)
    environment = {"DATABASE_URL": empty_dsn, "DOUBLE_RANDOM_DATA": str(tmp_path), "DOUBLE_RANDOM_KEY_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    for words in (
        ("keygen", f"{tmp_path}/keys/bureau.pem"), ("keygen", f"{tmp_path}/keys/log.pem"), ("migrate",), ("bureau", "yunzhou", "云州市应急管理局"),
    ):  # fmt: skip
        await command(environment, "-m", "service", *words)
    password = "chief administrator's phrase"
    await command(environment, "-m", "service", "user-create", "chief", "--name", "赵管理", "--role", "administrator", typed=password + "\n")
    config = read_config(environment)
    clock.set("2026-11-02T01:00:00+00:00")
    async with running_office(config) as running:
        office = msgspec.structs.replace(running, clock=clock)
        await create_first_log(office, "disclose.yunzhou.example/2026")  # `log-create`, at the time of this test: keys hold from then on
        async with serving(office, config) as site:
            yield office, site.replace("127.0.0.1", "localhost"), password


@pytest.fixture
async def sit(chromium, installation, clock):
    """Everybody's own browser: `await sit("wang", password)`; a phone without a login."""
    contexts = []

    async def open_browser(login: str | None = None, password: str = "", **options):
        phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True} if login is None else {"viewport": {"width": 1280, "height": 900}}
        context = await chromium.new_context(locale="zh-CN", **(phone | options))
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = await context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        return Person(page, installation[1], clock, login or "", password)

    yield open_browser
    for context in contexts:
        await context.close()


async def staff_up(sit, password: str, eyes: Eyes) -> dict[str, Person]:
    """The administrator makes the accounts; each takes theirs over."""
    chief = await sit("chief", password)
    await chief.page.goto(chief.site + "/staff/login")
    await eyes.look(chief.page, "log-in")
    await chief.settle_in(eyes)
    await eyes.look(chief.page, "home-administrator")
    people = {}
    for login, (name, role) in PEOPLE.items():
        await chief.open("/staff/accounts")
        await chief.page.fill("#login", login)
        await chief.page.fill("#name", name)
        await chief.page.check(f"[name=role][value={role}]")
        await chief.press("建立账户")
        people[login] = await sit(login, await chief.page.inner_text("main code"))
    await eyes.look(chief.page, "initial-password")
    await chief.follow("已交给本人")
    await eyes.look(chief.page, "accounts")
    for login, person in people.items():
        await person.settle_in(eyes if login == "wang" else None)
    await eyes.look(people["wang"].page, "home-empty")
    return people


async def load_registries(deng: Person, eyes: Eyes) -> None:
    await deng.open("/staff/registries")
    await eyes.look(deng.page, "registries-empty")
    for kind in KINDS:
        await deng.open(f"/staff/registries/{kind}/import")
        if kind == "targets":
            await eyes.look(deng.page, "import")
        await deng.page.set_input_files("#file", workbook(kind))
        await deng.press("检查这份文件")
        if kind in ("targets", "conflicts"):
            await eyes.look(deng.page, f"checked-{kind}")
        await deng.page.get_by_role("button", name="确认导入").click()
        await deng.page.wait_for_selector("text=查看名录")
    await eyes.look(deng.page, "imported")
    await deng.open("/staff/registries/targets")
    await eyes.look(deng.page, "targets")
    await deng.open("/staff/registries")
    await eyes.look(deng.page, "registries")
    for year in (2025, 2026):
        await deng.open("/staff/calendar")
        await deng.page.set_input_files("#file", SAMPLES / f"calendar-{year}.csv")
        await deng.page.fill("#source", "国务院办公厅放假通知")
        await deng.press("检查这份日历")
        if year == 2026:
            await eyes.look(deng.page, "calendar-checked")
        await deng.press(f"确认 {year} 年工作日历")
    await eyes.look(deng.page, "calendar-confirmed")


async def plan_year(people: dict[str, Person], eyes: Eyes) -> None:
    wang, shen, fabu = people["wang"], people["shen"], people["fabu"]
    await wang.open("/staff/plans")
    await eyes.look(wang.page, "plans-empty")
    await wang.press("编写 2026 年度计划")
    await eyes.look(wang.page, "plan-begun")
    await wang.page.locator("main").get_by_role("link", name="添加任务").first.click()
    await wang.page.fill("#name", "工贸企业安全生产抽查")
    await wang.page.fill("#stratum_name_1", "全部对象")
    await wang.page.fill("#stratum_number_1", "2")
    for field, value in (("first", "2026-11-10"), ("last", "2026-12-18"), ("visits", "40")):
        await wang.page.fill(f"#batch_{field}_1", value)
    await wang.page.locator("[name=items]").first.check()
    await eyes.look(wang.page, "plan-task")
    await wang.press("保存任务")
    await eyes.look(wang.page, "plan-written")
    assert "还差" not in await wang.text(), await wang.text()
    await wang.press("提请批准年度计划")
    await shen.open("/staff/")
    await eyes.look(shen.page, "home-approver")
    await shen.open("/staff/plans")
    await shen.follow("等待审批")
    await eyes.look(shen.page, "plan-to-approve")
    await shen.press("批准年度计划")
    await fabu.open("/staff/plans")
    await fabu.follow("已批准，等待公布")
    await fabu.press("公布年度计划")
    await fabu.page.goto(fabu.site + "/plans/2026/")
    await eyes.look(fabu.page, "plan-public")


async def prepare(wang: Person, eyes: Eyes | None, sealed: bool) -> str:
    """From the task of the plan to a draft; the id of the draw."""
    await wang.open("/staff/tasks/2026-01")
    if eyes:
        await eyes.look(wang.page, "task")
    await wang.follow("起草本任务的一批")
    if eyes:
        await eyes.look(wang.page, "begin")
    await wang.press("开始准备")
    base = wang.page.url.removeprefix(wang.site)
    if eyes:
        await eyes.look(wang.page, "task-list")
    for slug in ("basis", "scope", "rules", "strata", "classes", "mandatory", "people", "reasons", "exceptions") if eyes else ():
        await wang.open(f"{base}/{slug}")
        await eyes.look(wang.page, f"prepare-{slug}")
    await wang.open(f"{base}/numbers")
    if eyes:
        await eyes.look(wang.page, "prepare-numbers")
    await wang.page.fill("[name='givers-0-custodian']", "云州市公证处")
    for number, (body, name) in enumerate((("云州市公证处", "何公证"), ("驻局纪检监察组", "罗监察"), ("市消费者协会", "谢会员")), 1):
        await wang.page.fill(f"[name='givers-{number}-body']", body)
        await wang.page.fill(f"[name='givers-{number}-name']", name)
    await wang.page.fill("[name='givers-4-issue']", "第 2026131 期")
    await wang.press("保存并继续")
    await wang.open(f"{base}/times")
    if not sealed:
        await wang.page.fill("[name=sealed_until]", "")
        await wang.page.fill("[name=names_open]", "2026-11-06 09:00")
    if eyes:
        await eyes.look(wang.page, "prepare-times")
    await wang.press("保存并继续")
    await wang.open(base)
    if eyes:
        await eyes.look(wang.page, "task-list-done")
    assert "都填好了" in await wang.text(), await wang.text()
    await wang.press("生成草案")
    await wang.page.wait_for_url("**/staff/draws/*")
    return wang.page.url.rsplit("/", 1)[1]


async def freeze(people: dict[str, Person], draw: str, eyes: Eyes | None) -> None:
    wang, fu = people["wang"], people["fu"]
    await wang.open(f"/staff/draws/{draw}/checklist")
    if eyes:
        await eyes.look(wang.page, "check-list")
    await wang.follow("去锁定名单")
    if eyes:
        await eyes.look(wang.page, "freeze")
    await wang.press("提请锁定名单并公布指纹")
    step = wang.page.url.removeprefix(wang.site)
    if eyes:
        await eyes.look(wang.page, "freeze-waits")
    await fu.open("/staff/")
    if eyes:
        await eyes.look(fu.page, "home-confirmer")
    assert await fu.page.locator(f"main a[href='{step}']").count(), "what waits is on the confirmer's first page"
    await fu.open(step)
    if eyes:
        await eyes.look(fu.page, "confirm-freeze")
    await fu.press("同意并签署，锁定名单")
    if eyes:
        await eyes.look(fu.page, "frozen")


async def type_lottery(people: dict[str, Person], draw: str, eyes: Eyes | None) -> None:
    """Typed by two, each from the announcement."""
    wang, fu = people["wang"], people["fu"]
    await wang.open(f"/staff/draws/{draw}/ceremony")
    await wang.page.get_by_label("数字（14 位").fill(LOTTERY)
    await wang.press("输入号码，交复核人再输")
    await fu.open(f"/staff/draws/{draw}/ceremony")
    if eyes:
        await eyes.look(fu.page, "lottery-typed-again")
    await fu.page.get_by_label("对照官方公告输入").fill(LOTTERY)
    await fu.press("核对并登记号码")


async def press_draw(people: dict[str, Person], draw: str) -> None:
    for login in ("wang", "fu"):
        await people[login].open(f"/staff/draws/{draw}/stage")
        await people[login].press("抽取")


async def paper(people: dict[str, Person], draw: str, label: str, digits: str) -> None:
    await people["wang"].open(f"/staff/draws/{draw}/ceremony")
    section = people["wang"].page.locator(f"#giver-{label}")
    await section.get_by_label("签字表上的数字").fill(digits)
    await section.get_by_label("签字表扫描件").set_input_files(FORM)
    await people["wang"].press("录入数字，交复核人")
    await people["fu"].open(f"/staff/draws/{draw}/ceremony")
    await people["fu"].press("与纸面一致，登记数字")


async def check_bundle(page, site: str, draw: str, folder) -> None:
    """What anybody does who believes nobody: fetch, and verify elsewhere."""
    for name, path in (("bundle.json", f"/draws/{draw}/{draw}.bundle.json"), ("policy", "/policy")):
        answer = await page.request.get(site + path)
        assert answer.ok, (path, answer.status)
        (folder / name).write_bytes(await answer.body())
    said = await command({}, "-m", "disclosure", "verify", str(folder / "bundle.json"), "--policy", str(folder / "policy"), status=3)
    assert "没有不符之处" in said, said  # 3: nothing is wrong; whether there is another plan of that number only the whole log says


@pytest.mark.timeout(600)  # some sixty screens at three widths each
async def test_from_an_empty_installation_to_a_verified_result(installation, sit, clock, tmp_path) -> None:
    office, site, password = installation
    eyes = Eyes()
    people = await staff_up(sit, password, eyes)
    wang, fu = people["wang"], people["fu"]
    await load_registries(people["deng"], eyes)
    await plan_year(people, eyes)
    draw = await prepare(wang, eyes, sealed=False)
    await eyes.look(wang.page, "draw-page")
    for name in ("candidates", "excluded", "people", "rehearsals"):
        await wang.open(f"/staff/draws/{draw}/{name}")
        await eyes.look(wang.page, name)

    await wang.open(f"/staff/draws/{draw}/cards")
    await wang.page.get_by_role("button", name="制发并打印其余").click()
    await wang.page.wait_for_selector("p.address")
    await eyes.look(wang.page, "cards-to-print", (1280, 390))
    addresses = [await item.inner_text() for item in await wang.page.query_selector_all("p.address")]
    phones = [await sit() for _ in range(2)]
    for phone, address in zip(phones, addresses, strict=False):
        await phone.page.goto(site + "/w/" + address.rsplit("/w/", 1)[1])
        await phone.page.click("text=在本机生成签名密钥")
        await phone.page.wait_for_selector("text=等待经办人核对采用")
    await eyes.look(phones[0].page, "phone-key", (390, 320))
    await wang.open(f"/staff/draws/{draw}/cards")
    await eyes.look(wang.page, "cards")
    for name in ("何公证", "罗监察"):
        await wang.press(f"指纹与{name}手机一致，采用")
    await freeze(people, draw, eyes)

    room = await sit("fabu", people["fabu"].password, viewport={"width": 1920, "height": 1080})
    room.code = people["fabu"].code
    await room.open(f"/staff/draws/{draw}/stage")
    await eyes.look(room.page, "stage-begun", (1920, 1280, 390))
    for phone, digits in zip(phones, DIGITS, strict=False):
        await phone.page.wait_for_selector("[data-form=sign]:not([hidden])")
        if digits == DIGITS[0]:
            await eyes.look(phone.page, "phone-digits", (390, 320))
        for digit in digits:
            await phone.page.click(f"[data-digit='{digit}']")
        await phone.page.click("text=签名并公开给出数字")
        await phone.page.wait_for_selector("text=任何人都不能更改")
    await eyes.look(phones[0].page, "phone-given", (390, 320))
    await room.page.wait_for_selector("text=27182 81828")  # by itself
    await wang.open(f"/staff/draws/{draw}/ceremony")
    await eyes.look(wang.page, "entry")
    await paper(people, draw, "witness-3", DIGITS[2])
    await room.page.wait_for_selector("text=请等候开号时刻 T")
    await eyes.look(room.page, "stage-waits", (1920, 390))
    instant = await office.pool.fetchval("SELECT instant FROM draw WHERE id = $1", draw)
    clock.now = instant
    await type_lottery(people, draw, eyes)
    await press_draw(people, draw)
    await eyes.look(fu.page, "stage-drawn", (1920, 390))
    assert "抽取完成" in await fu.text()
    await wang.open(f"/staff/draws/{draw}")
    await eyes.look(wang.page, "draw-page-drawn")
    anybody = await sit()
    await anybody.page.goto(f"{site}/draws/{draw}/")
    await eyes.look(anybody.page, "public-draw")
    await check_bundle(anybody.page, site, draw, tmp_path)

    # A second draw of the task, sealed: nothing about it is public until the job opens it at its time.
    sealed = await prepare(wang, None, sealed=True)
    await freeze(people, sealed, None)
    for label, digits in zip(("witness-1", "witness-2", "witness-3"), DIGITS, strict=True):
        await paper(people, sealed, label, digits)
    clock.now = await office.pool.fetchval("SELECT instant FROM draw WHERE id = $1", sealed)
    await type_lottery(people, sealed, None)
    await press_draw(people, sealed)
    await eyes.look(fu.page, "stage-sealed", (1920, 390))
    await anybody.page.goto(f"{site}/draws/{sealed}/")
    await eyes.look(anybody.page, "public-sealed")
    assert "结果封存" in await anybody.text()
    drawn = await office.pool.fetchval("SELECT state FROM draw WHERE id = $1", sealed)
    assert drawn == "sealed"
    clock.set("2026-12-19T01:00:01+00:00")
    await run_jobs(office)
    assert await office.pool.fetchval("SELECT state FROM draw WHERE id = $1", sealed) == "opened"
    await anybody.page.reload()  # a browser may keep a page for a minute, and this minute passed in the office only
    await eyes.look(anybody.page, "public-opened")
    assert "结果封存" not in await anybody.text()
    await check_bundle(anybody.page, site, sealed, tmp_path)
    assert not [f for person in (*people.values(), *phones, room, anybody) for f in person.page.faults]
    assert not eyes.faults, "\n".join(eyes.faults)
