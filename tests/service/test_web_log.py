"""The log as files: what an outside client reads is exactly what was signed, and nothing that is not public."""

import hashlib

import bureau
from application import browser
from journey import TRANSITIONS, begin, draw_of, office_at

from disclosure.checkpoint import open_checkpoint
from disclosure.note import KIND_ED25519, VerifierKey
from disclosure.policy import parse_policy
from disclosure.proof import parse_proof, verify_proof
from disclosure.tiles import AuthenticatedTiles, bundles, tiles
from disclosure.tree import leaf_hash
from disclosure.verification import Verdict, verify_bundle
from service.log import append, lock_head, publish_checkpoint
from service.web.app import create_app

ORIGIN = "disclose.yunzhou.example/2026"
KEY = VerifierKey(ORIGIN, KIND_ED25519, bureau.testing_only_signer("log").public_key)
OPEN = [(time, call) for name, time, call in TRANSITIONS if name in
        ("open draft", "open freeze", "open notary", "open audit", "open dice", "open draw")]  # fmt: skip


async def grow(office, leaves: list[bytes]) -> None:
    async with office.pool.acquire() as connection, connection.transaction():
        for leaf in leaves:
            await append(connection, await lock_head(connection, "2026"), leaf, office.now())
    await publish_checkpoint(office, "2026")


async def test_a_client_that_trusts_nobody_reads_the_whole_log(client, office) -> None:
    leaves = [f"leaf {n}".encode() for n in range(700)]
    await grow(office, leaves)
    answer = await client.get("/log/2026/checkpoint")
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert answer.headers["access-control-allow-origin"] == "*"
    head = open_checkpoint(answer.content, KEY).checkpoint
    assert (head.origin, head.size) == (ORIGIN, 700)
    files = {}
    for tile in [*tiles(700), *bundles(700)]:
        answer = await client.get(f"/log/2026/{tile.path}")
        assert ("immutable" in answer.headers["cache-control"]) == (tile.width == 256)
        files[tile.path] = answer.content
    reader = AuthenticatedTiles(head.size, head.root, lambda tile: files[tile.path])
    assert [entry for b in bundles(700) for entry in reader.entries(b, files[b.path])] == leaves
    assert reader.hash_at(0, 699) == leaf_hash(leaves[-1])


async def test_what_is_not_in_the_tree_is_not_found(client, office) -> None:
    await grow(office, [b"leaf"] * 300)
    for path in ("tile/0/002", "tile/0/001", "tile/0/001.p/45", "tile/1/000", "tile/entries/001", "tile/0/x001/000",
                 "tile/0/000.p/0", "tile/0/0", "tile/8/000", "tile/entries/x999/x999/x999/x999/x999/x999/999"):  # fmt: skip
        assert (await client.get(f"/log/2026/{path}")).status_code == 404, path
    assert (await client.get("/log/2026/tile/0/001.p/44")).status_code == 200
    assert (await client.get("/log/2026/tile/0/001.p/9")).status_code == 200
    assert (await client.get("/log/2025/tile/0/000")).status_code == 404
    assert (await client.get("/log/2026/checkpoint/x")).status_code == 404


async def test_documents_blobs_and_bundle_of_a_draw_verify_and_secrets_stay(bare_office, config) -> None:
    await begin(bare_office.pool)
    for time, call in OPEN:
        await call(office_at(bare_office.pool, time))
    async with browser(create_app(bare_office, config)) as client:
        await check_everything_published(client, bare_office)


async def check_everything_published(client, office) -> None:
    draw = await draw_of(office, "open")
    policy = parse_policy((await client.get("/policy")).content)
    answer = await client.get(f"/draws/{draw}/{draw}.bundle.json")
    assert answer.headers["etag"]
    assert not [s for s in verify_bundle(answer.content, policy).steps if s.verdict is Verdict.FAIL]
    rows = await office.pool.fetch("SELECT sha256, data FROM document ORDER BY leaf_index")
    assert len(rows) == 5
    for row in rows:
        answer = await client.get(f"/doc/{row['sha256']}.json")
        assert answer.content == row["data"]
        assert (
            hashlib.sha256(answer.content).hexdigest() == row["sha256"] == answer.headers["etag"].strip('"')
        )
        proof = parse_proof((await client.get(f"/doc/{row['sha256']}.tlog-proof")).content)
        verify_proof(proof, KEY)
        assert row["sha256"].encode() in proof.leaf
        envelope = (await client.get(f"/doc/{row['sha256']}.dsse.json")).json()
        assert envelope["signatures"]
    for row in await office.pool.fetch("SELECT sha256, data, public FROM blob"):
        answer = await client.get(f"/blob/{row['sha256']}")
        assert answer.status_code == (200 if row["public"] else 404)
        if row["public"]:
            assert answer.content == row["data"]
    assert await office.pool.fetchval("SELECT count(*) FROM blob WHERE NOT public") == 1


async def test_names_that_are_no_digests_are_not_found(client) -> None:
    for path in ("/doc/x.json", f"/doc/{'a' * 64}.json", f"/doc/{'A' * 64}.json", f"/doc/{'a' * 64}.exe", "/blob/x",
                 f"/blob/{'a' * 64}", f"/doc/{'a' * 64}.tlog-proof", "/draws/x-2026-1-1/x-2026-1-2.bundle.json",
                 "/draws/x-2026-1-1/x-2026-1-1.bundle.json", "/draws/x/x"):  # fmt: skip
        assert (await client.get(path)).status_code in (400, 404), path
