"""What keeps a plan from being frozen, and who is kept from many targets: asked by the preview, the check list and the freeze itself. Pure."""

from disclosure.errors import DisclosureError
from disclosure.signing_rules import check_plan_keys
from selection.plan import Dice, Plan
from selection.plan_rules import list_faults, plan_faults
from selection.pool import parse_listed
from service.fault_words import names_of, say
from service.freezing import Frozen

__all__ = ["faults_of", "wide_exclusions"]


def faults_of(frozen: Frozen) -> list[str]:
    """Return everything that keeps the plan from being frozen, in Chinese with the English sentence behind."""
    mandatory = parse_listed("mandatory", frozen.blobs["mandatory"])
    excluded = parse_listed("excluded", frozen.blobs["excluded"])
    # Where a must-inspect firm is, `frozen.faults` say with the rule that keeps it out; the lists only know that it is not there.
    said = "\n".join(frozen.faults)
    faults = [
        fault for fault in list_faults(frozen.plan, frozen.pools, excluded, mandatory)
        if not (fault.startswith("mandatory target ") and fault.split()[2] in said)
    ]  # fmt: skip
    faults = faults or [*(() if said else _unplaced(frozen)), *plan_faults(frozen.plan, frozen.pools, excluded, frozen.former), *_key_faults(frozen.plan)]
    faults = [*frozen.faults, *faults]
    names = names_of(frozen.plan)
    return [say(fault, names) for fault in faults]


def _unplaced(frozen: Frozen) -> list[str]:
    """Return a fault if targets in scope are neither candidates nor excluded: none is left out in silence."""
    placed = {target.id for target in frozen.pools.targets}
    placed.update(row.target for row in parse_listed("excluded", frozen.blobs["excluded"]))
    left = [f"{name}（{id}）" for id, name in frozen.names.items() if id not in placed]
    shown = "、".join(sorted(left)[:5])
    return [f"{len(left)} 户在抽查范围内，却不属于任何一层或一类，如 {shown}；请补一个分层或类别，或缩小范围"] if left else []


def _key_faults(plan: Plan) -> list[str]:
    """Return what is wrong with the keys people brought. Found later, it could not be mended any more."""
    faults = []
    try:
        check_plan_keys(plan)
    except DisclosureError as error:
        faults.append(str(error))
    for contributor in plan.contributors:
        # One envelope carries all their signatures; a half of them on paper would be signed by the lead alone.
        if (
            isinstance(contributor, Dice)
            and len({thrower.key is None for thrower in contributor.throwers}) > 1
        ):
            faults.append(
                "of the dice throwers some sign with a key and some on paper; it is all of them or none"
            )
    return faults


def wide_exclusions(frozen: Frozen) -> list[tuple[str, str, int]]:
    """Return who is kept from more than a fifth of the targets by conflicts: id, registry number, how many (protocol 2)."""
    counted: dict[str, int] = {}
    for people in frozen.pools.conflicts.values():
        for person in people:
            counted[person] = counted.get(person, 0) + 1
    numbers = {id: number for id, (number, _) in frozen.disclosures.items()}
    limit = len(frozen.pools.targets)
    return [
        (person, numbers[person], count) for person, count in sorted(counted.items()) if 5 * count > limit
    ]
