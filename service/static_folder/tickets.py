"""The tickets of every draw, and why each team: one page for a firm, thousands for a draw.

In English only what other English pages lead to (`shown_tickets`): all of them would take as long, and as much room, once more.
"""

import asyncio
from time import monotonic

from service.pages.record import read_lists, read_plan, read_record, read_transcript
from service.pages.ticket import has_every_ticket, shown_tickets
from service.pages.visits import visits_of
from service.static_folder.files import Folder
from service.static_folder.keys import DrawKeys, key_of
from service.static_folder.snapshot import Snapshot
from service.web.reading import TWINS

__all__ = ["publish_tickets"]

BATCH = 500  # tickets after which the state is saved


async def publish_tickets(
    folder: Folder, snapshot: Snapshot, base: str, draws: list[DrawKeys], patience: float | None
) -> bool:
    """Write the tickets that changed, newest draws first; return whether all are written. What is left, a next call does."""
    end = None if patience is None else monotonic() + patience
    finished = True
    for draw in reversed(draws):
        finished = await _publish_draw(folder, snapshot, base, draw, end) and finished
    await asyncio.to_thread(folder.save)
    return finished


async def _publish_draw(folder: Folder, snapshot: Snapshot, base: str, draw: DrawKeys, end: float | None) -> bool:
    """Write the tickets of one draw: all if the draw changed, from where the last run stopped; else those with a new result."""
    name, key = f"tickets {draw.id}", key_of(base, draw.record)
    known, _, progress = folder.state.get(name, "").partition(" ")
    results = {
        row["target"]: row["document"]
        for row in await snapshot.connection.fetch("SELECT target, document FROM result WHERE draw = $1", draw.id)
    }
    if known != key or progress != "all":
        targets, shown = await _targets(snapshot, draw)
        done = int(progress) if known == key else 0
        while done < len(targets):
            if end is not None and monotonic() >= end:
                await asyncio.to_thread(folder.save)
                return False
            await _publish_ticket(folder, snapshot, draw.id, targets[done], results.get(targets[done]), targets[done] in shown)
            done += 1
            folder.state[name] = f"{key} {done}"
            if done % BATCH == 0:
                await asyncio.to_thread(folder.save)
        folder.state[name] = f"{key} all"
    for target, document in results.items():
        if folder.state.get(f"ticket {draw.id} {target}") != document:
            await _publish_ticket(folder, snapshot, draw.id, target, document, True)
    return True


async def _targets(snapshot: Snapshot, draw: DrawKeys) -> tuple[list[str], frozenset[str]]:
    """Return whose tickets are pages, in order, and whose are in English too."""
    plan = await read_plan(snapshot.connection, draw.plan)
    record = await read_record(snapshot.connection, draw.id)
    transcript = await read_transcript(snapshot.connection, record)
    shown = frozenset[str]()
    if transcript is not None:
        lists = await read_lists(snapshot.connection, plan)
        shown = shown_tickets(visits_of(plan, lists, transcript, [event for _, event in record.events]), transcript)
    found = sorted(shown)
    if has_every_ticket(plan):
        rows = await snapshot.connection.fetch("SELECT target FROM draw_target WHERE draw = $1 ORDER BY target", draw.id)
        found = [row["target"] for row in rows]
    # A name that begins with a dot would be hidden, or lead out of the folder.
    return [target for target in found if not target.startswith(".")], shown


async def _publish_ticket(
    folder: Folder, snapshot: Snapshot, draw: str, target: str, result: str | None, in_english: bool
) -> None:
    address = f"/draws/{draw}/tickets/{target}/"
    if in_english:
        await _publish_page(folder, snapshot, f"/{TWINS}{address}")
    await _publish_page(folder, snapshot, address)
    if result is not None:
        folder.state[f"ticket {draw} {target}"] = result


async def _publish_page(folder: Folder, snapshot: Snapshot, address: str) -> None:
    """Write a ticket, and why its team, where it has one."""
    page = await snapshot.ask(address)
    if page is None:
        raise RuntimeError(f"{address} answers 404, but belongs to the folder")
    if f'href="{address}team/"'.encode() in page and (team := await snapshot.ask(f"{address}team/")) is not None:
        await asyncio.to_thread(folder.put, f"{address}team/", team, False)
    await asyncio.to_thread(folder.put, address, page, False)
