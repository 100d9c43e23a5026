"""A redaction: the string is gone from database, files and pages; everything signed before still verifies."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import scene as scenes
from test_revisions import LAW, PUBLISHERS, STATEMENT, contest, correction, read, target_of

from disclosure.document import Redaction, parse_document
from disclosure.document_bundle import parse_document_bundle
from disclosure.person import digest, parse_disclosure
from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle
from service import steps
from service.bundles import read_bundle
from service.config import Config
from service.errors import Conflicting, Denied, Invalid
from service.publishing import policy_bytes, run_jobs
from service.static_folder.publish import publish_folder

REFERENCE = Path(__file__).parents[2] / "docs/spec/reference/verify.py"
# The living lists go on, and what was imported is kept (docs/operations.md).
REGISTRIES = {"target", "inspector", "expert", "import_batch"}
BOTH = ("reviewer", "publisher1")


async def disclosures(office, kind: str) -> dict[str, str]:
    """Digest -> text of what is published of one kind."""
    rows = await office.pool.fetch("SELECT digest, text FROM disclosure WHERE kind = $1", kind)
    return {row["digest"]: row["text"] for row in rows}


def redaction(document: str, digests, **changed) -> dict:
    return {"document": document, "digests": list(digests), "reason": "subject-request", "legal_basis": [LAW]} | changed


async def revisions(scene) -> list[tuple[str, list[str]]]:
    """Every result, correction and contest of the draw with its digests."""
    rows = await scene.office.pool.fetch(
        "SELECT sha256, data FROM document WHERE kind IN ('inspection-result/v1', 'correction/v1', 'contest/v1')"
    )
    return [(row["sha256"], list(parse_document(row["data"]).digests)) for row in rows]


def in_any_form(secret: str) -> list[bytes]:
    return [secret.encode(), json.dumps(secret)[1:-1].encode()]


async def everything_kept(office) -> dict[str, bytes]:
    """Every value of every column of every table, by table, the registries left out."""
    tables = await office.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 25
    kept = {}
    for (table,) in tables:
        if table not in REGISTRIES:
            rows = await office.pool.fetch(f'SELECT * FROM "{table}"')
            kept[table] = b"\n".join(_bytes(value) for row in rows for value in row.values())
    return kept


def _bytes(value: object) -> bytes:
    match value:
        case bytes():
            return value
        case list():
            return b"\n".join(map(_bytes, value))
    return str(value).encode()


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def by_reference(path: Path, policy: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(REFERENCE), str(path), "--policy", str(policy), "--verdicts"], capture_output=True, text=True, check=False
    )  # fmt: skip
    return done.stdout.splitlines()


def ours(data: bytes, policy: bytes) -> list[str]:
    report = verify_bundle(data, parse_policy(policy))
    return [f"{step.number} {step.verdict}" for step in report.steps]


async def pages_of(client, scene) -> dict[str, str]:
    """Every public page that is reached from the draw, its tickets and results, as served now."""
    start = [f"/draws/{scene.draw}/", f"/draws/{scene.draw}/people/", f"/results/{scene.result}/", "/", "/draws/"]
    rows = await scene.office.pool.fetch("SELECT id, rev FROM result")
    start += [f"/results/{row['id']}/{rev}/" for row in rows for rev in range(1, row["rev"] + 1)]
    found: dict[str, str] = {}
    waiting = start
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = await read(client, path)
        waiting += [link for link in re.findall(r'href="(/[^"#]*)"', found[path])
                    if link.startswith((f"/draws/{scene.draw}/", "/results/")) and not link.endswith(".json")]  # fmt: skip
    assert len(found) > 50
    return found


async def test_what_is_redacted_is_gone_and_what_was_signed_still_verifies(client, office, clock, config: Config, tmp_path) -> None:
    scene = await scenes.open_scene(office, clock)
    clock.advance(days=1)
    # A statement that was typed wrongly first, withdrawn and proposed again.
    wrong = await steps.propose(office, scene.people["reviewer"], scene.draw, "contest/v1",
                                contest(scene, statement="请复核，电话 13900000000"))  # fmt: skip
    await steps.withdraw(office, scene.people["reviewer"], wrong.id)
    await scene.take("contest/v1", contest(scene), *PUBLISHERS)
    await run_jobs(office)
    await publish_folder(office, config)

    policy = await policy_bytes(office)
    (tmp_path / "policy").write_bytes(policy)
    before = await read_bundle(office, scene.draw)
    old = tmp_path / "before.bundle.json"
    old.write_bytes(before)
    verdicts = ours(before, policy)
    assert by_reference(old, tmp_path / "policy") == verdicts
    assert not [line for line in verdicts if "fail" in line]

    kinds = {kind: await disclosures(office, kind) for kind in ("person", "subject", "statement")}
    texts = [text for kind in kinds.values() for text in kind.values()]
    values = [parse_disclosure(text)[2] for text in texts]
    secrets = sorted({STATEMENT, "13900000000", *(value["name"] for value in values if "name" in value)})
    assert "何公证" in secrets
    assert len(kinds["subject"]) == 5
    shown = await pages_of(client, scene)
    assert all(any(name in page for page in shown.values()) for name in secrets if "\n" not in name and name != "13900000000")

    plan = await office.pool.fetchval("SELECT plan FROM draw WHERE id = $1", scene.draw)
    documents = await revisions(scene)
    old_bundles = {sha256: (await client.get(f"/doc/{sha256}.proof.json")).content for sha256, _ in documents}
    clock.advance(days=1)
    await scene.take("redaction/v1", redaction(plan, kinds["person"]), *BOTH)
    for sha256, digests in documents:
        await scene.take("redaction/v1", redaction(sha256, digests), *BOTH)
    await run_jobs(office)
    await publish_folder(office, config)

    # Nothing the bureau keeps holds them, the registries apart.
    for table, kept in (await everything_kept(office)).items():
        for secret in [*secrets, *texts]:
            assert not any(form in kept for form in in_any_form(secret)), (table, secret[:40])
    # No file of the folder, no page.
    files = files_of(config.publish_dir)
    assert {f"doc/{sha256}.sd.json" for sha256, _ in documents} <= files.keys()
    for name, data in files.items():
        for secret in [*secrets, *texts]:
            assert not any(form in data for form in in_any_form(secret)), (name, secret[:40])
    pages = await pages_of(client, scene)
    for name, page in pages.items():
        for secret in [*secrets, *texts]:
            assert secret not in page, (name, secret[:40])
    for sha256, _ in documents:
        assert (await client.get(f"/doc/{sha256}.sd.json")).json() == []
    newest = pages[f"/results/{scene.result}/"]
    assert "陈述已于" in newest
    assert "名称已遮蔽的单位" in newest
    assert LAW in newest
    assert "已遮蔽" in pages[f"/draws/{scene.draw}/"]

    # The bundle from before says what it said; the one from now says the same, without the names.
    assert by_reference(old, tmp_path / "policy") == ours(before, policy) == verdicts
    after = await read_bundle(office, scene.draw)
    new = tmp_path / "after.bundle.json"
    new.write_bytes(after)
    assert by_reference(new, tmp_path / "policy") == ours(after, policy) == verdicts
    assert json.loads(after)["disclosures"] == []
    for sha256, digests in documents:
        kept, left = parse_document_bundle(old_bundles[sha256]), (await client.get(f"/doc/{sha256}.proof.json")).content
        assert [digest(text) for text in kept.disclosures] == digests
        assert parse_document_bundle(left).disclosures == ()
        for number, data in enumerate((old_bundles[sha256], left)):
            path = tmp_path / f"{number}.proof.json"
            path.write_bytes(data)
            done = subprocess.run([sys.executable, "-m", "disclosure", "verify", str(path), "--policy", str(tmp_path / "policy"),
                                   "--verdicts"], capture_output=True, text=True, check=False)  # fmt: skip
            assert "10 pass" in done.stdout.splitlines()
            assert "fail" not in done.stdout

    # The redactions themselves name nobody, and stand in the log.
    rows = await office.pool.fetch("SELECT data FROM document WHERE kind = 'redaction/v1'")
    logged = [parse_document(row["data"]) for row in rows]
    assert all(isinstance(document, Redaction) for document in logged)
    assert sorted(one for document in logged for one in document.digests) == sorted(
        one for kind in kinds.values() for one in kind
    )
    log = await read(client, "/log/2026/")
    assert "遮蔽个人信息" in log


async def test_the_names_job_never_opens_a_redacted_name_again(office, clock) -> None:
    scene = await scenes.begin(office, clock, 10)
    await scenes.freeze(scene)
    await scenes.contribute(scene, clock, 10)
    await scenes.draw(scene, clock)
    plan = await office.pool.fetchval("SELECT plan FROM draw WHERE id = $1", scene.draw)
    # One of those drawn is redacted before any name was opened, everybody else after.
    secret = json.loads(await office.pool.fetchval("SELECT disclosures FROM draw_secret"))
    early = digest(secret[(await scene.transcript()).targets[0].inspectors[0]][1])
    await scene.take("redaction/v1", redaction(plan, [early]), *BOTH)
    clock.set("2026-11-10T06:00:05+00:00")
    await run_jobs(office)
    opened = await disclosures(office, "person")
    assert opened
    assert early not in opened
    await scene.take("redaction/v1", redaction(plan, opened), *BOTH)
    clock.advance(minutes=1)
    await run_jobs(office)
    assert await disclosures(office, "person") == {}
    # A drawer restored from a copy of before does not bring the names back either.
    await office.pool.execute("UPDATE draw_secret SET disclosures = $1", json.dumps(secret))
    await office.pool.execute("UPDATE draw SET names_opened_at = NULL")
    await run_jobs(office)
    assert await disclosures(office, "person") == {}
    # Nor does a replacement that gives them another target.
    await scenes.replace(scene, clock)
    await run_jobs(office)
    assert not set(await disclosures(office, "person")) & {early, *opened}
    verdicts = ours(await read_bundle(office, scene.draw), await policy_bytes(office))
    assert not [line for line in verdicts if str(Verdict.FAIL) in line]


async def test_registry_numbers_stay_and_others_keep_their_names(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    before = json.loads(await office.pool.fetchval("SELECT disclosures FROM draw_secret"))
    drawn = (await scene.transcript()).targets[3].inspectors[0]
    number, text = before[drawn]
    plan = await office.pool.fetchval("SELECT plan FROM draw WHERE id = $1", scene.draw)
    await scene.take("redaction/v1", redaction(plan, [digest(text)]), *BOTH)
    after = json.loads(await office.pool.fetchval("SELECT disclosures FROM draw_secret"))
    assert after == {**before, drawn: [number, ""]}
    bundle = json.loads(await read_bundle(office, scene.draw))
    assert text not in bundle["disclosures"]
    assert len(bundle["disclosures"]) > 5
    assert "何公证" in await read(client, f"/draws/{scene.draw}/")
    draft = json.loads(await office.pool.fetchval("SELECT draft FROM draw WHERE id = $1", scene.draw))
    assert "何公证" in json.dumps(draft, ensure_ascii=False)


async def test_a_correction_after_a_redaction_does_not_bring_the_name_back(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    name = await office.pool.fetchval("SELECT name FROM target WHERE id = $1", target_of(scene))
    for sha256, digests in await revisions(scene):
        document = await office.pool.fetchval("SELECT subject FROM document WHERE sha256 = $1", sha256)
        if document.startswith(f"{scene.result}/"):
            await scene.take("redaction/v1", redaction(sha256, digests), *BOTH)
    clock.advance(days=1)
    await scene.take("correction/v1", await correction(scene), *PUBLISHERS)
    page = await read(client, f"/results/{scene.result}/")
    assert name not in page
    assert "单位名称已于" in page
    newest = await office.pool.fetchval("SELECT document FROM result WHERE id = $1", scene.result)
    assert (await client.get(f"/doc/{newest}.sd.json")).json() == []


async def test_a_redaction_that_cannot_be_is_refused_in_words(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    reviewer = scene.people["reviewer"]
    plan = await office.pool.fetchval("SELECT plan FROM draw WHERE id = $1", scene.draw)
    documents = await revisions(scene)
    (first, digests), (_, others) = documents[0], documents[1]
    people = list(await disclosures(office, "person"))
    outcome = await office.pool.fetchval("SELECT sha256 FROM document WHERE kind = 'draw-outcome/v1'")
    unknown = "A" * 43
    for request in (
        redaction(first, [unknown]), redaction(first, others), redaction(first, people[:1]), redaction(plan, digests),
        redaction(outcome, digests), redaction("0" * 64, digests), redaction(first, []), redaction(first, digests * 2),
        redaction(first, digests, reason="because"), redaction(first, digests, legal_basis=[]), redaction(first, ["A"]),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            await steps.propose(office, reviewer, scene.draw, "redaction/v1", request)
    with pytest.raises(Denied):
        await steps.propose(office, scene.people["publisher1"], scene.draw, "redaction/v1", redaction(first, digests))
    size = await office.pool.fetchval("SELECT count(*) FROM document")
    # Two people ask for the same digest in two ways; whoever is second is told, and nothing of the second is half done.
    people.sort(reverse=True)  # a step is known by its first digest: two of one name would not wait beside each other
    one = await steps.propose(office, reviewer, scene.draw, "redaction/v1", redaction(plan, people[:1]))
    two = await steps.propose(office, reviewer, scene.draw, "redaction/v1", redaction(plan, people[:3]))
    done = await steps.agree(office, scene.people["publisher1"], one.id)
    assert done.document
    with pytest.raises(Conflicting) as refusal:
        await steps.agree(office, scene.people["publisher1"], two.id)
    assert people[0] in refusal.value.en
    assert await office.pool.fetchval("SELECT count(*) FROM document") == size + 1
    assert len(await disclosures(office, "person")) == len(people) - 1
    replay = await steps.propose(office, reviewer, scene.draw, "redaction/v1", redaction(plan, people[:1]))
    assert replay.document == done.document


async def test_an_unpublished_draft_has_nothing_to_redact(office, clock) -> None:
    scene = await scenes.begin(office, clock, 10)
    with pytest.raises(Conflicting):
        await steps.propose(office, scene.people["reviewer"], scene.draw, "redaction/v1", redaction("0" * 64, ["A" * 43]))


async def test_redacted_rows_are_only_ever_added(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    plan = await office.pool.fetchval("SELECT plan FROM draw WHERE id = $1", scene.draw)
    people = list(await disclosures(office, "person"))
    await scene.take("redaction/v1", redaction(plan, people[:1]), *BOTH)
    for sql in ("DELETE FROM redacted", "UPDATE redacted SET redacted_at = now()"):
        with pytest.raises(Exception, match="only ever added"):
            await office.pool.execute(sql)
