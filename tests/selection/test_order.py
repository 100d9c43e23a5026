"""The order of a stage depends on the stage key and the ids alone (docs/spec/draw.md 2, 3)."""

import hashlib

import pytest
from bureau import freeze, hexed
from hypothesis import given, settings
from hypothesis import strategies as st

from selection.draw import draw
from selection.errors import SelectionError
from selection.order import first, in_order, merge_shards
from selection.quota import Population, state_quota

steady = settings(derandomize=True, deadline=None)
stages = st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}")
id_lists = st.lists(st.text("0123456789ABCX-", min_size=1, max_size=20), unique=True, max_size=60)


def written(stage, ids):
    """The order as the specification writes it."""
    return sorted(ids, key=lambda id: (hashlib.sha256(f"{stage}:{id}".encode()).hexdigest(), id.encode()))


@steady
@given(stages, id_lists, st.randoms(use_true_random=False))
def test_order_is_as_written_whatever_the_order_of_input(stage, ids, shuffle):
    wanted = written(stage, ids)
    assert [id for _, id in in_order(stage, ids)] == wanted
    shuffle.shuffle(ids)
    assert [id for _, id in in_order(stage, ids)] == wanted


@steady
@given(stages, id_lists, st.data())
def test_removing_an_id_leaves_the_order_of_the_others(stage, ids, data):
    gone = data.draw(st.sampled_from([*ids, "absent"]))
    kept = [id for _, id in in_order(stage, ids) if id != gone]
    assert [id for _, id in in_order(stage, [id for id in ids if id != gone])] == kept


@pytest.mark.parametrize("size", [0, 1, 2, 20, 500, 3000])
def test_first_is_the_head_of_the_order(size):
    """Also where the bound below which is sorted decides, and for more than there are."""
    for seed in range(3):
        stage, ids = hexed("stage", seed), [f"firm-{n}" for n in range(size)]
        everyone = in_order(stage, ids)
        for count in {0, 1, 2, 7, size // 100, size // 10, size // 3, size // 2, size - 1, size, size + 5}:
            if count >= 0:
                assert first(stage, ids, count) == everyone[:count]


def test_first_holds_where_the_bound_is_too_low():
    """Ids whose tickets all lie high: too few under the bound, so all are sorted."""
    stage = hexed("high")
    ids = [id for ticket, id in in_order(stage, [f"firm-{n}" for n in range(4000)])][3000:]
    assert first(stage, ids, 20) == in_order(stage, ids)[:20]


@steady
@given(stages, id_lists, st.integers(0, 70), st.integers(1, 6), st.data())
def test_shards_that_send_their_first_give_the_first_of_all(stage, ids, count, number, data):
    """However the ids are dealt out, also where a part is empty or sends more than was asked."""
    parts = [[] for _ in range(number)]
    for id in ids:
        parts[data.draw(st.integers(0, number - 1))].append(id)
    more = data.draw(st.integers(0, 3))
    sent = [first(stage, part, count + more) for part in parts]
    assert merge_shards(sent, count) == in_order(stage, ids)[:count]


def test_an_id_of_two_shards_is_refused():
    stage, ids = hexed("overlap"), [f"firm-{n}" for n in range(9)]
    with pytest.raises(SelectionError, match="firm-4 stands in two parts"):
        merge_shards([in_order(stage, ids[:5]), in_order(stage, ids[4:])], 3)


@pytest.mark.parametrize("seed", range(12))
def test_smaller_samples_are_contained_in_larger_ones(seed):
    """Ranks 1 to d: sections are nested in plan terms, and cuts are the tickets of the last."""
    frozen = freeze(seed, sections=3)
    transcript = draw(frozen.plan, frozen.pools, frozen.lines)
    by_id = {target.id: target for target in transcript.targets}
    for stratum, stated in zip(transcript.strata, frozen.plan.strata, strict=True):
        candidates = [
            t.id
            for t in frozen.pools.targets
            if t.stratum == stratum.id and t.id not in frozen.pools.mandatory
        ]
        order = written(transcript.stage_key, candidates)
        depth = max(quota.by_lot for quota in stated.quotas)
        assert list(stratum.order) == order[:depth]
        assert stratum.next == (order[depth] if len(order) > depth else None)
        for quota, cut in zip(stated.quotas, stratum.quotas, strict=True):
            drawn = [id for id in stratum.order if quota.section in by_id[id].sections]
            assert drawn == order[: quota.by_lot]
            assert cut.cut == (by_id[order[quota.by_lot - 1]].ticket if quota.by_lot else None)
            assert cut.section == quota.section
        assert [by_id[id].rank for id in stratum.order] == list(range(1, depth + 1))
    obliged = {target.id for target in transcript.targets if target.rank is None}
    assert obliged == frozen.pools.mandatory
    assert [t.id for t in transcript.targets] == written(
        transcript.stage_key, [t.id for t in transcript.targets]
    )


def test_by_lot_is_what_the_quota_states():
    quota = state_quota("lead", freeze(1).plan.strata[0].quotas[0].rule, Population(100, 0), True)
    assert quota.by_lot == quota.quota
