"""What a newcomer meets first: READMEs, CONTRIBUTING, the ways in by Codespaces, Binder and conda, hooks and workflows."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tests import proofs
from workshop.places import BIN, ROOT, not_copied

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*?## ", MAKEFILE, re.M))
PYTHONS = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"])
SUPPORTED = [f"3.{minor}" for minor in range(100) if f"3.{minor}" in PYTHONS]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PAIRS = [("README.md", "README.ru.md"), ("CONTRIBUTING.md", "CONTRIBUTING.ru.md")]
DOCUMENTS = [name for pair in PAIRS for name in pair]
# what `make` or the git hooks make
MADE = (".venv", ".proved/", "runs/", "work/", "build/", "slides/build/", "site/build/")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def make_targets(text: str) -> set[str]:
    """What follows the word make, where make is a command."""
    commands = re.findall(r"(?:^|`|&& |\s{4})make ([a-z-]+)", text, re.M)
    return set(commands) - {"and", "make"}


# --- READMEs and CONTRIBUTING


def outline(text: str) -> list[int]:
    """The levels of the headings."""
    return [len(marks) for marks in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.S), re.M)]


def blocks(text: str) -> list[list[str]]:
    """The lines of the code blocks without what is said in words: comments, what a folder holds, the language asked for."""
    found = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    return [
        [line.split()[0] for line in block.splitlines()] if is_tree(block) else [bare(line) for line in block.splitlines()]
        for block in found
    ]


def is_tree(block: str) -> bool:
    return block.startswith("sample_project/")


def bare(line: str) -> str:
    return (
        re.sub(r' ARGS=""', "", re.sub(r" ?--lang (ru|en)|\s+#.*", "", line))
        .replace("/ru/", "/en/")
        .replace("_ru.", "_en.")
        .rstrip()
    )


def tables(text: str) -> list[list[list[str]]]:
    """Tables as the code and the file names in their cells."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    return [[re.findall(r"`([^`]+)`", line) for line in table.splitlines()] for table in found]


@pytest.mark.parametrize("english, russian", PAIRS)
def test_both_languages_say_the_same(english, russian):
    en, ru = read(english), read(russian)
    assert outline(en) == outline(ru)
    en_blocks, ru_blocks = blocks(en), blocks(ru)
    assert len(en_blocks) == len(ru_blocks)
    for ours, theirs in zip(en_blocks, ru_blocks, strict=True):
        assert sorted(ours) == sorted(theirs)
    said = [[[re.sub(r"<\w+>", "<>", code) for code in row] for row in table] for table in (*tables(en), *tables(ru))]
    assert said
    half = len(said) // 2
    assert said[:half] == said[half:]
    assert len(re.findall(r"!\[", en)) == len(re.findall(r"!\[", ru))
    for text in (en, ru):
        assert len(re.findall(r"^\[.*?\]\(\S+\)$", text, re.M)) >= 1  # the way to the other language


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_paths_and_commands_are_there(name):
    text = read(name)
    links = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert links
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.M)}
    for target in links:
        path, _, anchor = target.partition("#")
        assert not path or (ROOT / path).exists(), f"{name}: {target}"
        assert not anchor or anchor in slugs, f"{name}: {target}"
    assert make_targets(text) <= TARGETS
    for path in paths(text):
        assert path.startswith(MADE) or (ROOT / path).exists() or (ROOT / "sample_project" / path).exists(), f"{name}: {path}"


def paths(text: str) -> list[str]:
    """The files and folders of a README's tree and tables."""
    rows = [
        code for table in tables(text) for row in table for code in row if "/" in code and " " not in code and "<" not in code
    ]
    (tree,) = [block for block in re.findall(r"^```\n(.*?)^```", text, re.M | re.S) if block.startswith("sample_project/")] or [
        ""
    ]
    rows += [line.split()[0] for line in tree.splitlines()]
    found = []
    for row in rows:
        variants = [row.replace("{ru,en}", lang) for lang in ("ru", "en")] if "{ru,en}" in row else [row]
        found += [variant.replace("NN_name", "00_start") for variant in variants]
    return found


def test_the_readme_shows_every_folder_of_the_kit():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    there = {line.split("/")[0] for line in tracked if "/" in line} or {path.name for path in ROOT.iterdir() if path.is_dir()}
    hidden = (".ci", ".github", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__")
    folders = {f"{name}/" for name in there.difference(hidden)} - set(MADE)
    (tree,) = [block for block in re.findall(r"^```\n(.*?)^```", read("README.md"), re.M | re.S) if is_tree(block)]
    assert {folder for folder in folders if not re.search(rf"(?<![\w/]){re.escape(folder)}", tree)} == set()


def test_a_newcomer_finds_the_way_to_the_first_solved_exercise():
    # the way itself is walked in a browser: tests/test_lab_browser.py
    text = read("README.ru.md")
    way = [
        "requirements.lock",
        "make lab",
        "Начните с урока 0",
        "Shift+Enter",
        "`say.not_solved_yet()`",
        "`work/exercises/ru/`",
    ]
    at = [text.index(step) for step in way]
    assert at == sorted(at)


# --- Codespaces and Binder: the same lock, the same Python


def test_devcontainer_makes_the_environment_of_the_lock():
    content = json.loads(read(".devcontainer/devcontainer.json"))
    # the names in https://containers.dev/implementors/json_reference/ that we use
    assert set(content) <= {
        *("name", "image", "hostRequirements", "onCreateCommand", "postCreateCommand", "customizations", "portsAttributes"),
    }
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:(3\.\d+)-bookworm", content["image"])[1] in SUPPORTED
    assert content["postCreateCommand"] == "make setup"
    assert "pip" not in content["onCreateCommand"]  # no package but those of the lock
    assert content["customizations"]["vscode"]["settings"] == {
        "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python"
    }
    assert set(content["hostRequirements"]) == {"cpus", "memory", "storage"}


def test_binder_asks_for_a_python_of_ours_and_for_no_package_of_its_own():
    # with a folder binder/, repo2docker looks nowhere else for its files
    assert {path.name for path in (ROOT / "binder").iterdir()} == {"apt.txt", "postBuild", "runtime.txt"}
    kind, version = read("binder/runtime.txt").strip().split("-")
    assert (kind, version in SUPPORTED) == ("python", True)
    assert all(re.fullmatch(r"[a-z0-9.+-]+", package) for package in read("binder/apt.txt").split())
    assert os.access(ROOT / "binder/postBuild", os.X_OK)
    assert make_targets(read("binder/postBuild")) == {"setup"}


def test_binder_has_kernels_from_the_environment_of_the_lock(copy_kit, tmp_path):
    kit = copy_kit(tmp_path, "workshop", "lessons", "notebooks", "exercises", "solutions", "sample_project", "binder", "quiz")
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, kit)
    # an environment that is ready, as `make setup` sees it: with the packages of ours
    subprocess.run([str(BIN / "uv"), "venv", "--quiet", "--python", sys.executable, ".venv"], cwd=kit, check=True)
    packages = next((kit / ".venv/lib").glob("python*/site-packages"))
    (packages / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    shutil.copy(kit / "requirements.lock", kit / ".venv/installed.lock")
    (kit / ".venv/location").write_text(str(kit), encoding="utf-8")
    prefix = tmp_path / "notebook"
    env = {**os.environ, "NB_PYTHON_PREFIX": str(prefix), "HOME": str(tmp_path), "CONDA_DEFAULT_ENV": str(prefix)}
    done = subprocess.run(["binder/postBuild"], cwd=kit, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    kernel = json.loads((prefix / "share/jupyter/kernels/python3/kernel.json").read_text(encoding="utf-8"))
    assert kernel["argv"][0] == str(kit / ".venv/bin/python")
    assert "Markdown Preview" in (prefix / "share/jupyter/lab/settings/overrides.json").read_text(encoding="utf-8")
    for lang in ("ru", "en"):
        assert f"exercises/{lang}/00_start.ipynb" in (kit / f"work/start.{lang}.md").read_text(encoding="utf-8")
        assert (kit / f"work/exercises/{lang}/00_start.ipynb").exists()


def test_conda_asks_for_a_python_of_ours():
    (python,) = [entry for entry in yaml.safe_load(read("environment.yml"))["dependencies"] if str(entry).startswith("python=")]
    assert python.removeprefix("python=") in SUPPORTED


# --- workflows


def test_the_workflows_keep_to_the_schema():
    assert len(WORKFLOWS) == 3
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_is_safe_and_calls_what_is_there(file):
    text = file.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    assert content["permissions"] == {"contents": "read"}
    assert "concurrency" in content
    steps = []
    for name, job in content["jobs"].items():
        assert job["timeout-minutes"] <= 180, name
        steps += job["steps"]
        for version in re.findall(r"python:(3\.\d+)", str(job.get("container", ""))):
            assert version in SUPPORTED
    for used in (step["uses"] for step in steps if "uses" in step):
        assert re.fullmatch(r"actions/[a-z-]+(/[a-z]+)?@(v\d+(\.\d+)*|[0-9a-f]{40})", used), used
    commands = "\n".join(step["run"] for step in steps if "run" in step)
    assert make_targets(commands) <= TARGETS
    assert make_targets(commands) or "gh " in commands
    assert not re.search(r"\bpip3? install\b", commands)  # the lock alone says what is installed
    for key in re.findall(r"hashFiles\('([^']+)'\)", text):
        assert (ROOT / key).exists()


def test_ci_runs_everything_on_every_python_that_we_support():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == SUPPORTED
    (test,) = [step["run"] for step in job["steps"] if step.get("name") == "Everything"]
    on_default_branch = "${{ github.ref_name == github.event.repository.default_branch && '--all' || '' }}"
    assert test == f'make test ARGS="{on_default_branch}"'
    restore, save = [step for step in job["steps"] if step.get("with", {}).get("path") == proofs.FOLDER]
    assert save["with"]["key"] == restore["with"]["key"]
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert "matrix.python" in restore["with"]["restore-keys"]
    assert job["steps"].index(restore) < job["steps"].index(save)
    assert save["if"] == "always()"
    assert 'make test ARGS="--all ' in read(".ci/run")
    assert "chromium" in str(job["steps"])  # in CI tests are not skipped for want of a browser


def test_the_weekly_run_takes_the_newest_versions():
    commands = [step.get("run") for step in yaml.safe_load(read(".github/workflows/newest.yml"))["jobs"]["newest"]["steps"]]
    assert commands.index("make lock ARGS=--upgrade") < commands.index("make test ARGS=--all")
    assert re.search(r"uv pip compile .* -o requirements\.lock \$\(ARGS\)$", MAKEFILE, re.M)


def test_what_goes_to_pages_is_what_make_site_builds():
    from workshop.commands.site import FOLDER

    steps = yaml.safe_load(read(".github/workflows/site.yml"))["jobs"]["build"]["steps"]
    (upload,) = [step for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert ROOT / upload["with"]["path"] == FOLDER
    runs = [step.get("run") for step in steps]
    assert runs.index("make run") < runs.index("make slides") < runs.index("make site")


# --- hooks


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A git repository with the files of the kit as they are now."""
    folder = tmp_path_factory.mktemp("clone") / "kit"
    shutil.copytree(ROOT, folder, ignore=not_copied)
    (folder / ".venv").symlink_to(BIN.parent)
    for command in (["init", "--quiet"], ["add", "--all", "--", ":!.venv"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def hooks(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "pre-commit"), "run", *arguments, "--all-files"]
    env = {**os.environ, "PRE_COMMIT_HOME": str(clone.parent / "pre-commit"), "SKIP": ""}
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_the_hooks_pass(clone):
    done = hooks(clone)
    assert done.returncode == 0, done.stdout + done.stderr
    ids = [hook["id"] for hook in yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]]
    assert done.stdout.count("Passed") == len(ids), done.stdout
    (explained,) = [table for table in tables(read("CONTRIBUTING.md")) if table[0] == [] and "ruff-check" in table[2]]
    assert [row[0] for row in explained[2:]] == ids


@pytest.mark.slow
@pytest.mark.parametrize(
    "hook, file, old, new, said",
    [
        ("ruff-check", "workshop/lab/settings.py", "import json\n", "import json\nimport this\n", "F401"),
        ("ruff-format", "workshop/lab/settings.py", "import json\n", "import  json\n", "would be reformatted"),
        ("types", "workshop/ground/months.py", "-> dict[str, str]:", "-> dict[str, int]:", "months.py:"),
        ("notebooks", "notebooks/ru/00_start.ipynb", "Начало", "Конец", "00_start.ipynb: stale"),
        ("quiz", "quiz/questions.yaml", "right: true", "right: false", "questions.yaml"),
        ("workflows", ".github/workflows/ci.yml", "runs-on:", "runs-where:", "runs-where"),
    ],
)
def test_a_hook_finds_what_is_wrong(clone, hook, file, old, new, said):
    path = clone / file
    good = path.read_text(encoding="utf-8")
    assert old in good
    path.write_text(good.replace(old, new, 1), encoding="utf-8")
    try:
        done = hooks(clone, hook)
    finally:
        path.write_text(good, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert said in done.stdout
