"""What lesson 06 says of Prefect is so: asked of a real server, with the lesson's own steps."""

import functools
import sys

import pytest

from flight_delays.pipeline import Project
from workshop.engines import prefect
from workshop.places import LESSONS
from workshop.sandbox import Sandbox

pytestmark = pytest.mark.engine

MONTHS = {"2013-01": "train", "2013-02": "test"}


@pytest.fixture(scope="module")
def here():
    sys.path.append(str(LESSONS / "06_prefect"))
    import notebook_flows

    return notebook_flows


@pytest.fixture(scope="module")
def session(here, tmp_path_factory):
    sandbox = Sandbox.create(tmp_path_factory.mktemp("lesson") / "06", params={"months": MONTHS, "ingest.rows": 2000})
    project = Project.load(sandbox.root)
    for stage in ("ingest", "validate", "prepare"):
        for month in project.months:
            project.run(stage, month)
    with pytest.MonkeyPatch.context() as patch, prefect.session(sandbox) as session:
        for name in [*session.settings, "PREFECT_LOGGING_LEVEL", "DO_NOT_TRACK"]:
            patch.setenv(name, "")  # so that what `connect` sets is taken back
        here.connect(session)
        session.project = project
        yield session


def three_runs(here, session, step, folder):
    """ROC AUC and the state of `train` for 80 trees, 2 trees, 80 trees."""
    features, test = (str(session.project.features(month)) for month in MONTHS)
    flow = here.load_step(step).score
    runs = [here.watch(session, flow, features, test, trees, str(folder)) for trees in (80, 2, 80)]
    assert [run.error for run in runs] == [None] * 3
    return [run.value for run in runs], [run.tasks[0].state for run in runs]


def test_a_key_of_paths_gives_the_model_of_other_parameters(here, session, tmp_path):
    (first, changed, third), states = three_runs(here, session, "step5_stale", tmp_path)
    assert states == ["Completed", "Completed", "Cached"]
    assert third == changed != first


def test_paths_that_name_the_content_cure_it(here, session, tmp_path):
    (first, changed, third), states = three_runs(here, session, "step6_content", tmp_path)
    assert states == ["Completed", "Completed", "Cached"]
    assert third == first != changed


def test_a_source_that_comes_up_late_is_asked_again(here, session):
    with here.archive(session.project.root / "data/raw", opens_after=1.5) as address:
        run = here.watch(session, here.load_step("step4_retry").report, address, list(MONTHS))
    assert run.error is None
    assert [task.state for task in run.tasks] == ["Completed"] * 2
    assert all(task.attempts > 1 for task in run.tasks)
    assert "AwaitingRetry" in set(here.history(session, run.tasks[0])["state"])


def test_the_plain_function_the_tasks_and_the_map_agree(here, session):
    plain = here.load_step("step1_plain").report(list(MONTHS))
    for step in ("step2_tasks", "step3_map"):
        run = here.watch(session, here.load_step(step).report, list(MONTHS))
        assert run.value == plain
        assert run.names == [f"late_share {month}" for month in MONTHS]


def test_the_number_of_tasks_follows_from_their_results(here, session):
    features, test = (str(session.project.features(month)) for month in MONTHS)
    flow = here.load_step("step7_dynamic").learning_curve
    lengths = [len(here.watch(session, flow, [features], test, goal).tasks) for goal in (0.5, 0.99)]
    assert lengths == [1, 3]  # 250; 250, 500, 1000: twice as many again would be more than there are


def test_a_condition_of_a_retry_that_fails_or_is_no_function_means_no(here, session):
    import task_checks

    def is_lost(kind, task, task_run, state):
        return isinstance(state.data, kind)

    def asked(condition):
        did = task_checks.retried({"retries": 2, "retry_condition_fn": condition}, {"lost": [OSError("away")] * 5})
        return did.asked["lost"], len(did.raised)

    assert asked(lambda *of: is_lost(OSError, *of)) == (3, 0)
    assert asked(lambda task, task_run, state: isinstance(state.result(), OSError)) == (1, 1)
    assert asked(functools.partial(is_lost, OSError)) == (1, 0)


ASK_WITHOUT_CREDENTIAL = """
import urllib.error, urllib.request
from prefect import flow, get_client

@flow
def tiny():
    with get_client(sync_client=True) as client:
        address = str(client.api_url)
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{address}version", timeout=30)
    except urllib.error.HTTPError as error:
        print("answered", error.code)

tiny()
"""


def test_the_temporary_server_asks_for_the_credential_too(here, session, tmp_path):
    temporary = here.temporary_server(session, tmp_path / "temporary")
    done = session.sandbox.run(["python", "-c", ASK_WITHOUT_CREDENTIAL], **temporary)
    assert "answered 401" in done.stdout
