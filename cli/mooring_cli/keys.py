"""Keys of a terminal, one at a time: characters as they are, the others by names (XTerm Control Sequences, "PC-Style
Function Keys"). The terminal is put back as it was, whatever happens.
"""

from __future__ import annotations

import codecs
import os
import select
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["Keyboard", "keyboard"]

_NAMES: Final = {
    "\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1b[5~": "pageup", "\x1b[6~": "pagedown", "\x1b[H": "home", "\x1bOH": "home", "\x1b[1~": "home",
    "\x1b[F": "end", "\x1bOF": "end", "\x1b[4~": "end", "\x1b": "escape", "\r": "enter", "\n": "enter",
    "\x7f": "backspace", "\x08": "backspace", "\x04": "q",
}  # fmt: skip


class Keyboard:
    """What is typed at one terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def read(self, patience: float) -> list[str]:
        """The keys that were pressed, waiting for the first one for at most so many seconds."""
        if not select.select([self._descriptor], [], [], patience)[0]:
            return []
        given = os.read(self._descriptor, 1024)
        return keys_in(self._decoder.decode(given)) if given else ["q"]  # the terminal is gone


def keys_in(text: str) -> list[str]:
    """Keys by what the terminal sends for them; sequences that nobody knows are left out."""
    found = []
    while text:
        if text[0] == "\x1b" and len(text) > 1 and text[1] in "[O":
            end = next((n for n, c in enumerate(text[2:], 3) if c.isalpha() or c == "~"), len(text))
        else:
            end = 1
        sequence, text = text[:end], text[end:]
        name = _NAMES.get(sequence, sequence if len(sequence) == 1 else "")
        if name:
            found.append(name)
    return found


@contextmanager
def keyboard(descriptor: int) -> Iterator[Keyboard]:
    """The terminal without lines and echo; Ctrl-C still interrupts."""
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield Keyboard(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
