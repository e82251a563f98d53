"""What the source of a deck says of its slides: ids, levels, titles, points of the lecture, text."""

import re
from dataclasses import dataclass
from pathlib import Path

_LABEL = re.compile(r"\(([^)]+)\)=")
_HEADING = re.compile(r"(#{1,3}) (.+)")
_POINTS = re.compile(r"% points:(.*)")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True)
class Slide:
    """A slide; `id` is empty if its heading has no label above it."""

    id: str
    level: int
    title: str
    points: tuple[str, ...]
    text: str


def read(file: Path) -> list[Slide]:
    """The slides of an index.md, in order."""
    slides: list[dict] = []
    label, fence = "", ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if found := _FENCE.match(line):
            if not fence:
                fence = found[0]
            elif line.strip() == fence:
                fence = ""
        if not fence and (heading := _HEADING.fullmatch(line)):
            slides.append({"id": label, "level": len(heading[1]), "title": heading[2], "points": (), "lines": []})
        elif not fence and slides and (points := _POINTS.fullmatch(line)):
            slides[-1]["points"] += tuple(points[1].split())
        elif slides:
            slides[-1]["lines"].append(line)
        label = label_of[1] if (label_of := _LABEL.fullmatch(line)) else label if not line.strip() else ""
    return [Slide(text="\n".join(slide.pop("lines")), **slide) for slide in slides]
