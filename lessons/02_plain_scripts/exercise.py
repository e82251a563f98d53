# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 2. Пайплайн обычным скриптом: задачи
# **Лекция 0 мин · упражнения 53 мин**
#
# Шесть задач: от одной команды до своей модели. После каждой стоит проверка. Она ничего не знает о нашем решении: она запускает ваше и смотрит, что вышло.
#
# - Что пересчитать после правки?
# - Как отличить свежий файл от устаревшего?
# - Что о рейсе известно заранее?

# %% [markdown] tags=["en"]
# # 2. The pipeline as a plain script: tasks
# **Teaching 0 min · exercises 53 min**
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

# %% tags=["waits-data", "graded-once"]
import shutil
import sys

from flight_delays.pipeline import STAGES, Project, edges
from workshop import trying
from workshop.places import LESSONS

sys.path.append(str(LESSONS / "02_plain_scripts"))
import script_trials

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
words = trying.words(command)
assert words[:3] == ["python", "-m", "flight_delays"], say("command_form")
shutil.rmtree(sandbox.root / "models", ignore_errors=True)
seen = len(sandbox.records())
done = sandbox.run(words, check=False)
assert done.returncode == 0, say("command_failed")
assert [record.name for record in sandbox.records()[seen:]] == ["train boosting"], say("command_other_work")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (6 мин, 2 балла). Кого задела правка?
# Напишите функцию `affected(stage, edges)`. Она получает имя стадии и множество пар `(a, b)`, где стадия b берёт результат стадии a, и возвращает множество (`set`) имён: всех, кого надо выполнить заново после правки этой стадии, **включая её саму**. Граф может быть любой, не только наш, пары в множестве лежат в любом порядке, но циклов в графе нет. Если от стадии никто не зависит, в ответе она одна.
#
# <details><summary>Подсказка</summary>Кого задели те, кого задели вы?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (6 min, 2 points). Who is affected by an edit?
# Write the function `affected(stage, edges)`. It takes the name of a stage and a set of pairs `(a, b)`, where stage b takes the result of stage a, and returns a set (`set`) of names: all that must run again after an edit of this stage, **the stage itself included**. The graph may be any, not only ours, and the pairs of a set come in any order, but it has no cycles. If nobody depends on the stage, it is alone in the answer.
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
asked = [(stage, affected(stage, graph), right) for stage, graph, right in script_trials.graphs()]
for _, found, _ in asked:
    assert isinstance(found, set), say("affected_not_set", got=type(found).__name__)
assert all(stage in found for stage, found, _ in asked), say("affected_itself")
assert not any(found - right for _, found, right in asked), say("affected_too_much")
assert not any(right - found for _, found, right in asked), say("affected_too_little")

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

# %% tags=["waits-training", "graded-once"]
def run_all() -> Project:
    project = Project.load(sandbox.root)
    for stage in ("train", "evaluate", "gate"):
        for item in project.items(stage):
            project.run(stage, item)
    return project


sandbox.set_param("train.candidates.boosting.max_iter", 20)
whole = run_all()
expected = {file: file.read_text() for file in (whole.metrics, whole.decision)}

# %% tags=["graded-once"]
kept = sandbox.root / "kept"
sandbox.set_param("train.candidates.boosting.max_iter", 80)
run_all()
for folder in ("models", "reports"):
    shutil.rmtree(kept / folder, ignore_errors=True)
    shutil.copytree(sandbox.root / folder, kept / folder)
sandbox.set_param("train.candidates.boosting.max_iter", 20)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (6 мин, 3 балла). Вы вместо оркестратора
# В `params.yaml` только что изменился `train.candidates.boosting.max_iter`. На диске лежат файлы от прошлого запуска. Запишите в `todo` список пар `(stage, item)`: стадия и её месяц или кандидат, а если их нет, то `None`. В нём должно быть то, что надо выполнить, и в нужном порядке, чтобы отчёты (метрики и решение) стали такими же, как после полного запуска. Ничего лишнего: стадия, после которой все файлы остались прежними, была не нужна. Регистрацию не трогаем.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (6 min, 3 points). You are the orchestrator
# `train.candidates.boosting.max_iter` has just changed in `params.yaml`. The disk holds the files of the last run. Put into `todo` a list of pairs `(stage, item)`: a stage and its month or candidate, or `None` if it has neither. It says what to run, and in which order, so that the reports (metrics and decision) become what a full run would make them. Nothing superfluous: a stage that leaves all files as they were was not needed. Leave the registration out.

# %%
# BEGIN SOLUTION
todo = [("train", "boosting"), ("evaluate", None), ("gate", None)]
# END SOLUTION

# %% tags=["check"]
assert isinstance(todo, list | tuple), say("todo_form")
assert all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in todo), say("todo_form")
possible = [(stage, item) for stage in STAGES for item in project.items(stage)]
pairs = [tuple(pair) for pair in todo]
assert all(pair in possible for pair in pairs), say("todo_unknown")
assert len(pairs) == len(set(pairs)) and ("register", None) not in pairs, say("todo_needless")
for folder in ("models", "reports"):
    shutil.rmtree(sandbox.root / folder, ignore_errors=True)
    shutil.copytree(kept / folder, sandbox.root / folder)
project = Project.load(sandbox.root)
idle = [pair for pair in pairs if not script_trials.changes(project, *pair)]
assert project.metrics.read_text() == expected[project.metrics], say("todo_stale")
assert project.decision.read_text() == expected[project.decision], say("todo_decision")
assert not idle, say("todo_needless")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (8 мин, 3 балла). Память для скрипта
# Напишите функцию `needed(inputs, outputs)`: два списка путей (`Path`), ответ `True`, если стадию надо выполнить, и `False`, если можно пропустить. Правило то же, что у программы `make`: какого-то выхода нет, или какой-то вход изменён позже, чем какой-то выход. Одновременно — ещё не позже. Входов может не быть вовсе, все входы существуют; выход хотя бы один. Время изменения файла в секундах, с дробной частью, даёт `path.stat().st_mtime`.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (8 min, 3 points). A memory for the script
# Write the function `needed(inputs, outputs)`: two lists of paths (`Path`), the answer is `True` if the stage must run and `False` if it may be skipped. The rule is that of the program `make`: some output is not there, or some input was changed later than some output. At the same time is not later. There may be no inputs at all, and all inputs exist; there is at least one output. The time of a file's last change in seconds, with their fraction, is `path.stat().st_mtime`.

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
import tempfile

with tempfile.TemporaryDirectory() as folder:
    got = script_trials.asked_about_files(needed, Path(folder))
assert not any("None" in answers for answers in got.values()), say("needed_none")
assert got["missing"] == "True", say("needed_missing", got=got["missing"])
assert got["no inputs"] == "False", say("needed_no_inputs", got=got["no inputs"])
assert got["fresh"] == "False", say("needed_fresh", got=got["fresh"])
assert got["at once"] == "False", say("needed_at_once", got=got["at once"])
assert got["stale"] == "True", say("needed_stale", got=got["stale"])
assert got["partly"] == "True", say("needed_partly", got=got["partly"])


# %% [markdown] tags=["ru", "solution"]
# Теперь у скрипта есть память, но близорукая. Он видит файлы, а число в `params.yaml` и строку в `train.py` не видит, если не назвать их входами. И наоборот: скопируйте файл заново, время сменится, содержимое нет, а стадия выполнится. Поэтому DVC сравнивает не время, а хеши, и не только у данных.

# %% [markdown] tags=["en", "solution"]
# Now the script has a memory, but a short-sighted one. It sees files, and does not see a number in `params.yaml` or a line of `train.py` unless they are named as inputs. And the other way round: copy a file anew, its time changes, its content does not, and the stage runs. That is why DVC compares hashes and not times, and not those of data alone.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (5 мин, 2 балла). Что известно заранее?
# Ниже столбцы таблицы рейсов. Запишите в `known` множество (`set`) имён: что известно за два часа до вылета по расписанию. Расписание к этому времени составлено и больше не меняется.
#
# Время в таблице идёт по разным часам:
#
# - `scheduled` и `planned_arrival` — моменты вылета и прилёта по расписанию, в UTC;
# - `date`, `sched_dep_time` и `dep_time` — день и время по часам аэропорта вылета, `sched_arr_time` и `arr_time` — по часам аэропорта прилёта; 1745 значит 17:45;
# - `dep_delay`, `arr_delay` и `air_time` — минуты.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (5 min, 2 points). What is known beforehand?
# Below are the columns of the table of flights. Put into `known` a set (`set`) of names: what is known two hours before scheduled departure. By then the schedule is made and does not change any more.
#
# Times in the table go by several clocks:
#
# - `scheduled` and `planned_arrival` are the moments of departure and arrival by the schedule, in UTC;
# - `date`, `sched_dep_time` and `dep_time` are the day and the time by the clock of the airport of departure, `sched_arr_time` and `arr_time` by that of arrival; 1745 is 17:45;
# - `dep_delay`, `arr_delay` and `air_time` are minutes.

# %%
import pandas as pd

flights = {month: pd.read_parquet(project.raw(month) / "flights.parquet") for month in project.months}
# without the aircraft, the line in the file, and what this source does not tell
columns = list(flights["2013-02"].drop(columns=["tailnum", "line"]).dropna(axis="columns", how="all"))
flights = {month: table[columns] for month, table in flights.items()}
print(*columns)

# %%
# BEGIN SOLUTION
known = {"scheduled", "date", "sched_dep_time", "sched_arr_time", "planned_arrival"}
known |= {"carrier", "flight", "origin", "dest", "distance"}
# END SOLUTION

# %% tags=["check"]
# The check asks the data: what is empty for every flight that never left could not be known beforehand.
afterwards = script_trials.empty_if_cancelled(flights["2013-02"])
assert isinstance(known, set | frozenset), say("known_form", got=type(known).__name__)
assert known <= set(columns), say("known_not_a_column")
assert not known & afterwards, say("known_leak")
assert not set(columns) - known - afterwards, say("known_missed")

# %% [markdown] tags=["ru", "solution"]
# Проверка спросила у самих данных: у отменённого рейса пусто всё, что становится известно только после вылета. Полезный приём и для ваших таблиц: найдите объекты, с которыми событие не случилось, и посмотрите, что у них заполнено.

# %% [markdown] tags=["en", "solution"]
# The check asked the data themselves: for a cancelled flight all that becomes known only after departure is empty. A useful trick for your own tables too: find the objects to which the event did not happen, and look at what is filled in.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (25 мин, 4 балла). Своя честная модель
# Напишите функцию `make_features(flights)`. Она получает таблицу рейсов со столбцами из задачи 5 и возвращает `DataFrame` с теми же строками в том же порядке и с теми столбцами (хотя бы одним, без пустых значений), на которых, по-вашему, стоит учиться. Столбцы с текстом мы закодируем сами. Каждая строка считается только из расписания своего рейса: у рейса, поданного в одиночку, признаки те же, что и среди других.
#
# Логистическая регрессия обучится на январе и ответит за февраль. Нужен ROC AUC не ниже 0.60, и ни один признак не должен измениться, если переписать всё, что случилось после вылета.
#
# <details><summary>Подсказка</summary>Утром опаздывают реже; по каким часам это утро, сказано в задаче 5. А какие авиакомпании? И помните, что месяц для обучения всего один: лишний столбец может и навредить.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (25 min, 4 points). An honest model of your own
# Write the function `make_features(flights)`. It takes a table of flights with the columns of task 5 and returns a `DataFrame` with the same rows in the same order and those columns (at least one, without empty values) from which, in your view, one should learn. We encode the columns of text ourselves. Each row is made from the schedule of its own flight alone: a flight that comes singly has the same features as among others.
#
# Logistic regression learns from January and answers for February. The ROC AUC must be 0.60 or more, and no feature may change when everything that happened after departure is rewritten.
#
# <details><summary>Hint</summary>In the morning fewer flights are late; by which clock it is morning, task 5 tells. And with which carriers? Remember that there is one month to learn from: a column too many may do harm.</details>

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
mine = make_features(sample.copy())
assert isinstance(mine, pd.DataFrame), say("honest_form", got=type(mine).__name__)
assert len(mine) == len(sample) and len(mine.columns) > 0, say("honest_rows")
futures = script_trials.other_futures(sample, script_trials.empty_if_cancelled(flights["2013-02"]))
assert all(script_trials.same(mine, make_features(future)) for future in futures), say("honest_leak")
assert script_trials.each_by_itself(make_features, sample), say("honest_alone")
assert not mine.isna().any(axis=None), say("honest_empty")
assert february_auc(make_features) >= 0.60, say("honest_weak")

# %% tags=["solution"]
print(f"ROC AUC {february_auc(make_features):.2f}")

# %% [markdown] tags=["ru", "solution"]
# Попробуйте добавить день недели: станет хуже. В январе каждый день недели встретился четыре или пять раз, и модель запомнила не привычку, а погоду тех четырёх вторников.

# %% [markdown] tags=["en", "solution"]
# Try adding the day of the week: it gets worse. January had each weekday four or five times, and the model learnt not a habit but the weather of those four Tuesdays.

# %% [markdown] tags=["ru"]
# ### По каким часам?
# Час вылета есть в таблице дважды: `sched_dep_time` идёт по часам аэропорта, `scheduled` — по UTC. Посмотрим на один и тот же январь по тем и по другим часам.

# %% [markdown] tags=["en"]
# ### By which clock?
# The hour of departure is there twice: `sched_dep_time` goes by the clock of the airport, `scheduled` by UTC. Let us look at the same January by either clock.

# %%
january = flights["2013-01"].dropna(subset=["arr_delay"])
clocks = {"local hour": (january["sched_dep_time"] // 100).astype(int), "UTC hour": january["scheduled"].dt.hour}
late = january.assign(late=january["arr_delay"] >= 15, **clocks).groupby([*clocks])["late"]
late.mean().iloc[::2].map("{:.0%}".format).to_frame("late in January").reset_index()

# %% [markdown] tags=["ru"]
# Теперь запишем в `sched_dep_time` время по UTC и обучим вашу же модель. Рейсы те же, и моменты те же. **Прежде чем запускать, ответьте:** изменится ли ROC AUC, и если да, то насколько?

# %% [markdown] tags=["en"]
# Now we write the time by UTC into `sched_dep_time`, and train that same model of yours. The flights are the same, and so are the moments. **Before you run the cell, answer:** will the ROC AUC change and, if so, by how much?

# %%
by_clock = {
    "local time": february_auc(make_features),
    "UTC": february_auc(lambda flights: make_features(script_trials.by_utc(flights))),
}
pd.Series(by_clock, name="ROC AUC in February").round(2).to_frame()

# %% [markdown] tags=["ru"]
# Опоздания копятся к вечеру, а вечер Нью-Йорка по UTC — уже следующие сутки: рейс, который вылетает в девять вечера, для модели ночной и стоит раньше всех утренних. Линейная модель видит в часе одно число и этого уже не исправит. Отдельный столбец на каждый час спас бы только до весны: летом разница с UTC не пять часов, а четыре. К часовым поясам вернёмся в пятой тетради, там от них зависит расписание.

# %% [markdown] tags=["en"]
# Delays add up towards the evening, and New York's evening is the next day already by UTC: a flight that leaves at nine in the evening is one of the night to the model, before all those of the morning. A linear model sees one number in the hour and cannot mend that. A column for each hour would help only until spring: in summer the difference from UTC is not five hours but four. Time zones come back in the fifth notebook, where the schedule depends on them.

# %% [markdown] tags=["ru"]
# ## Главное
# - После правки пересчитывают всё, что от неё зависит, и в порядке зависимостей.
# - Память можно построить на времени файлов, но параметры и код она не увидит.
# - Прежде чем брать час из столбца со временем, спросите, по каким часам оно записано.
# - Фича честная, если она не меняется, когда переписывают будущее. Это проверяет тест, а не договорённость.
#
# **Дальше:** `papermill` в третьей тетради.

# %% [markdown] tags=["en"]
# ## Key points
# - After an edit one recomputes all that depends on it, in the order of the dependencies.
# - A memory can be built on the times of files, but it does not see parameters and code.
# - Before you take the hour from a column of times, ask by which clock they were written.
# - A feature is honest if it does not change when the future is rewritten. A test proves that, not an agreement.
#
# **Next:** `papermill` in the third notebook.
