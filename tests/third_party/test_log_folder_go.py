"""The Go project's own note and tlog code accepts every byte of our log folder, and no other byte."""

import pytest

SIZES = {0: (0, 0), 1: (1, 1), 2: (1, 1), 255: (1, 1), 256: (2, 1), 257: (3, 2), 70_000: (277, 274)}


@pytest.mark.parametrize("size", SIZES)
def test_go_reads_the_whole_log(go_checker, write_log, vkey, tmp_path, size):
    write_log(tmp_path, size)
    run = go_checker([tmp_path, vkey])
    assert run.returncode == 0, run.stderr
    tiles, bundles = SIZES[size]
    assert run.stdout.startswith(f"size {size} tiles {tiles} bundles {bundles} proofs ")
    if size:
        assert " proofs 0 " not in run.stdout
        assert " consistency 0" not in run.stdout


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/1",
        "proofs/256.tlog-proof",
        "consistency/255",
    ],
)
def test_go_notices_a_changed_byte_in_every_kind_of_file(go_checker, write_log, vkey, tmp_path, path):
    """Proves that the check above can fail at all."""
    write_log(tmp_path, 257)
    data = bytearray((tmp_path / path).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / path).write_bytes(data)
    assert go_checker([tmp_path, vkey]).returncode == 1


def test_go_refuses_another_key_and_a_surplus_file(go_checker, write_log, vkey, tmp_path):
    write_log(tmp_path, 2)
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert go_checker([tmp_path, other]).returncode == 1
    (tmp_path / "tile" / "0" / "001.p").mkdir()
    (tmp_path / "tile" / "0" / "001.p" / "1").write_bytes(bytes(32))
    assert go_checker([tmp_path, vkey]).returncode == 1
