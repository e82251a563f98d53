"""Lessons of a few lines, for the tests of answers and grading; import by path: tests are no package."""

from pathlib import Path

OPENING = """# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 1. Проба
# **Лекция 1 мин · упражнения 4 мин**

# %% [markdown] tags=["en"]
# # 1. A trial
# **Teaching 1 min · exercises 4 min**

# %%
from workshop.messages import load

say = load("NAME", lang, "LESSONS")
"""

TASK = """
# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача NUMBER (1 мин, POINTS балла). Дело NUMBER

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task NUMBER (1 min, POINTS points). Thing NUMBER

# %%
CODE

# %% tags=["check", "graded-back-."]
CHECK
"""

NUMBER = ("# BEGIN SOLUTION\nanswer = 42\n# END SOLUTION", 'assert answer == 42, say("wrong_number")')
FUNCTION = (
    "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION\n\n\ndouble(1)",
    'assert double(3) == 6, say("not_doubled")',
)
FILE = (
    "from pathlib import Path\n\n# BEGIN SOLUTION\nPath('note.txt').write_text('hello')\n# END SOLUTION",
    'assert Path("note.txt").exists(), say("no_file")',
)
SUM = ("numbers = [1, 2, 3]\n# BEGIN SOLUTION\ntotal = sum(numbers)\n# END SOLUTION", 'assert total == 6, say("wrong_sum")')

# answers of these four tasks
GOOD = {
    1: {
        "right": ["answer = 40 + 2", "answer = 6 * 7"],
        "wrong": [{"code": f"answer = {n}", "message": "wrong_number"} for n in (0, 1, 2)],
    },
    2: {
        "right": ["return x + x", "y = x\nreturn y * 2"],
        "wrong": [{"code": f"return {code}", "message": "not_doubled"} for code in ("x", "None", "3 * x")],
    },
    3: {
        "right": ["Path('note.txt').touch()", "open('note.txt', 'w').close()"],
        "wrong": [
            {"code": f"Path('note.txt').unlink(missing_ok=True){more}", "message": "no_file"} for more in ("", ";", "; 1")
        ],
    },
    4: {
        "right": ["total = 6", "total = 0\nfor number in numbers:\n    total += number"],
        "wrong": [{"code": f"total = {n}", "message": "wrong_sum"} for n in (0, 1, 2)],
    },
}

MESSAGES = """\
wrong_number: {ru: "Не то число: пересчитайте", en: "Not that number: count again"}
not_doubled: {ru: Не удваивает, en: It does not double}
no_file: {ru: Файла нет, en: There is no file}
wrong_sum: {ru: Сумма не та, en: Another sum}
"""


def write_lesson(lessons: Path, name: str, tasks=(NUMBER, FUNCTION, FILE, SUM), *, texts_from: str | None = None) -> Path:
    """Write a lesson of (code, check) tasks worth 2 points each into the folder `lessons`; gives its exercise.py.

    Its texts are read from `texts_from` when it runs, by default from where they are written.
    """
    folder = lessons / name
    folder.mkdir(parents=True)
    parts = [OPENING.replace("NAME", name).replace("LESSONS", texts_from or str(lessons))]
    for number, (code, check) in enumerate(tasks, start=1):
        filled = TASK.replace("NUMBER", str(number)).replace("POINTS", "2")
        parts.append(filled.replace("CODE", code).replace("CHECK", check))
    (folder / "exercise.py").write_text("".join(parts), encoding="utf-8")
    (folder / "messages.yaml").write_text(MESSAGES, encoding="utf-8")
    return folder / "exercise.py"
