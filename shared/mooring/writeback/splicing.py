"""One value of a YAML file exchanged, and every other byte left as it was.

Whoever edits a file that people keep by hand has to leave no trace beside the value: comments, order, quotes, anchors,
indentation, the line breaks of Windows, a byte order mark, further documents. So text is put in place of text. What a
change would do is not trusted to this module's cleverness: the file is read before and after as Kubernetes' tools read
it (`render.yaml`), and unless the two differ in just the one value, the change is refused. That is how anchors that
others refer to, merges and whatever else is ambiguous come out as an error instead of a surprise.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mooring.errors import ConfigurationError, RenderError
from mooring.render.scalars import resolve
from mooring.render.yaml import load_documents
from mooring.writeback.paths import Path, at_path, dotted, nested, put_at
from mooring.writeback.scanning import Document, Item, Node, documents
from mooring.writeback.spelling import STEP, New, flow, lines, spelled

__all__ = ["Sheet", "opened"]

_BOM: Final = b"\xef\xbb\xbf"
_MARKS: Final = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)


@dataclass(slots=True)
class Sheet:
    """A file that is being edited. `where` is its path, for errors."""

    where: str
    text: str
    bom: bool = False
    _found: tuple[str, list[Document]] | None = None
    _loaded: tuple[str, list[Any]] | None = None

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return (_BOM if self.bom else b"") + self.text.encode()

    def values(self) -> list[Any]:
        """The value of each document, None for empty ones; not to be changed. Raises `ConfigurationError`."""
        if self._loaded is None or self._loaded[0] != self.text:
            try:
                values = load_documents(self.text, where=self.where)
            except RenderError as error:
                raise ConfigurationError(f"{error.message}; only plain YAML can be edited (no templates)") from None
            if len(values) > 1 or not _is_one(self.text):
                loaded = iter(values)
                empty = (each.root is None or _is_null(each.root) for each in self._documents())
                values = [None if nothing else next(loaded, None) for nothing in empty]
            self._loaded = self.text, values or [None]
        return self._loaded[1]

    def _documents(self) -> list[Document]:
        """Where everything is: positions take a while to find out, so this is asked only for what is to be changed."""
        if self._found is None or self._found[0] != self.text:
            self._found = self.text, documents(self.text, self.where)
        return self._found[1]

    def put(self, path: Path, value: str, *, document: int = 0) -> None:
        """Makes the value at a path this text; what leads there is added where it is missing.

        Raises `ConfigurationError` that names file and path where that can't be done without touching anything else.
        """
        before = self.values()
        if at_path(before[document], path) == value:
            return
        found = self._documents()
        after = copy.deepcopy(before)
        after[document] = put_at(after[document], path, value)
        self._change(lambda: self._put(found, document, path, value), after, path)

    def append(self, path: Path, value: New) -> None:
        """Adds an element to the list at a path of the only document; the list is added where there is none."""
        after = copy.deepcopy(self.values())
        found = self._documents()
        there = at_path(after[0], path)
        after[0] = put_at(after[0], path, [*there, value] if isinstance(there, list) else [value])
        self._change(lambda: self._append(found, path, value), after, path)

    def remove(self, path: Path) -> None:
        """Takes an entry out of a mapping of the only document; nothing where there is none."""
        after = copy.deepcopy(self.values())
        found = self._documents()
        holder = at_path(after[0], path[:-1])
        if not isinstance(holder, dict) or path[-1] not in holder:
            return
        del holder[path[-1]]
        self._change(lambda: self._remove(self._walk(found[0].root, path[:-1])[0], str(path[-1])), after, path)

    def rename(self, path: Path, name: str, value: str) -> None:
        """Puts another key and value in the place of an entry of the only document, in its line."""
        after = copy.deepcopy(self.values())
        found = self._documents()
        holder = at_path(after[0], path[:-1])
        del holder[path[-1]]
        holder[name] = value

        def change() -> None:
            mapping, _ = self._walk(found[0].root, path[:-1])
            item = self._only(mapping, str(path[-1]), path)
            assert item is not None and item.key is not None
            self._splice(item.value.start, item.value.end, self._scalar(item.value, value, path))
            self._splice(item.key.start, item.key.end, spelled(name, item.key.style))

        self._change(change, after, path)

    def _change(self, change: Callable[[], None], after: list[Any], path: Path) -> None:
        """Makes a change, and takes it back unless the documents are then what they should be."""
        former = self.text
        try:
            change()
            same = load_documents(self.text, where=self.where) == [each for each in after if each is not None]
        except ConfigurationError:
            self.text = former
            raise
        except RenderError:
            same = False
        if not same:
            self.text = former
            told = "can't be changed alone (an anchor, a merge key or an unusual form is in the way); write it out"
            raise self._error(told, path)

    def _put(self, found: list[Document], document: int, path: Path, value: str) -> None:
        root = found[document].root
        if root is None:
            self._begin(found[document], nested(path, value), path)
            return
        node, rest = self._walk(root, path)
        if not rest:
            if node.kind != "scalar":
                raise self._error(f"is a {_called(node)}; name a single value", path)
            self._splice(node.start, node.end, self._scalar(node, value, path))
            return
        self._add(node, rest, value, path)

    def _append(self, found: list[Document], path: Path, value: New) -> None:
        root = found[0].root
        if root is None:
            self._begin(found[0], nested(path, [value]), path)
            return
        node, rest = self._walk(root, path)
        if rest or _is_null(node):
            self._add(node, rest, [value], path)
        elif node.kind == "sequence":
            self._add_element(node, value)
        else:
            raise self._error(f"is a {_called(node)}; it must be a list", path)

    def _walk(self, root: Node | None, path: Path) -> tuple[Node, Path]:
        """The deepest node that is there, and what of the path is missing below it."""
        assert root is not None
        node = root
        for at, step in enumerate(path):
            if node.kind == "mapping":
                item = self._only(node, str(step), path)
                if item is None:
                    return node, path[at:]
                node = item.value
            elif node.kind == "sequence":
                if not isinstance(step, int) or step >= len(node.items):
                    raise self._error(f"does not exist: {dotted(path[:at])} is a list of {len(node.items)}", path)
                node = node.items[step].value
            elif _is_null(node):
                return node, path[at:]
            else:
                raise self._error(f"does not exist: {dotted(path[:at]) or 'the file'} is a {_called(node)}", path)
            if node.kind == "alias":
                told = f"lies behind an alias at {dotted(path[: at + 1])}; edit what the alias names, or write it out"
                raise self._error(told, path)
        return node, ()

    def _only(self, mapping: Node, name: str, path: Path) -> Item | None:
        entries = mapping.entries(name)
        if len(entries) > 1:
            raise self._error(f"has the key {name!r} twice; remove one", path)
        return entries[0] if entries else None

    def _scalar(self, node: Node, value: str, path: Path) -> str:
        if node.style in ("|", ">"):
            raise self._error("is a block of text (| or >); write it as a single line", path)
        text = spelled(value, node.style)
        return text if node.start < node.end else f" {text}"  # there was nothing behind the colon

    def _begin(self, document: Document, value: New, path: Path) -> None:
        """The first content of an empty document."""
        if self.text[document.end :].strip():
            raise self._error("lies in an empty document before others; remove that document", path)
        head = self.text
        if head and not head.endswith("\n"):
            head += self._newline
        self.text = head + self._newline.join(lines(value, 0)) + self._newline

    def _add(self, node: Node, rest: Path, value: New, path: Path) -> None:
        """Adds what is missing below a node: a mapping, or a null that becomes one."""
        added = nested(rest, value)
        if _is_null(node):
            self._instead_of_null(node, added)
        elif node.kind == "mapping" and isinstance(added, Mapping):
            self._add_entry(node, added)
        else:
            raise self._error(f"can't be added to a {_called(node)}", path)

    def _instead_of_null(self, node: Node, added: New) -> None:
        if node.start < node.end:
            self._splice(node.start, node.end, flow(added))
            return
        at = self._line_end(node.end)
        line = self.text[self.text.rfind("\n", 0, node.end) + 1 : node.end]
        indent = len(line) - len(line.lstrip(" -")) + (0 if isinstance(added, list) else STEP)
        self._insert_lines(at, lines(added, indent))

    def _add_entry(self, mapping: Node, added: Mapping[str, New]) -> None:
        if mapping.flow:
            quoted = any(each.key is not None and each.key.style == '"' for each in mapping.items)
            body = flow(added, quoted=quoted or self.where.endswith(".json"))[1:-1]
            self._add_in_flow(mapping, body)
            return
        last = mapping.items[-1].value
        self._insert_lines(self._after(last), lines(added, mapping.column))

    def _add_element(self, sequence: Node, value: New) -> None:
        if sequence.flow:
            quoted = any(each.value.style == '"' for each in sequence.items)
            self._add_in_flow(sequence, flow(value, quoted=quoted or self.where.endswith(".json")))
            return
        self._insert_lines(self._after(sequence.items[-1].value), lines([value], sequence.column))

    def _add_in_flow(self, node: Node, body: str) -> None:
        at = node.items[-1].value.end if node.items else node.start + 1
        self._splice(at, at, f", {body}" if node.items else body)

    def _remove(self, mapping: Node, name: str) -> None:
        at = next(number for number, each in enumerate(mapping.items) if each.key and each.key.value == name)
        key, value = mapping.items[at].key, mapping.items[at].value
        following = mapping.items[at + 1].key if at + 1 < len(mapping.items) else None
        assert key is not None
        if following is not None and (mapping.flow or at == 0):
            self._splice(key.start, following.start, "")
        elif mapping.flow:
            self._splice(mapping.items[at - 1].value.end if at else key.start, value.end, "")
        else:
            self._splice(self.text.rfind("\n", 0, key.start) + 1, self._after(value), "")

    def _after(self, node: Node) -> int:
        """Where the line after a node begins."""
        last = node
        while last.kind in ("mapping", "sequence") and not last.flow and last.items:
            last = last.items[-1].value
        return last.end if last.style in ("|", ">") else self._line_end(last.end)

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def _insert_lines(self, at: int, added: list[str]) -> None:
        body = self._newline.join(added)
        cut = at > 0 and self.text[at - 1] != "\n"  # the file ends without a line break, and so it shall
        self._splice(at, at, self._newline + body if cut else body + self._newline)

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def _splice(self, start: int, end: int, text: str) -> None:
        self.text = self.text[:start] + text + self.text[end:]

    def _error(self, message: str, path: Path) -> ConfigurationError:
        return ConfigurationError(message, field=dotted(path), subject=self.where)


def opened(data: bytes, where: str) -> Sheet:
    """A file's bytes as a sheet. Raises `ConfigurationError` for what is no UTF-8."""
    bom = data.startswith(_BOM)
    try:
        return Sheet(where, data[len(_BOM) if bom else 0 :].decode(), bom)
    except UnicodeDecodeError:
        raise ConfigurationError("is no UTF-8 text; save it as UTF-8", subject=where) from None


def _is_one(text: str) -> bool:
    """Whether a text is one document for certain, if it is YAML: no marks but a line of dashes before all else."""
    marks = list(_MARKS.finditer(text))
    if len(marks) > 1 or (marks and marks[0][0] != "---"):
        return False
    before = text[: marks[0].start()].splitlines() if marks else []
    return all(not line.strip() or line.startswith("#") for line in before)


def _is_null(node: Node) -> bool:
    return node.kind == "scalar" and not node.style and not node.tag and resolve(node.value) is None


def _called(node: Node) -> str:
    return {"mapping": "mapping", "sequence": "list"}.get(node.kind, "single value")
