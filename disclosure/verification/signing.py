"""Steps 2 to 4: signatures, leaves, authority."""

from disclosure.document import DOCUMENT_TYPE
from disclosure.envelope import verify
from disclosure.errors import DisclosureError
from disclosure.keys import decode_base64, key_id
from disclosure.leaf import leaf_of
from disclosure.signing_rules import check_actors, check_plan_keys, check_separation, required_keys
from disclosure.verification.case import Case
from disclosure.verification.report import Failed, NotChecked

__all__ = ["authority", "fingerprint", "leaves", "signatures"]


def fingerprint(key: str) -> str:
    """Return the key id of `key` (base64), for people to compare; of a key that is unusable, its base64: step 2 says what is wrong with it."""
    try:
        return key_id(decode_base64(key))
    except DisclosureError:
        return key


def signatures(case: Case) -> tuple[str, str]:
    """Step 2."""
    check_plan_keys(case.plan)
    for entry in case.bundle.entries:
        keys = {key_id(raw): raw for raw in required_keys(case.plan, entry.document)}
        signed = verify(entry.envelope, DOCUMENT_TYPE, keys)
        if signed != set(keys):
            missing = ", ".join(sorted(set(keys) - signed))
            raise Failed(
                f"第 {entry.index} 号文书缺少签名：{missing}",
                f"document {entry.index} lacks signatures: {missing}",
            )
        check_actors(case.plan, entry.document)
    check_separation(entry.document for entry in case.bundle.entries)
    count = len(case.bundle.entries)
    return (
        f"{count} 份文书均由应签者签名，签名有效，经办与复核不是同一人",
        f"{count} documents are signed by exactly those who must; no one checked their own step",
    )


def leaves(case: Case) -> tuple[str, str]:
    """Step 3."""
    for entry, leaf in zip(case.bundle.entries, case.leaves, strict=True):
        if leaf != leaf_of(entry.document, entry.envelope, leaf.at):
            raise Failed(
                f"日志第 {entry.index} 条与其文书不符", f"leaf {entry.index} does not match its document"
            )
    return "日志中的每一条都与其文书一致", "every log entry matches its document"


def authority(case: Case) -> tuple[str, str]:
    """Step 4: needs the policy, which alone says whose keys these are."""
    plan = case.plan
    keys = {section.key: fingerprint(section.key) for section in plan.sections}
    if case.policy is None:
        return _unchecked(keys)
    authorities = [a for a in case.policy.authorities if a.bureau == plan.bureau]
    for section in plan.sections:
        if not any(a.key == section.key for a in authorities):
            raise Failed(
                f"策略中没有{section.name}的密钥 {keys[section.key]}",
                f"the policy knows no key {keys[section.key]} of bureau {plan.bureau}",
            )
    for entry, leaf in zip(case.bundle.entries, case.leaves, strict=True):
        signed = {signature.keyid for signature in entry.envelope.signatures}
        for key, keyid in keys.items():
            if keyid in signed and not any(a.key == key and a.holds_at(leaf.at) for a in authorities):
                raise Failed(
                    f"签署第 {entry.index} 号文书时（{leaf.at}）密钥 {keyid} 无效",
                    f"key {keyid} was not valid at {leaf.at}, when document {entry.index} was logged",
                )
    return (
        "签名密钥属于策略所列机关，签署时有效",
        "the keys are those of the policy's authorities, valid then",
    )


def _unchecked(keys: dict[str, str]) -> tuple[str, str]:
    listed = ", ".join(keys.values())
    raise NotChecked(
        f"未给出策略，无法确认密钥归属。请与机关公布的指纹比对：{listed}",
        f"no policy given, so whose keys these are is unknown; compare the fingerprints: {listed}",
    )
