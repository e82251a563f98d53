"""Plan the notebooks that the sources come to, write them, compare them with what is stored, execute the solutions."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from nbformat import NotebookNode

from flight_delays import artifacts
from workshop.builder import former, marks, outputs, reading, rules
from workshop.builder.format import BuildError, Problem, Source
from workshop.builder.making import blank, cell_ids, exercises, make, to_bytes
from workshop.builder.message_rules import read_places
from workshop.ground.notebooks import read
from workshop.places import LANGUAGES

OUTPUT_FOLDERS = ("notebooks", "exercises", "solutions")


@dataclass(frozen=True)
class Solution:
    """A solution in all languages, by file; the English one is executed, the others get its outputs."""

    source: Source
    notebooks: dict[str, NotebookNode]
    files: dict[str, Path]


@dataclass
class Plan:
    """What the sources come to: every notebook by its file, the solutions among them, and texts with figures of runs."""

    root: Path
    notebooks: dict[Path, NotebookNode] = field(default_factory=dict)
    solutions: list[Solution] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)

    def contents(self) -> dict[Path, bytes]:
        """What is to be stored, by file."""
        made = {file: to_bytes(notebook) for file, notebook in self.notebooks.items()}
        return made | {file: text.encode() for file, text in self.texts.items()}

    def orphans(self) -> list[Path]:
        """Notebooks in the output folders that no source makes."""
        found = (file for folder in OUTPUT_FOLDERS for file in (self.root / folder).rglob("*.ipynb"))
        return sorted(file for file in found if file not in self.notebooks and ".ipynb_checkpoints" not in file.parts)

    def unexecuted(self) -> list[Solution]:
        """Solutions with a cell whose code has changed since it was run, or that never ran."""
        return [solution for solution in self.solutions if not outputs.is_executed(solution.notebooks["en"])]


def plan(root: Path) -> Plan:
    """Read and check every source below `root`/lessons and make its notebooks; BuildError if anything is wrong.

    The texts of `root` that are read as they are get the figures of runs between their marks.
    """
    result = Plan(root)
    sources, problems = read_sources(root / "lessons")
    for file in marks.files(root):
        text, wrong = marks.filled(file, root)
        problems += wrong
        if text is not None:
            result.texts[file] = text
    if problems:
        raise BuildError([replace(problem, file=problem.file.relative_to(root)) for problem in problems])
    for source in sources:
        if source.kind == "exercise":
            handed_out = exercises(source)
            problems += _astray(source, handed_out)
            _add(result, "exercises", source, handed_out)
            result.solutions.append(_solution(result, source))
        else:
            _add(result, "notebooks", source, {language: make(source, language, "lesson") for language in LANGUAGES})
    if problems:
        raise BuildError([replace(problem, file=problem.file.relative_to(root)) for problem in problems])
    return result


def _astray(source: Source, notebooks: dict[str, NotebookNode]) -> list[Problem]:
    """The answers of former issues that have no place in today's exercise."""
    folder = source.file.parent
    issues = former.read_issues(notebooks, folder)
    return [Problem(folder / former.FILE, 1, line) for one in issues.former for line in former.astray(one, issues.today)]


def read_sources(lessons: Path) -> tuple[list[Source], list[Problem]]:
    """All sources in the folder `lessons`, and everything that is wrong with them."""
    files, problems = reading.find(lessons)
    places = {}
    for folder in sorted({file.parent for file, _, _ in files}):
        places[folder], wrong = read_places(folder)
        problems += wrong
    sources = []
    for file, kind, name in files:
        source, wrong = reading.read(file, kind, name)
        wrong = [*wrong, *rules.check(source, places[file.parent], blank)]
        if source.is_one_of_many:
            wrong = [replace(problem, text=f"{name}: {problem.text}") for problem in wrong]
        problems += wrong
        sources.append(source)
        if kind == "exercise":
            try:
                former.read(file.parent)
            except BuildError as error:
                problems += error.problems
    return sources, problems


def _add(result: Plan, folder: str, source: Source, by_language: dict[str, NotebookNode]) -> dict[str, Path]:
    files = {language: result.root / folder / language / f"{source.name}.ipynb" for language in by_language}
    result.notebooks |= {files[language]: notebook for language, notebook in by_language.items()}
    return files


def _solution(result: Plan, source: Source) -> Solution:
    made = {language: make(source, language, "solution") for language in LANGUAGES}
    solution = Solution(source, made, _add(result, "solutions", source, made))
    outputs.keep(made["en"], read(solution.files["en"]))
    _share_outputs(solution)
    return solution


def _share_outputs(solution: Solution) -> None:
    for language, notebook in solution.notebooks.items():
        if language != "en":
            outputs.copy(notebook, solution.notebooks["en"])


def write(result: Plan) -> list[Path]:
    """Write the notebooks and texts that differ from what is stored, each in one step; give their files."""
    contents = result.contents()
    changed = [file for file, content in contents.items() if not file.exists() or file.read_bytes() != content]
    for file in changed:
        with artifacts.replacing(file) as new:
            new.write_bytes(contents[file])
    return changed


def differences(result: Plan) -> list[str]:
    """What is wrong with the stored notebooks and texts, a line each."""
    lines = []
    for file, content in result.contents().items():
        if not file.exists():
            lines.append(f"{file.relative_to(result.root)}: missing")
        elif file.read_bytes() != content:
            lines.append(f"{file.relative_to(result.root)}: stale")
    lines += [f"{file.relative_to(result.root)}: orphaned, no source makes it" for file in result.orphans()]
    lines += [
        f"{solution.files['en'].relative_to(result.root)}: not executed since its code changed"
        for solution in result.unexecuted()
    ]
    return sorted(lines)


def execute(result: Plan, solutions: list[Solution]) -> list[str]:
    """Execute solutions and write each as soon as it is done; give what failed, a line each, by source and line."""
    failures = []
    for solution in solutions:
        print(f"executing {solution.files['en'].relative_to(result.root)}", flush=True)
        notebook = make(solution.source, "en", "solution")
        try:
            outputs.execute(notebook, solution.files["en"].parent)
        except outputs.ExecutionFailed as error:
            lines = dict(zip(cell_ids(solution.source), solution.source.blocks, strict=True))
            line = lines[error.cell_id].key.line if error.cell_id else 1
            failures.append(f"{solution.source.file.relative_to(result.root)}:{line}: {error}")
            continue
        outputs.copy(solution.notebooks["en"], notebook)
        _share_outputs(solution)
        write(result)
    return failures
