"""Questions: what one is, and how a notebook, a page and Moodle ask it; may import places and ground.

A notebook shows those of its lesson:

from workshop.quiz import show_quiz
show_quiz("04_dvc", lang)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workshop.quiz.widget import Quiz


def show_quiz(lesson: str, lang: str) -> "Quiz":
    """The questions of a lesson ("04_dvc") in "ru" or "en": as widgets, or folded where there are none."""
    # here, because slides and site import this package too, and they have no use for widgets
    from workshop.quiz.questions import of_lesson
    from workshop.quiz.widget import Quiz

    return Quiz(of_lesson(lesson), lang)
