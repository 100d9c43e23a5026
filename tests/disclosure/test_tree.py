"""The Merkle tree: known answers, every small proof, every mangled proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import tree
from disclosure.errors import TreeError


def plain_root(leaves):
    """The definition of RFC 6962 2.1, word for word, as an independent answer."""
    if not leaves:
        return tree.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return tree.node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


def reader(leaves):
    return lambda level, index: plain_root(leaves[index << level : (index + 1) << level])


LEAVES = [tree.leaf_hash(bytes([number])) for number in range(70)]
ROOTS = [plain_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


def test_known_answers_of_certificate_transparency(vectors):
    case = vectors("merkle_rfc6962_ct")
    leaves = [tree.leaf_hash(bytes.fromhex(text)) for text in case["leaf_inputs_hex"]]
    roots = [bytes.fromhex(text) for text in (case["empty_root"], *case["roots_by_size_1_to_8"])]
    assert [tree.root(leaves[:size]) for size in range(9)] == roots
    for one in case["inclusion"]:
        path = [bytes.fromhex(text) for text in one["path"]]
        assert tree.inclusion_proof(one["index"], one["size"], reader(leaves)) == path
        tree.verify_inclusion(leaves[one["index"]], one["index"], one["size"], path, roots[one["size"]])
    for one in case["consistency"]:
        path = [bytes.fromhex(text) for text in one["path"]]
        assert tree.consistency_proof(one["old"], one["size"], reader(leaves)) == path
        tree.verify_consistency(one["old"], roots[one["old"]], one["size"], roots[one["size"]], path)


def test_streaming_root_is_the_definition_at_every_size():
    edge = tree.CompactRange()
    for size, leaf in enumerate(LEAVES):
        assert edge.root() == ROOTS[size] == tree.root(LEAVES[:size])
        assert tree.root_at(size, reader(LEAVES)) == ROOTS[size]
        # Stored and resumed at each size, as after a restart.
        edge = tree.CompactRange(edge.size, edge.edge)
        for level, index, value in edge.append(leaf):
            assert value == reader(LEAVES)(level, index)


def test_every_proof_of_every_small_tree_verifies_and_no_other():
    for size in range(1, 20):
        for index in range(size):
            path = tree.inclusion_proof(index, size, reader(LEAVES))
            tree.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
            mangle(path, lambda p, i=index, s=size: tree.verify_inclusion(LEAVES[i], i, s, p, ROOTS[s]))
            for other in range(size):
                if other != index:
                    with pytest.raises(TreeError):
                        tree.verify_inclusion(LEAVES[index], other, size, path, ROOTS[size])
        for old in range(size + 1):
            path = tree.consistency_proof(old, size, reader(LEAVES))
            tree.verify_consistency(old, ROOTS[old], size, ROOTS[size], path)
            mangle(path, lambda p, o=old, s=size: tree.verify_consistency(o, ROOTS[o], s, ROOTS[s], p))
            for wrong in (ROOTS[size + 1], bytes(32)):
                with pytest.raises(TreeError):
                    tree.verify_consistency(old, wrong, size, ROOTS[size], path)
                if old:
                    with pytest.raises(TreeError):
                        tree.verify_consistency(old, ROOTS[old], size, wrong, path)


def mangle(path, check):
    """Each hash changed, dropped, doubled or swapped, and one more at either end, is refused."""
    others = [[*path, bytes(32)], [bytes(32), *path], path + path[-1:] if path else [LEAVES[0]]]
    for at in range(len(path)):
        others.append(path[:at] + path[at + 1 :])
        others.append([*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]])
        others.append([*path[:at], path[at][:31], *path[at + 1 :]])
        if at and path[at] != path[at - 1]:
            others.append([*path[: at - 1], path[at], path[at - 1], *path[at + 1 :]])
    for other in others:
        with pytest.raises(TreeError):
            check(other)


@given(st.integers(1, 70), st.integers(0, 70), st.integers(0, 69))
def test_proofs_at_random_sizes(size, old, index):
    old, index = min(old, size), min(index, size - 1)
    path = tree.inclusion_proof(index, size, reader(LEAVES))
    tree.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
    path = tree.consistency_proof(old, size, reader(LEAVES))
    tree.verify_consistency(old, ROOTS[old], size, ROOTS[size], path)


@given(st.integers(2, tree.MAX_SIZE), st.data())
def test_proofs_of_huge_trees_read_few_hashes(size, data):
    """A tree of equal leaves needs one hash per level, so even 2^63 leaves can be proved here."""
    row = [tree.leaf_hash(b"same")]
    while len(row) < 64:
        row.append(tree.node_hash(row[-1], row[-1]))
    reads = []

    def hash_at(level, index):
        assert (index + 1) << level <= size
        reads.append(level)
        return row[level]

    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, old_root = tree.root_at(size, hash_at), tree.root_at(old, hash_at)
    reads.clear()
    path = tree.inclusion_proof(index, size, hash_at)
    assert len(reads) <= 126
    tree.verify_inclusion(row[0], index, size, path, root)
    tree.verify_consistency(old, old_root, size, root, tree.consistency_proof(old, size, hash_at))


def test_the_empty_tree():
    tree.verify_consistency(0, tree.EMPTY_ROOT, 0, tree.EMPTY_ROOT, [])
    tree.verify_consistency(0, tree.EMPTY_ROOT, 5, ROOTS[5], [])
    for arguments in [
        (0, bytes(32), 5, ROOTS[5], []),
        (0, tree.EMPTY_ROOT, 5, ROOTS[5], [bytes(32)]),
        (0, tree.EMPTY_ROOT, 0, bytes(32), []),
        (5, ROOTS[5], 4, ROOTS[4], []),
        (-1, ROOTS[5], 4, ROOTS[4], []),
        (5, ROOTS[5], 5, ROOTS[4], []),
        (1, ROOTS[1], 2**63, ROOTS[4], []),
    ]:
        with pytest.raises(TreeError):
            tree.verify_consistency(*arguments)


def test_indexes_and_edges_out_of_range_are_refused():
    for index, size in [(0, 0), (1, 1), (-1, 5), (5, 5), (0, 2**63)]:
        with pytest.raises(TreeError):
            tree.inclusion_proof(index, size, reader(LEAVES))
        with pytest.raises(TreeError):
            tree.verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    for size, edge in [(1, []), (3, [bytes(32)]), (0, [bytes(32)]), (1, [bytes(31)]), (-1, [])]:
        with pytest.raises(TreeError):
            tree.CompactRange(size, edge)
    with pytest.raises(TreeError):
        tree.CompactRange().append(b"short")
