"""The student's own exercises: copied once, compared with those of the kit, taken over to a newer issue and back.

Whatever is replaced is kept, in a folder below `work/former/ru` that is named after the moment.
"""

import json
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workshop.filled.parsing import Refused, stated_issue
from workshop.ground.notebooks import read
from workshop.places import LANGUAGES

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from workshop.builder.former import Issues

_UNTOUCHED = " untouched"  # the end of the name of a folder with notebooks in which there was nothing of the student's

State = Literal["same", "untouched", "other", "unreadable"]


@dataclass(frozen=True)
class Found:
    """Lessons whose own exercise is of another issue than the kit's, and those whose file cannot be read."""

    other: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Desk:
    """Where a student works in a language: `kit` has its lessons and exercises, `work` the student's own."""

    kit: Path
    work: Path
    language: str

    @property
    def own(self) -> Path:
        """The student's exercises."""
        return self.work / "exercises" / self.language

    @property
    def former(self) -> Path:
        """What was replaced, in a folder for each time."""
        return self.work / "former" / self.language

    def lay_out(self) -> Found:
        """Copy exercises that are not there yet, replace those in which nothing is the student's, tell of the others."""
        found, moment = Found(), self._moment()
        for given in self._given():
            own = self.own / given.name
            if not own.exists():
                own.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(given, own)
                continue
            state = self._state(given)
            if state == "untouched":
                self._replace(own, given.read_bytes(), f"{moment}{_UNTOUCHED}")
            elif state == "other":
                found.other.append(given.stem)
            elif state == "unreadable":
                found.unreadable.append(given.stem)
        return found

    def update(self) -> list[str]:
        """Take what the student has written over to the kit's issue; gives the lessons."""
        from workshop.builder.making import to_bytes
        from workshop.filled.taking import take

        taken, moment = [], self._moment()
        for given in self._given():
            own = self.own / given.name
            if own.exists() and self._state(given) == "other":
                notebook, issues = read(own), self._issues(given.name)
                if notebook and issues:
                    self._replace(own, to_bytes(take(notebook, issues, self.language)), moment)
                    taken.append(given.stem)
        return taken

    def undo(self) -> list[str]:
        """Bring back what the last `update` or `undo` has replaced, and keep what stands there now; gives the lessons."""
        folders = sorted(folder for folder in self.former.glob("*/") if not folder.name.endswith(_UNTOUCHED))
        if not folders:
            return []
        back, moment = [], self._moment()
        for file in sorted(folders[-1].glob("*.ipynb")):
            self._replace(self.own / file.name, file.read_bytes(), moment)
            file.unlink()
            back.append(file.stem)
        if not list(folders[-1].iterdir()):
            folders[-1].rmdir()
        return back

    def last_kept(self) -> Path:
        """The newest folder of what was replaced."""
        return max(self.former.glob("*/"), default=self.former)

    def _given(self) -> list[Path]:
        return sorted((self.kit / "exercises" / self.language).glob("*.ipynb"))

    def _state(self, given: Path) -> State:
        """What the student's own file of an exercise is, compared with the kit's."""
        own, issue = self.own / given.name, _issue(given)
        if not issue or _issue(own) == issue:  # the kit's own may be broken, or built before there were issues
            return "same"
        from workshop.filled.taking import state

        notebook, issues = read(own), self._issues(given.name)
        if notebook is None:
            return "unreadable"
        try:
            return state(notebook, issues) if issues else "same"
        except Refused:
            return "unreadable"

    def _issues(self, name: str) -> "Issues | None":
        """The issues of an exercise of the kit; None if its notebooks, or what is known of former ones, are broken."""
        from workshop.builder.format import BuildError
        from workshop.builder.former import read_issues

        read_: dict[str, NotebookNode | None] = {
            language: read(self.kit / "exercises" / language / name) for language in LANGUAGES
        }
        notebooks = {language: notebook for language, notebook in read_.items() if notebook}
        try:
            return read_issues(notebooks, self.kit / "lessons" / Path(name).stem) if self.language in notebooks else None
        except (BuildError, ValueError):
            return None

    def _moment(self) -> str:
        """The name of a folder that is not there yet, and comes after all that are."""
        moment = time.strftime("%Y-%m-%d %H.%M.%S")
        taken = [folder.name.removesuffix(_UNTOUCHED) for folder in self.former.glob(f"{moment}*")]
        return f"{moment} ({max(map(_number, taken)) + 1})" if taken else moment

    def _replace(self, own: Path, content: bytes, folder: str) -> None:
        """Write a file in one step; what stood there is kept."""
        from flight_delays import artifacts  # what it imports takes a second

        kept = self.former / folder / own.name
        for target, text in ((kept, own.read_bytes() if own.exists() else None), (own, content)):
            if text is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                with artifacts.replacing(target) as new:
                    new.write_bytes(text)


def _issue(file: Path) -> str:
    """The issue that a file says it is of; "" if it does not say, or is no notebook."""
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return ""
    return stated_issue(content) if isinstance(content, dict) else ""


def _number(name: str) -> int:
    """What stands in brackets at the end of a folder's name; 1 if there is nothing."""
    found = re.search(r"\((\d+)\)$", name)
    return int(found[1]) if found else 1
