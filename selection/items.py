"""Which items a drawn target is checked for (docs/spec/draw.md 4)."""

from collections.abc import Collection

from selection.keys import stage_key
from selection.order import in_order
from selection.plan import Plan

__all__ = ["draw_items"]


def draw_items(
    plan: Plan, draw_key: str, target: str, class_id: str, sections: Collection[str]
) -> tuple[str, ...]:
    """Return the ids: mandatory items of all sections by id, then the drawn optional ones of all in ticket order."""
    declared = next(c for c in plan.classes if c.id == class_id)
    usable = [item for item in plan.items if class_id in item.classes and item.section in sections]
    order = in_order(
        stage_key(draw_key, f"items/{target}"), (item.id for item in usable if not item.mandatory)
    )
    section_of = {item.id: item.section for item in usable}
    drawn: set[str] = set()
    for rule in declared.items:
        if rule.section in sections:
            own = [id for _, id in order if section_of[id] == rule.section]
            drawn.update(own[: rule.optional])
    return (*sorted(item.id for item in usable if item.mandatory), *(id for _, id in order if id in drawn))
