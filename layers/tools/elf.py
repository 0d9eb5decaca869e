"""Reads from an ELF file what the dynamic loader would: which libraries it needs, and how new a glibc.

`ldd` answers by running the loader of this machine, which says nothing about a file for another processor; this reads
the file's dynamic section instead (System V ABI, chapter 5; the GNU version sections, Linux Standard Base 5.0). Only
64-bit little-endian files are read: Lambda has no others.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Elf", "read"]

_MACHINES = {62: "amd64", 183: "arm64"}
_PT_LOAD, _PT_DYNAMIC = 1, 2
_NEEDED, _STRTAB, _VERNEED, _VERNEEDNUM = 1, 5, 0x6FFFFFFE, 0x6FFFFFFF


@dataclass(frozen=True, slots=True)
class Elf:
    """`goarch` is the processor in Go's words, `glibc` the newest version of glibc's symbols that the file asks for."""

    goarch: str
    needed: tuple[str, ...]
    glibc: tuple[int, ...]


def read(path: Path) -> Elf:
    """Reads one program or shared library. Raises `ValueError` for anything else."""
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path.name}: not a 64-bit little-endian ELF file")
    (machine,) = struct.unpack_from("<H", data, 18)
    if machine not in _MACHINES:
        raise ValueError(f"{path.name}: made for processor {machine}, which Lambda doesn't have")
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, table + size * n) for n in range(count)]
    loads = [(address, offset, length) for kind, _, offset, address, _, length in segments if kind == _PT_LOAD]
    tags = [
        struct.unpack_from("<QQ", data, offset + 16 * n)
        for kind, _, offset, _, _, length in segments
        if kind == _PT_DYNAMIC
        for n in range(length // 16)
    ]
    values = dict(tags)
    strings = _offset(values[_STRTAB], loads) if _STRTAB in values else 0
    needed = tuple(_text(data, strings + value) for tag, value in tags if tag == _NEEDED)
    versions = _versions(data, values, strings, loads)
    glibc = max((_numbers(name) for name in versions if name.startswith("GLIBC_2")), default=())
    return Elf(_MACHINES[machine], needed, glibc)


def _versions(data: bytes, values: dict[int, int], strings: int, loads: list[tuple[int, int, int]]) -> list[str]:
    names: list[str] = []
    at = _offset(values[_VERNEED], loads) if _VERNEED in values else 0
    for _ in range(values.get(_VERNEEDNUM, 0)):
        _, count, _, first, following = struct.unpack_from("<HHIII", data, at)
        entry = at + first
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from("<IHHII", data, entry)
            names.append(_text(data, strings + name))
            entry += step
        at += following
    return names


def _offset(address: int, loads: list[tuple[int, int, int]]) -> int:
    for start, offset, length in loads:
        if start <= address < start + length:
            return address - start + offset
    raise ValueError(f"address {address:#x} is in no segment")


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("GLIBC_").split("."))
