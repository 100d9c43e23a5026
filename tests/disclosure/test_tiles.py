"""Tiles: paths, bytes, and a reader that trusts no tile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import tiles
from disclosure.errors import TileError
from disclosure.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 70_000]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (tiles.Tile(0, 0, 256), "tile/0/000"),
        (tiles.Tile(0, 1234067, 5), "tile/0/x001/x234/067.p/5"),
        (tiles.Tile(1, 1000, 256), "tile/1/x001/000"),
        (tiles.Bundle(273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths_of_the_specification(tile, path):
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@given(st.integers(0, 7), st.integers(0, 2**55), st.integers(1, 256))
def test_paths_read_back(level, index, width):
    for tile in (tiles.Tile(level, index, width), tiles.Bundle(index, width)):
        assert tiles.parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/8/000",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/001/002",
        "tile/0/x001",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/-1/000",
        "tile/entries/../000",
        "tile/0/٠٠٠",
        "tile/entries/000.p/257",
        "tile/0/" + "x999/" * 9 + "999",
    ],
)
def test_other_paths_are_refused(path):
    with pytest.raises(TileError):
        tiles.parse_path(path)


def test_the_tiles_of_70000_are_those_of_the_specification():
    made = list(tiles.tiles(70_000))
    assert sum(t.level == 0 and t.width == 256 for t in made) == 273
    assert [t for t in made if t.width < 256] == [
        tiles.Tile(0, 273, 112),
        tiles.Tile(1, 1, 17),
        tiles.Tile(2, 0, 1),
    ]
    assert len(made) == 277
    assert list(tiles.tiles(256)) == [tiles.Tile(0, 0, 256), tiles.Tile(1, 0, 1)]
    assert list(tiles.tiles(0)) == list(tiles.bundles(0)) == []
    assert list(tiles.tiles(2**63 - 1, 2**63 - 2)) == [tiles.Tile(0, 2**55 - 1, 255)]


@given(st.integers(0, 140_000), st.integers(0, 3000))
def test_new_files_are_exactly_those_that_the_old_tree_lacked(old, more):
    size = old + more
    assert list(tiles.tiles(size, old)) == [t for t in tiles.tiles(size) if t not in set(tiles.tiles(old))]
    assert list(tiles.bundles(size, old)) == [
        b for b in tiles.bundles(size) if b not in set(tiles.bundles(old))
    ]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_read_back_and_cuts_are_refused(entries):
    data = tiles.format_bundle(entries)
    assert tiles.parse_bundle(data, len(entries)) == entries
    for other in (data[:-1], data + b"\0", b""):
        with pytest.raises(TileError):
            tiles.parse_bundle(other, len(entries))


def test_entry_and_bundle_limits():
    assert tiles.parse_bundle(tiles.format_bundle([bytes(65535)]), 1) == [bytes(65535)]
    for entries in ([bytes(65536)], [], [b""] * 257):
        with pytest.raises(TileError):
            tiles.format_bundle(entries)
    for width in (0, 257):
        with pytest.raises(TileError):
            tiles.parse_bundle(b"", width)
        with pytest.raises(TileError):
            tiles.parse_tile(bytes(32 * width), width)
    with pytest.raises(TileError):
        tiles.parse_tile(bytes(33), 1)
    for row in ([], [bytes(31)], [bytes(32)] * 257):
        with pytest.raises(TileError):
            tiles.format_tile(row)


@pytest.mark.parametrize("size", SIZES)
def test_the_reader_gives_every_subtree_entry_and_proof(memory_log, size):
    log = memory_log(size)
    reader = tiles.AuthenticatedTiles(size, log.root, lambda tile: log.files[tile.path])
    for tile in tiles.tiles(size):
        reader.check_tile(tile)
    step = max(1, len(log.hashes) // 3000)
    for (level, index), value in list(log.hashes.items())[::step]:
        assert reader.hash_at(level, index) == value
    for bundle in tiles.bundles(size):
        first = bundle.index * 256
        assert reader.entries(bundle, log.files[bundle.path]) == log.entries[first : first + bundle.width]
    for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        path = inclusion_proof(index, size, reader.hash_at)
        assert path == inclusion_proof(index, size, log.hash_at)
        verify_inclusion(leaf_hash(log.entries[index]), index, size, path, log.root)
    for old in {0, 1, 255, 256, 257, size} & set(range(size + 1)):
        old_root = memory_log(old).root
        verify_consistency(old, old_root, size, log.root, consistency_proof(old, size, reader.hash_at))


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 70_000])
def test_a_bit_changed_anywhere_in_any_tile_is_noticed(memory_log, size):
    """Also in the tiles of the right edge, where other readers trusted some (CVE-2026-56865)."""
    log = memory_log(size)
    chosen = [t for t in tiles.tiles(size) if t.level or t.index % 40 == 0 or t.width < 256]
    for tile in chosen:
        width = tile.width * 32
        for at in sorted({0, 31, width // 2, width - 32, width - 1}):
            changed = bytearray(log.files[tile.path])
            changed[at] ^= 0x10
            files = {**log.files, tile.path: bytes(changed)} if size < 1000 else log.files
            read = lambda t, own=tile, data=bytes(changed), files=files: data if t == own else files[t.path]  # noqa: E731
            with pytest.raises(TileError):
                tiles.AuthenticatedTiles(size, log.root, read).check_tile(tile)
        for data in (
            b"",
            log.files[tile.path][:-1],
            log.files[tile.path] + b"\0",
            log.files[tile.path] + bytes(32),
        ):
            read = lambda t, own=tile, data=data: data if t == own else log.files[t.path]  # noqa: E731
            with pytest.raises(TileError):
                tiles.AuthenticatedTiles(size, log.root, read).check_tile(tile)


def test_every_byte_of_every_tile_of_a_small_log_is_authenticated(memory_log):
    log = memory_log(257)
    for tile in tiles.tiles(257):
        for at in range(tile.width * 32):
            changed = bytearray(log.files[tile.path])
            changed[at] ^= 1
            read = lambda t, own=tile, data=bytes(changed): data if t == own else log.files[t.path]  # noqa: E731
            with pytest.raises(TileError):
                tiles.AuthenticatedTiles(257, log.root, read).check_tile(tile)


def test_every_byte_of_an_entry_bundle_is_authenticated(memory_log):
    log = memory_log(257)
    reader = tiles.AuthenticatedTiles(257, log.root, lambda tile: log.files[tile.path])
    for bundle in tiles.bundles(257):
        data = log.files[bundle.path]
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 1
            with pytest.raises(TileError):
                reader.entries(bundle, bytes(changed))


def test_reading_beyond_the_tree_is_refused(memory_log):
    log = memory_log(257)
    reader = tiles.AuthenticatedTiles(257, log.root, lambda tile: log.files[tile.path])
    for level, index in [(0, 257), (0, -1), (1, 128), (9, 0), (63, 0), (-1, 0), (8, 1)]:
        with pytest.raises(TileError):
            reader.hash_at(level, index)
    for tile in [tiles.Tile(0, 1, 256), tiles.Tile(0, 0, 255), tiles.Tile(0, 2, 1), tiles.Tile(2, 0, 1)]:
        with pytest.raises(TileError):
            reader.check_tile(tile)
    with pytest.raises(TileError):
        reader.entries(tiles.Bundle(1, 2), log.files["tile/entries/001.p/1"])
    with pytest.raises(TileError):
        tiles.AuthenticatedTiles(0, bytes(32), lambda tile: b"")
