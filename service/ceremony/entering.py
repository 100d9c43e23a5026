"""What staff do at the ceremony: type what stands on paper or on an official page, confirm it, draw. Each is a step of `service.steps`."""

from uuid import UUID

from service import steps
from service.accounts import Staff
from service.ceremony.state import Giver, read_ceremony
from service.errors import Conflicting, Differs, Invalid
from service.office import Office

__all__ = ["confirm", "draw_once", "enter", "record_absent", "withdraw"]


async def enter(office: Office, who: Staff, draw: str, giver: Giver, digits: str, form: str | None) -> None:
    """Ask for what was read to be recorded; `form` is the digest of a scan that is kept already (`scans.keep_scan`).

    Blanks between digits, by which people keep their place, are taken out; anything else is left for the rules to refuse. Raises as
    `steps.propose` does.
    """
    asked = {"label": giver.label, "digits": digits.strip() if giver.kind == "drand" else "".join(digits.split())}
    if form is not None:
        asked["form"] = form
    await steps.propose(office, who, draw, "contribution/v1", asked)


async def record_absent(office: Office, who: Staff, draw: str, label: str) -> None:
    """Ask for a witness to be recorded as absent."""
    await steps.propose(office, who, draw, "contribution/v1", {"label": label})


async def confirm(office: Office, who: Staff, draw: str, label: str, step: str, typed: str) -> None:
    """Confirm what was asked for about `label` by the step whose digits were shown; a public number is typed again.

    Conflicting if that step was withdrawn since, though another may wait in its place: nobody confirms what they have not seen.
    That it differed is noted at the step, for both to see; what was typed is not. Raises Differs, and whatever `steps.agree` raises.
    """
    giver = (await read_ceremony(office, draw)).giver(label)
    if giver is None or giver.step is None:
        if giver is not None and giver.done:
            return  # a replayed form
        raise Conflicting("没有等待复核的登记，请刷新页面", "nothing waits to be confirmed; load the page again")
    if giver.step.id != step:
        raise Conflicting("经办人已撤回并重新录入，请对照纸面再看一遍", "it was withdrawn and typed anew; compare what is shown now with the paper")
    try:
        await steps.agree(office, who, UUID(giver.step.id), "".join(typed.split()))
    except Differs:
        async with office.pool.acquire() as connection:
            await connection.execute("UPDATE step SET differed_at = $2 WHERE id = $1 AND done IS NULL", UUID(giver.step.id), office.now())
        raise


async def withdraw(office: Office, who: Staff, draw: str, label: str) -> None:
    """Take back what was typed and not confirmed yet."""
    giver = (await read_ceremony(office, draw)).giver(label)
    if giver is not None and giver.step is not None:
        await steps.withdraw(office, who, UUID(giver.step.id))


async def draw_once(office: Office, who: Staff, draw: str) -> None:
    """Press the button: the operator asks, the confirmer agrees, and it is drawn. Pressing again changes nothing."""
    ceremony = await read_ceremony(office, draw)
    if ceremony.row.state in ("drawn", "sealed", "opened"):
        return
    if "operator" in who.roles and (ceremony.asked is None or "confirmer" not in who.roles):
        await steps.propose(office, who, draw, "draw-outcome/v1", {})
    elif ceremony.asked is None:
        raise Invalid("请经办人先按一次", "the operator presses first")
    else:
        await steps.agree(office, who, UUID(ceremony.asked.id))
