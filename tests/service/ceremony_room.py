"""A ceremony through its pages: everybody logged in, a draft with two witnesses and dice or a public number."""

import re

import scene as scenes
from application import PASSWORD

from service.drafts import DiceGiver, NonceGiver, PublicGiver, ThrowerName, WitnessGiver

NONCE = NonceGiver(custodian="云州市公证处")
NOTARY = WitnessGiver(label="notary", body="云州市公证处", name="何公证")
DISCIPLINE = WitnessGiver(label="discipline", body="驻局纪检监察组", name="罗监察")
CONSUMERS = WitnessGiver(label="consumers", body="市消费者协会", name="谢会员")
DICE = DiceGiver(throwers=tuple(ThrowerName(label=f"thrower-{n}", body=f"单位{n}", name=f"掷骰人{n}") for n in "abc"))
LOTTERY = PublicGiver(
    label="lottery", source="中国福利彩票双色球", issue="第 2026131 期", digits=14, order="红球由小到大每球两位，再接蓝球两位", example="01020304050607"
)
SCAN = b"%PDF-1.7 signed by hand"
DIGITS = {"notary": "31415926535897932384", "discipline": "27182818284590452353"}
THROWN = "0123456789" * 6


def step_in(page: str, label: str) -> str:
    """What the form says that confirms `label`; nothing if there is none."""
    found = re.search(rf'/ceremony/{label}/confirm">\s*<input[^>]*>\s*<input type="hidden" name="step" value="([^"]+)"', page)
    return found[1] if found else ""


class Room:
    """The people of one ceremony; who was idle for long logs in again."""

    def __init__(self, client, clock, office, scene) -> None:
        self.client, self.clock, self.office, self.scene, self._headers = client, clock, office, scene, {}
        self.base = f"/staff/draws/{scene.draw}"

    async def at(self, time: str) -> None:
        self.clock.set(f"2026-11-10T{time}+00:00")
        self._headers.clear()

    async def headers(self, login: str) -> dict[str, str]:
        if login not in self._headers:
            answer = await self.client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            self._headers[login] = {"Authorization": f"Bearer {answer.json()['token']}", "Accept": "text/html"}
        return self._headers[login]

    async def get(self, login: str, path: str, status: int = 200) -> str:
        answer = await self.client.get(self.base + path, headers=await self.headers(login))
        assert answer.status_code == status, answer.text
        return answer.text

    async def confirm(self, label: str, status: int = 303, **data: str) -> str:
        """The confirmer opens the page and sends the form that stands there for `label`; without one, an empty form."""
        return await self.post("confirmer", f"/ceremony/{label}/confirm", status, step=step_in(await self.get("confirmer", "/ceremony"), label), **data)

    async def post(self, login: str, path: str, status: int = 303, files=None, **data: str) -> str:
        answer = await self.client.post(self.base + path, headers=await self.headers(login), data=data, files=files)
        assert answer.status_code == status, answer.text
        return answer.text

    async def paper(self, label: str, digits: str) -> None:
        """The operator types what stands on paper, the confirmer compares."""
        await self.post("operator", f"/ceremony/{label}", files={"scan": ("form.pdf", SCAN, "application/pdf")}, digits=digits)
        await self.confirm(label)

    async def absent(self, label: str) -> None:
        await self.post("operator", f"/ceremony/{label}", absent="1")
        await self.confirm(label)

    async def draw(self) -> None:
        await self.post("operator", "/stage")
        await self.post("confirmer", "/stage")

    async def state(self) -> str:
        return await self.office.pool.fetchval("SELECT state FROM draw WHERE id = $1", self.scene.draw)

    async def cards(self, label: str = "") -> dict[str, str]:
        """Issue cards; return the addresses printed, by what stands above each."""
        page = await self.post("operator", "/cards", 200, label=label)
        names = re.findall(r"<h2>(\S+)　", page)
        return dict(zip(names, re.findall(r"<p class=\"mono address\">\S+?(/w/[\w-]{22})</p>", page), strict=True))


async def employ_everybody(employ) -> None:
    for login, roles in scenes.PEOPLE.items():
        await employ(login, *roles)
    await employ("auditor", "auditor")


async def begin(client, office, clock, employ, *givers, sealed_until=None, freeze=True) -> Room:
    """A room with a draft, frozen unless told otherwise, at 01:00 of a day whose T is 02:00 UTC."""
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, sealed_until=sealed_until, givers=(NONCE, *givers))
    if freeze:
        await scenes.freeze(scene)
    return Room(client, clock, office, scene)
