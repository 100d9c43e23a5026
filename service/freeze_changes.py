"""What changed since a freeze was proposed, so that whoever is to agree sees it before the freeze itself refuses (service/life/freeze.py)."""

from typing import Final
from uuid import UUID

import msgspec

from service.drafting import digest_of_draft, read_draft
from service.errors import Invalid
from service.language import gettext, marked
from service.office import Office
from service.registry.store import registry_versions

__all__ = ["changes_since"]

_NAMES: Final = {
    "targets": marked("检查对象"), "items": marked("检查事项"), "inspectors": marked("检查人员"), "experts": marked("专家"),
    "conflicts": marked("回避"), "inspections": marked("检查记录"), "services": marked("技术服务"), "calendar": marked("工作日历"),
}  # fmt: skip


async def changes_since(office: Office, step: UUID) -> list[str]:
    """Return in words what moved since the freeze `step` was proposed; nothing for any other step, or one that is done."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow(
            "SELECT draw, request -> 'request' AS request FROM step WHERE id = $1 AND kind = 'draw-plan/v1' AND done IS NULL AND NOT withdrawn", step
        )
        if row is None:
            return []
        agreed = msgspec.json.decode(row["request"])
        try:
            moved = digest_of_draft(await read_draft(connection, row["draw"])) != agreed["draft"]
        except Invalid:
            moved = True
        versions = await registry_versions(connection)
    words = [gettext("草案已被修改")] if moved else []
    return words + [
        gettext("名录“%(name)s”从第 %(before)s 版变为第 %(now)s 版")
        % {"name": gettext(_NAMES[kind]) if kind in _NAMES else kind, "before": agreed["versions"].get(kind, 0), "now": version}
        for kind, version in versions.items()
        if agreed["versions"].get(kind, 0) != version
    ]
