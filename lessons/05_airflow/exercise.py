# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 5. Airflow: задачи
# **Лекция 0 мин · упражнения 56 мин**
#
# Пять задач: от расписания до своего DAG, который переживёт плохую связь. Проверки загружают ваши файлы так же, как это делает Airflow, и выполняют их по-настоящему, в одном процессе, как команда `airflow dags test`.
#
# - Когда запускать?
# - Что можно делать одновременно, а что нет?
# - С какого места пайплайн продолжит после сбоя?
# - Как оживить DAG, который перестал загружаться?

# %% [markdown] tags=["en"]
# # 5. Airflow: tasks
# **Teaching 0 min · exercises 56 min**
#
# Five tasks: from a schedule to a DAG of your own that survives a bad connection. The checks load your files as Airflow does, and run them in earnest, in one process, as the command `airflow dags test` does.
#
# - When to run?
# - What can be done at the same time, and what cannot?
# - From which point does a pipeline go on after a failure?
# - How to revive a DAG that no longer loads?

# %%
from workshop.lesson import start

sandbox, say = start("05_airflow", lang, part="exercise", months={"2013-01": "train", "2013-02": "test"}, ingest__rows=2000)

# %% [markdown] tags=["ru"]
# Серверы здесь не нужны, а база данных нужна: без неё Airflow не сделает ни шагу. Заводит её одна команда, `airflow db migrate`.
#
# Ваша копия проекта лежит в папке `work/05_airflow-exercise` этого комплекта. В ней `airflow` — база, настройки и `dags`, `reports` — отчёты, `logs` — то, что сказали запуски.

# %% [markdown] tags=["en"]
# No servers are needed here, but a database is: without one Airflow does not take a step. One command makes it, `airflow db migrate`.
#
# Your copy of the project lies in the folder `work/05_airflow-exercise` of this kit. In it `airflow` holds the database, the settings and `dags`, `reports` the reports, `logs` what the runs said.

# %% tags=["nbval-ignore-output", "waits-airflow-database", "graded-once"]
import os

home = sandbox.root / "airflow"
for folder in ("airflow/dags", "reports"):
    (sandbox.root / folder).mkdir(parents=True, exist_ok=True)
AIRFLOW = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
sandbox.run(["airflow", "db", "migrate"], **AIRFLOW)
os.environ.update(AIRFLOW)  # for the import of Airflow into this notebook, too
sorted(path.name for path in home.iterdir())

# %% [markdown] tags=["ru"]
# `here` — небольшой модуль рядом с тетрадью: он спрашивает Airflow о расписании и запускает DAG. Им пользуются и проверки.

# %% [markdown] tags=["en"]
# `here` is a small module beside the notebook: it asks Airflow about schedules and runs DAGs. The checks use it too.

# %% tags=["nbval-ignore-output", "waits-airflow-import"]
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from workshop.places import LESSONS

sys.path.append(str(LESSONS / "05_airflow"))
import notebook_dags as here

print("Airflow is loaded")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (6 мин, 2 балла). По понедельникам, в половине седьмого
# Запишите в `settings` словарь (`dict`) аргументов для `DAG("weekly", **settings)`. DAG запускается каждый понедельник в 06:30 **по московскому времени** (UTC+3, переводов часов нет), `start_date` у него 1 июня 2026 года, пропущенное не догоняет, двух запусков одновременно не бывает. Каждую его задачу при сбое пробуют ещё дважды с паузой 30 секунд; это говорят в `default_args`.
#
# Назовите только то, без чего поведение было бы другим, или назовите всё: и то и другое верно. Первые запуски, как их видит Airflow, по UTC, покажет `here.next_runs(DAG("weekly", **settings))`.
#
# <details><summary>Подсказка</summary>Часовой пояс DAG берёт у своей start_date, а та, у которой пояса нет, считается в UTC. Посмотрите в dags/flight_delays_dag.py, как там устроены default_args.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (6 min, 2 points). On Mondays, at half past six
# Put into `settings` a dictionary (`dict`) of arguments for `DAG("weekly", **settings)`. The DAG runs every Monday at 06:30 **Moscow time** (UTC+3, the clocks never change), its `start_date` is 1 June 2026, it does not make up for what was missed, and there are never two runs at once. Each of its tasks, if it fails, is tried twice more with a pause of 30 seconds; that is said in `default_args`.
#
# Name only what the behaviour would be different without, or name everything: either is right. The first runs as Airflow sees them, in UTC, are shown by `here.next_runs(DAG("weekly", **settings))`.
#
# <details><summary>Hint</summary>A DAG takes its time zone from its start_date, and one that has no zone counts as UTC. See in dags/flight_delays_dag.py how default_args are made there.</details>

# %%
# BEGIN SOLUTION
from zoneinfo import ZoneInfo

settings = {
    "schedule": "30 6 * * 1",
    "start_date": datetime(2026, 6, 1, tzinfo=ZoneInfo("Europe/Moscow")),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 2, "retry_delay": timedelta(seconds=30)},
}
# END SOLUTION

# %% tags=["check"]
assert isinstance(settings, dict), say("weekly_form")
try:
    weekly, refused = here.with_a_task(settings), ""
    only = weekly.get_task("only")
    moments = [run.run_after for run in here.runs(weekly)]  # of more than a year
except Exception as error:
    refused = f"{type(error).__name__}: {error}"
assert not refused, say("weekly_refused", error=refused)
assert weekly.start_date, say("weekly_start")
weeks = [b.date() - a.date() == timedelta(days=7) for a, b in pairwise(moments)]
assert len(weeks) > 50 and all(weeks), say("weekly_how_often")
odd = [f"{moment:%a %d.%m.%Y %H:%M}" for moment in moments if f"{moment:%a %H:%M}" != "Mon 03:30"]
assert not odd, say("weekly_when", found=odd[0])
started = {f"{day:%Y-%m-%d}" for day in (weekly.start_date.astimezone(weekly.timezone), weekly.start_date + timedelta(hours=3))}
assert "2026-06-01" in started, say("weekly_start")
assert not weekly.catchup, say("weekly_catchup")
assert weekly.max_active_runs == 1, say("weekly_at_once")
assert (only.retries, only.retry_delay) == (2, timedelta(seconds=30)), say("weekly_retries")
assert not only.retry_exponential_backoff, say("weekly_retries")

# %% tags=["solution"]
print(*(f"{run.run_after.in_timezone('Europe/Moscow'):%a %d.%m %H:%M}" for run in here.runs(weekly)[:4]), sep="\n")

# %% [markdown] tags=["ru"]
# Коллега выстроил ночной пайплайн цепочкой: десять задач по десять минут, сто минут за ночь. Список перед вами.

# %% [markdown] tags=["en"]
# A colleague made the nightly pipeline a chain: ten tasks of ten minutes each, a hundred minutes a night. Here is the list.

# %%
names = ["flights", "weather", "planes", "check_flights", "features"]
names += ["train_logistic", "train_boosting", "evaluate", "register", "data_report"]
print(" >> ".join(names))

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (7 мин, 3 балла). Что можно делать одновременно?
# Расставьте стрелки заново: пусть каждая задача ждёт только тех, без чьего результата ей не начать. Задачи уже созданы, `job["flights"]` — это задача `flights`, и так далее. Список может стоять с одной стороны стрелки `>>`, но не с обеих сразу.
#
# - `flights`, `weather` и `planes` загружают данные из трёх разных мест.
# - `check_flights` проверяет загруженные рейсы, погоду и самолёты она не смотрит.
# - `features` собирает таблицу из проверенных рейсов, погоды и самолётов.
# - `train_logistic` и `train_boosting` обучаются на этой таблице.
# - `evaluate` сравнивает обе модели, `register` регистрирует лучшую.
# - `data_report` описывает качество проверенных рейсов для аналитиков. Модели ему не нужны.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (7 min, 3 points). What can be done at the same time?
# Set the arrows anew: let every task wait only for those without whose result it cannot begin. The tasks are made already, `job["flights"]` is the task `flights`, and so on. A list may stand on one side of an arrow `>>`, but not on both at once.
#
# - `flights`, `weather` and `planes` load data from three different places.
# - `check_flights` checks the flights that were loaded; it looks neither at weather nor at planes.
# - `features` makes a table of the checked flights, the weather and the planes.
# - `train_logistic` and `train_boosting` learn from this table.
# - `evaluate` compares both models, `register` registers the better one.
# - `data_report` describes the quality of the checked flights for the analysts. It needs no model.

# %%
with DAG("night") as night:
    job = {name: EmptyOperator(task_id=name) for name in names}
    # BEGIN SOLUTION
    job["flights"] >> job["check_flights"] >> [job["features"], job["data_report"]]
    [job["weather"], job["planes"]] >> job["features"]
    job["features"] >> [job["train_logistic"], job["train_boosting"]] >> job["evaluate"] >> job["register"]
    # END SOLUTION

# %% [markdown] tags=["ru"]
# Сколько минут займёт ночь, если рук хватает на всё?

# %% [markdown] tags=["en"]
# How many minutes does the night take if there are hands enough for everything?

# %%
def minutes(dag, each=10):
    """When the last task of a DAG ends, if each takes so many minutes and begins as soon as it may."""
    ends = {}
    while len(ends) < len(dag.task_ids):
        ready = [task for task in dag.tasks if task.task_id not in ends and task.upstream_task_ids <= set(ends)]
        if not ready:
            return None  # a ring: nobody can begin
        ends |= {task.task_id: max((ends[up] for up in task.upstream_task_ids), default=0) + each for task in ready}
    return max(ends.values())


# %% tags=["check"]
assert set(night.task_ids) == set(names), say("arrows_tasks")
assert minutes(night), say("arrows_ring")
early, patient = here.misplaced(night)
assert not early, say("arrows_early", tasks=", ".join(early))
assert not patient, say("arrows_needless", tasks=", ".join(patient))

# %% tags=["solution"]
print(minutes(night), "minutes instead of", 10 * len(names))

# %% [markdown] tags=["ru", "solution"]
# Короче самой длинной цепочки (`flights`, `check_flights`, `features`, обучение, `evaluate`, `register`) ночь не станет, сколько машин ни купи. Чтобы ускориться ещё, надо укорачивать именно её.

# %% [markdown] tags=["en", "solution"]
# The night cannot be shorter than its longest chain (`flights`, `check_flights`, `features`, training, `evaluate`, `register`), however many machines one buys. To be faster still, it is this chain that must get shorter.

# %% [markdown] tags=["ru"]
# Перед вами журнал настоящей ночи: наш пайплайн на настоящем Airflow, ответ REST API, записанный утром. У каждой задачи состояние и номер последней попытки.

# %% [markdown] tags=["en"]
# Here is the log of a real night: our pipeline on a real Airflow, the answer of the REST API, kept in the morning. Every task has a state and the number of its last try.

# %%
import json

import pandas as pd

night_log = json.loads((LESSONS / "05_airflow/night.json").read_text())
pd.DataFrame(night_log)[["task_id", "map_index", "rendered_map_index", "state", "try_number"]]

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (8 мин, 3 балла). Что было ночью и откуда продолжать?
# Напишите функцию `morning(instances)`. Она получает такой список (`list`) словарей и возвращает словарь (`dict`) с тремя ключами, в каждом множество (`set`) имён:
#
# - `"failed"`: упали окончательно;
# - `"recovered"`: упали, но повтор помог;
# - `"again"`: выполнятся, если нажать Clear для упавших и продолжить этот же запуск.
#
# Имя это `task_id`, а у размноженной задачи ещё пробел и `rendered_map_index`: например, `"gate"` или `"train logistic"`.
#
# <details><summary>Подсказка</summary>Задача, которая так и не началась, потому что упала другая, имеет состояние upstream_failed.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (8 min, 3 points). What happened at night, and where to go on from?
# Write the function `morning(instances)`. It takes such a list (`list`) of dictionaries and returns a dictionary (`dict`) with three keys, each a set (`set`) of names:
#
# - `"failed"`: failed for good;
# - `"recovered"`: failed, but a retry helped;
# - `"again"`: will run if one presses Clear for what failed and goes on with this same run.
#
# A name is the `task_id`, and for a mapped task also a space and the `rendered_map_index`: such as `"gate"` or `"train logistic"`.
#
# <details><summary>Hint</summary>A task that never began because another one failed has the state upstream_failed.</details>

# %%
def morning(instances: list[dict]) -> dict[str, set[str]]:
    # BEGIN SOLUTION
    told = {"failed": set(), "recovered": set(), "again": set()}
    for one in instances:
        name = f"{one['task_id']} {one['rendered_map_index'] or ''}".strip()
        if one["state"] == "failed":
            told["failed"].add(name)
        if one["state"] == "success" and one["try_number"] > 1:
            told["recovered"].add(name)
        if one["state"] in ("failed", "upstream_failed"):
            told["again"].add(name)
    return told
    # END SOLUTION


# %% tags=["check"]
import copy

# What Airflow really did after Clear is in morning.json; the other nights have the same tasks and other fates.
nights = here.nights(night_log, json.loads((LESSONS / "05_airflow/morning.json").read_text()))
answers, raised = [], ""
for log, _ in nights:
    try:
        answers.append(morning(copy.deepcopy(log)))
    except NotImplementedError:
        raise
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
        break
assert not raised, say("morning_raised", error=raised, night=here.told_of(log))
told, true = answers[0], nights[0][1]
assert told is not None, say("morning_none")
assert isinstance(told, dict) and set(told) == set(true), say("morning_form")
assert all(isinstance(found, set) for found in told.values()), say("morning_form")
assert set().union(*told.values()) <= {here.label(one) for one in night_log}, say("morning_names")
assert told["failed"] == true["failed"], say("morning_failed")
assert told["recovered"] == true["recovered"], say("morning_recovered")
assert told["again"] == true["again"], say("morning_again")
for (log, true), told in zip(nights, answers):
    assert told == true, say("morning_other", night=here.told_of(log))

# %% [markdown] tags=["ru", "solution"]
# Точка возврата — не строка в коде и не начало пайплайна, а множество `again`: упавшие задачи и все, кто их ждал. Сравнивала ваш ответ не наша догадка, а сам Airflow: в `morning.json` лежит тот же запуск после Clear, и видно, какие задачи начались заново.

# %% [markdown] tags=["en", "solution"]
# The point of return is no line of code and not the start of the pipeline, but the set `again`: the failed tasks and all that waited for them. Your answer was not held against a guess of ours but against Airflow itself: `morning.json` has the same run after Clear, and one sees which tasks began anew.

# %% [markdown] tags=["ru"]
# Дальше понадобятся данные: загрузим январь и февраль. А эта функция сохраняет текст в `dags/my_dag.py`, загружает файл так же, как Airflow, и говорит, что он при этом увидел: DAG по их `dag_id`, ошибку и предупреждения.

# %% [markdown] tags=["en"]
# From here on data are needed: we load January and February. And this function saves a text as `dags/my_dag.py`, loads the file as Airflow does, and tells what it saw: the DAGs by their `dag_id`, the error and the warnings.

# %% tags=["waits-data", "graded-once"]
from flight_delays.pipeline import Project

project = Project.load(sandbox.root)
sandbox.run(["python", "-m", "flight_delays", "ingest"])
sorted(path.name for path in (sandbox.root / "data/raw").iterdir())

# %%
def load(text):
    """Load the text of a DAG file; gives the DAGs by id, the error and the warnings as text."""
    return here.load(home, text)


# %% [markdown] tags=["ru"]
# Вот отчёт, который исправно служил с 2019 года, до переезда на Airflow 3. Он лежит в переменной `old_report`.

# %% [markdown] tags=["en"]
# Here is a report that had served faithfully since 2019, until the move to Airflow 3. It is in the variable `old_report`.

# %%
from IPython.display import Code

old_report = (LESSONS / "05_airflow/old_report.txt").read_text()
Code(old_report, language="python")

# %%
print(load(old_report)[1])

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (15 мин, 3 балла). Клиника
# Вылечите его: запишите в `mended` (строка) исправленный текст файла. Он должен загружаться **без ошибок и без предупреждений**, с тем же `dag_id`, теми же тремя задачами и стрелками, так же каждый день в 06:00 UTC и так же не догонять пропущенное. `start_date` теперь 1 февраля 2013 года.
#
# Считать он должен то же, что и раньше: запуск, который начинается 9 февраля в 06:00, отчитывается **за вчера**, то есть кладёт в `reports/late-2013-02-08.txt` число рейсов, опоздавших 8 февраля. Проверка узнает у расписания, какие даты получат запуски 9 февраля и 1 марта, и выполнит DAG с этими датами (это до минуты).
#
# Можно менять строку за строкой через `old_report.replace(...)`, можно написать файл заново. Тогда начните текст с `r'''`: в обычной строке Python сам превратит `\n` в перевод строки, и файл сломается. Ошибки прячутся одна за другой, последняя не покажется даже при запуске. Смотрите после каждой правки: `load(mended)` — что увидел Airflow, `here.next_runs(load(mended)[0]["late_flights"])` — какие даты получат первые запуски.
#
# <details><summary>Подсказка</summary>Пустая задача теперь называется EmptyOperator, мы импортировали её в начале этой тетради. А у запуска в Airflow 3 нет execution_date. Какие даты у него есть и чем они отличаются при разных расписаниях, рассказывает урок, раздел «Какой день у запуска?».</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (15 min, 3 points). The clinic
# Cure it: put the mended text of the file into `mended` (a string). It must load **without errors and without warnings**, with the same `dag_id`, the same three tasks and arrows, every day at 06:00 UTC as before, and as before not make up for what was missed. Its `start_date` is 1 February 2013 now.
#
# It must count what it used to: the run that begins on 9 February at 06:00 reports **on the day before**, that is, it puts the number of flights that were late on 8 February into `reports/late-2013-02-08.txt`. The check asks the schedule which dates the runs of 9 February and 1 March are given, and runs the DAG with these dates (that takes up to a minute).
#
# You may change it line by line with `old_report.replace(...)`, or write the file anew. If so, begin the text with `r'''`: in an ordinary string Python itself turns `\n` into a line break, and the file is spoilt. The errors hide one behind the other, and the last does not show even in a run. Look after each edit: `load(mended)` tells what Airflow saw, `here.next_runs(load(mended)[0]["late_flights"])` which dates the first runs are given.
#
# <details><summary>Hint</summary>An empty task is called EmptyOperator now; we imported it at the beginning of this notebook. And a run of Airflow 3 has no execution_date. Which dates it has, and how they differ with the schedule, is told in the lesson, section "Which day is a run's?".</details>

# %%
# BEGIN SOLUTION
mended = old_report
for before, after in {
    "from airflow import DAG\n": "from airflow.sdk import DAG, CronDataIntervalTimetable\n",
    "airflow.operators.dummy_operator import DummyOperator": "airflow.providers.standard.operators.empty import EmptyOperator",
    "airflow.operators.python_operator": "airflow.providers.standard.operators.python",
    "from airflow.utils.dates import days_ago\n": "",
    "import timedelta": "import datetime",
    "DummyOperator": "EmptyOperator",
    "days_ago(1)": "datetime(2013, 2, 1)",
    '    "sla": timedelta(minutes=30),\n': "",
    'schedule_interval="0 6 * * *"': 'schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC")',
    "provide_context=True, ": "",
    'context["execution_date"]': 'context["data_interval_start"]',
}.items():
    mended = mended.replace(before, after)
# END SOLUTION

# %% tags=["check"]
assert isinstance(mended, str), say("report_form")
dags, refused, warned = load(mended)
assert "unterminated" not in refused, say("text_backslash", error=refused)
assert not refused, say("report_refused", error=refused)
assert "late_flights" in dags, say("report_id")
report = dags["late_flights"]
arrows = {task.task_id: task.downstream_task_ids for task in report.tasks}
assert arrows == {"begin": {"count_late"}, "count_late": {"end"}, "end": set()}, say("report_tasks")
assert not warned, say("report_warned", warning=warned.splitlines()[0].rsplit(": ", 1)[-1])
first = here.starts(report)
assert first and f"{first.astimezone(report.timezone):%Y-%m-%d}" == "2013-02-01", say("report_start")
moments = [run.run_after for run in here.runs(report)]  # of more than a year
assert len(moments) > 365 and {f"{moment:%H:%M}" for moment in moments} == {"06:00"}, say("report_schedule")
assert all(b - a == timedelta(days=1) for a, b in pairwise(moments)), say("report_schedule")
assert not report.catchup, say("report_catchup")
here.clear_reports(sandbox)
ended = here.run_on_schedule(sandbox, "late_flights", "2013-02-09T06:00", "2013-03-01T06:00")
assert ended != -1, say("report_endless")
wrote = here.reported(sandbox, "late-*.txt")
days = {f"late-{day}.txt": str(here.late_flights(project, day)) for day in ("2013-02-08", "2013-02-28")}
assert not wrote or min(days) in wrote, say("report_day", found=" ".join(sorted(wrote)))
assert ended == 0, say("report_failed")
assert set(wrote) == set(days), say("report_day", found=" ".join(sorted(wrote)) or "-")
assert wrote == days, say("report_number")

# %% tags=["solution"]
print(wrote["late-2013-02-08.txt"], "late flights in our sample on 8 February, the day of the blizzard: most were cancelled")

# %% tags=["solution"]
here.next_runs(report, 2)

# %% [markdown] tags=["ru", "solution"]
# Шесть поломок, и ведут они себя по-разному. Импорты, `schedule_interval` и `provide_context` не дают загрузить файл. `sla` только предупреждает. `execution_date` молчит до самого запуска: ни загрузка, ни проверка графа её не увидят. А шестая молчит и тогда. Строка cron в Airflow 3 больше не означает интервала данных, и с ней `logical_date` — сам момент запуска: отчёт выходил бы вовремя, без единой ошибки, и считал бы день, который начался шесть часов назад.
#
# Верных лекарств два: расписание с интервалом данных и `data_interval_start`, как здесь, или строка cron и `logical_date` минус сутки. Переезд закончен не тогда, когда DAG появился в списке, и даже не тогда, когда он отработал, а когда он по расписанию посчитал то же, что раньше.

# %% [markdown] tags=["en", "solution"]
# Six breakages, and they behave differently. Imports, `schedule_interval` and `provide_context` keep the file from loading. `sla` only warns. `execution_date` keeps silent until the run: neither loading nor a check of the graph sees it. And the sixth keeps silent even then. A cron string of Airflow 3 means no data interval any more, and with it `logical_date` is the very moment of the run: the report would come out on time, without a single error, and count the day that began six hours ago.
#
# There are two right cures: a schedule with a data interval and `data_interval_start`, as here, or a cron string and `logical_date` less a day. A migration is not finished when the DAG shows up in the list, nor even when it has run, but when on its schedule it has counted what it used to.

# %% [markdown] tags=["ru"]
# Последняя задача. В аэропортах стоят метеостанции, и связь с ними плохая. Модуль `station` лежит рядом с DAG, поэтому в нём работает `from station import measure`.

# %% [markdown] tags=["en"]
# The last task. There are weather stations at the airports, and the connection is bad. The module `station` lies beside the DAG, so `from station import measure` works in it.

# %%
station = (LESSONS / "05_airflow/station.txt").read_text()
(home / "dags/station.py").write_text(station)
Code(station, language="python")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (20 мин, 4 балла). DAG, который не сдаётся
# Запишите в `own` (строка) текст файла с DAG. У него `dag_id` — `stations`, расписания нет, задач четыре, в двух ветках, которые **друг друга не ждут**:
#
# - `measure_jfk`: вызывает `measure("JFK")`, после неё `publish_jfk`;
# - `measure_ewr`: вызывает `measure("EWR")`, после неё `publish_ewr`.
#
# `publish_...` — это `BashOperator`: он копирует `reports/JFK.txt` в `reports/JFK.published` (и так же для `EWR`). Каталог проекта в файле: `ROOT = Path(__file__).resolve().parents[2]`.
#
# Станция JFK отвечает с третьего раза, и DAG должен дождаться ответа повторами Airflow: их не больше 10, пауза между ними от 0 до 2 секунд. Станция EWR не ответит никогда, и повторять её или нет, решайте сами. Когда **любая** из четырёх задач упала **окончательно**, в файл `logs/alarm.txt` дописывается строка с её `task_id` и ничем больше; то, что в файле было, остаётся. Ветка JFK при этом доходит до конца.
#
# Текст с `\n` внутри снова пишите в `r'''...'''`. Проверка запустит DAG дважды, как в две ночи подряд, это до двух минут.
#
# <details><summary>Подсказка</summary>Загляните в new_dag.txt и в dags/flight_delays_dag.py: там есть и повторы, и функция, которую зовут при падении. Из её аргумента нужно только context["task_instance"].task_id.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (20 min, 4 points). A DAG that does not give up
# Put into `own` (a string) the text of a file with a DAG. Its `dag_id` is `stations`, it has no schedule, and four tasks in two branches that do **not wait for each other**:
#
# - `measure_jfk`: calls `measure("JFK")`, and after it `publish_jfk`;
# - `measure_ewr`: calls `measure("EWR")`, and after it `publish_ewr`.
#
# `publish_...` is a `BashOperator`: it copies `reports/JFK.txt` to `reports/JFK.published` (and likewise for `EWR`). The project's folder, in the file: `ROOT = Path(__file__).resolve().parents[2]`.
#
# The station JFK answers at the third call, and the DAG must hold out until then by Airflow's retries: not more than 10, with a pause of 0 to 2 seconds. The station EWR never answers, and whether to repeat it is up to you. When **any** of the four tasks has failed **for good**, a line with its `task_id` and nothing else is added to the file `logs/alarm.txt`; what was in the file stays. The JFK branch gets to its end all the same.
#
# A text with `\n` in it belongs once more into `r'''...'''`. The check runs the DAG twice, as in two nights, which takes up to two minutes.
#
# <details><summary>Hint</summary>Look into new_dag.txt and dags/flight_delays_dag.py: there are retries, and a function that is called upon a failure. Of its argument only context["task_instance"].task_id is needed.</details>

# %%
# BEGIN SOLUTION
own = r'''
from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag, task
from station import measure

ROOT = Path(__file__).resolve().parents[2]


def alarm(context):
    with (ROOT / "logs/alarm.txt").open("a") as lines:
        lines.write(context["task_instance"].task_id + "\n")


default_args = {"retries": 2, "retry_delay": timedelta(seconds=1), "on_failure_callback": alarm}


@dag(schedule=None, default_args=default_args)
def stations():
    for airport in ("JFK", "EWR"):
        measured = task(measure, task_id=f"measure_{airport.lower()}")(airport)
        copy = f"cp reports/{airport}.txt reports/{airport}.published"
        measured >> BashOperator(task_id=f"publish_{airport.lower()}", bash_command=copy, cwd=str(ROOT))


stations()
'''
# END SOLUTION

# %% tags=["check"]
assert isinstance(own, str), say("own_form")
dags, refused, _ = load(own)
assert "unterminated" not in refused, say("text_backslash", error=refused)
assert not refused, say("own_refused", error=refused)
assert "stations" in dags, say("own_id")
found = dags["stations"]
four = {f"{what}_{where}" for what in ("measure", "publish") for where in ("jfk", "ewr")}
assert set(found.task_ids) == four, say("own_tasks")
branches = {task.task_id: task.get_flat_relative_ids(upstream=True) for task in found.tasks}
assert all(branches[f"publish_{where}"] == {f"measure_{where}"} for where in ("jfk", "ewr")), say("own_arrows")
assert not branches["measure_jfk"] | branches["measure_ewr"], say("own_arrows")
assert all(here.is_bash(found.get_task(f"publish_{where}")) for where in ("jfk", "ewr")), say("own_bash")
assert found.get_task("measure_jfk").retries >= 2, say("own_retries")
repeated = [task for task in found.tasks if task.task_id.startswith("measure") and task.retries]
assert all(task.retry_delay <= timedelta(seconds=2) and task.retries <= 10 for task in repeated), say("own_delay")
assert all(task.has_on_failure_callback for task in found.tasks), say("own_callback")
assert not found.timetable.can_be_scheduled, say("own_schedule")
here.clear_reports(sandbox)
for nth in (1, 2):
    ended = here.dags_test(sandbox, "stations")
    assert ended != -1, say("own_endless")
    wrote = here.reported(sandbox, "???.*")
    assert {"JFK.txt", "JFK.published"} <= set(wrote), say("own_jfk")
    assert wrote["JFK.txt"] == wrote["JFK.published"], say("own_copy")
    assert not {"EWR.txt", "EWR.published"} & set(wrote), say("own_ewr")
    assert ended != 0, say("own_hidden")
    told = here.alarms(sandbox)
    assert told, say("own_no_alarm")
    assert told == ["measure_ewr"] * nth, say("own_alarm", nth=nth, found=" / ".join(told))

# %% [markdown] tags=["ru", "solution"]
# Сбой JFK никого не разбудил, повторы справились сами. Сбой EWR будил ровно один раз за ночь: `publish_ewr` не упала, она не начиналась, и тревоги по ней нет.

# %% [markdown] tags=["en", "solution"]
# The failure of JFK woke nobody, the retries coped. The failure of EWR woke somebody exactly once a night: `publish_ewr` did not fail, it never began, and there is no alarm for it.

# %% tags=["solution"]
print("published:", *sorted(here.reported(sandbox, "*.published")), "| alarms of two nights:", *told)

# %% [markdown] tags=["ru"]
# ## Главное
# - Расписание без часового пояса — это расписание в UTC.
# - Лишняя стрелка стоит времени, недостающая стоит верного результата.
# - После сбоя продолжают упавшие задачи и те, кто их ждал.
# - Переезд закончен, когда DAG по расписанию посчитал то же, что раньше, а не когда он загрузился.
# - Повторы — для того, что проходит само, уведомление — для того, что само не прошло.
#
# **Дальше:** `prefect` в шестой тетради.

# %% [markdown] tags=["en"]
# ## Key points
# - A schedule without a time zone is a schedule in UTC.
# - An arrow too many costs time, an arrow too few costs the right result.
# - After a failure, the failed tasks go on, and those that waited for them.
# - A migration is finished when on its schedule the DAG has counted what it used to, not when it has loaded.
# - Retries are for what passes by itself, a notification is for what did not.
#
# **Next:** `prefect` in the sixth notebook.
