"""Cosigners at the keyboard: whom to ask, and how many a proof needs. Each command changes the policy, so it is logged (`key_events`)."""

from collections.abc import Awaitable, Callable

from service import log
from service.command.serve import running_office
from service.config import Config
from service.cosigners import add_cosigner, retire_cosigner, set_quorum
from service.cosigning import PATIENCE, cosign
from service.database import Connection
from service.key_events import append_key_event, found_key_list
from service.office import Office

__all__ = ["add", "require", "retire"]


async def _change(office: Office, reason: str, change: Callable[[Connection], Awaitable[None]]) -> None:
    """Make the change and log the policy that follows from it, in one transaction; then sign the head."""
    async with office.pool.acquire() as connection:
        async with connection.transaction():
            await found_key_list(connection, office)
            await change(connection)
            stored = await append_key_event(connection, office, "cosigners", reason)
        await log.publish_checkpoint(office, stored.shard)


async def add(config: Config, name: str, vkey: str, url: str) -> int:
    """Name a cosigner and ask it at once, so that whoever sits here sees whether it answers."""
    async with running_office(config) as office:
        await _change(office, f"登记联署者 {name} a cosigner is added", lambda c: add_cosigner(c, office, name, vkey, url))
        async with office.pool.acquire() as connection:
            shard = await log.active_shard(connection)
        replies = [reply for reply in await cosign(office, shard, PATIENCE) if reply.cosigner.name == name]
    print(f"联署者 cosigner: {name} {url}")
    for reply in replies:
        print("已联署最新检查点 it signed the newest checkpoint" if reply.problem is None else "\n".join(reply.problem))
    return 0


async def retire(config: Config, name: str) -> int:
    """Ask a cosigner no more."""
    async with running_office(config) as office:
        await _change(office, f"停用联署者 {name} a cosigner is retired", lambda c: retire_cosigner(c, name))
    print(f"已停用联署者 retired: {name}（它已联署的仍然有效 what it signed stays signed）")
    return 0


async def require(config: Config, needed: int) -> int:
    """Ask for so many cosigners on every checkpoint that a proof is made from."""
    async with running_office(config) as office:
        await _change(office, f"要求 {needed} 个联署者 cosigners needed: {needed}", lambda c: set_quorum(c, needed))
    print(f"每个证明需要的联署者 cosigners that every proof needs: {needed}")
    return 0
