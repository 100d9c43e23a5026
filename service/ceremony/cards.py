"""Cards of those who give numbers: a personal address on paper, and the key a phone offers before the freeze.

The address carries 128 random bits; the database keeps their SHA-256, so a copy of it opens no card. A card lets its holder see the
state of one draw and, until the freeze, offer a public key for one label. It gives no other power: what is signed later is judged by
the key that the frozen plan names, whoever holds the card.
"""

import base64
import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct

from disclosure.errors import DisclosureError
from disclosure.keys import check_public_key, decode_base64, key_id
from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.drafting import read_draft, revise_draft
from service.drafts import DiceGiver, Draft, WitnessGiver
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.frozen import lock_draw
from service.office import Office

__all__ = ["Card", "CardHolder", "OfferedKey", "holders", "issue_card", "offer_key", "offered_keys", "read_card", "read_cards",
           "revoke_card", "take_key"]  # fmt: skip


class CardHolder(Struct, frozen=True):
    """Somebody the draft names: a witness, or one who throws dice. `key` is the one the draft names for them."""

    label: str
    body: str
    name: str
    kind: str
    key: str | None


class Card(Struct, frozen=True):
    """A card in force."""

    id: int
    draw: str
    label: str
    issued_at: datetime
    key: str | None
    key_at: datetime | None

    @property
    def fingerprint(self) -> str:
        """The id of the offered key, or nothing."""
        return "" if self.key is None else key_id(decode_base64(self.key))


class OfferedKey(Struct, frozen=True):
    """A key a phone made and offered; `fingerprint` is what its holder reads out, `taken` whether the draft names it."""

    label: str
    key: str
    fingerprint: str
    at: datetime
    taken: bool


def holders(draft: Draft) -> tuple[CardHolder, ...]:
    """Return who gets a card: witnesses in the order of the draft, then those who throw dice."""
    witnesses = [CardHolder(g.label, g.body, g.name, "witness", g.key) for g in draft.givers if isinstance(g, WitnessGiver)]
    throwers = [
        CardHolder(t.label, t.body, t.name, "thrower", t.key) for g in draft.givers if isinstance(g, DiceGiver) for t in g.throwers
    ]
    return (*witnesses, *throwers)


async def read_cards(office: Office, draw: str) -> tuple[tuple[CardHolder, ...], dict[str, Card]]:
    """Return who gets a card in `draw`, and the cards in force by label; NotFound for no draw."""
    async with office.pool.acquire() as connection:
        if not await connection.fetchval("SELECT 1 FROM draw WHERE id = $1", draw):
            raise NotFound(f"没有批次 {draw}", f"there is no draw {draw}")
        return holders(await read_draft(connection, draw)), await _in_force(connection, draw)


async def _in_force(connection: Connection, draw: str) -> dict[str, Card]:
    rows = await connection.fetch(
        "SELECT id, draw, label, issued_at, key, key_at FROM witness_card WHERE draw = $1 AND revoked_at IS NULL", draw
    )
    return {row["label"]: Card(*row) for row in rows}


async def issue_card(office: Office, who: Staff, draw: str, label: str) -> str:
    """Return the token of a new card for `label`; the one before, and a key it offered, count no longer.

    The token is told this once: who loses the card gets another. Raises Denied, NotFound (no such label), Conflicting (draw ended).
    """
    _check_operator(who)
    token = base64.urlsafe_b64encode(office.fresh(16)).rstrip(b"=").decode("ascii")
    async with office.pool.acquire() as connection, connection.transaction():
        row = await lock_draw(connection, draw)
        if row.state not in ("draft", "frozen", "contributed"):
            raise Conflicting("抽取已结束，不再发见证卡", f"the draw is {row.state}; no more cards are issued")
        if label not in {holder.label for holder in holders(await read_draft(connection, draw))}:
            raise NotFound(f"本批次没有 {label}", f"the draw names no {label}")
        await _revoke(connection, office, draw, label)
        await connection.execute(
            "INSERT INTO witness_card (draw, label, token_sha256, issued_by, issued_at) VALUES ($1, $2, $3, $4, $5)",
            draw, label, _digest(token), who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "issue card", f"{draw} {label}")
    return token


async def revoke_card(office: Office, who: Staff, draw: str, label: str) -> None:
    """End the card of `label`; nothing happens if there is none."""
    _check_operator(who)
    async with office.pool.acquire() as connection, connection.transaction():
        await lock_draw(connection, draw)
        if await _revoke(connection, office, draw, label):
            await access_log.note(connection, who.id, "revoke card", f"{draw} {label}")


async def _revoke(connection: Connection, office: Office, draw: str, label: str) -> bool:
    done: str = await connection.execute(
        "UPDATE witness_card SET revoked_at = $3 WHERE draw = $1 AND label = $2 AND revoked_at IS NULL", draw, label, office.now()
    )
    return done != "UPDATE 0"


async def read_card(office: Office, token: str) -> Card:
    """Return the card in force that `token` belongs to; NotFound for any other, saying so if it was replaced, or if the draft no longer
    names its holder."""
    async with office.pool.acquire() as connection:
        card = await _read(connection, token)
        if card.label not in {holder.label for holder in holders(await read_draft(connection, card.draw))}:
            raise NotFound("本批次已不再列有这张卡的见证人，请向工作人员询问", "the draw no longer names the holder of this card; ask the staff")
        return card


async def _read(connection: Connection, token: str) -> Card:
    row = await connection.fetchrow(
        "SELECT id, draw, label, issued_at, key, key_at, revoked_at FROM witness_card WHERE token_sha256 = $1", _digest(token)
    )
    if row is None:
        raise NotFound("没有这张见证卡，请核对地址或向工作人员询问", "there is no such card; compare the address or ask the staff")
    if row["revoked_at"] is not None:
        raise NotFound("这张见证卡已作废，请向工作人员领取新卡", "this card is no longer valid; ask the staff for the new one")
    return Card(*list(row)[:-1])


async def offer_key(office: Office, token: str, key: str) -> OfferedKey:
    """Keep the public key that a witness's phone made, until the freeze; a later offer takes the place of the one before.

    Raises NotFound, Invalid (no key, or not a witness), Conflicting (frozen already, or another key has been taken into the draft).
    """
    try:
        check_public_key(decode_base64(key))
    except DisclosureError as error:
        raise Invalid("这不是可用的公钥", str(error)) from error
    async with office.pool.acquire() as connection, connection.transaction():
        card = await _read(connection, token)
        row = await lock_draw(connection, card.draw)
        if row.state != "draft":
            raise Conflicting("名单已锁定，不能再送交密钥", "the list is frozen; keys are no longer taken")
        holder = next((h for h in holders(await read_draft(connection, card.draw)) if h.label == card.label), None)
        if holder is None or holder.kind != "witness":
            raise Invalid("此卡不用密钥，请在纸上签字", "this card needs no key: sign on paper")
        if holder.key is not None and holder.key != key:
            raise Conflicting(
                "经办人已采用您先前送交的密钥；要更换请告诉经办人", "another key of yours has been taken; tell the operator to change it"
            )
        at = office.now()
        # Read again: the card may have been replaced while the draw was being locked.
        await connection.execute(
            "UPDATE witness_card SET key = $2, key_at = $3 WHERE id = $1 AND revoked_at IS NULL AND key IS DISTINCT FROM $2", card.id, key, at
        )
    return OfferedKey(card.label, key, key_id(decode_base64(key)), at, holder.key == key)


async def offered_keys(office: Office, draw: str) -> dict[str, OfferedKey]:
    """Return the keys that phones offered for `draw`, by label of the witness."""
    found, cards = await read_cards(office, draw)
    named = {holder.label: holder.key for holder in found}
    return {
        label: OfferedKey(label, card.key, card.fingerprint, card.key_at, named.get(label) == card.key)
        for label, card in cards.items()
        if card.key is not None and card.key_at is not None
    }


async def take_key(office: Office, who: Staff, draw: str, label: str, fingerprint: str | None) -> None:
    """Name the offered key of `label` in the draft, or with `fingerprint` None name none: the witness then signs on paper.

    `fingerprint` is that of the key the operator compared with the phone; Conflicting if another one has been offered since.
    """
    _check_operator(who)
    async with office.pool.acquire() as connection, connection.transaction():
        await lock_draw(connection, draw)  # nobody else changes the draft, or offers another key, meanwhile
        card = (await _in_force(connection, draw)).get(label)
        if fingerprint is not None and (card is None or card.fingerprint != fingerprint):
            raise Conflicting("见证人送交的密钥已变化，请重新核对", "the offered key has changed; compare it again")
        draft = await read_draft(connection, draw)
        key = None if fingerprint is None or card is None else card.key
        givers = tuple(
            msgspec.structs.replace(giver, key=key) if isinstance(giver, WitnessGiver) and giver.label == label else giver
            for giver in draft.givers
        )
        await revise_draft(office, who, draw, msgspec.structs.replace(draft, givers=givers), connection)


def _check_operator(who: Staff) -> None:
    if "operator" not in who.roles:
        raise Denied("只有经办人办理见证卡", "only an operator deals with cards")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
