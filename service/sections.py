"""The departments (部门) of this installation: who can take part in a campaign, with which key.

The bureau's own comes first and leads every draw. A further one signs every plan it takes part in and every result of a target it
drew; its private key lies beside the bureau's, or the plan cannot be frozen here.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from disclosure.document import Document
from disclosure.errors import DisclosureError
from disclosure.keys import Signer, check_public_key, decode_base64, encode_base64
from disclosure.signing_rules import required_keys
from selection.plan import Plan, Section
from service.config import Config, ConfigError
from service.database import Connection
from service.errors import Conflicting, Invalid
from service.keys import choose_signer, read_key_event
from service.office import Office, as_time, system_clock
from service.signer import Passphrase, load_signer

__all__ = ["Department", "Departments", "confirmer_faults", "key_fault", "load_section_signers", "name_section", "order_signers",
           "read_departments", "retire_section", "sections_of", "signers_for"]  # fmt: skip


class Department(Struct, frozen=True):
    """One department; `key` is base64 of its public key."""

    label: str
    name: str
    key: str
    active: bool

    @property
    def section(self) -> Section:
        return Section(id=self.label, key=self.key, name=self.name)


class Departments(Struct, frozen=True):
    """All departments of this installation, the bureau's own first, retired ones included."""

    all: tuple[Department, ...]

    @property
    def lead(self) -> Department:
        return self.all[0]

    def find(self, label: str) -> Department | None:
        return next((one for one in self.all if one.label == label), None)

    def labels_of(self, asked: Sequence[str]) -> list[str]:
        """Return the sections of a plan whose draft names these: the bureau's own leads, named or not."""
        return [self.lead.label, *(label for label in asked if label != self.lead.label)]

    def label_of(self, department: str) -> str | None:
        """Return which department a registry means by `department`, a name or a label; blank is the leading one.

        While the bureau's own is the only one, a registry may call its people what it likes: they are nobody else's.
        Otherwise None for a word that names no department.
        """
        if department == "" or len(self.all) == 1:
            return self.lead.label
        return next((one.label for one in self.all if department in (one.name, one.label)), None)


async def read_departments(connection: Connection, office: Office) -> Departments:
    """Return the departments; Conflicting before the bureau is set up."""
    rows = await connection.fetch(
        "SELECT s.label, s.name, s.key, s.active FROM section s JOIN bureau b ON true ORDER BY s.label <> b.section, s.place"
    )
    if not rows:
        raise Conflicting("尚未登记机关，请运行 bureau 命令", "the bureau is not set up; run `python -m service bureau`")
    own = encode_base64(office.signer.public_key)
    return Departments(tuple(Department(r["label"], r["name"], r["key"] or own, r["active"]) for r in rows))


def key_fault(office: Office, section: Section) -> str | None:
    """Return in Chinese, with the mend, why `section` cannot sign here; None if it can."""
    if office.signer_of(decode_base64(section.key)) is not None:
        return None
    return (
        f"部门“{section.name}”（{section.id}）的私钥不在本装置，不能代其签署计划；请把它放到机关密钥旁的"
        f" section-{section.id}.pem 并重新启动服务，或从草案的部门中删去它"
        f"。（the private key of section {section.id} is not here, so nothing of it can be signed）"
    )


async def confirmer_faults(connection: Connection, sections: Sequence[Section]) -> list[str]:
    """Return in Chinese, with the English behind and the mend, which further departments have nobody who could confirm a freeze for them."""
    rows = await connection.fetch("SELECT DISTINCT department FROM staff WHERE active AND 'confirmer' = ANY(roles) AND department IS NOT NULL")
    able = {row["department"] for row in rows}
    return [
        f"部门“{section.name}”（{section.id}）还没有复核人账户，无人可代表它同意锁定；请管理员为它建立“复核人”账户，或从草案的部门中删去它"
        f"。（section {section.id} has no confirmer who could agree for it）"
        for section in sections[1:] if section.id not in able
    ]  # fmt: skip


def signers_for(office: Office, plan: Plan, document: Document) -> list[Signer]:
    """Return who signs `document` here, in the order the specification names them. Raises Conflicting naming the department whose
    private key is not here, SignerError if it cannot be told who must sign."""
    signers = []
    for key in required_keys(plan, document):
        signer = office.signer_of(key)
        if signer is None:
            section = next((s for s in plan.sections if decode_base64(s.key) == key), None)
            who = "签署人" if section is None else f"部门“{section.name}”（{section.id}）"
            raise Conflicting(
                f"{who}的私钥不在本装置，无法签署；请放回 section-{section.id if section else '<label>'}.pem 并重新启动服务",
                f"the private key of {section.id if section else 'a signer'} is not here; put it back beside the bureau key and restart",
            )
        signers.append(signer)
    return signers


async def order_signers(connection: Connection, signers: Sequence[Signer]) -> list[Signer]:
    """Return the bureau's `signers` that are here, the one that signs new documents first: by the key list as it is now."""
    rows = await connection.fetch("SELECT s.name, s.key FROM section s JOIN bureau b ON true ORDER BY s.label <> b.section, s.place")
    lead = rows[0]["name"] if rows else ""
    event = await read_key_event(connection)
    return choose_signer(signers, event, lead, [row["key"] for row in rows if row["key"] is not None], as_time(system_clock()))


async def load_section_signers(
    connection: Connection, config: Config, passphrase: Passphrase | None = None
) -> dict[str, Signer]:
    """Return the signers of further departments whose key files are here, by label.

    Raises ConfigError for a file that holds another key than the department is registered with.
    """
    signers: dict[str, Signer] = {}
    for row in await connection.fetch("SELECT label, key FROM section WHERE key IS NOT NULL ORDER BY place"):
        path = config.section_key_file(row["label"])
        if not path.exists():
            continue
        signer = load_signer(path, passphrase)
        if encode_base64(signer.public_key) != row["key"]:
            raise ConfigError(
                f"{path} 不是部门 {row['label']} 登记的密钥；请放回登记时的密钥文件"
                f" is not the key that section {row['label']} is registered with"
            )
        signers[row["label"]] = signer
    return signers


async def name_section(connection: Connection, office: Office, label: str, name: str, key: str) -> bool:
    """Register a department with its public key, or take a retired one back; return whether anything changed.

    Raises Invalid for a key that is none or somebody else's, Conflicting if the label has another name or key: documents
    that name it are signed.
    """
    try:
        check_public_key(decode_base64(key))
    except DisclosureError as error:
        raise Invalid(f"公钥 {key[:60]} 不合格式", f"{key[:60]} is no public key: {error}") from error
    departments = await read_departments(connection, office)
    found = departments.find(label)
    if found is not None:
        if (found.name, found.key) != (name, key):
            raise Conflicting(
                f"部门 {label} 已登记为“{found.name}”，名称和密钥不再更改；请另用一个代号",
                f"section {label} is registered as {found.name}, with its key; take another label",
            )
    elif other := [one for one in departments.all if name in (one.name, one.label) or one.key == key]:
        raise Invalid(
            f"名称或公钥已属于部门 {other[0].label}；每个部门须有自己的名称和密钥",
            f"the name or key is that of section {other[0].label}; every section has its own",
        )
    if found is not None and found.active:
        return False
    await connection.execute(
        "INSERT INTO section (label, name, key) VALUES ($1, $2, $3) ON CONFLICT (label) DO UPDATE SET active = true",
        label, name, key,
    )  # fmt: skip
    return True


async def retire_section(connection: Connection, office: Office, label: str) -> None:
    """Let a department take part in no further plan; what it signed stays. Invalid for an unknown one or the bureau's own."""
    departments = await read_departments(connection, office)
    if departments.find(label) is None or label == departments.lead.label:
        raise Invalid(f"没有可停用的部门 {label}", f"there is no further section {label} to retire")
    await connection.execute("UPDATE section SET active = false WHERE label = $1", label)


def sections_of(departments: Departments, labels: Sequence[str]) -> tuple[Section, ...]:
    """Return the sections of a plan by label, in order; the labels have been checked."""
    by_label: Mapping[str, Department] = {one.label: one for one in departments.all}
    return tuple(by_label[label].section for label in labels)
