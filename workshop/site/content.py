"""What pages the site has in a language, and of which files of the kit they are made.

A page has the same name in both languages: lessons/04_dvc is made of notebooks/ru/04_dvc.ipynb or of notebooks/en/04_dvc.ipynb.
"""

from dataclasses import dataclass, field
from pathlib import Path

# single texts: the page's name, and the file without .md, or .ru.md if there is one in Russian
_TEXTS = {
    "readme": "README",
    "project": "sample_project/README",
    "contributing": "CONTRIBUTING",
    "docs/points": "lessons/README",
    "docs/slides": "slides/README",
}


class SiteError(Exception):
    """The site cannot be built; the message names the file and the way out."""


@dataclass
class Site:
    """The pages of a language: from a page's name to its file in the kit, and what else the site links to."""

    root: Path
    lang: str
    extras: dict[str, str]  # from a path in the kit, such as slides/build/ru, to its address below the language's folder
    pages: dict[str, Path] = field(default_factory=dict)
    by_file: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def find(cls, root: Path, lang: str, extras: dict[str, str]) -> "Site":
        """The pages that the kit in `root` has in a language; SiteError if it has no lessons."""
        site = cls(root, lang, extras)
        for kind, folder in (("lessons", "notebooks"), ("tasks", "exercises"), ("solutions", "solutions")):
            for file in sorted((root / folder / lang).glob("[0-9]*.ipynb")):
                site.pages[f"{kind}/{file.stem}"] = file
        if not any(name.startswith("lessons/") for name in site.pages):
            raise SiteError(f"{root / 'notebooks' / lang}: there are no lessons: make build")
        for file in sorted((root / "docs" / "instructor" / lang).glob("*.md")):
            site.pages[f"guide/{'index' if file.stem.lower() == 'readme' else file.stem}"] = file
        for file in sorted((root / "docs").glob("*.md")):
            site.pages[f"docs/{file.stem}"] = file
        for name, stem in _TEXTS.items():
            russian = root / f"{stem}.ru.md"
            file = russian if lang == "ru" and russian.exists() else root / f"{stem}.md"
            if file.exists():
                site.pages[name] = file
        site.by_file = {file: name for name, file in site.pages.items()}
        return site

    def of_kind(self, kind: str) -> list[str]:
        """The names of the pages in a folder of the site, its start page first."""
        return sorted(
            (name for name in self.pages if name.startswith(f"{kind}/")), key=lambda name: (name != f"{kind}/index", name)
        )
