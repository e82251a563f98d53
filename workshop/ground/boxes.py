"""Boxes at places, joined by arrows: the one drawer of such pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from workshop.ground.colours import GREY, LINE, PAPER

Side = Literal["left", "right", "top", "bottom"]


@dataclass(frozen=True)
class Box:
    """A box with its middle at (x, y), y growing downwards."""

    x: float
    y: float
    colour: str = GREY
    width: float = 1.7
    height: float = 0.8
    dashed: bool = False
    text: str = ""


@dataclass(frozen=True)
class Arrow:
    """From box to box, by name, between the sides that face each other if `sides` names no others.

    `bend` is the height of the bow, as a share of the way; 0 is straight.
    """

    start: str
    end: str
    colour: str = LINE
    dashed: bool = False
    sides: tuple[Side, Side] | None = None
    bend: float = 0


@dataclass(frozen=True)
class Look:
    """Sizes: of text, of the lines of boxes and arrows, and of arrows' heads, in points.

    An arrow begins and ends `gap` away from its boxes, and is `shrink` points shorter at both ends. `gap` and `corner`,
    the radius of a box's corners, are in the units of x and y. `spacing` of lines of text is a multiple of their height;
    None is matplotlib's own.
    """

    font: float
    border: float
    line: float
    head: float
    corner: float
    gap: float = 0
    shrink: float = 0
    spacing: float | None = None


def draw(axes: Axes, boxes: Mapping[str, Box], arrows: Iterable[Arrow], look: Look) -> None:
    """Put the boxes, in their order, and the arrows on the axes."""
    for arrow in arrows:
        axes.add_patch(_arrow(arrow, boxes, look))
    for box in boxes.values():
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        style = f"round,pad=0,rounding_size={look.corner}"
        patch = FancyBboxPatch(corner, box.width, box.height, boxstyle=style, facecolor=PAPER, linewidth=look.border)
        patch.set(edgecolor=box.colour, linestyle="--" if box.dashed else "-")
        axes.add_patch(patch)
        axes.text(box.x, box.y, box.text, ha="center", va="center", fontsize=look.font, linespacing=look.spacing)


def _arrow(arrow: Arrow, boxes: Mapping[str, Box], look: Look) -> FancyArrowPatch:
    start, end = boxes[arrow.start], boxes[arrow.end]
    leaves, arrives = arrow.sides or (_facing(start, end), _facing(end, start))
    ends = _beside(start, leaves, look.gap), _beside(end, arrives, look.gap)
    patch = FancyArrowPatch(*ends, arrowstyle="-|>", shrinkA=look.shrink, shrinkB=look.shrink)
    patch.set_connectionstyle("arc3", rad=arrow.bend)
    patch.set(mutation_scale=look.head, color=arrow.colour, linewidth=look.line, linestyle="--" if arrow.dashed else "-")
    return patch


def _facing(box: Box, other: Box) -> Side:
    """The side by which the line between two boxes' middles leaves the first."""
    dx, dy = other.x - box.x, other.y - box.y
    if abs(dx) * box.height >= abs(dy) * box.width:
        return "right" if dx > 0 else "left"
    return "bottom" if dy > 0 else "top"


def _beside(box: Box, side: Side, gap: float) -> tuple[float, float]:
    """The point off the middle of a side."""
    dx, dy = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
    return box.x + dx * (box.width / 2 + gap), box.y + dy * (box.height / 2 + gap)
