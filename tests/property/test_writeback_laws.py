"""Laws of editing a file in place: only the value's bytes change, and only that value."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mooring.render.yaml import load_documents
from mooring.writeback.paths import Path
from mooring.writeback.splicing import Sheet, opened

NAMES = st.sampled_from(["image", "tag", "newTag", "a.b", "on", "x-y", "1", "with space", "ünï", "name", "<<<", "q'q"])
TEXTS = st.one_of(
    st.sampled_from(
        ["v1.2.3", "1.10", "latest", "true", "null", "0123", "1e3", "sha256:ab", "a: b", "a #b", "", "~", "- x",
         "2024-01-01", "12:30:45", "it's", 'say "x"', "back\\slash", "*star", "&amp", "!tag", "tab\there", "=", "日本"]
    ),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"), exclude_characters="\ufeff"), max_size=12),
)  # fmt: skip
COMMENTS = st.sampled_from(["", "", " # why: 'because'", "   #x", " # {not: flow}"])


@dataclass
class Written:
    """A file as it is being written: its text, its values, and where each scalar stands."""

    newline: str
    text: str = ""
    places: dict[tuple[int, Path], tuple[int, int]] = field(default_factory=dict)
    documents: list[object] = field(default_factory=list)

    def line(self, text: str = "") -> None:
        self.text += text + self.newline


@st.composite
def files(draw: st.DrawFn) -> Written:
    """Files of one to three documents, as different people would have written them."""
    made = Written(draw(st.sampled_from(["\n", "\r\n"])))
    for number in range(draw(st.integers(1, 3))):
        if number or draw(st.booleans()):
            made.line("---")
        if draw(st.booleans()):
            made.line("# a comment: with {signs}")
        made.documents.append(mapping(draw, made, number, (), 0, draw(st.sampled_from([1, 2, 4]))))
    if draw(st.booleans()) and not made.text.endswith("|" + made.newline):
        made.text = made.text.removesuffix(made.newline)
    return made


def mapping(draw: st.DrawFn, made: Written, document: int, path: Path, indent: int, step: int, *, first: bool = False):
    value = {}
    for number, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))):
        if not (first and number == 0):
            if draw(st.integers(0, 5)) == 0:
                made.line(draw(st.sampled_from(["", "# note", " " * indent + "# indented"])))
            made.text += " " * indent
        quoted = name in ("on", "1", "q'q") or draw(st.integers(0, 4)) == 0
        made.text += (json.dumps(name, ensure_ascii=False) if quoted else name) + ":"
        value[name] = below(draw, made, document, (*path, name), indent, step)
    return value


def below(draw: st.DrawFn, made: Written, document: int, path: Path, indent: int, step: int):
    kind = draw(st.sampled_from(["scalar"] * 4 + ["mapping", "list", "flow"])) if len(path) < 4 else "scalar"
    if kind == "scalar":
        made.text += " " * draw(st.integers(1, 3))
        text = scalar(draw, made, document, path)
        made.line(draw(COMMENTS))
        return text
    if kind == "flow":
        made.text += " {"
        value = {}
        for number, name in enumerate(draw(st.lists(st.sampled_from("abc"), max_size=3, unique=True))):
            made.text += (draw(st.sampled_from([", ", ","])) if number else "") + name + ": "
            value[name] = scalar(draw, made, document, (*path, name), quoted=True)
        made.line("}" + draw(COMMENTS))
        return value
    made.line(draw(COMMENTS))
    if kind == "mapping":
        return mapping(draw, made, document, path, indent + step, step)
    items = []
    dash = indent + draw(st.sampled_from([0, step]))
    for number in range(draw(st.integers(1, 3))):
        made.text += " " * dash + "- "
        if draw(st.booleans()):
            items.append(scalar(draw, made, document, (*path, number)))
            made.line(draw(COMMENTS))
        else:
            items.append(mapping(draw, made, document, (*path, number), dash + 2, step, first=True))
    return items


def scalar(draw: st.DrawFn, made: Written, document: int, path: Path, *, quoted: bool = False) -> str:
    value = draw(TEXTS)
    style = draw(st.sampled_from(["'", '"', '"'] if quoted else ["plain", "'", '"']))
    if style == "plain":
        value = draw(st.sampled_from(["v1.2.3", "latest", "qa-v1.0.7", "registry.example.com:5000/shop/web", "x"]))
        spelled = value
    elif style == "'" and value.isprintable():
        spelled = "'" + value.replace("'", "''") + "'"
    else:
        spelled = json.dumps(value, ensure_ascii=False)
    start = len(made.text)
    made.text += spelled
    made.places[document, path] = (start, len(made.text))
    return value


@settings(deadline=None, max_examples=80)
@given(files(), st.booleans(), st.data())
def test_only_the_bytes_of_the_value_change(made: Written, bom: bool, data: st.DataObject) -> None:
    """GIVEN any file and any value in it, everything outside of the value stays byte for byte, and it alone differs."""
    before = (b"\xef\xbb\xbf" if bom else b"") + made.text.encode()
    assert made.documents == opened(before, "values.yaml").values()
    assume(made.places)
    document, path = data.draw(st.sampled_from(sorted(made.places, key=str)))
    new = data.draw(TEXTS)
    sheet = opened(before, "values.yaml")
    sheet.put(path, new, document=document)
    start, end = made.places[document, path]
    skip = 3 if bom else 0
    assert sheet.data.startswith(before[: skip + len(made.text[:start].encode())])
    assert sheet.data.endswith(made.text[end:].encode())
    expected = copy.deepcopy(made.documents)
    holder = expected[document]
    for step in path[:-1]:
        holder = holder[step]
    was = holder[path[-1]]
    holder[path[-1]] = new
    assert expected == load_documents(sheet.text, where="values.yaml")
    if was == new:
        assert before == sheet.data
    again = Sheet("values.yaml", sheet.text, sheet.bom)
    again.put(path, new, document=document)
    assert sheet.data == again.data


@settings(deadline=None, max_examples=80)
@given(files(), st.data())
def test_what_is_added_leaves_the_rest_alone(made: Written, data: st.DataObject) -> None:
    """GIVEN any file, a key that it lacks is put in in one piece, and nothing else differs."""
    document = data.draw(st.integers(0, len(made.documents) - 1))
    mappings = [path for at, path in spots(made.documents[document], ()) if isinstance(at, dict)]
    path = (*data.draw(st.sampled_from(mappings)), "added", *data.draw(st.sampled_from([(), ("below",)])))
    sheet = opened(made.text.encode(), "values.yaml")
    sheet.put(path, "v2", document=document)
    common = next((n for n, (a, b) in enumerate(zip(made.text, sheet.text, strict=False)) if a != b), len(made.text))
    assert sheet.text.endswith(made.text[common:])
    expected = copy.deepcopy(made.documents)
    holder = expected[document]
    for step in path[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    holder[path[-1]] = "v2"
    assert expected == load_documents(sheet.text, where="values.yaml")


def spots(value: object, path: Path):
    yield value, path
    for step, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from spots(each, (*path, step))
