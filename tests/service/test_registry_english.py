"""The registry pages in English: no Chinese but what people wrote and what is marked as Chinese."""

import re

from test_registry_edit import FILES, KEYS, fill

from service.registry.importing import check_import, confirm_import
from service.registry.records import KINDS

CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")


def foreign(page: str) -> set[str]:
    """Chinese of the page's own, by element: what is inside an element marked as Chinese is left out, and so is the frame of every page."""
    main = re.search(r"<main.*?</main>", page, re.DOTALL)[0]
    for tag in ("legend", "td", "dd", "ul", "h1", "a", "span", "del", "ins", "option", "div", "th"):
        main = re.sub(rf'<{tag}\b[^>]*lang="zh-CN"[^>]*>.*?</{tag}>', "", main, flags=re.DOTALL)
    main = re.sub(r'value="[^"]*"|placeholder="[^"]*"|href="[^"]*"|<textarea.*?</textarea>', "", main, flags=re.DOTALL)
    return set(CHINESE.findall(main))


async def test_no_page_is_half_chinese(client, office, enter) -> None:
    await fill(office)
    more = FILES["targets"].replace("红", "蓝") + "T-2,云州一厂,,,\n"
    await confirm_import(office, None, (await check_import(office, None, "targets", "b.csv", more.encode())).id)
    faulty = await check_import(office, None, "targets", "c.csv", "统一社会信用代码,企业名称,成立日期\n,甲,去年\nT-1,乙,\n".encode())
    headers = (await enter("deng", "registrar")) | {"Cookie": "language=en"}
    pages = ["/staff/registries", "/staff/duplicates?ground=named", "/staff/duplicates/pair?one=T-1&other=T-2", "/staff/merges", f"/staff/imports/{faulty.id}"]
    for kind in KINDS:
        pages += [f"/staff/registries/{kind}{end}" for end in ("", "/import", "/versions", "/changes?since=0", "/edit", f"/edit?key={KEYS[kind]}", f"/row?key={KEYS[kind]}")]
    found = {path: foreign((await client.get(path, headers=headers)).text) for path in pages}
    assert not {path: words for path, words in found.items() if words}
