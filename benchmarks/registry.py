"""Registries of a million targets: import from the file to the page, and every kind of search by staff."""

import asyncio
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

from service.database import migrate, open_pool
from service.embedded import EmbeddedPostgres
from service.office import Office
from service.pages.registry.listing import read_listing
from service.pages.registry.question import parse_question
from service.registry import format_csv
from service.registry.importing import check_import, confirm_import
from service.registry.sheets import format_workbook
from service.sample.targets import make_target

__all__ = ["run"]

TARGETS = int(os.environ.get("DOUBLE_RANDOM_BENCH_TARGETS", "1000000"))
CHECKED = 100_000
ROUNDS = 7
# Words and filters, frequent and rare, alone and mixed.
ASKED = (
    {}, {"q": "机械"}, {"q": "有限公司"}, {"q": "新盛铝业"}, {"q": "临江"}, {"q": "没有这个名字"}, {"q": "ljxsly"}, {"q": "yxgs"}, {"q": "ljx"},
    {"q": "91"}, {"q": "9142"}, {"q": "914219"}, {"q": "SITE"}, {"q": "999"}, {"risk_colour": "red"}, {"status": "deregistered"},
    {"credit_class": "D", "risk_colour": "red"}, {"area": "渡口镇"}, {"area": "渡口镇", "sector": "金属冶炼"}, {"sector": "烟花爆竹", "status": "closed"},
    {"area": "渡口镇", "q": "铝业"}, {"entity_type": "个体工商户", "risk_colour": "red"}, {"standardisation": "-", "credit_class": "D", "area": "渡口镇"},
    {"q": "有限公司", "area": "渡口镇", "status": "suspended"}, {"risk_colour": "-"},
)  # fmt: skip


async def ask(office: Office) -> None:
    """Print the time of a page for each question, and how the rows are found."""
    every = list[float]()
    for asked in ASKED:
        question, times = parse_question("targets", asked), list[float]()
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            listing = await read_listing(office, question)
            times.append((time.perf_counter() - begun) * 1000)
        every += times
        words = " ".join(f"{name}={value}" for name, value in asked.items()) or "everything"
        number = f"{'' if listing.found.exact else '~'}{listing.found.number}"
        print(f"  {words:<52} {number:>8} found  {median(times):7.1f} ms, worst {max(times):7.1f}", flush=True)
    every.sort()
    print(f"  p95 of {len(every)} pages: {every[int(len(every) * 0.95)]:.1f} ms", flush=True)


async def _bring(office: Office, content: bytes, name: str) -> None:
    begun, worked = time.perf_counter(), time.process_time()
    view = await check_import(office, None, "targets", name, content)
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    print(f"  {view.counts['rows']} rows, {name}, {len(content) >> 20} MiB: checked in {seconds:.1f} s ({processor:.1f} s of processor)", end="", flush=True)
    begun = time.perf_counter()
    await confirm_import(office, None, view.id)
    print(f", confirmed in {time.perf_counter() - begun:.1f} s", flush=True)


async def _all(dsn: str) -> None:
    pool = await open_pool(dsn)
    await migrate(pool)
    office = Office(pool, None, None)  # type: ignore[arg-type]  # nothing is signed
    targets = [make_target("bench", number, date(2026, 11, 1)) for number in range(TARGETS)]
    await _bring(office, format_workbook("targets", targets[:CHECKED]), "first.xlsx")
    await _bring(office, format_csv("targets", targets), "all.csv")
    await ask(office)
    await pool.close()


def run() -> None:
    """A check of 100,000 rows under 10 seconds; a page of 1,000,000 targets under 100 ms at the 95th percentile, by an index."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg") as server:
        asyncio.run(_all(server.dsn))
