"""A workbook of Excel 97–2003 byte by byte: BIFF8 records ([MS-XLS]) in a compound file ([MS-CFB]), as old systems still send them."""

import struct

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _beginning(of: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, of, 0x0DBB, 0x07CC, 0, 6))


def _cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x0203, place + struct.pack("<d", value))


def format_xls(rows: list[list[str | float]], merged: tuple[tuple[int, int, int, int], ...] = ()) -> bytes:
    """The rows as .xls; `merged` are (first row, last row, first column, last column) from 0."""
    name = "名录"
    cells = b"".join(_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value != "")
    areas = b"".join(struct.pack("<HHHH", *area) for area in merged)
    extent = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = _beginning(0x0010) + _record(0x0200, extent) + cells
    sheet += (_record(0x00E5, struct.pack("<H", len(merged)) + areas) if merged else b"") + _record(0x000A, b"")
    title = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    head = _beginning(0x0005) + _record(0x0042, struct.pack("<H", 1200))
    offset = len(head) + 4 + 6 + len(title) + 4
    return _compound(head + _record(0x0085, struct.pack("<IH", offset, 0) + title) + _record(0x000A, b"") + sheet)


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0" if name else b""
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def _compound(stream: bytes) -> bytes:
    """One stream `Workbook` of at least 4,096 bytes, so that it needs no second allocation table for small ones."""
    stream = stream.ljust(4096, b"\0")
    stream = stream.ljust(-(-len(stream) // SECTOR) * SECTOR, b"\0")
    sectors = len(stream) // SECTOR  # sector 0: allocation table, 1: directory, from 2 on the stream
    table = [FAT, END, *range(3, 2 + sectors), END]
    assert len(table) <= SECTOR // 4, "more than one sector of allocation table"
    table += [FREE] * (SECTOR // 4 - len(table))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0) + struct.pack("<I", 0) + struct.pack("<I", FREE) * 108
    directory = _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, 2, len(stream)) + _entry("", 0, FREE, 0, 0) * 2
    return header + struct.pack(f"<{SECTOR // 4}I", *table) + directory + stream
