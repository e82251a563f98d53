"""Questions in a notebook: a self-check.

from workshop.quiz import show_quiz
show_quiz("04_dvc", lang)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workshop.quiz_widget import Quiz


def show_quiz(lesson: str, lang: str) -> "Quiz":
    """The questions of a lesson ("04_dvc") in "ru" or "en": as widgets, or folded where there are none."""
    from workshop.quiz_questions import of_lesson
    from workshop.quiz_widget import Quiz

    return Quiz(of_lesson(lesson), lang)
