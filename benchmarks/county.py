"""A draw the size of four real cities, made of invented firms: 8,019 targets, 402 to draw, 120 inspectors of capacity 8."""

import hashlib

from disclosure.blob import refer
from selection.plan import (
    ActorRole,
    Blobs,
    Class,
    Dice,
    Item,
    Named,
    Percent,
    Plan,
    Seat,
    Section,
    SectionItems,
    Stratum,
    Task,
    Thrower,
    Visits,
)
from selection.pool import Person, Pools, Target, format_listed, format_people, format_pool
from selection.quota import Population, state_quota

CITIES = {"ezhou": 591, "huanggang": 2130, "jingzhou": 2143, "shiyan": 3155}


def county(scale: int = 1, targets: list[Target] | None = None) -> tuple[Plan, Pools]:
    """Return plan and pools; `scale` multiplies every city and the staff. `targets` replaces the invented ones."""
    if targets is None:
        targets = [
            Target(f"9142{city_number}{number:013d}", city, "general", city)
            for city_number, (city, size) in enumerate(CITIES.items())
            for number in range(size * scale)
        ]
    people = [
        Person(
            "p-" + hashlib.sha256(f"{n}".encode()).hexdigest()[:32], "lead", "inspector", (), (), 8, "A" * 43
        )
        for n in range(120 * scale)
    ]
    blobs = {"pool": format_pool(targets), "people": format_people(people)}
    empty = refer(format_listed([]))
    strata = []
    for city in CITIES:
        size = sum(target.stratum == city for target in targets)
        quota = state_quota("lead", Percent(denominator=100, numerator=5), Population(size, 0), True)
        strata.append(
            Stratum(id=city, mandatory=0, name=city, population=size, quotas=(quota,), rule="by city")
        )
    seat = Seat(codes=(), name="inspector", section="lead")
    plan = Plan(
        actors=(ActorRole(id="s-" + "0" * 32, role="operator"), ActorRole(id="s-" + "1" * 32, role="confirmer")),
        algorithm="double-random/1", area_rule="any", areas=tuple(Named(id=c, name=c) for c in CITIES), attempt=1,
        blobs=Blobs(apart=empty, conflicts=empty, excluded=empty, mandatory=empty, people=refer(blobs["people"]),
                    pool=refer(blobs["pool"]), reasons=empty),
        bureau="bench",
        classes=(Class(expert_seats=(), id="general", inspector_seats=(seat, seat),
                       items=(SectionItems(optional=3, section="lead"),), name="general"),),
        codes=(),
        contributors=(Dice(digits=60, throwers=tuple(
            Thrower(body=b, key=None, label=b, person="A" * 43) for b in ("a", "b", "c"))),),
        exceptions=(), frozen_at="2026-11-23T00:00:00Z", hash="sha256", id="bench-2026-1-1",
        instant="2026-11-24T00:00:00Z",
        items=tuple(Item(classes=("general",), id=f"item-{n}", legal_basis="law", mandatory=False, name="item",
                         section="lead") for n in range(20)),
        legal_basis=("law",), mandatory_counts=True, names_open="2026-12-01T00:00:00Z", number=1, origin="annual-plan",
        previous=None, reason_codes=(), rehearsal=False, replacement_reasons=(), sealed=None,
        sections=(Section(id="lead", key="A" * 43 + "=", name="lead"),), strata=tuple(strata),
        task=Task(id="bench", name="bench"), title="bench", type="draw-plan/v1",
        visits=Visits(from_="2026-12-01", to="2026-12-20"), year=2026,
    )  # fmt: skip
    pools = Pools(targets, frozenset(), people, frozenset(), {})
    return plan, pools


def dice(number: int) -> str:
    """Return a dice line of 60 digits from a fixed stream: the `number`-th of a series anyone can repeat."""
    return "dice:" + str(int(hashlib.sha256(f"double-random prove {number}".encode()).hexdigest(), 16))[
        :60
    ].zfill(60)
