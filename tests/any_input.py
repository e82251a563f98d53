"""What the tests of any input share: how examples are made, and ways to spoil a file; to be imported, holds no test.

The examples are the same on every machine and in every run: a test that fails today would have failed yesterday. What was
found once stands beside the property as an `@example`, or in a table of named cases.
"""

import copy
import io
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, configuration, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

# hypothesis looks for constants in all modules that happen to be loaded, which are others in every test process
providers._get_local_constants = lambda: providers._local_constants
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "hypothesis")  # not a folder in the checkout

LONGEST = 1500  # characters of a message


def examples(most: int, *, seconds: int = 20) -> settings:
    """Settings of a test with so many examples, none of which may take longer than that; a busy machine is no fault."""
    return settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=timedelta(seconds=seconds),
        phases=[Phase.explicit, Phase.generate],  # to look for a smaller example takes minutes
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
    )


def is_one_line(message: str) -> None:
    """Fail unless a terminal shows it as one line of a length that people read, and obeys nothing in it."""
    assert message.isprintable(), ascii(message)
    assert 0 < len(message) <= LONGEST, len(message)


SIGNS = [
    *(b'"', b"'", b",", b";", b"\n", b"\r", b"\r\n", b"\t", b"\0", b"\x0c", b"\x1b[2J", b" ", b"\\", b"-", b":", b"{", b"["),
    *(b"\xff", b"\x81", b"\xc3", b"\xef\xbb\xbf", b"\xed\xa0\xbd"),
    *("\u2028".encode(), "\x85".encode(), "Ж".encode(), "𝒳".encode()),
    *(b"9" * 400, b"1e999", b"-1", b"0", b"nan", b"null", b"true", b"2024-02-31", b"=1+1"),
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, content: bytes, most: int = 3) -> bytes:
    """The bytes of a file with up to so many changes: signs and bytes put in, parts replaced, left out, doubled, cut off."""
    for _ in range(draw(st.integers(1, most))):
        first = draw(st.integers(0, len(content)))
        last = min(len(content), first + draw(st.integers(0, 60)))
        part = content[first:last]
        match draw(st.sampled_from(["put", "bytes", "leave out", "double", "line", "bit", "all", "cut"])):
            case "put":
                content = content[:first] + draw(st.sampled_from(SIGNS)) + content[first:]
            case "bytes":
                content = content[:first] + draw(st.binary(max_size=20)) + content[last:]
            case "leave out":
                content = content[:first] + content[last:]
            case "double":
                content = content[:last] + part + content[last:]
            case "line":
                lines = content.split(b"\n")
                one = draw(st.integers(0, len(lines) - 1))
                lines[one:one] = [lines[one]] * draw(st.integers(1, 3))
                content = b"\n".join(lines)
            case "bit" if part:
                content = content[:first] + bytes([part[0] ^ 1 << draw(st.integers(0, 7))]) + content[first + 1 :]
            case "all" if part:
                content = content.replace(part[:1], draw(st.sampled_from(SIGNS)))
            case "cut":
                content = content[:first]
    return content


# as a hand may write a value of YAML
_WRITTEN = [
    *("2024-13-45", "9" * 5000, "0x" + "f" * 5000, "1e999", ".nan", "-.inf", "0b_", "1:99", "2013-01", "yes", "~", ""),
    *("&x [1]", "*x", "&x {<<: *x}", "{a: 1, a: 2}", "{<<: 1}", "? [1]", "- 1", "|", ">", "@", "`", "%"),
    *("'", '"', "#", "[" * 5000, "{a: " * 99, "\x85", "\u2028", "\ufeff"),
    *('!!int ""', "!!int a", "!!float a", "!!bool x", "!!timestamp x", "!!binary x", "!!set {a}", "!!omap [a]", "!!pairs [a]"),
    *("!!python/object:os.system {}", "!theirs x", '"\\ud800"', '"\\x07"', "a: b", "a\tb", "=", "<<"),
]  # fmt: skip


@st.composite
def spoilt_values(draw: st.DrawFn, text: str) -> bytes:
    """The text of a YAML file with something else for one value or two."""
    lines = text.split("\n")
    values = [number for number, line in enumerate(lines) if ": " in line]
    for number in draw(st.lists(st.sampled_from(values), min_size=1, max_size=2)):
        key = lines[number].partition(": ")[0]
        lines[number] = f"{key}: {draw(st.sampled_from(_WRITTEN))}"
    return "\n".join(lines).encode()


@st.composite
def damaged(draw: st.DrawFn, archive: bytes) -> bytes:
    """A zip archive of one file in which some bits of what it holds have flipped; its list is as it was."""
    changed_ = bytearray(archive)
    for _ in range(draw(st.integers(1, 3))):
        changed_[draw(st.integers(45, archive.rindex(b"PK\1\2") - 1))] ^= draw(st.integers(1, 255))
    return bytes(changed_)


def packed(content: bytes, name: str = "flights.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive with one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


# whatever may stand in JSON, or in YAML
_SCALARS = st.sampled_from(["", "\ud83d", "\x1b[2J", "\x0b", "code", 10**4000]) | (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
)
JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn, content: Any) -> Any:
    """What was read from JSON or YAML, with anything in up to four places: other values, keys of other places, or nothing."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 4))):
        places = [place for place in _inside(content) if isinstance(place, dict | list)] or [content]
        place = places[draw(st.integers(0, len(places) - 1))]
        if isinstance(place, dict):
            keys = {"id", *(key for other in places if isinstance(other, dict) for key in other)}
            key = draw(st.sampled_from(sorted(place or keys)) | st.sampled_from(sorted(keys)) | st.text(max_size=8))
            old = place.pop(key, None)
            if draw(st.integers(0, 3)):
                place[key] = draw(odd_text(old) if isinstance(old, str) and draw(st.booleans()) else JSON)
        elif isinstance(place, list):
            at = draw(st.integers(0, len(place)))
            place[at : at + draw(st.integers(0, 2))] = draw(st.lists(JSON, max_size=2)) or copy.deepcopy(place[:2])
    return content


def _inside(content: Any) -> list[Any]:
    """It and all that is in it."""
    below = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [content, *(one for value in below for one in _inside(value))]


def odd_text(text: str) -> st.SearchStrategy[str]:
    """A text with something in it that is none, or half of one."""
    signs = st.sampled_from(["\ud83d", "\x1b[2J", "\x0b", "\0", "\r", "\u2028", "`", "```", "<b>", "{{", "\ufeff"])
    return st.builds(lambda at, sign: text[:at] + sign + text[at:], st.integers(0, len(text)), signs)
