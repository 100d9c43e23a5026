"""What `doctor` finds out about keys: which are here, encrypted or not, holding until when, and whether /policy is what was logged."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from disclosure.keys import Signer, encode_base64, key_id
from disclosure.policy import Authority
from service.config import ConfigError
from service.database import Connection
from service.keys import read_key_event
from service.office import as_time, system_clock
from service.policies import log_policy_text
from service.signer import Passphrase, is_encrypted, load_signer

__all__ = ["Finding", "examine_key", "examine_key_list", "examine_section"]

SOON = timedelta(days=30)


class Finding(Struct, frozen=True):
    """One thing looked at; `mend` is empty where all is well. What is good but has a mend is advice, and no fault."""

    what: str
    good: bool
    mend: str = ""


def examine_key(name: str, path: Path, passphrase: Passphrase) -> tuple[Finding, Signer | None]:
    """Return what is to be said of a key file, and its signer if it can be used."""
    try:
        signer = load_signer(path, passphrase)
    except ConfigError as error:
        return Finding(f"{name}: {error}", False, "" if path.exists() else f"python -m service keygen {path}"), None
    advice = "" if is_encrypted(path) else f"未加密 not encrypted: python -m service key-encrypt {path}"
    return Finding(f"{name}: {key_id(signer.public_key)}", True, advice), signer


def examine_section(label: str, name: str, key: str, path: Path, passphrase: Passphrase) -> Finding:
    """Return what is to be said of the key of a further department."""
    what = f"部门 section {label} {name}"
    if not path.exists():
        return Finding(f"{what}: 私钥在别处，此处不能锁定它参加的计划 its key is elsewhere, nothing of it can be frozen here", True)
    finding, signer = examine_key(what, path, passphrase)
    if signer is not None and encode_base64(signer.public_key) != key:
        return Finding(f"{what}: {path} 不是登记的密钥 is not the registered key", False, "放回登记时的密钥文件 put the registered key back")
    return finding


async def examine_key_list(connection: Connection, bureau: Sequence[Signer]) -> list[Finding]:
    """Return what is to be said of the list: logged or not, complete or not, and until when each of the bureau's keys here holds."""
    event = await read_key_event(connection)
    if event is None:
        return [Finding("密钥表 key list: 尚未登记入日志 not logged yet", True,
                        "第一条密钥命令（如 key-add）将登记它 the first key command, such as key-add, logs it")]  # fmt: skip
    listed = {one.key for one in event.authorities}
    named = [row["key"] for row in await connection.fetch("SELECT key FROM section WHERE key IS NOT NULL")]
    same = event.log == await log_policy_text(connection) and listed.issuperset(named)
    findings = [
        Finding(f"密钥表 key list: 第 {event.rev} 版 rev {event.rev}, {event.issued_at}; /policy 与之相同 is the same", same,
                "" if same else "部门或日志有变更未登记：重新运行那条命令 a department or log is not in it: run its command again")
    ]  # fmt: skip
    for signer in bureau:
        key = encode_base64(signer.public_key)
        findings.append(_holding(signer, [one for one in event.authorities if one.key == key]))
    if len({one.key for one in event.authorities if one.key not in named and one.holds_at(as_time(system_clock()))}) < 2:
        findings.append(Finding("备用密钥 standby key: 无 none", True, "key-add --standby：否则机关密钥被盗时无人可签吊销 or nobody can revoke a stolen key"))
    return findings


def _holding(signer: Signer, entries: list[Authority]) -> Finding:
    """Return whether a key here holds, and until when."""
    now, soon = system_clock(), system_clock() + SOON
    what = f"密钥 key {key_id(signer.public_key)[:23]}…"
    if not entries:
        return Finding(f"{what} 不在密钥表中 is not in the key list", True, "不会用它签署；移走文件，或 key-add 列入 unused: move the file away, or list it")
    holding = [one for one in entries if one.holds_at(as_time(now))]
    if not holding:
        return Finding(f"{what} “{entries[-1].name}”已停用或吊销 has ended", True, "")
    lasting = [one for one in holding if one.holds_at(as_time(soon))]
    ends = min((end for one in holding for end in (one.valid_until, one.revoked_at) if end is not None), default=None)
    until = "有效，未定止期 holds, no end set" if ends is None else f"有效至 holds until {ends}"
    return Finding(f"{what} “{holding[0].name}”{until}", True, "" if lasting else "30 天内到期 ends within 30 days: key-rotate")
