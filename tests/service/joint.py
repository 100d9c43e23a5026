"""A campaign of two departments, carried out through the API alone: safety leads, fire takes part.

`found` fills registries; `Desk` is everybody's account at once. Fire's key is beside the bureau's, as `section_signers` of the office.
"""

import base64
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
from application import PASSWORD
from bureau import testing_only_signer

from disclosure.keys import encode_base64
from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle
from selection.plan import Fixed, Percent, Task
from selection.transcript import parse_transcript
from service.drafts import (
    DiceGiver,
    Draft,
    DraftClass,
    DraftSeat,
    DraftStratum,
    Mandatory,
    NonceGiver,
    SectionItemCount,
    SectionRule,
    ThrowerName,
    VisitDays,
    WitnessGiver,
)
from service.office import Office

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "spec" / "reference" / "verify.py"
FIRE = "云州市消防救援支队"
ROLES = {
    "operator": ["operator"], "confirmer": ["confirmer"], "approver": ["approver"], "inspector1": ["inspector"],
    "inspector2": ["inspector"], "reviewer": ["reviewer"], "publisher1": ["publisher"], "publisher2": ["publisher"],
    "fire-confirmer": ["confirmer"],
}  # fmt: skip
OF_FIRE = ("fire-confirmer",)
BOTH = ("operator", "confirmer")
ALL = (*BOTH, *OF_FIRE)  # who freezes a campaign
COLOURS = ("red", "yellow", "yellow", "blue", "blue")
BESIDE_E3 = ("S04", *(f"S{n}" for n in range(10, 20)))  # so many that every draw seats one of them


def joint_office(pool, clock) -> Office:
    return Office(
        pool, testing_only_signer("section-lead"), testing_only_signer("log"), clock,
        section_signers={"fire": testing_only_signer("section-fire")},
    )  # fmt: skip


async def register_fire(office: Office) -> None:
    key = encode_base64(testing_only_signer("section-fire").public_key)
    await office.pool.execute("INSERT INTO section (label, name, key) VALUES ('fire', $1, $2)", FIRE, key)


async def employ_all(office: Office, employ) -> None:
    """One account for every role, and the confirmer of fire; all with the password of the first."""
    first, *others = ROLES
    await employ(first, *ROLES[first])
    await office.pool.executemany(
        "INSERT INTO staff (login, name, password_hash, roles, department) SELECT $1, $1, password_hash, $2, $4 FROM staff WHERE login = $3",
        [(login, ROLES[login], first, "fire" if login in OF_FIRE else None) for login in others],
    )


async def found(office: Office) -> None:
    """150 firms, 24 inspectors of safety, 12 of fire, 3 of health, 8 experts; four in ten are in some conflict."""
    async with office.pool.acquire() as c:
        await c.executemany(
            "INSERT INTO target (id, name, area, sector, risk_colour) VALUES ($1, $2, '东湖区', $3, $4)",
            [(f"9142{n:014d}", f"云州第{n}厂", "危险化学品" if n % 5 == 0 else "机械", COLOURS[n // 5 % 5]) for n in range(150)],
        )
        people = [(f"S{n:02d}", "", n % 3 == 0) for n in range(24)] + [(f"F{n:02d}", FIRE if n % 2 else "fire", False) for n in range(12)]
        people += [(f"H{n}", "云州市卫生健康委员会", False) for n in range(3)]
        await c.executemany(
            "INSERT INTO inspector (number, name, department, areas, specialities, capacity, lead) VALUES ($1, $1, $2, '{}', '{}', 8, $3)",
            people,
        )
        await c.executemany(
            "INSERT INTO expert (number, name, department, areas, specialities, capacity, serves) VALUES ($1, $1, '', '{}', '{化工}', 8, '{}')",
            [(f"E{n}",) for n in range(8)],
        )
        items = [(f"S-{n}", "", n < 2) for n in range(6)] + [(f"F-{n}", FIRE, n < 1) for n in range(4)]
        items += [("H-1", "云州市卫生健康委员会", True)]
        await c.executemany(
            "INSERT INTO item (id, name, department, legal_basis, mandatory, classes) VALUES ($1, $1, $2, '《消防法》', $3, '{}')", items
        )
        kept = [f"S{n:02d}" for n in range(10)] + [f"F{n:02d}" for n in range(5)] + ["E0", "E1", "E2"]
        await c.executemany(
            "INSERT INTO conflict (person, target, reason) VALUES ($1, $2, 'kinship')",
            [(number, f"9142{(7 * i + 11 * j) % 150:014d}") for i, number in enumerate(kept) for j in range(15)],
        )


def _named(label: str, body: str) -> ThrowerName:
    return ThrowerName(label=label, body=body, name="甲")


GIVERS = (
    NonceGiver(custodian="公证处"), WitnessGiver(label="notary", body="公证处", name="王"),
    WitnessGiver(label="audit", body="审计局", name="李"), DiceGiver(throwers=tuple(_named(f"t{n}", f"单位{n}") for n in range(3))),
)  # fmt: skip


def draft(day: int, sealed_until: str | None = None, **more) -> dict:
    fire = DraftSeat(name="消防检查员", section="fire")
    inspectors = (DraftSeat(name="组长", lead=True), DraftSeat(name="检查员"), fire)
    expert = DraftSeat(name="化工专家", specialities=("化工",))
    wanted = {
        "title": f"联合抽查 {day}", "task": Task(id=f"joint-{day}", name="联合抽查"), "legal_basis": ("《安全生产法》",),
        "sections": ("lead", "fire"), "stratify_by": "risk_colour",
        "strata": (
            DraftStratum(name="红", values=("red",), rule=Fixed(count=9), section_rules=(SectionRule(section="fire", rule=Fixed(count=4)),)),
            DraftStratum(name="黄", values=("yellow",), rule=Percent(numerator=10, denominator=100),
                         section_rules=(SectionRule(section="fire", rule=Percent(numerator=20, denominator=100)),)),
            DraftStratum(name="其余", rule=Fixed(count=5)),
        ),
        "classes": (
            DraftClass(id="chemical", name="化工", sectors=("危险化学品",), inspectors=inspectors, experts=(expert,), optional_items=2,
                       section_items=(SectionItemCount(section="fire", optional_items=1),)),
            DraftClass(id="general", name="一般", inspectors=inspectors, optional_items=1,
                       section_items=(SectionItemCount(section="fire", optional_items=1),)),
        ),
        "mandatory": (Mandatory(target=f"9142{1:014d}", reason="complaint"),), "mandatory_counts": False,
        "apart": (("S00", "S01"), ("S02", "F03"), *(("E3", number) for number in BESIDE_E3)), "givers": GIVERS, "instant": f"2026-11-{day:02d}T02:00:00Z",
        "names_open": f"2026-11-{day:02d}T06:00:00Z", "visits": VisitDays(first=date(2026, 11, 20), last=date(2026, 12, 18)),
        "sealed_until": sealed_until,
    }  # fmt: skip
    return msgspec.to_builtins(Draft(**(wanted | more)))


class Desk:
    """Everybody at the desk: one logged-in account for every role."""

    def __init__(self, client, clock, office: Office) -> None:
        self.client, self.clock, self.office = client, clock, office
        self._headers: dict[str, dict[str, str]] = {}

    async def at(self, time: str) -> None:
        """It is `time`; whoever was logged in for long logs in again."""
        self.clock.set(time)
        self._headers.clear()

    async def headers(self, login: str) -> dict[str, str]:
        if login not in self._headers:
            answer = await self.client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            self._headers[login] = {"Authorization": f"Bearer {answer.json()['token']}"}
        return self._headers[login]

    async def post(self, login: str, path: str, body: dict | None = None):
        return await self.client.post(path, json=body or {}, headers=await self.headers(login))

    async def get(self, login: str, path: str):
        return await self.client.get(path, headers=await self.headers(login))

    async def prepare(self, wanted: dict) -> str:
        answer = await self.post("operator", "/api/v1/draws", wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def revise(self, draw: str, wanted: dict) -> None:
        answer = await self.client.put(f"/api/v1/draws/{draw}/draft", json=wanted, headers=await self.headers("operator"))
        assert answer.status_code == 204, answer.text

    async def preview(self, draw: str):
        return await self.get("confirmer", f"/api/v1/draws/{draw}/preview")

    async def take(self, draw: str, kind: str, request: dict, *logins: str) -> dict:
        answer = await self.post(logins[0], f"/api/v1/draws/{draw}/steps", {"kind": kind, "request": request})
        assert answer.status_code in (200, 201), answer.text
        for login in logins[1:]:
            answer = await self.post(login, f"/api/v1/steps/{answer.json()['id']}/agree")
            assert answer.status_code == 200, answer.text
        assert answer.json()["document"], answer.text
        return answer.json()

    async def sections(self, draw: str) -> list[str]:
        return await self.office.pool.fetchval("SELECT sections FROM draw WHERE id = $1", draw)

    async def carry_out(self, draw: str, day: int) -> None:
        """Freeze, contribute and draw."""
        await self.at(f"2026-11-{day:02d}T01:00:00Z")
        await self.take(draw, "draw-plan/v1", {}, *(ALL if "fire" in await self.sections(draw) else BOTH))
        for label in ("notary", "audit"):
            await self.take(draw, "contribution/v1", {"label": label, "digits": f"{day:02d}12345678", "form": "f" * 64}, *BOTH)
        await self.at(f"2026-11-{day:02d}T02:00:05Z")
        await self.take(draw, "contribution/v1", {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64}, *BOTH)
        await self.take(draw, "draw-outcome/v1", {}, *BOTH)

    async def transcript(self, draw: str):
        return parse_transcript(await self.office.pool.fetchval("SELECT result FROM draw_result WHERE draw = $1", draw))

    async def plan(self, draw: str) -> dict:
        sha256 = (await self.get("operator", f"/api/v1/draws/{draw}")).json()["plan"]
        return json.loads(await self.office.pool.fetchval("SELECT data FROM document WHERE sha256 = $1", sha256))

    async def enter_result(self, draw: str, target, on: str) -> dict:
        findings = [{"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None} for i in target.items]
        request = {"target": target.id, "inspected_on": on, "result": "NO_PROBLEM", "findings": findings}
        done = await self.take(
            draw, "inspection-result/v1", request, "inspector1", "inspector2", "reviewer", "publisher1", "publisher2"
        )
        return json.loads(await self.office.pool.fetchval("SELECT envelope FROM document WHERE sha256 = $1", done["document"]))

    async def verify(self, draw: str, folder: Path) -> None:
        """Both verifiers find nothing wrong, and decide the same steps."""
        bundle = (await self.client.get(f"/draws/{draw}/{draw}.bundle.json")).content
        policy = (await self.client.get("/policy")).content
        report = verify_bundle(bundle, parse_policy(policy))
        assert [(s.number, s.sentence) for s in report.steps if s.verdict is Verdict.FAIL] == []
        (folder / "bundle.json").write_bytes(bundle)
        (folder / "policy.json").write_bytes(policy)
        ran = subprocess.run(
            [sys.executable, str(VERIFIER), str(folder / "bundle.json"), "--policy", str(folder / "policy.json"), "--verdicts"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.stdout.split() == [word for s in report.steps for word in (str(s.number), s.verdict.value)], ran.stdout
        assert ran.returncode == 3, ran.stdout + ran.stderr


def payload(envelope: dict) -> dict:
    return json.loads(base64.b64decode(envelope["payload"]))
