"""Links of a page: to files of the kit, and where these are on the site."""

import posixpath
import re
import shutil
from html import escape
from pathlib import Path
from urllib.parse import unquote

from workshop.site.content import Site, SiteError

_MADE = ("slides/build/", "runs/", "bench/", "build/", "site/build/", "work/")  # may be there or not: `make` makes it
# code first, so that what looks like a link in it stays
_LINK = re.compile(r"```.*?```|`[^`\n]+`|(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)", re.DOTALL)


def within_site(text: str, file: Path, name: str, site: Site, other: Site | None, folder: Path) -> str:
    """The text of the page `name`, made of `file`, with its links to files of the kit turned into links within the site.

    `other` is the site in the other language, if it is built too. Files that are no pages are copied into `folder`/extra.
    SiteError if a link leads to what is not there.
    """
    up = "../" * name.count("/")

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        path, hash_, anchor = target.partition("#")
        asked = Path(posixpath.normpath((file.parent / unquote(path)).as_posix()))
        if page := site.by_file.get(asked):
            return f"{match['image']}[{match['text']}]({up}{page}{asked.suffix}{hash_}{anchor})"
        if other and (page := other.by_file.get(asked)):
            return _html(match["text"], f"{up}../{other.lang}/{page}.html")
        inside = asked.relative_to(site.root).as_posix() if asked.is_relative_to(site.root) else None
        for start, address in site.extras.items():
            if inside is not None and (inside == start or inside.startswith(f"{start}/")):
                return _html(match["text"], f"{up}{address}{inside[len(start) :]}{hash_}{anchor}")
        if inside is None or not (asked.exists() or f"{inside}/".startswith(_MADE)):
            raise SiteError(f"{file.relative_to(site.root)}: links to {target}, which is not there")
        if not asked.is_file() or (inside.startswith(_MADE) and not match["image"]):
            return match["text"]
        inside = "files/" + "/".join(part.lstrip(".") for part in inside.split("/"))  # hosts of pages leave out dotfiles
        copy = folder / "extra" / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(asked, copy)
        if match["image"]:
            return f"![{match['text']}]({up}extra/{inside})"
        return _html(match["text"], f"{up}{inside}")

    return _LINK.sub(link, text)


def _html(text: str, address: str) -> str:
    """A link that Sphinx leaves alone: to what is no page of this language."""
    return f'<a href="{escape(address)}">{text}</a>'
