"""A font whose every letter is the same block, so that pictures of pages don't depend on the fonts of a machine.

Which font `system-ui` is, how it is hinted and how wide it runs differs from one machine to the next; a page that is set
in blocks is laid out and painted alike on all of them (the reason for "Ahem" in the Web Platform Tests). Colours,
places, icons and the lengths of texts are still to be seen; letters are not, and other tests read them.

The tables are those that the OpenType specification asks for ("Required Tables"); one glyph stands for all of the Basic
Multilingual Plane's first 12,288 characters, a blank for spaces.
"""

from __future__ import annotations

import struct

__all__ = ["block_font"]

_EM = 1000
_ASCENT, _DESCENT = 900, -250
_WIDTH = 560
_BOX = (40, 0, 520, 560)  # left, bottom, right, top of a letter
_FIRST, _LAST = 0x20, 0x2FFF
_BLANK = {0x20, 0xA0, 0x200B, 0x202F}


def block_font() -> bytes:
    """The font, as a TrueType file."""
    tables = {
        b"OS/2": _os2(),
        b"cmap": _cmap(),
        b"glyf": _box() + _box(),
        b"head": _head(),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, _ASCENT, _DESCENT, 0, _WIDTH, 40, 40, 520, 1, *[0] * 7, 3),
        b"hmtx": struct.pack(">HhHhHh", _WIDTH, 40, _WIDTH, 40, _WIDTH, 0),
        b"loca": struct.pack(">4H", *(each // 2 for each in (0, len(_box()), 2 * len(_box()), 2 * len(_box())))),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, 3, 4, 1, *[0] * 2, 1, *[0] * 8),
        b"name": _name(),
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0),
    }
    count = len(tables)
    power = count.bit_length() - 1
    head = struct.pack(">IHHHH", 0x10000, count, 16 << power, power, 16 * count - (16 << power))
    place, directory, content = 12 + 16 * count, b"", b""
    for tag, table in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, _sum(table), place + len(content), len(table))
        content += table + b"\0" * (-len(table) % 4)
    file = bytearray(head + directory + content)
    at = place + sum(len(table) + -len(table) % 4 for tag, table in sorted(tables.items()) if tag < b"head")
    struct.pack_into(">I", file, at + 8, (0xB1B0AFBA - _sum(bytes(file))) % 2**32)
    return bytes(file)


def _sum(data: bytes) -> int:
    padded = data + b"\0" * (-len(data) % 4)
    return sum(struct.unpack(f">{len(padded) // 4}I", padded)) % 2**32


def _box() -> bytes:
    left, bottom, right, top = _BOX
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    steps = [
        (x - before_x, y - before_y) for (x, y), (before_x, before_y) in zip(corners, [(0, 0), *corners], strict=False)
    ]
    glyph = struct.pack(">hhhhhHH4B", 1, left, bottom, right, top, 3, 0, *[1] * 4)
    glyph += struct.pack(">4h", *(x for x, _ in steps)) + struct.pack(">4h", *(y for _, y in steps))
    return glyph + b"\0" * (-len(glyph) % 4)


def _head() -> bytes:
    return struct.pack(">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 3, _EM, 0, 0, *_BOX, 0, 8, 2, 0, 0)


def _cmap() -> bytes:
    glyphs = [2 if each in _BLANK else 1 for each in range(_FIRST, _LAST + 1)]
    segments = struct.pack(">HHH", _LAST, 0xFFFF, 0) + struct.pack(">HH", _FIRST, 0xFFFF)
    segments += struct.pack(">HH", 0, 1) + struct.pack(">HH", 4, 0)
    body = struct.pack(">HHHH", 4, 4, 1, 0) + segments + struct.pack(f">{len(glyphs)}H", *glyphs)
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + struct.pack(">HHH", 4, len(body) + 6, 0) + body


def _name() -> bytes:
    texts = [(1, "Blocks"), (2, "Regular"), (3, "Blocks"), (4, "Blocks"), (5, "Version 1.0"), (6, "Blocks")]
    records, content = b"", b""
    for number, text in texts:
        coded = text.encode("utf-16-be")
        records += struct.pack(">6H", 3, 1, 0x409, number, len(coded), len(content))
        content += coded
    return struct.pack(">HHH", 0, len(texts), 6 + len(records)) + records + content


def _os2() -> bytes:
    return struct.pack(
        ">HhHHHhhhhhhhhhhh10s4I4sHHHhhhHHIIhhHHH", 4, _WIDTH, 400, 5, 0, 500, 500, 0, 0, 500, 500, 0, 300, 50, 250, 0,
        bytes(10), 1, 0, 0, 0, b"NONE", 0x40, _FIRST, _LAST, _ASCENT, _DESCENT, 0, _ASCENT, -_DESCENT, 1, 0,
        560, 700, 0, 0x20, 0,
    )  # fmt: skip
