"""What the seventh lesson says of Kubeflow Pipelines and of its local runner, which a new version may change."""

import re
import subprocess
import sys

import pytest
from kfp import compiler, dsl

from workshop.places import LESSONS, environment

RUNNER = LESSONS / "07_kubeflow" / "run_yaml.py"
IMAGE = "flight-delays-python:1"


@dsl.component(base_image="no-such-python:0", install_kfp_package=False)
def greedy(megabytes: int) -> int:
    return len(b"x" * megabytes * 2**20) // 2**20


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def flaky(megabytes: int):
    raise ConnectionError("the network is away")


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def double(number: int) -> int:
    return 2 * number


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def total(numbers: list) -> int:
    return sum(numbers)


@dsl.pipeline(name="promises")
def promises():
    taken = greedy(megabytes=200).set_memory_limit("64Mi")
    flaky(megabytes=taken.output).set_retry(num_retries=3, backoff_duration="1s")


@dsl.pipeline(name="branches")
def branches(share: float = 0.2):
    with dsl.If(share > 0.9):
        double(number=1)
    with dsl.Else():
        double(number=2)


@dsl.pipeline(name="gathered")
def gathered() -> int:
    with dsl.ParallelFor([1, 2]) as number:
        doubled = double(number=number)
    return total(numbers=dsl.Collected(doubled.output)).output


@dsl.pipeline(name="lone")
def lone():
    with dsl.ParallelFor([1, 2]) as number:
        double(number=number)


def run(pipeline, folder, *arguments):
    """Run a pipeline by the lesson's script; gives how it ended and the steps of its log."""
    file = folder / f"{pipeline.name}.yaml"
    compiler.Compiler().compile(pipeline, str(file))
    command = [sys.executable, str(RUNNER), str(file), *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )
    log = re.sub(r"\x1b\[\d*m", "", done.stdout)
    return done, re.findall(r"^\S+ - \w+ - (Executing|Task) (?:task )?'([\w-]+)'(?: finished with status (\w+))?$", log, re.M)


def test_a_comparison_inside_a_pipeline_is_always_true():
    seen = []

    @dsl.pipeline(name="trap")
    def trap(number: int = 1):
        doubled = double(number=number).output
        seen.extend([bool(doubled > 9), bool(doubled <= 9)])

    assert seen == [True, True]


@pytest.mark.engine
def test_image_memory_limit_retries_and_cache_mean_nothing_locally(tmp_path):
    greedy_done = [("Executing", "greedy", ""), ("Task", "greedy", "SUCCESS")]
    once = [*greedy_done, ("Executing", "flaky", ""), ("Task", "flaky", "FAILURE")]
    for _ in range(2):
        done, steps = run(promises, tmp_path)
        assert (done.returncode, steps) == (1, once), done.stdout
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["promises", "promises.yaml"]


@pytest.mark.engine
def test_both_branches_of_a_condition_run_locally(tmp_path):
    done, steps = run(branches, tmp_path, "share=0.2")
    assert done.returncode == 0, done.stdout
    assert sorted(name for step, name, _ in steps if step == "Executing") == ["double", "double-2"]


@pytest.mark.engine
def test_a_loop_runs_locally_but_nobody_can_wait_for_it(tmp_path):
    done, steps = run(lone, tmp_path)
    assert done.returncode == 0, done.stdout
    assert len([name for step, name, _ in steps if step == "Executing"]) == 2
    done, steps = run(gathered, tmp_path)
    assert (done.returncode, steps) == (1, [])
    assert done.stdout.strip().splitlines()[-1].startswith("KeyError: 'for-loop")
