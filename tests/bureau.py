"""An in-memory bureau for tests: it makes plans, lists, contributions, draws and bundles from a seed, and can cheat.

Everything is deterministic in the seed. `Bureau.bundle` goes through the production formats; what it signs is up to
the test, so that a dishonest bureau, which signs and logs its lies properly, can be played as well.
"""

import hashlib
import random
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import UNSET

from disclosure.blob import refer
from disclosure.bundle import Record, make_bundle
from disclosure.checkpoint import Checkpoint, add_cosignature, cosign_checkpoint, sign_checkpoint
from disclosure.document import (
    Contribution,
    DrawOpening,
    DrawOutcome,
    Replacement,
    ResultReference,
    SealedEvent,
    SealedOutcome,
    sign_document,
)
from disclosure.keys import Ed25519Signer, encode_base64, key_id
from disclosure.leaf import format_leaf, leaf_of
from disclosure.note import KIND_COSIGNATURE, KIND_ED25519, VerifierKey, format_vkey
from disclosure.person import digest, make_disclosure
from disclosure.signing_rules import required_keys
from disclosure.tree import consistency_proof, inclusion_proof, leaf_hash, node_hash, root
from selection.canonical import format_canonical
from selection.contribution import label_of
from selection.draw import draw
from selection.keys import digest_of, nonce_commitment, sealed_commitment
from selection.plan import (
    ActorRole,
    AtLeast,
    Blobs,
    Class,
    Dice,
    Drand,
    Fixed,
    Item,
    LargestRemainder,
    LastNumber,
    Named,
    NonceCommitment,
    Parameter,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    Plan,
    PoolRule,
    PublicNumber,
    Quota,
    Reason,
    ReplacementReason,
    SealedUntil,
    Seat,
    Section,
    SectionItems,
    StatedReason,
    Stratum,
    Task,
    Thrower,
    Visits,
    Witness,
    plan_digest,
)
from selection.pool import (
    Listed,
    OpenedConflicts,
    Person,
    Pools,
    Target,
    format_apart,
    format_conflicts,
    format_listed,
    format_opened,
    format_people,
    format_pool,
    format_reasons,
)
from selection.quota import Population, base_of, officers_of, split_total, state_quota
from selection.replacement import apply_event, replace_person, replace_target, standing_after_draw
from selection.transcript import format_transcript

INSTANT = "2026-11-24T02:00:00Z"
# A draw that ends in the beacon takes place at the time of a round that has been: what quicknet published for it, and T, which is that time.
BEACON = "drand:52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971:12040883:929906c959032ab363c9f26570d215d66f5c06cb0c44fe508c12bb5839f04ec895bb6868e5b9ff13ab289bdb5266b394"  # fmt: skip
BEACON_INSTANT = "2024-10-14T17:13:33Z"


def testing_only_signer(name: str) -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def public_text(name: str) -> str:
    return encode_base64(testing_only_signer(name).public_key)


def hexed(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def actor(name: str) -> str:
    return "s-" + hexed("actor", name)[:32]


@dataclass
class Frozen:
    """A plan with everything the bureau knows about it."""

    plan: Plan
    pools: Pools
    blobs: dict[str, bytes]
    opened: dict[str, OpenedConflicts]
    lines: list[str]
    disclosures: dict[str, str]
    own_keys: dict[str, str] = field(default_factory=dict)
    former: "Frozen | None" = None  # whose targets a plan for teams alone takes over


POOL_RULES = (
    PoolRule(
        id="cap-reached", text="本年度已查一次的不再抽", version="2026-01",
        parameters=(Parameter(name="exempt-origins", value="special-campaign"), Parameter(name="visits-per-year", value="1")),
    ),
    PoolRule(id="complaint", parameters=(), text="受到投诉的必查", version="1"),
)  # fmt: skip


def staff(r: random.Random, seed: object, sections, areas, codes, wishes) -> tuple[list[Person], dict[str, str]]:
    """Return people and their disclosures by id: two inspectors to one expert, with the wish `kinds` so in every section."""
    people, disclosures = [], {}
    turn = len(sections) if wishes.get("kinds") else 1
    for number in range(wishes.get("people", 14 * len(sections))):
        id = "p-" + hexed(seed, "person", number)[:32]
        value = {"certificate": f"C{number}", "name": f"人员{number}", "unit": "云州市应急管理局"}
        disclosures[id] = make_disclosure(hashlib.sha256(id.encode()).digest()[:16], "person", value)
        person = Person(
            id, sections[number % len(sections)], "inspector" if number // turn % 3 else "expert",
            tuple(sorted(r.sample(codes, r.choice([0, 1, 2])))), tuple(sorted(r.sample(areas, r.choice([1, 2, 3])))),
            wishes.get("places", r.choice([4, 8, 12])), digest(disclosures[id]),
        )  # fmt: skip
        if person.role == "expert":
            person = msgspec.structs.replace(person, places=wishes.get("expert_places", person.places))
        people.append(person)
    return people, disclosures


def sources(r: random.Random, seed: object, number: int, people, disclosures, wishes) -> tuple[list, list[str], dict]:
    """Return the contributors of the plan with this number, their lines, and who signs with which key."""
    nonce = hexed(seed, "nonce")
    contributors: list = [
        NonceCommitment(
            commitment=nonce_commitment("yunzhou", number, 1, nonce), custodian="公证处", label="bureau"
        )
    ]
    lines, own_keys = [f"nonce:bureau:{nonce}"], {}
    for number in range(r.choice([0, 2, 3])):
        label, key = f"witness-{number}", f"witness-{number}" if r.random() < 0.5 else None
        person = digest(
            make_disclosure(bytes(16), "person", {"certificate": "", "name": label, "unit": "监察"})
        )
        contributors.append(
            Witness(body=f"单位{number}", key=public_text(key) if key else None, label=label, person=person)
        )
        absent = number == 2
        lines.append(f"absent:{label}" if absent else f"witness:{label}:{r.randrange(10**9, 10**10)}")
        if key and not absent:
            own_keys[label] = key
    last = wishes.get("last", r.choice(["dice", "public"]))
    if last == "dice":
        throwers = tuple(
            Thrower(
                body=f"掷骰单位{n}", key=None, label=f"thrower-{n}", person=digest(disclosures[people[n].id])
            )
            for n in range(3)
        )
        contributors.append(Dice(digits=60, throwers=throwers))
        lines.append("dice:" + "".join(str(r.randrange(10)) for _ in range(60)))
    elif last == "drand":
        contributors.append(Drand(chain=BEACON.split(":")[1], round=int(BEACON.split(":")[2])))
        lines.append(BEACON)
    else:
        contributors.append(PublicNumber(digits=5, example="01234", issue="26312", label="lottery", order="开奖顺序",
                                         source="中国体育彩票排列五"))  # fmt: skip
        lines.append(f"public:lottery:{r.randrange(10**5):05d}")
    return contributors, lines, own_keys


def quotas_of_all_kinds(seed: int, pools: Pools, strata, sections, counts: bool) -> dict[tuple[str, str], Quota]:
    """Return a quota for each (stratum, section), of kinds that follow from the seed; a section may split one total."""
    r, officers, made = random.Random(f"kinds {seed}"), officers_of(pools.people), {}
    populations = [
        Population(sum(t.stratum == id for t in pools.targets),
                   sum(t.stratum == id and t.id in pools.mandatory for t in pools.targets))
        for id in strata
    ]  # fmt: skip
    bases = [base_of(population, counts) for population in populations]
    for number, section in enumerate(sections):
        split = (seed + number) % 3 == 0 and min(bases) > 0
        total = r.randint(-(-sum(bases) // min(bases)), sum(bases)) if split else 0
        parts = split_total(total, bases) if split else [0] * len(bases)
        for h, id in enumerate(strata):
            periods = r.randint(1, 12)
            rule = LargestRemainder(total=total) if split else r.choice([
                PercentOrOne(denominator=100, numerator=r.choice([1, 5, 30])),
                PerOfficer(targets=r.choice([0, 1, 3])),
                PerPeriod(denominator=10, numerator=r.randint(1, 10), period=r.randint(1, periods), periods=periods),
                AtLeast(denominator=3, numerator=1),
                Fixed(count=min(bases[h], 2)),
            ])  # fmt: skip
            made[id, section] = state_quota(section, rule, populations[h], counts, officers.get(section, 0), parts[h])
    return made


def freeze(seed: int, **wishes) -> Frozen:
    """Return a lawful plan of moderate size.

    `wishes`: sealed, sections, targets, people, places, expert_places, apart, area_rule, last, all; `kinds` for every kind of
    quota and for pool rules, with `narrow` for a pool of which most is excluded. What is not wished for follows from the seed.
    """
    r = random.Random(seed)
    sections = ["lead", "fire", "market"][: wishes.get("sections", r.choice([1, 1, 2, 3]))]
    sealed = wishes.get("sealed", r.random() < 0.3)
    areas, codes = ["4207", "4211", "4210"], ["boiler", "chemistry"]
    strata, classes = ["high", "low"][: r.choice([1, 2])], ["general", "chemical"][: r.choice([1, 2])]
    count = wishes.get("targets", r.choice([25, 40, 90]))
    ids = sorted({f"9142{r.randrange(10**13):013d}X" for _ in range(count)})
    targets = [Target(id, r.choice(strata), r.choice(classes), r.choice(areas)) for id in ids]
    mandatory = [Listed(id, "complaint") for id in r.sample(ids, r.choice([0, 0, 2]))]
    excluded = [Listed(f"excluded-{i}", "cap-reached") for i in range(r.choice([0, 3]))]
    if wishes.get("narrow"):
        excluded = [Listed(f"excluded-{i:03d}", "cap-reached") for i in range(len(ids) + 1)]
    people, disclosures = staff(r, seed, sections, areas, codes, wishes)
    apart = r.sample(
        [(a.id, b.id) for a in people for b in people if a.id < b.id], wishes.get("apart", r.choice([0, 4]))
    )
    opened = {}
    for target in r.sample(ids, len(ids) // 4):
        away = tuple(sorted(p.id for p in r.sample(people, r.choice([1, 2]))))
        opened[target] = OpenedConflicts(target, hexed(seed, "salt", target), away)
    blobs = {
        "pool": format_pool(targets), "mandatory": format_listed(mandatory), "excluded": format_listed(excluded),
        "people": format_people(people), "apart": format_apart(apart), "conflicts": format_conflicts(opened.values()),
        "reasons": format_reasons([(t, p, "kinship", "亲属关系", "") for t, o in opened.items() for p in o.people]),
    }  # fmt: skip
    pools = Pools(targets, frozenset(m.target for m in mandatory), people, frozenset(apart),
                  {t: frozenset(o.people) for t, o in opened.items()})  # fmt: skip
    counts, exceptions, stated_strata = r.random() < 0.5, [], []
    wished = wishes.get("kinds") and quotas_of_all_kinds(seed, pools, strata, sections, counts)
    for id in strata:
        n = sum(t.stratum == id for t in targets)
        m = sum(t.stratum == id and t.id in pools.mandatory for t in targets)
        quotas = []
        for section in sections:
            rule = r.choice(
                [Percent(100, 10), AtLeast(100, 7), Fixed(min(3, n - m)), Percent(2, 1), Fixed(0)]
            )
            if wishes.get("all"):
                rule = Fixed(n if counts else n - m)
            quota = wished[id, section] if wished else state_quota(section, rule, Population(n, m), counts)
            quotas.append(quota)
            if quota.by_lot == 0:
                exceptions.append(
                    StatedReason(rule="no-chance", subject=f"{id}/{section}", reason="只查必查对象")
                )
        if n < 20:
            exceptions.append(StatedReason(rule="small-stratum", subject=id, reason="全市仅此数户"))
        stated_strata.append(
            Stratum(id=id, mandatory=m, name=id, population=n, quotas=tuple(quotas), rule="按风险")
        )
    if len(excluded) > len(targets):
        exceptions.append(StatedReason(rule="narrow-pool", subject="pool", reason="本年度多数企业已查过"))
    items = [
        Item(classes=tuple(sorted(r.sample(classes, r.randint(1, len(classes))))), id=f"item-{s}-{i}", name=f"事项{i}",
             legal_basis="《安全生产法》第六十五条", mandatory=False, section=s)
        for s in sections for i in range(5)
    ] + [Item(classes=tuple(sorted(classes)), id=f"must-{s}", name="必查", legal_basis="《安全生产法》", mandatory=True,
              section=s) for s in sections]  # fmt: skip
    area_rule = wishes.get("area_rule", r.choice(["any", "any", "same", "other"]))
    stated_classes = []
    for id in classes:
        seats = [
            Seat(codes=tuple(r.choice([[], [], ["boiler"]])), name="检查员", section=s)
            for s in sections
            for _ in "ab"
        ]
        experts = [Seat(codes=(), name="专家", section=sections[0])] if r.random() < 0.7 else []
        rules = tuple(
            SectionItems(optional=r.randint(0, sum(id in i.classes and i.section == s and not i.mandatory for i in items)),
                         section=s)
            for s in sections
        )  # fmt: skip
        stated_classes.append(
            Class(expert_seats=tuple(experts), id=id, inspector_seats=tuple(seats), items=rules, name=id)
        )
        exceptions += [StatedReason(rule="thin-seat", subject=f"{id}/{stage}/{n}", reason="编制所限")
                       for stage, list_ in (("inspectors", seats), ("experts", experts))
                       for n in range(1, len(list_) + 1)]  # fmt: skip
    contributors, lines, own_keys = sources(r, seed, seed + 1, people, disclosures, wishes)
    plan = Plan(
        actors=(ActorRole(id=actor("operator"), role="operator"), ActorRole(id=actor("confirmer"), role="confirmer")),
        algorithm="double-random/1", area_rule=area_rule, areas=tuple(Named(id=a, name=a) for a in areas), attempt=1,
        blobs=Blobs(**{name: refer(blob) for name, blob in blobs.items()}), bureau="yunzhou",
        classes=tuple(stated_classes), codes=tuple(Named(id=c, name=c) for c in codes), contributors=tuple(contributors),
        exceptions=tuple(exceptions), frozen_at="2024-10-13T02:00:00Z" if wishes.get("last") == "drand" else "2026-11-23T02:00:00Z", hash="sha256", id=f"yunzhou-2026-{seed + 1}-1",
        instant=BEACON_INSTANT if wishes.get("last") == "drand" else INSTANT, items=tuple(items), legal_basis=("《安全生产法》",), mandatory_counts=counts,
        names_open="2026-12-01T00:00:00Z", number=seed + 1, origin="annual-plan", previous=None, rehearsal=False,
        reason_codes=(Reason(id="cap-reached", name="频次已满"), Reason(id="complaint", name="投诉")),
        replacement_reasons=(ReplacementReason(applies="target", id="not-existing", name="不存在"),
                             ReplacementReason(applies="person", id="ill", name="患病")),
        sealed=SealedUntil(opens="2026-12-01T00:00:00Z") if sealed else None,
        sections=tuple(Section(id=s, key=public_text(f"section-{s}"), name=s) for s in sections),
        strata=tuple(stated_strata), task=Task(id="task-1", name="任务"), title="抽查", type="draw-plan/v1",
        visits=Visits(from_="2026-12-01", to="2026-12-20"), year=2026,
        pool_rules=POOL_RULES if wished else UNSET,
    )  # fmt: skip
    return Frozen(plan, pools, blobs, opened, lines, disclosures, own_keys)


class MemoryLog:
    """A log in memory, signed and, if wished, cosigned."""

    def __init__(self, origin: str = "disclose.yunzhou.example/2026") -> None:
        self.origin, self.leaves = origin, list[bytes]()
        self.signer, self.cosigner = testing_only_signer("log"), testing_only_signer("cosigner")

    def hash_at(self, level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(self.leaves[index])
        return node_hash(self.hash_at(level - 1, 2 * index), self.hash_at(level - 1, 2 * index + 1))

    def checkpoint(self, size: int, time: int | None) -> bytes:
        head = Checkpoint(self.origin, size, root(leaf_hash(leaf) for leaf in self.leaves[:size]))
        note = sign_checkpoint(head, self.signer)
        if time is not None:
            note = add_cosignature(note, cosign_checkpoint(note, "audit.example", self.cosigner, time))
        return note


QUORUM_TIME = 1_795_485_000  # ten minutes before INSTANT, in seconds since 1970
BEACON_QUORUM_TIME = 1_728_925_413  # ten minutes before BEACON_INSTANT


def policy_bytes(quorum: str = "none") -> bytes:
    log = VerifierKey("disclose.yunzhou.example/2026", KIND_ED25519, testing_only_signer("log").public_key)
    cosigner = VerifierKey("audit.example", KIND_COSIGNATURE, testing_only_signer("cosigner").public_key)
    text = f"log {format_vkey(log)}\nwitness audit {format_vkey(cosigner)}\nquorum {quorum}\n"
    return msgspec.json.encode(
        {
            "type": "policy/v1",
            "log": text,
            "authorities": [
                {"bureau": "yunzhou", "key": public_text(f"section-{s}"), "name": s, "revoked_at": None,
                 "valid_from": "2026-01-01T00:00:00Z", "valid_until": None}
                for s in ("lead", "fire", "market")
            ],
        }
    )  # fmt: skip


def roles(*names: str) -> tuple[ActorRole, ...]:
    return tuple(ActorRole(id=actor(f"{name}-{number}" if names.count(name) > 1 else name), role=name)
                 for number, name in enumerate(names))  # fmt: skip


@dataclass
class Bureau:
    """One draw from frozen to published.

    To cheat, change `frozen`, `before`, `after`, `later`, `transcript` (then call `outcome`) or `opened_blob` before
    `bundle`, or replace `signers`, `leaf`, `names` of the instance: whatever they give is then signed and logged.
    """

    frozen: Frozen
    events: int = 0
    opening: bool = True
    quorum_time: int | None = None

    def __post_init__(self) -> None:
        plan, f = self.frozen.plan, self.frozen
        self.s = plan_digest(plan)
        self.transcript = draw(plan, f.pools, f.lines)
        self.opened = sorted((o for t, o in f.opened.items() if t in {x.id for x in self.transcript.targets}),
                             key=lambda o: o.target)  # fmt: skip
        self.before: list = [plan]
        self.after: list = []
        for contributor, line in zip(plan.contributors, f.lines, strict=True):
            if isinstance(contributor, NonceCommitment):
                continue
            label = label_of(contributor)
            late = isinstance(contributor, LastNumber)
            paper = label not in f.own_keys
            document = Contribution(
                actors=roles("operator", "confirmer") if paper else (),
                form=hexed("form", label) if (paper and not late) or label == "dice" else None,
                given_at=plan.instant if late else plan.frozen_at.replace("T02", "T03"), id=plan.id, label=label, line=line, plan=self.s,
            )  # fmt: skip
            (self.after if late else self.before).append(document)
        self.outcome()

    def outcome(self) -> None:
        """Write the outcome, and what follows it, of the transcript as it stands now."""
        plan = self.frozen.plan
        self.result = format_transcript(self.transcript)
        self.opened_blob = format_opened(self.opened)
        shown = {
            "contributions": tuple(self.frozen.lines), "draw_key": self.transcript.draw_key,
            "opened": refer(self.opened_blob), "id": plan.id, "plan": self.s,
            "result": ResultReference(digest_of(self.result), len(self.result)),
        }  # fmt: skip
        both = roles("operator", "confirmer")
        if plan.sealed is None:
            outcome = DrawOutcome(actors=both, drawn_at="2026-11-24T02:05:00Z", **shown)
        else:
            commitment = sealed_commitment(self.transcript.draw_key, self.result)
            outcome = SealedOutcome(
                actors=both, commitment=commitment, drawn_at="2026-11-24T02:05:00Z", id=plan.id, plan=self.s
            )
        self.outcome_sha256 = digest_of(format_canonical(outcome))
        self.later: list = [outcome]
        events = self.decide()
        facts = {"id": plan.id, "plan": self.s, "outcome": self.outcome_sha256}
        who = {"actors": roles("reviewer", "second"), "decided_at": "2026-11-25T02:00:00Z"}
        who["actors"] = (who["actors"][0], ActorRole(id=actor("confirmer"), role="confirmer"))
        if plan.sealed is None:
            self.later += [Replacement(event=event, **facts, **who) for event in events]
            return
        self.later += [
            SealedEvent(commitment=sealed_commitment(self.transcript.draw_key, format_canonical(event)),
                        sequence=event.sequence, **facts, **who)
            for event in events
        ]  # fmt: skip
        if self.opening:
            self.later.append(
                DrawOpening(cause="date", events=tuple(events), outcome=self.outcome_sha256,
                            opened_at="2026-12-01T00:00:00Z", **shown)
            )  # fmt: skip

    def decide(self) -> list:
        f, made = self.frozen, []
        standing = standing_after_draw(f.plan, f.pools, self.transcript)
        r = random.Random(self.s)
        for _ in range(self.events):
            if not standing.targets:
                break
            target = r.choice(sorted(standing.targets))
            seats = [(role, n) for role, team in standing.targets[target].teams.items() for n, p in team if p]
            if seats and r.random() < 0.5:
                role, seat = r.choice(sorted(seats))
                event = replace_person(standing, target, role, seat, "ill", hexed("evidence"))
            else:
                event = replace_target(standing, target, "not-existing", hexed("evidence"), f.opened)
            standing = apply_event(standing, event)
            made.append(event)
        return made

    def signers(self, document) -> list:
        named = [f"section-{s}" for s in ("lead", "fire", "market")] + list(self.frozen.own_keys.values())
        by_key = {testing_only_signer(name).public_key: testing_only_signer(name) for name in named}
        return [by_key[key] for key in required_keys(self.frozen.plan, document)]

    def leaf(self, document, envelope, number: int) -> bytes:
        return format_leaf(leaf_of(document, envelope, f"2026-11-24T03:{number:02d}:00Z"))

    def relink(self) -> None:
        """Let what follows the outcome name it as it stands now."""
        self.outcome_sha256 = digest_of(format_canonical(self.later[0]))
        self.later[1:] = [msgspec.structs.replace(d, outcome=self.outcome_sha256) if hasattr(d, "outcome") else d
                          for d in self.later[1:]]  # fmt: skip

    def is_shown(self) -> bool:
        return self.frozen.plan.sealed is None or self.opening

    def names(self) -> list[str]:
        drawn = sorted({p for t in self.transcript.targets for p in t.inspectors}) if self.is_shown() else []
        return [self.frozen.disclosures[p] for p in drawn[:3]]

    def bundle(self, edit=None) -> bytes:
        """Sign and log every document now, and return the bundle. `edit(parts)` may change the parts before."""
        log, records = MemoryLog(), []
        log.leaves.append(b'{"somebody":"else"}')
        documents = [*self.before, *self.after, *self.later]
        for number, document in enumerate(documents):
            if number == len(self.before):
                size_a = len(log.leaves)
            envelope = sign_document(document, self.signers(document))
            log.leaves.append(self.leaf(document, envelope, number))
            records.append((envelope, len(log.leaves) - 1))
        log.leaves.append(b'{"somebody":"else again"}')
        size_b = len(log.leaves)
        blobs = [blob for name, blob in self.frozen.blobs.items() if name != "reasons"]
        if self.is_shown():
            blobs += [self.result, self.opened_blob]
        parts = {
            "id": self.frozen.plan.id,
            "records": [
                Record(envelope, index, log.leaves[index], inclusion_proof(index, size_b, log.hash_at))
                for envelope, index in records
            ],
            "blobs": blobs,
            "disclosures": self.names(),
            "note_a": log.checkpoint(size_a, self.quorum_time),
            "note_b": log.checkpoint(size_b, self.quorum_time),
            "consistency": consistency_proof(size_a, size_b, log.hash_at),
        }
        if edit is not None:
            edit(parts)
        return make_bundle(**parts)


def keyid_of(name: str) -> str:
    return key_id(testing_only_signer(name).public_key)
