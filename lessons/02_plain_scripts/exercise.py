# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 2. Пайплайн обычным скриптом: задачи
# **Лекция 0 мин · упражнения 40 мин**
#
# Шесть задач: от одной команды до своей модели. После каждой стоит проверка. Она ничего не знает о нашем решении: она запускает ваше и смотрит, что вышло.
#
# - Что пересчитать после правки?
# - Как отличить свежий файл от устаревшего?
# - Что о рейсе известно заранее?

# %% [markdown] tags=["en"]
# # 2. The pipeline as a plain script: tasks
# **Teaching 0 min · exercises 40 min**
#
# Six tasks: from one command to a model of your own. A check follows each. It knows nothing of our solution: it runs yours and looks at what comes out.
#
# - What to recompute after an edit?
# - How to tell a fresh file from a stale one?
# - What is known of a flight beforehand?

# %%
from workshop.lesson import start

months = {"2013-01": "train", "2013-02": "test"}
sandbox, say = start("02_plain_scripts", lang, part="exercise", months=months, ingest__rows=2000)

# %% [markdown] tags=["ru"]
# В вашей копии проекта два месяца по две тысячи рейсов. Данные уже загружены, проверены и подготовлены.

# %% [markdown] tags=["en"]
# Your copy of the project has two months of two thousand flights each. The data are loaded, checked and prepared already.

# %% tags=["waits-data"]
import shutil

from flight_delays.pipeline import STAGES, Project, edges

project = Project.load(sandbox.root)
for stage in ("ingest", "validate", "prepare"):
    for item in project.items(stage):
        project.run(stage, item)
sorted(path.name for path in (sandbox.root / "data/prepared").rglob("*.parquet"))

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (3 мин, 1 балл). Одна стадия руками
# Запишите в переменную `command` (строка) команду терминала, которая обучит **только** кандидата `boosting`. Команда начинается с `python -m flight_delays`, запускать её будет проверка, из папки проекта.
#
# <details><summary>Подсказка</summary>Какие бывают ключи, покажет python -m flight_delays --help.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (3 min, 1 point). One stage by hand
# Put into the variable `command` (a string) the terminal command that trains the candidate `boosting` **only**. It begins with `python -m flight_delays`; the check runs it, from the project's folder.
#
# <details><summary>Hint</summary>Which options there are, python -m flight_delays --help tells.</details>

# %%
# BEGIN SOLUTION
command = "python -m flight_delays train --candidate boosting"
# END SOLUTION

# %% tags=["check"]
assert isinstance(command, str) and command.split()[:3] == ["python", "-m", "flight_delays"], say("command_form")
shutil.rmtree(sandbox.root / "models", ignore_errors=True)
seen = len(sandbox.records())
done = sandbox.run(command.split(), check=False)
assert done.returncode == 0, say("command_failed")
assert [record.name for record in sandbox.records()[seen:]] == ["train boosting"], say("command_other_work")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (6 мин, 2 балла). Кого задела правка?
# Напишите функцию `affected(stage, edges)`. Она получает имя стадии и множество пар `(a, b)`, где стадия b берёт результат стадии a, и возвращает множество (`set`) имён: всех, кого надо выполнить заново после правки этой стадии, **включая её саму**. Граф может быть любой, не только наш, но циклов в нём нет.
#
# <details><summary>Подсказка</summary>Кого задели те, кого задели вы?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (6 min, 2 points). Who is affected by an edit?
# Write the function `affected(stage, edges)`. It takes the name of a stage and a set of pairs `(a, b)`, where stage b takes the result of stage a, and returns a set (`set`) of names: all that must run again after an edit of this stage, **the stage itself included**. The graph may be any, not only ours, but it has no cycles.
#
# <details><summary>Hint</summary>Whom do those affect whom you affect?</details>

# %%
def affected(stage: str, edges: set[tuple[str, str]]) -> set[str]:
    # BEGIN SOLUTION
    found = {stage}
    for before, after in edges:
        if before == stage:
            found |= affected(after, edges)
    return found
    # END SOLUTION


# %% tags=["check"]
chain = {("d", "b"), ("b", "c"), ("c", "a")}
crossing = {("a", "c"), ("b", "c"), ("c", "d"), ("c", "e"), ("f", "e")}
assert isinstance(affected("a", chain), set), say("affected_not_set")
assert "b" in affected("b", chain) and "a" in affected("a", chain), say("affected_itself")
assert affected("b", crossing) <= {"b", "c", "d", "e"} and affected("e", crossing) == {"e"}, say("affected_too_much")
assert affected("d", chain) == {"a", "b", "c", "d"}, say("affected_too_little")
assert affected("c", crossing) == {"c", "d", "e"}, say("affected_too_little")

# %% [markdown] tags=["ru", "solution"]
# На нашем графе: правка `train` заденет четыре стадии, правка `ingest` все семь. Ровно эту функцию в том или ином виде содержит каждый оркестратор.

# %% [markdown] tags=["en", "solution"]
# On our graph: an edit of `train` affects four stages, an edit of `ingest` all seven. In one form or another every orchestrator contains just this function.

# %% tags=["solution"]
{stage: len(affected(stage, edges())) for stage in ("ingest", "prepare", "train", "gate")}

# %% [markdown] tags=["ru"]
# Теперь прогоним весь пайплайн, кроме регистрации, запомним, что вышло, и вычислим, что **должно** выйти после правки: с 20 деревьями вместо 80.

# %% [markdown] tags=["en"]
# Now we run the whole pipeline, all but the registration, keep what comes out, and work out what **ought** to come out after an edit: with 20 trees instead of 80.

# %% tags=["waits-training"]
def run_all() -> Project:
    project = Project.load(sandbox.root)
    for stage in ("train", "evaluate", "gate"):
        for item in project.items(stage):
            project.run(stage, item)
    return project


sandbox.set_param("train.candidates.boosting.max_iter", 20)
expected = run_all().metrics.read_text()

# %%
kept = sandbox.root / "kept"
sandbox.set_param("train.candidates.boosting.max_iter", 80)
run_all()
for folder in ("models", "reports"):
    shutil.copytree(sandbox.root / folder, kept / folder)
sandbox.set_param("train.candidates.boosting.max_iter", 20)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (6 мин, 3 балла). Вы вместо оркестратора
# В `params.yaml` только что изменился `train.candidates.boosting.max_iter`. На диске лежат файлы от прошлого запуска. Запишите в `todo` список пар `(stage, item)`: стадия и её месяц или кандидат, а если их нет, то `None`. В нём должно быть то, что надо выполнить, и в нужном порядке, чтобы отчёты стали такими же, как после полного запуска. Ничего лишнего. Регистрацию не трогаем.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (6 min, 3 points). You are the orchestrator
# `train.candidates.boosting.max_iter` has just changed in `params.yaml`. The disk holds the files of the last run. Put into `todo` a list of pairs `(stage, item)`: a stage and its month or candidate, or `None` if it has neither. It says what to run, and in which order, so that the reports become what a full run would make them. Nothing superfluous. Leave the registration out.

# %%
# BEGIN SOLUTION
todo = [("train", "boosting"), ("evaluate", None), ("gate", None)]
# END SOLUTION

# %% tags=["check"]
pairs = [tuple(pair) for pair in todo]
assert set(pairs) <= {(stage, item) for stage in STAGES for item in project.items(stage)}, say("todo_unknown")
needless = {"ingest", "validate", "prepare", "register"}
assert not [stage for stage, item in pairs if stage in needless or item == "logistic"], say("todo_needless")
assert len(pairs) == len(set(pairs)), say("todo_needless")
for folder in ("models", "reports"):
    shutil.rmtree(sandbox.root / folder)
    shutil.copytree(kept / folder, sandbox.root / folder)
project = Project.load(sandbox.root)
for stage, item in pairs:
    project.run(stage, item)
assert project.metrics.read_text() == expected, say("todo_stale")
assert project.decision.stat().st_mtime > project.metrics.stat().st_mtime, say("todo_decision")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (8 мин, 3 балла). Память для скрипта
# Напишите функцию `needed(inputs, outputs)`: два списка путей (`Path`), ответ `True`, если стадию надо выполнить, и `False`, если можно пропустить. Правило то же, что у программы `make`: какого-то выхода нет, или какой-то вход изменён позже, чем какой-то выход. Входов может не быть вовсе, все входы существуют. Время изменения файла даёт `path.stat().st_mtime`.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (8 min, 3 points). A memory for the script
# Write the function `needed(inputs, outputs)`: two lists of paths (`Path`), the answer is `True` if the stage must run and `False` if it may be skipped. The rule is that of the program `make`: some output is not there, or some input was changed later than some output. There may be no inputs at all; all inputs exist. The time of a file's last change is `path.stat().st_mtime`.

# %%
from pathlib import Path


def needed(inputs: list[Path], outputs: list[Path]) -> bool:
    # BEGIN SOLUTION
    if not all(path.exists() for path in outputs):
        return True
    oldest = min(path.stat().st_mtime for path in outputs)
    return any(path.stat().st_mtime > oldest for path in inputs)
    # END SOLUTION


# %% tags=["check"]
import os
import tempfile

with tempfile.TemporaryDirectory() as folder:
    at = [Path(folder, str(hour)) for hour in range(6)]  # changed at hour 0, 1, ... of some day
    for hour, path in enumerate(at):
        path.touch()
        os.utime(path, (hour * 3600, hour * 3600))
    gone = Path(folder, "gone")
    assert needed([at[0]], [gone]) is True and needed([at[0]], [at[3], gone]) is True, say("needed_missing")
    assert needed([], [at[0]]) is False, say("needed_no_inputs")
    assert needed([at[0], at[2]], [at[3], at[5]]) is False, say("needed_fresh")
    assert needed([at[0], at[4]], [at[3]]) is True and needed([at[4], at[0]], [at[3]]) is True, say("needed_stale")
    assert needed([at[2]], [at[1], at[5]]) is True and needed([at[2]], [at[5], at[1]]) is True, say("needed_partly")

# %% [markdown] tags=["ru", "solution"]
# Теперь у скрипта есть память, но близорукая. Он видит файлы, а число в `params.yaml` и строку в `train.py` не видит, если не назвать их входами. И наоборот: скопируйте файл заново, время сменится, содержимое нет, а стадия выполнится. Поэтому DVC сравнивает не время, а хеши, и не только у данных.

# %% [markdown] tags=["en", "solution"]
# Now the script has a memory, but a short-sighted one. It sees files, and does not see a number in `params.yaml` or a line of `train.py` unless they are named as inputs. And the other way round: copy a file anew, its time changes, its content does not, and the stage runs. That is why DVC compares hashes and not times, and not those of data alone.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (5 мин, 2 балла). Что известно заранее?
# Ниже столбцы таблицы рейсов. Запишите в `known` множество (`set`) имён: что известно за два часа до вылета по расписанию. Расписание к этому времени составлено и больше не меняется.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (5 min, 2 points). What is known beforehand?
# Below are the columns of the table of flights. Put into `known` a set (`set`) of names: what is known two hours before scheduled departure. By then the schedule is made and does not change any more.

# %%
import pandas as pd

flights = {month: pd.read_parquet(project.raw(month) / "flights.parquet") for month in project.months}
# without the aircraft, the line in the file, and what this source does not tell
columns = list(flights["2013-02"].drop(columns=["tailnum", "line"]).dropna(axis="columns", how="all"))
print(*columns)

# %%
# BEGIN SOLUTION
known = {"scheduled", "date", "sched_dep_time", "sched_arr_time", "planned_arrival"}
known |= {"carrier", "flight", "origin", "dest", "distance"}
# END SOLUTION

# %% tags=["check"]
# A flight that never left: whatever is empty there could not be known beforehand.
cancelled = flights["2013-02"].query("dep_time.isna()")[columns]
afterwards = {name for name in columns if cancelled[name].isna().all()}
assert set(known) <= set(columns), say("known_not_a_column")
assert not set(known) & afterwards, say("known_leak")
assert set(known) == set(columns) - afterwards, say("known_missed")

# %% [markdown] tags=["ru", "solution"]
# Проверка спросила у самих данных: у отменённого рейса пусто всё, что становится известно только после вылета. Полезный приём и для ваших таблиц: найдите объекты, с которыми событие не случилось, и посмотрите, что у них заполнено.

# %% [markdown] tags=["en", "solution"]
# The check asked the data themselves: for a cancelled flight all that becomes known only after departure is empty. A useful trick for your own tables too: find the objects to which the event did not happen, and look at what is filled in.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (12 мин, 4 балла). Своя честная модель
# Напишите функцию `make_features(flights)`. Она получает таблицу рейсов и возвращает `DataFrame` с теми же строками и теми столбцами, на которых, по-вашему, стоит учиться. Столбцы с текстом мы закодируем сами. Каждая строка считается только из расписания своего рейса.
#
# Логистическая регрессия обучится на январе и ответит за февраль. Нужен ROC AUC не ниже 0.60, и ни один признак не должен измениться, если переписать всё, что случилось после вылета.
#
# <details><summary>Подсказка</summary>Утром опаздывают реже. А какие авиакомпании? И помните, что месяц для обучения всего один: лишний столбец может и навредить.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (12 min, 4 points). An honest model of your own
# Write the function `make_features(flights)`. It takes the table of flights and returns a `DataFrame` with the same rows and those columns from which, in your view, one should learn. We encode the columns of text ourselves. Each row is made from the schedule of its own flight alone.
#
# Logistic regression learns from January and answers for February. The ROC AUC must be 0.60 or more, and no feature may change when everything that happened after departure is rewritten.
#
# <details><summary>Hint</summary>In the morning fewer flights are late. And with which carriers? Remember that there is one month to learn from: a column too many may do harm.</details>

# %%
def make_features(flights: pd.DataFrame) -> pd.DataFrame:
    # BEGIN SOLUTION
    return pd.DataFrame(
        {
            "hour": flights["sched_dep_time"] // 100,
            "carrier": flights["carrier"],
            "origin": flights["origin"],
        }
    )
    # END SOLUTION


# %%
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


# %%
def february_auc(make_features) -> float:
    january, february = (month.dropna(subset=["arr_delay"]) for month in flights.values())
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        (StandardScaler(), make_column_selector(dtype_include="number")),
    )
    model = make_pipeline(encoder, LogisticRegression(max_iter=1000))
    model.fit(make_features(january.copy()), january["arr_delay"] >= 15)
    return roc_auc_score(february["arr_delay"] >= 15, model.predict_proba(make_features(february.copy()))[:, 1])


# %% tags=["check"]
sample = flights["2013-02"].dropna(subset=["arr_delay"])
rewritten = sample.assign(**{name: sample[name].iloc[::-1].to_numpy() for name in afterwards})
mine, theirs = make_features(sample.copy()), make_features(rewritten)
assert isinstance(mine, pd.DataFrame) and len(mine) == len(sample), say("honest_form")
assert mine.equals(theirs), say("honest_leak")
assert february_auc(make_features) >= 0.60, say("honest_weak")

# %% tags=["solution"]
print(f"ROC AUC {february_auc(make_features):.2f}")

# %% [markdown] tags=["ru", "solution"]
# Попробуйте добавить день недели: станет хуже. В январе каждый день недели встретился четыре или пять раз, и модель запомнила не привычку, а погоду тех четырёх вторников.

# %% [markdown] tags=["en", "solution"]
# Try adding the day of the week: it gets worse. January had each weekday four or five times, and the model learnt not a habit but the weather of those four Tuesdays.

# %% [markdown] tags=["ru"]
# ## Главное
# - После правки пересчитывают всё, что от неё зависит, и в порядке зависимостей.
# - Память можно построить на времени файлов, но параметры и код она не увидит.
# - Фича честная, если она не меняется, когда переписывают будущее. Это проверяет тест, а не договорённость.
#
# **Дальше:** `papermill` в третьей тетради.

# %% [markdown] tags=["en"]
# ## Key points
# - After an edit one recomputes all that depends on it, in the order of the dependencies.
# - A memory can be built on the times of files, but it does not see parameters and code.
# - A feature is honest if it does not change when the future is rewritten. A test proves that, not an agreement.
#
# **Next:** `papermill` in the third notebook.
