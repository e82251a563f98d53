# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 3. Papermill: задачи
# **Лекция 0 мин · упражнения 40 мин**
#
# Шесть задач: от одной команды до своей тетради с параметрами. Проверки запускают ваши тетради так же, как ночью запустил бы их `papermill`.
#
# - Как запустить чужую тетрадь за другой месяц?
# - Как поймать опечатку до запуска, а ошибку после?
# - Что в тетради стоит показывать на ревью?

# %% [markdown] tags=["en"]
# # 3. Papermill: tasks
# **Teaching 0 min · exercises 40 min**
#
# Six tasks: from one command to a notebook of your own with parameters. The checks run your notebooks just as `papermill` would at night.
#
# - How to run somebody's notebook for another month?
# - How to catch a typo before the run, and an error after it?
# - What of a notebook is worth showing in a review?

# %%
from workshop.lesson import start

months = {"2013-01": "train", "2013-02": "test"}
sandbox, say = start("03_papermill", lang, part="exercise", months=months, ingest__rows=2100)
for folder in ("runs", "night", "reports/months"):
    (sandbox.root / folder).mkdir(parents=True, exist_ok=True)

# %% [markdown] tags=["ru"]
# В вашей копии проекта два месяца по 2100 рейсов. Они загружены и проверены: лежат в `data/raw` и `data/validated`.

# %% [markdown] tags=["en"]
# Your copy of the project has two months of 2100 flights each. They are loaded and checked: they lie in `data/raw` and `data/validated`.

# %% tags=["graded-once"]
from flight_delays.pipeline import Project

project = Project.load(sandbox.root)
for month in project.months:
    project.run("ingest", month)
    project.run("validate", month)
sorted(path.name for path in (sandbox.root / "data/validated").glob("*.json"))

# %% [markdown] tags=["ru"]
# Тетрадь это файл с ячейками. Функция ниже записывает такой файл в папку проекта, она понадобится и дальше.

# %% [markdown] tags=["en"]
# A notebook is a file of cells. The function below writes such a file into the project's folder; it will be needed further on too.

# %%
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workshop import trying
from workshop.places import LESSONS

sys.path.append(str(LESSONS / "03_papermill"))
import trying_notebooks as here

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def write_notebook(name, parameters, *cells):
    """Write a notebook of code cells into the project's folder; the first is tagged `parameters` (None: there is none)."""
    first = [new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters is not None else []
    made = new_notebook(cells=[new_markdown_cell("# A notebook"), *first, *map(new_code_cell, cells)], metadata=KERNEL)
    nbformat.write(made, sandbox.root / name)
    return sandbox.root / name


# %% [markdown] tags=["ru"]
# А это тетрадь `report.ipynb`. Она лежит в папке проекта; первая её ячейка с меткой `parameters`, между ячейками черта.

# %% [markdown] tags=["en"]
# And this is the notebook `report.ipynb`. It lies in the project's folder; its first cell is tagged `parameters`, and there is a rule between the cells.

# %%
report_cells = [
    'month = "2013-01"\nlate_minutes = 15',
    "import json\nfrom pathlib import Path\n\nimport pandas as pd",
    'delay = pd.read_parquet(f"data/raw/{month}/flights.parquet")["arr_delay"].dropna()\n'
    "late_share = round(float((delay >= late_minutes).mean()), 4)",
    'report = {"month": month, "late_minutes": late_minutes, "late_share": late_share}\n'
    'Path(f"reports/months/{month}.json").write_text(json.dumps(report))',
]
notebook = write_notebook("report.ipynb", *report_cells)
print(*report_cells, sep="\n\n# ---\n")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (4 мин, 1 балл). Февраль, полчаса
# Запишите в переменную `command` (строка) команду терминала, которая выполнит `report.ipynb` за февраль 2013 года и будет считать опозданием 30 минут и больше. Выполненную копию положите в `runs/2013-02.ipynb`, исходную тетрадь не меняйте. Команда начинается с `papermill`, запускать её будет проверка, из папки проекта.
#
# <details><summary>Подсказка</summary>Параметров два, и у каждого свой ключ. Ключи покажет papermill --help.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (4 min, 1 point). February, half an hour
# Put into the variable `command` (a string) the terminal command that executes `report.ipynb` for February 2013 and counts 30 minutes or more as late. Put the executed copy into `runs/2013-02.ipynb`, and leave the notebook itself as it is. The command begins with `papermill`; the check runs it, from the project's folder.
#
# <details><summary>Hint</summary>There are two parameters, and each needs an option of its own. papermill --help shows the options.</details>

# %%
# BEGIN SOLUTION
command = "papermill report.ipynb runs/2013-02.ipynb -p month 2013-02 -p late_minutes 30"
# END SOLUTION

# %% tags=["check"]
import json

assert trying.words(command)[:1] == ["papermill"], say("command_form")
copy, written = sandbox.root / "runs/2013-02.ipynb", sandbox.root / "reports/months/2013-02.json"
for file in (copy, written):
    file.unlink(missing_ok=True)
original = notebook.read_bytes()
done = sandbox.run(trying.words(command), check=False)
touched = notebook.read_bytes() != original
notebook.write_bytes(original)
assert not touched, say("command_source")
assert done.returncode == 0, say("command_failed")
assert copy.exists(), say("command_copy")
assert written.exists(), say("command_month")
assert json.loads(written.read_text())["late_minutes"] == 30, say("command_late")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (6 мин, 2 балла). Опечатка не пройдёт
# Напишите функцию `undeclared(notebook, given)`. Она получает путь к тетради (`Path`) и словарь параметров, которые собираются ей передать, и возвращает список (`list`) имён по алфавиту: тех, которых тетрадь **не объявила** в ячейке `parameters`. Если такой ячейки нет, не объявлено ничего.
#
# <details><summary>Подсказка</summary>Объявленные параметры умеет находить сам papermill: papermill.inspect_notebook(...).</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (6 min, 2 points). No typo gets through
# Write the function `undeclared(notebook, given)`. It takes the path of a notebook (`Path`) and a dictionary of the parameters that are to be passed to it, and returns a list (`list`) of names in alphabetical order: those that the notebook does **not** declare in its cell `parameters`. If there is no such cell, nothing is declared.
#
# <details><summary>Hint</summary>papermill itself knows how to find the declared parameters: papermill.inspect_notebook(...).</details>

# %%
from pathlib import Path


def undeclared(notebook: Path, given: dict) -> list[str]:
    # BEGIN SOLUTION
    import papermill

    return sorted(set(given) - set(papermill.inspect_notebook(notebook)))
    # END SOLUTION


# %% tags=["check"]
typed = write_notebook("typed.ipynb", "rows: int = 3  # not more\nmonth = '2013-01'", "limit = rows\nprint(limit)")
without = write_notebook("without.ipynb", None, "month = '2013-01'")
later = here.with_imports_first(typed, sandbox.root / "later.ipynb")


def unknown(notebook, *names):
    shown = f"{notebook.name}, {names}"
    return trying.call(say, undeclared, notebook, {name: 1 for name in names}, shown=shown)


assert isinstance(unknown(notebook, "month"), list), say("undeclared_form")
for file, names in ((notebook, ("month", "late_minutes")), (typed, ("rows",)), (notebook, ())):
    assert unknown(file, *names) == [], say("undeclared_refused")
assert unknown(typed, "limit", "month") == ["limit"], say("undeclared_elsewhere")
for name in ("mont", "months", "Month"):
    assert unknown(notebook, name) == [name], say("undeclared_missed", name=name)
assert unknown(without, "month") == ["month"], say("undeclared_no_cell")
assert unknown(later, "rows", "month") == [], say("undeclared_refused")
assert unknown(later, "encoding", "month") == ["encoding"], say("undeclared_elsewhere")
wrong = here.unknown_names()
for names in (wrong, wrong[::-1], wrong[4:] + wrong[:4]):
    assert unknown(notebook, *names, "month") == wrong, say("undeclared_order")

# %% [markdown] tags=["ru", "solution"]
# Эта строка и есть строгий режим, которого у `papermill` нет. Её место перед каждым запуском: тогда опечатка стоит секунду, а не ночь.

# %% [markdown] tags=["en", "solution"]
# This one line is the strict mode that `papermill` lacks. Its place is before every run: then a typo costs a second and not a night.

# %% [markdown] tags=["ru"]
# Следующая тетрадь считает, сколько рейсов так и не вылетело. Запустим её за февраль и прочитаем, что она записала.

# %% [markdown] tags=["en"]
# The next notebook computes how many flights never left. We run it for February and read what it wrote.

# %%
parameters_cell = """
month = "2013-01"
digits = 1
source = f"data/validated/{month}.json"
title = f"Never left, {month}"
"""
work_cell = """
import json
from pathlib import Path

found = json.loads(Path(source).read_text())
percent = round(100 * found["never_left"] / found["rows"]["flights"], digits)
Path(f"reports/never-left-{month}.json").write_text(json.dumps({"title": title, "percent": percent}))
"""


# %%
def run_notebook(name, output, **parameters):
    """Execute a notebook of the project's folder by papermill; gives how the command ended."""
    options = [part for key, value in parameters.items() for part in ("-p", key, str(value))]
    return sandbox.run(["papermill", name, output, *options], check=False)


write_notebook("never_left.ipynb", parameters_cell, work_cell)
run_notebook("never_left.ipynb", "runs/never_left.ipynb", month="2013-02", digits=2)
print((sandbox.root / "reports/never-left-2013-02.json").read_text())

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (7 мин, 2 балла). Февраль с числами января
# Файл назван по февралю, а заголовок и доля в нём январские, хотя оба параметра объявлены и `papermill` ни на что не пожаловался. Запишите исправленные `parameters_cell` и `work_cell` (строки с кодом двух ячеек), чтобы тетрадь верно работала для любого месяца и любого `digits`, а без параметров за январь с одним знаком. Имя файла и ключи в нём не меняйте.
#
# <details><summary>Подсказка</summary>В каком порядке выполняются ячейка parameters и та, которую вставил papermill? Посмотрите в runs/never_left.ipynb.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (7 min, 2 points). February with January's figures
# The file is named after February, but title and percentage in it are January's, although both parameters are declared and `papermill` complained of nothing. Put the mended `parameters_cell` and `work_cell` (strings with the code of two cells) so that the notebook is right for any month and any `digits`, and without parameters for January with one digit. Leave the file's name and its keys as they are.
#
# <details><summary>Hint</summary>In which order do the cell parameters and the one that papermill injected run? Look into runs/never_left.ipynb.</details>

# %%
# BEGIN SOLUTION
parameters_cell = """
month = "2013-01"
digits = 1
"""
work_cell = """
import json
from pathlib import Path

source = f"data/validated/{month}.json"
title = f"Never left, {month}"
found = json.loads(Path(source).read_text())
percent = round(100 * found["never_left"] / found["rows"]["flights"], digits)
Path(f"reports/never-left-{month}.json").write_text(json.dumps({"title": title, "percent": percent}))
"""
# END SOLUTION

# %% tags=["check"]
assert isinstance(parameters_cell, str) and isinstance(work_cell, str), say("derived_form")
fixed = write_notebook("never_left.ipynb", parameters_cell, work_cell)
assert here.declares(fixed, "month", "digits"), say("derived_undeclared")
for given, month, digits in (({"month": "2013-02", "digits": 3}, "2013-02", 3), ({}, "2013-01", 1)):
    for old in (sandbox.root / "reports").glob("never-left-*.json"):
        old.unlink()
    done = run_notebook("never_left.ipynb", "runs/never_left.ipynb", **given)
    assert done.returncode == 0, say("derived_failed")
    wrote = {path.name: here.read_report(path) for path in (sandbox.root / "reports").glob("never-left-*.json")}
    assert set(wrote) == {f"never-left-{month}.json"}, say("derived_file")
    (report,) = wrote.values()
    assert set(report) == {"title", "percent"}, say("derived_keys")
    numbers = json.loads(project.report(month).read_text())
    share = 100 * numbers["never_left"] / numbers["rows"]["flights"]
    right = report["title"] == f"Never left, {month}" and here.is_rounded(report["percent"], share, digits)
    assert right, say("derived_stale")

# %% [markdown] tags=["ru"]
# Ночью отработали четыре тетради. Команды давно закрыты, остались только выполненные копии в папке `night`.

# %% [markdown] tags=["en"]
# Four notebooks ran at night. Their commands are long closed, only the executed copies are left in the folder `night`.

# %% tags=["waits-papermill", "graded-once"]
first = "import json\nprices = {'JFK': 3}\nlimit = 1 / number"
second = "try:\n    prices[airport]\nexcept KeyError:\n    print('Error: no price, taking 0')"
third = "print('Traceback (most recent call last)') if number > 1 else json.loads(airport)"
write_notebook("prices.ipynb", "number = 1\nairport = 'JFK'", first, second, third, "print('done')")
night = {"a": dict(number=2), "b": dict(number=0), "c": dict(number=5, airport="LGA"), "d": dict(number=1)}
codes = {name: run_notebook("prices.ipynb", f"night/{name}.ipynb", **given).returncode for name, given in night.items()}
codes

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (7 мин, 3 балла). Что было ночью?
# «Любой в команде может открыть журнал и понять, что произошло». Напишите функцию `failures(folder)`: по папке (`Path`) с выполненными тетрадями `.ipynb` она возвращает словарь (`dict`), где ключ это имя файла, а значение имя исключения, для тех тетрадей, которые упали, например `{"x.ipynb": "ValueError"}`. Тетради, которые дошли до конца, в словарь не попадают, даже если напечатали что-нибудь страшное. Упасть может любая ячейка.
#
# <details><summary>Подсказка</summary>У ячейки есть outputs, у каждого вывода output_type. Откройте night/b.ipynb и найдите, чем вывод упавшей ячейки отличается от напечатанного.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (7 min, 3 points). What happened at night?
# "Anybody in the team can open the log and see what happened." Write the function `failures(folder)`: for a folder (`Path`) of executed notebooks `.ipynb` it returns a dictionary (`dict`) from file name to the name of the exception, of those notebooks that failed, such as `{"x.ipynb": "ValueError"}`. Notebooks that came to their end are not in it, even if they printed something frightful. Any cell may be the one that failed.
#
# <details><summary>Hint</summary>A cell has outputs, and every output has an output_type. Open night/b.ipynb and find how the output of the failed cell differs from what was printed.</details>

# %%
def failures(folder: Path) -> dict[str, str]:
    # BEGIN SOLUTION
    found = {}
    for file in folder.glob("*.ipynb"):
        for cell in nbformat.read(file, as_version=4).cells:
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    found[file.name] = output.ename
    return found
    # END SOLUTION


# %% tags=["check"]
for folder, fell in here.nights(sandbox.root / "night", sandbox.root / "nights"):
    told = trying.call(say, failures, folder, shown=folder.name)
    assert isinstance(told, dict), say("failures_form")
    assert all(str(name) == Path(name).name for name in told), say("failures_form")
    assert set(told) <= set(fell), say("failures_false_alarm", folder=folder)
    assert set(told) == set(fell), say("failures_missed", folder=folder)
    assert told == fell, say("failures_name", folder=folder)

# %% [markdown] tags=["ru"]
# Две выполненные копии одной тетради: параметры и данные одинаковы.

# %% [markdown] tags=["en"]
# Two executed copies of one notebook: the same parameters, the same data.

# %% tags=["nbval-ignore-output", "graded-once"]
for number in (1, 2):
    run_notebook("prices.ipynb", f"runs/run{number}.ipynb", number=2)
run1, run2 = (nbformat.read(sandbox.root / f"runs/run{number}.ipynb", as_version=4) for number in (1, 2))
print(nbformat.writes(run1) == nbformat.writes(run2))
print(run1.cells[1].metadata)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (6 мин, 2 балла). Дифф без шума
# Напишите функцию `essence(notebook)`. Она получает прочитанную тетрадь (как `run1`) и возвращает строку (`str`) для ревью: у двух выполнений одного и того же строки равны, а если изменился код, текст, порядок ячеек или значение параметра, различны. То, что напечатали ячейки, в строку не входит. Сама тетрадь остаётся прежней.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (6 min, 2 points). A diff without noise
# Write the function `essence(notebook)`. It takes a notebook that has been read (such as `run1`) and returns a string (`str`) for a review: equal for two executions of the same thing, different if code, text, the order of the cells or the value of a parameter has changed. What the cells printed is not part of it. The notebook itself stays as it is.

# %%
def essence(notebook) -> str:
    # BEGIN SOLUTION
    return "\n\n".join(cell.source for cell in notebook.cells)
    # END SOLUTION


# %% tags=["check"]
import copy

run1, run2 = (nbformat.read(sandbox.root / f"runs/run{number}.ipynb", as_version=4) for number in (1, 2))
before = copy.deepcopy(run1)
text = trying.call(say, essence, run1, shown="...")
assert isinstance(text, str), say("essence_form")
assert run1 == before, say("essence_touched")
assert trying.call(say, essence, run2, shown="...") == text, say("essence_noise")
for edited in here.edits(run1):
    assert trying.call(say, essence, edited, shown="...") != text, say("essence_blind")
for printed in here.reprints(run1):
    assert trying.call(say, essence, printed, shown="...") == text, say("essence_outputs")

# %% [markdown] tags=["ru", "solution"]
# Так же рассуждают `nbstripout` и `jupytext`: первый вырезает выводы перед коммитом, второй хранит рядом с тетрадью её текст. Наш набор собран вторым способом: источник каждой тетради лежит в `lessons/`.

# %% [markdown] tags=["en", "solution"]
# `nbstripout` and `jupytext` reason likewise: the first cuts the outputs out before a commit, the second keeps a notebook's text beside it. Our kit is made the second way: the source of every notebook lies in `lessons/`.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (10 мин, 3 балла). Своя тетрадь
# Запишите в `cells` список строк: код ячеек вашей тетради, сколько угодно. Первая станет ячейкой `parameters` и объявит `month` и `airport` (по умолчанию `"2013-01"` и `"JFK"`). Тетрадь читает `data/raw/{month}/flights.parquet` и пишет `reports/{month}-{airport}.json` с двумя ключами: `flights` (целое: сколько рейсов из этого аэропорта, столбец `origin`, долетело, то есть `arr_delay` не пуст) и `late_share` (доля среди них тех, что опоздали на 15 минут и больше, четыре знака после запятой).

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (10 min, 3 points). A notebook of your own
# Put into `cells` a list of strings: the code of your notebook's cells, as many as you like. The first becomes the cell `parameters` and declares `month` and `airport` (by default `"2013-01"` and `"JFK"`). The notebook reads `data/raw/{month}/flights.parquet` and writes `reports/{month}-{airport}.json` with two keys: `flights` (an integer: how many flights from this airport, column `origin`, arrived, that is, `arr_delay` is not empty) and `late_share` (the share of those among them that were 15 minutes late or more, four digits after the point).

# %%
# BEGIN SOLUTION
cells = [
    "month = '2013-01'\nairport = 'JFK'",
    "import json\nfrom pathlib import Path\n\nimport pandas as pd",
    "flights = pd.read_parquet(f'data/raw/{month}/flights.parquet')\n"
    "delay = flights.loc[flights['origin'] == airport, 'arr_delay'].dropna()",
    "report = {'flights': len(delay), 'late_share': round(float((delay >= 15).mean()), 4)}\n"
    "Path(f'reports/{month}-{airport}.json').write_text(json.dumps(report))",
]
# END SOLUTION

# %% tags=["check"]
import pandas as pd

assert isinstance(cells, (list, tuple)) and cells and all(isinstance(cell, str) for cell in cells), say("own_form")
own = write_notebook("own.ipynb", *cells)
assert here.declares(own, "month", "airport"), say("own_undeclared")
for given, month, airport in (({"month": "2013-02", "airport": "LGA"}, "2013-02", "LGA"), ({}, "2013-01", "JFK")):
    result = sandbox.root / f"reports/{month}-{airport}.json"
    result.unlink(missing_ok=True)
    assert run_notebook("own.ipynb", "runs/own.ipynb", **given).returncode == 0, say("own_failed")
    assert result.exists(), say("own_file")
    answer = here.read_report(result)
    flights = pd.read_parquet(project.raw(month) / "flights.parquet")
    delay = flights.loc[flights["origin"] == airport, "arr_delay"].dropna()
    assert set(answer) == {"flights", "late_share"}, say("own_keys")
    assert isinstance(answer["flights"], int), say("own_whole")
    assert answer["flights"] == len(delay), say("own_flights", month=month, airport=airport)
    right = here.is_rounded(answer["late_share"], (delay >= 15).mean(), 4)
    assert right, say("own_share", month=month, airport=airport)

# %% [markdown] tags=["ru", "solution"]
# Два месяца и три аэропорта: шесть отчётов из одной тетради, и ни одной копии. Обратите внимание, где живёт вычисление: пять строк можно было бы вынести в функцию и проверить тестом, а в тетради оставить вызов и график.

# %% [markdown] tags=["en", "solution"]
# Two months and three airports: six reports out of one notebook, and not a single copy. Mind where the computation lives: the five lines could go into a function with a test, and leave the call and a chart to the notebook.

# %% [markdown] tags=["ru"]
# ## Главное
# - Параметр объявлен в ячейке `parameters`, всё вычисленное из него стоит ниже.
# - Имена проверяют до запуска, ошибки читают в выполненной копии.
# - На ревью идёт текст тетради, а не её выводы.
#
# **Дальше:** тетрадь про `dvc`, где у пайплайна появится память.

# %% [markdown] tags=["en"]
# ## Key points
# - A parameter is declared in the cell `parameters`, everything computed from it stands below.
# - Names are checked before the run, errors are read in the executed copy.
# - A review gets the notebook's text, not its outputs.
#
# **Next:** the notebook on `dvc`, where the pipeline gets a memory.
