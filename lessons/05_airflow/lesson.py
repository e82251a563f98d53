# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01"]
test_months = ["2013-02"]
rows = 4000

# %% [markdown] tags=["ru"]
# # 5. Airflow: расписание, повторы и журнал запусков
# **Лекция 45 мин · упражнения 56 мин**
#
# В прошлой тетради пайплайн научился помнить, что уже посчитано. Но запускали его мы сами. Здесь появится тот, кто запустит его ночью, повторит упавшее, сделает независимое одновременно и всё запишет.
#
# - Кто решает, какую задачу пора запускать?
# - Ночью что-то упало. С какого места пойдёт работа утром?
# - Что в этом пайплайне можно делать параллельно, и станет ли от этого быстрее?
# - Почему DAG из учебника трёхлетней давности больше не загружается?

# %% [markdown] tags=["en"]
# # 5. Airflow: schedule, retries and a log of runs
# **Teaching 45 min · exercises 56 min**
#
# In the last notebook the pipeline learned to remember what is done. But it was we who started it. Here comes somebody who starts it at night, repeats what failed, does independent things at the same time and writes everything down.
#
# - Who decides that it is time for a task to begin?
# - Something failed at night. From which point does the work go on in the morning?
# - What in this pipeline can be done in parallel, and does that make it faster?
# - Why does a DAG from a textbook three years old no longer load?

# %%
from workshop.lesson import close_engines, open_engine, start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("05_airflow", lang, months=months, ingest__rows=rows)
print("months:", *months)

# %% [markdown] tags=["ru"]
# Эта копия проекта лежит в папке `work/05_airflow-lesson` нашего комплекта: туда же Airflow положит свою базу, а задачи — логи и отчёты. Заходите и смотрите.

# %% [markdown] tags=["en"]
# This copy of the project lies in the folder `work/05_airflow-lesson` of our kit: there Airflow will put its database, and the tasks their logs and reports. Go in and look.

# %% [markdown] tags=["ru"]
# ## Чем плох cron
# Скрипт из второй тетради можно запускать по ночам одной строкой: `0 3 * * * python run_pipeline.py`. Работает, пока всё хорошо. Утром приходит вопрос: «А модель сегодня обновилась?» Чтобы ответить, надо зайти на сервер и найти лог. Если сеть пропала на секунду, скрипт упал и до следующей ночи больше не пробовал. А чтобы продолжить с упавшего места, кто-то должен помнить, где это место.
#
# Оркестратор берёт на себя именно это: когда начать, что после чего, что повторить и где всё это увидеть. Airflow самый распространённый из них.

# %% [markdown] tags=["en"]
# ## What is wrong with cron
# The script of the second notebook can run every night by one line: `0 3 * * * python run_pipeline.py`. That works as long as all is well. In the morning somebody asks: "Was the model updated today?" To answer, one has to log in to the server and find the log. If the network was gone for a second, the script fell and did not try again until the next night. And to go on from the place of the fall, somebody has to remember where it is.
#
# This is what an orchestrator takes over: when to begin, what comes after what, what to repeat, and where to see it all. Airflow is the most widespread of them.

# %% [markdown] tags=["ru"]
# ## DAG: задачи и стрелки
# В Airflow пайплайн описывают на Python, в файле из папки `dags/`. Начнём с конца нашего файла, там самое главное: кто кого ждёт.

# %% [markdown] tags=["en"]
# ## A DAG: tasks and arrows
# In Airflow a pipeline is described in Python, in a file of the folder `dags/`. We begin at the end of ours, with what matters most: who waits for whom.

# %%
from IPython.display import Code

dag_file = sandbox.root / "dags/flight_delays_dag.py"
dag_text = dag_file.read_text(encoding="utf-8")
Code(dag_text[dag_text.index("    @task_group") : dag_text.index("\n\nflight_delays_dag")], language="python")

# %% [markdown] tags=["ru"]
# `a >> b` значит: `b` начнётся только тогда, когда `a` успешно завершилась. С одной стороны стрелки может стоять список, с обеих сразу — нет: `[a, b] >> [c, d]` Python примет за действие над двумя списками и ответит `TypeError`. Из стрелок получается направленный граф без циклов, по-английски directed acyclic graph: отсюда и слово DAG.
#
# `expand` размножает задачу: по экземпляру на каждый месяц и на каждого кандидата. Сколько их, станет известно только во время запуска. Вот этот граф в развёрнутом виде.

# %% [markdown] tags=["en"]
# `a >> b` means: `b` begins only when `a` has succeeded. On one side of the arrow there may be a list, but not on both at once: Python takes `[a, b] >> [c, d]` for an operation on two lists and answers with a `TypeError`. The arrows make a directed graph without cycles, a directed acyclic graph: hence the word DAG.
#
# `expand` multiplies a task: one instance for each month and for each candidate. How many there are is known only when the run is on. Here is this graph, unfolded.

# %%
from flight_delays.pipeline import Project
from workshop import figures

project = Project.load(sandbox.root)
figures.graph(project.params.months, project.candidates)

# %% [markdown] tags=["ru"]
# ## Операторы: чем задача занята
# Стрелки говорят, когда. Что именно делать, говорит оператор: это обёртка вокруг одного вида работы.
#
# | оператор | что делает задача |
# |---|---|
# | `@task` (он же `PythonOperator`) | вызывает функцию на Python |
# | `BashOperator` | выполняет команду оболочки |
# | `DockerOperator` | запускает контейнер: своя среда для каждой задачи |
# | `SparkSubmitOperator`, `KubernetesPodOperator` и сотни других | отдаёт работу кластеру |
#
# Операторы лежат в отдельных пакетах, провайдерах, и ставятся по мере надобности. Соберём крошечный DAG прямо здесь. Папку для настроек Airflow назовём сами, иначе он заведёт её в домашнем каталоге.

# %% [markdown] tags=["en"]
# ## Operators: what a task does
# Arrows say when. What to do is said by the operator, a wrapping around one kind of work.
#
# | operator | what the task does |
# |---|---|
# | `@task` (that is, `PythonOperator`) | calls a Python function |
# | `BashOperator` | runs a shell command |
# | `DockerOperator` | starts a container: an environment of its own for each task |
# | `SparkSubmitOperator`, `KubernetesPodOperator` and hundreds of others | hands the work to a cluster |
#
# Operators lie in packages of their own, the providers, and are installed as they are needed. Let us build a tiny DAG right here. We name the folder for Airflow's settings ourselves, or else it makes one in the home directory.

# %% tags=["nbval-ignore-output", "waits-airflow-import"]
import os

os.environ["AIRFLOW_HOME"] = str(sandbox.root / ".engines/airflow-notebook")
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task

print("Airflow is loaded")

# %%
with DAG("tiny") as tiny:

    @task
    def count_flights():
        return 842

    count_flights() >> BashOperator(task_id="say_so", bash_command="echo done")

print({one.task_id: (type(one).__name__, sorted(one.downstream_task_ids)) for one in tiny.tasks})

# %% [markdown] tags=["ru"]
# А если стрелки замкнуть в кольцо? Тогда начинать неоткуда: каждая задача ждёт другую. Проверим, заметит ли Airflow.

# %% [markdown] tags=["en"]
# And if the arrows close a ring? Then there is nowhere to begin: each task waits for another. Let us see whether Airflow notices.

# %%
tiny.get_task("say_so") >> tiny.get_task("count_flights")
try:
    tiny.check_cycle()
except Exception as error:
    print(type(error).__name__, "|", error)

# %% [markdown] tags=["ru"]
# ## Параметры запуска
# Последняя часть файла отвечает на вопросы дежурного: когда запускать, сколько раз пробовать, кого позвать.

# %% [markdown] tags=["en"]
# ## How it is to run
# The last part of the file answers the questions of whoever is on call: when to start, how often to try, whom to call.

# %%
Code(dag_text[dag_text.index("@dag(") : dag_text.index("def flight_delays()")], language="python")

# %% [markdown] tags=["ru"]
# - `schedule`: когда. Выражение cron, готовое имя вроде `@daily` или, как здесь, расписание с интервалами данных.
# - `start_date` и `catchup`: с какого дня считать и догонять ли пропущенное.
# - `retries` и `retry_delay`: сколько раз повторить упавшую задачу и сколько подождать. По умолчанию пауза пять минут.
# - `retry_policy`: какие ошибки повторять бессмысленно. Плохие данные за десять секунд лучше не станут.
# - `execution_timeout`: когда задача считается зависшей.
# - `on_failure_callback`: что сделать, если задача упала окончательно. Здесь она пишет строку в файл, в жизни письмо или сообщение в чат.

# %% [markdown] tags=["en"]
# - `schedule`: when. A cron expression, a ready name such as `@daily` or, as here, a timetable with data intervals.
# - `start_date` and `catchup`: from which day to count, and whether to make up for what was missed.
# - `retries` and `retry_delay`: how often to repeat a failed task, and how long to wait. The default pause is five minutes.
# - `retry_policy`: which errors are not worth repeating. Bad data get no better in ten seconds.
# - `execution_timeout`: when a task counts as stuck.
# - `on_failure_callback`: what to do when a task has failed for good. Here it writes a line to a file; in real life, a letter or a message to a chat.

# %% [markdown] tags=["ru"]
# ## Проверим догадку: catchup
# Наш DAG запускается раз в месяц, а `start_date` у него 1 февраля 2013 года. Представьте, что вы включаете его сегодня и написали `catchup=True`. **Прежде чем запускать, запишите:** сколько запусков Airflow поставит в очередь в первую же минуту?

# %% [markdown] tags=["en"]
# ## Test a guess: catchup
# Our DAG runs once a month, and its `start_date` is 1 February 2013. Imagine that you switch it on today and wrote `catchup=True`. **Before you run the cell, write down:** how many runs will Airflow queue in the very first minute?

# %%
import runpy
from datetime import UTC, datetime

from airflow.serialization.serialized_objects import DagSerialization

flight_delays_dag = runpy.run_path(str(dag_file))["flight_delays_dag"]
stored = DagSerialization.from_dict(DagSerialization.to_dict(flight_delays_dag))  # what the scheduler sees
now = datetime.now(UTC)

# %%
missed = [run for run in stored.iter_dagrun_infos_between(stored.start_date, now) if run.run_after <= now]
print(len(missed), "runs")
for run in (missed[0], missed[-1]):
    interval = run.data_interval
    print(f"data of {interval.start:%Y-%m-%d} .. {interval.end:%Y-%m-%d}, runs after {run.run_after:%Y-%m-%d}")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# По запуску на каждый прошедший месяц. Иногда это и нужно, но чаще так кладут базу в первый день работы. Поэтому в Airflow 3 `catchup` по умолчанию выключен, а прошлое считают отдельной командой, `backfill`. До неё мы дойдём.
#
# Посмотрите на первую строку: запуск за февраль начинается в марте. Пока месяц не кончился, его данных ещё нет. Этот отрезок называется интервалом данных, и задача берёт свой месяц из него, а не из сегодняшней даты.

# %% [markdown] tags=["en"]
# ## What just happened?
# One run for every month that has passed. Sometimes that is wanted; more often it brings the database down on the first day. That is why in Airflow 3 `catchup` is off by default, and the past is computed by a command of its own, `backfill`. We shall come to it.
#
# Look at the first line: the run about February begins in March. Until the month is over its data are not there. This stretch is called the data interval, and a task takes its month from it, not from today's date.

# %% [markdown] tags=["ru"]
# ## Какой день у запуска?
# Расписание даёт запуску несколько дат: когда он начнётся (`run_after`), за какое время берёт данные (`data_interval_start` и `data_interval_end`) и как его зовут (`logical_date`). Одно и то же расписание, каждый день в 09:00 по Москве, запишем двумя способами: строкой cron и расписанием с интервалами данных. Часовой пояс строке cron даёт `start_date`, а без пояса она шла бы по UTC. **Прежде чем запускать, запишите:** какой `logical_date` будет у запуска, который начнётся 3 февраля?

# %% [markdown] tags=["en"]
# ## Which day is a run's?
# A schedule gives a run several dates: when it begins (`run_after`), of which time its data are (`data_interval_start` and `data_interval_end`), and what it is called (`logical_date`). We write one and the same schedule, every day at 09:00 Moscow time, in two ways: as a cron string and as a timetable with data intervals. A cron string gets its time zone from `start_date`; without a zone it would go by UTC. **Before you run the cell, write down:** which `logical_date` will the run have that begins on 3 February?

# %%
from datetime import timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import CronDataIntervalTimetable

start_date = datetime(2026, 2, 1, tzinfo=ZoneInfo("Europe/Moscow"))
schedules = {"cron string": "0 9 * * *", "with intervals": CronDataIntervalTimetable("0 9 * * *", timezone="Europe/Moscow")}

# %%
for name, schedule in schedules.items():
    daily = DagSerialization.from_dict(DagSerialization.to_dict(DAG("daily", schedule=schedule, start_date=start_date)))
    found = daily.iter_dagrun_infos_between(start_date, start_date + timedelta(days=5))
    run = next(run for run in found if run.run_after.day == 3)
    dates = [run.run_after, run.logical_date, *run.data_interval]
    print(f"{name:14}", *(f"{date:%d.%m %H:%M}" for date in dates), sep=" | ")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Столбцы — `run_after`, `logical_date`, начало и конец интервала, время в UTC: 09:00 в Москве — это 06:00.
#
# Со строкой cron в Airflow 3 интервал пуст, и `logical_date` — сам момент запуска. В Airflow 1 и 2 та же строка значила вторую строчку: запуск 3 февраля носил дату 2 февраля, начало своих суток. Отчёт «за вчера», перенесённый без правки, выйдет вовремя и без ошибок, но за другой день. Поэтому решите сами, какой день нужен задаче, и спросите у расписания, какая дата у запуска его называет.

# %% [markdown] tags=["en"]
# ## What just happened?
# The columns are `run_after`, `logical_date`, the interval's start and end, in UTC: 09:00 in Moscow is 06:00.
#
# With a cron string of Airflow 3 the interval is empty, and `logical_date` is the very moment of the run. In Airflow 1 and 2 the same string meant the second line: the run of 3 February bore the date of 2 February, the start of its day. A report "on the day before", moved over as it is, comes out on time and without errors, but on another day. So decide which day a task needs, and ask the schedule which date of the run names it.

# %% [markdown] tags=["ru"]
# ## Клиника: DAG из старого учебника
# В лекциях и статьях до сих пор показывают DAG времён Airflow 1 и 2. Вот такой: четыре задачи цепочкой, ежедневный запуск, две повторные попытки с паузой в пять минут. Возьмём его и попробуем загрузить сегодня.

# %% [markdown] tags=["en"]
# ## The clinic: a DAG from an old textbook
# Lectures and articles still show DAGs of the days of Airflow 1 and 2. Such as this one: four tasks in a chain, a run every day, two retries five minutes apart. We take it and try to load it today.

# %%
import shutil

from workshop.places import LESSONS

old = sandbox.root / "clinic/old_dag.py"
old.parent.mkdir()
shutil.copy(LESSONS / "05_airflow/old_dag.txt", old)
Code(old)

# %% [markdown] tags=["ru"]
# Загрузить DAG значит просто выполнить файл: так поступает и Airflow. Функция ниже выполняет файл и печатает либо ошибку, либо список задач с предупреждениями.

# %% [markdown] tags=["en"]
# To load a DAG simply means to execute the file: Airflow does the same. The function below executes a file and prints either the error, or the tasks and the warnings.

# %%
import warnings


def load(file):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            print("loaded: " + " ".join(runpy.run_path(str(file))["dag"].task_ids))
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    print(*sorted({f"warning: {one.message}" for one in caught if "airflow" in one.filename}), sep="\n")


load(old)

# %% [markdown] tags=["ru"]
# **Первая ошибка.** Модуля `python_operator` нет уже давно, операторы переехали в провайдер `standard`. Исправим оба импорта и попробуем снова. Как думаете, этого хватит?

# %% [markdown] tags=["en"]
# **The first error.** The module `python_operator` has been gone for long, the operators have moved to the provider `standard`. We mend both imports and try again. Do you think that will do?

# %%
def mend(before, after):
    old.write_text(old.read_text().replace(before, after))


mend("airflow.operators.bash_operator", "airflow.providers.standard.operators.bash")
mend("airflow.operators.python_operator", "airflow.providers.standard.operators.python")
load(old)

# %% [markdown] tags=["ru"]
# **Вторая.** Аргумента `schedule_interval` больше нет, теперь он называется `schedule`.

# %% [markdown] tags=["en"]
# **The second.** There is no argument `schedule_interval` any more; it is called `schedule` now.

# %%
mend("schedule_interval=", "schedule=")
load(old)

# %% [markdown] tags=["ru"]
# **Третья.** Раньше без `provide_context=True` функция не получала контекста запуска. Теперь она получает его всегда, а лишний аргумент запрещён.

# %% [markdown] tags=["en"]
# **The third.** A function used to get no context of the run without `provide_context=True`. Now it always gets it, and the needless argument is forbidden.

# %%
mend("    provide_context=True,\n", "")
load(old)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# DAG загрузился. Три ошибки прятались одна за другой: пока не исправлена первая, второй не видно. Так бывает при каждом переезде: по первому сообщению объём работы не оценить.
#
# А теперь самое опасное: то, что ошибкой не стало. `sla` обещала, что команду предупредят, если за час не управились. Теперь от неё осталось одно предупреждение при загрузке, и больше не произойдёт ничего. DAG работает, все спокойны, никто никого не предупредит. Аргументы про письма пока действуют, но и они объявлены устаревшими: в Airflow 4 их не будет.

# %% [markdown] tags=["en"]
# ## What just happened?
# The DAG has loaded. Three errors hid one behind the other: until the first is mended, the second cannot be seen. That is how migrations go: the work cannot be judged by the first message.
#
# And now the most dangerous part: what did not become an error. `sla` promised that the team would be told if an hour was not enough. All that is left of it is a warning while loading, and nothing else will ever happen. The DAG works, everybody is calm, nobody will be told. The arguments about letters still work, but they are deprecated too: Airflow 4 will not have them.

# %% [markdown] tags=["ru"]
# ## Первая помощь: ruff
# Линтер `ruff` знает, что изменилось между версиями: правила на букву `AIR`. Вернём старый файл и спросим, что он видит.

# %% [markdown] tags=["en"]
# ## First aid: ruff
# The linter `ruff` knows what changed between versions: the rules named `AIR`. We bring the old file back and ask what it sees.

# %%
shutil.copy(LESSONS / "05_airflow/old_dag.txt", old)
ruff = ["ruff", "check", "--isolated", "--no-cache", "--select", "AIR", "--target-version", "py311", "clinic/old_dag.py"]
print(sandbox.run([*ruff, "--output-format", "concise"], check=False).stdout)

# %% [markdown] tags=["ru"]
# Часть он исправит сам, если разрешить ему менять поведение: `--unsafe-fixes`.

# %% [markdown] tags=["en"]
# Some of it the linter mends by itself, if it is allowed to change behaviour: `--unsafe-fixes`.

# %%
print(sandbox.run([*ruff, "--fix", "--unsafe-fixes", "--output-format", "concise"], check=False).stdout)
load(old)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Импорты и расписание `ruff` исправил. `provide_context` он не тронул, и DAG всё ещё не загружается. Про `sla` не сказал ни слова. Так что первая помощь полезна, но больной ещё не ходит: остальное делает человек, а проверяет запуском.
#
# Вот что осталось доделать руками. Минус в начале строки значит «было», плюс значит «стало».

# %% [markdown] tags=["en"]
# ## What just happened?
# `ruff` mended the imports and the schedule. It did not touch `provide_context`, and the DAG still does not load. Of `sla` it said not a word. So first aid is useful, but the patient does not walk yet: the rest is done by a person, who checks it by a run.
#
# Here is what was left to do by hand. A minus before a line means "before", a plus "after".

# %%
import difflib

new_text = (LESSONS / "05_airflow/new_dag.txt").read_text()
changes = difflib.unified_diff(old.read_text().splitlines(), new_text.splitlines(), "after ruff", "migrated", n=0, lineterm="")
Code("\n".join(changes), language="diff")

# %% [markdown] tags=["ru"]
# Вместо `sla` стоит `execution_timeout`: он не предупреждает, а прерывает задачу, и это другое обещание. Если нужно именно предупреждение, в Airflow 3 для него есть `DeadlineAlert`, пока экспериментальный. Вместо писем функция `report_failure`; готовые уведомления для почты и чатов тоже есть, например `SmtpNotifier`.
#
# Паузу между попытками мы сократили до десяти секунд, чтобы не ждать на занятии. Положим исправленный DAG рядом с нашим: скоро он выполнится по-настоящему.

# %% [markdown] tags=["en"]
# In place of `sla` there is `execution_timeout`: it does not warn, it breaks the task off, and that is a different promise. If a warning is what is needed, Airflow 3 has `DeadlineAlert` for it, still experimental. In place of letters there is the function `report_failure`; ready notifiers for mail and chats exist too, such as `SmtpNotifier`.
#
# We cut the pause between tries to ten seconds, so as not to wait in class. We put the migrated DAG beside ours: soon it will run in earnest.

# %%
nightly = sandbox.root / "dags/nightly_dag.py"
nightly.write_text(new_text)
load(nightly)

# %% [markdown] tags=["ru"]
# ## Запускаем Airflow
# До сих пор мы только загружали файлы. Настоящему Airflow нужна база данных и несколько процессов, и в этом его цена: это не библиотека, а служба, за которой кто-то должен следить. Ячейка ниже поднимает её целиком на вашем компьютере, на нашей машине — за {{ run.airflow.start_seconds:0 }}.

# %% [markdown] tags=["en"]
# ## Starting Airflow
# So far we have only loaded files. The real Airflow needs a database and several processes, and that is its price: it is not a library but a service, which somebody has to look after. The cell below brings all of it up on your computer; on our machine it took {{ run.airflow.start_seconds:0 }}.

# %% tags=["nbval-ignore-output", "waits-airflow-start"]
session = open_engine("airflow", sandbox)
print(f"up in {session.start_seconds:.0f} s at {session.url}")
print("processes:", *sorted(log.stem for log in session.processes))
print("database: ", *(file.name for file in (sandbox.root / ".engines/airflow").glob("*.db")))

# %% [markdown] tags=["ru"]
# - **dag-processor** выполняет файлы из `dags/` и кладёт графы в базу;
# - **scheduler** смотрит в базу, решает, кому пора, и отдаёт задачи исполнителю: здесь это два процесса на этой же машине, в больших командах Celery или Kubernetes;
# - **api-server** показывает всё это людям и программам.
#
# Спросим его по REST, какие DAG он знает.

# %% [markdown] tags=["en"]
# - **dag-processor** executes the files in `dags/` and puts the graphs into the database;
# - **scheduler** looks into the database, decides whose time has come, and hands tasks to the executor: here two processes on this machine, in large teams Celery or Kubernetes;
# - **api-server** shows all of it to people and programs.
#
# Let us ask it over REST which DAGs it knows.

# %%
import pandas as pd

known = session.api("/api/v2/dags")["dags"]
pd.DataFrame(known)[["dag_id", "timetable_summary", "is_paused", "owners"]]

# %% [markdown] tags=["ru"]
# ## Первый запуск
# Запуск мы тоже попросим по REST: так же это сделала бы CI после слияния ветки.

# %% [markdown] tags=["en"]
# ## The first run
# We ask for a run over REST as well: CI would do the same after a merge.

# %% tags=["waits-airflow"]
outcome = session.run()
print("exit code", outcome.exit_code, "|", len(outcome.records), "stages")

# %%
first_run = session.own_records()
figures.gantt(first_run, "the first run, as Airflow recorded it")

# %% [markdown] tags=["ru"]
# ## Что можно делать одновременно?
# Этот вопрос задаёт лекция. **Прежде чем запускать, запишите ответ:** какие задачи на диаграмме шли парами и почему никогда не шли три сразу?

# %% [markdown] tags=["en"]
# ## What can be done at the same time?
# The lecture asks this question. **Before you run the cell, write down your answer:** which tasks of the chart went in pairs, and why did three never go at once?

# %%
from itertools import combinations

pairs = [(a, b) for a, b in combinations(first_run, 2) if max(a.start, b.start) < min(a.end, b.end)]
most = max(sum(b.start <= a.start < b.end for b in first_run) for a in first_run)
print("at most", most, "at once")
print(*sorted(" + ".join(sorted([a.name, b.name])) for a, b in pairs), sep="\n")

# %% [markdown] tags=["ru"]
# Рядом идут два месяца и два кандидата: друг от друга они не зависят. Две задачи `plan_` тоже: они читают списки месяцев и кандидатов. Всё, что после обучения, стоит в цепочке, и ускорить её распараллеливанием нельзя: `gate` нечего решать, пока `evaluate` не посчитала метрики.
#
# А не больше двух сразу потому, что столько разрешено в настройках исполнителя. Граф говорит, что **можно** делать одновременно, исполнитель говорит, на что хватает рук.

# %% [markdown] tags=["en"]
# Two months go side by side, and so do two candidates: they do not depend on each other. So do the two tasks `plan_`, which read the lists of months and candidates. Everything after training is a chain, and no parallelism can make that faster: `gate` has nothing to decide until `evaluate` has computed the metrics.
#
# And never more than two at once because the executor's settings allow no more. The graph says what **may** be done at the same time, the executor how many hands there are.

# %% [markdown] tags=["ru"]
# ## Для сравнения: цепочка из учебника
# Теперь запустим DAG из клиники, с теми же стадиями внутри, но в четырёх больших задачах. Сам запрос к REST уместился в несколько строк.

# %% [markdown] tags=["en"]
# ## For comparison: the chain of the textbook
# Now we run the DAG from the clinic: the same stages inside, but in four large tasks. The request to REST takes a few lines.

# %%
import time
from urllib.parse import quote


def run_over_rest(dag_id):
    asked = session.api(f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
    run = f"/api/v2/dags/{dag_id}/dagRuns/{quote(asked['dag_run_id'])}"
    while session.api(run)["state"] not in ("success", "failed"):
        time.sleep(0.5)
    return session.api(f"{run}/taskInstances")["task_instances"]


# %% tags=["nbval-ignore-output", "waits-airflow"]
chain = pd.DataFrame(run_over_rest("flight_delays_nightly"))
chain[["start_date", "end_date"]] = chain[["start_date", "end_date"]].apply(pd.to_datetime, format="ISO8601")
zero = chain["start_date"].min()
chain["from_second"], chain["to_second"] = ((chain[when] - zero).dt.total_seconds() for when in ("start_date", "end_date"))
chain.sort_values("from_second")[["task_id", "operator_name", "state", "from_second", "to_second"]].round(1)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Вылеченный DAG работает, и в нём никогда не идёт больше одной задачи: цепочка не оставила планировщику выбора. Зато и задач всего четыре, а даром задачи в Airflow не даются: каждую надо поставить в очередь, запустить ей процесс, записать исход.
#
# Сравните, за сколько секунд прошли оба запуска. На таких маленьких месяцах работы меньше, чем накладных расходов, и параллельность может не окупиться; чем больше данных, тем она выгоднее. Но у мелких задач есть и другая выгода, и о ней следующий раздел.

# %% [markdown] tags=["en"]
# ## What just happened?
# The cured DAG works, and never has more than one task going: the chain left the scheduler no choice. On the other hand there are but four tasks, and tasks in Airflow are not free: each must be queued, given a process, and its outcome written down.
#
# Compare how many seconds the two runs took. With months as small as these there is less work than overhead, and parallelism may not pay; the more data, the more it does. But small tasks have another advantage, and the next section is about that.

# %% [markdown] tags=["ru"]
# Метрики посчитаны, это те же кривые, что и в остальных тетрадях.

# %% [markdown] tags=["en"]
# The metrics are there; these are the same curves as in the other notebooks.

# %%
figures.curves_of(project.plots)["roc"]

# %% [markdown] tags=["ru"]
# ## Плохая ночь
# Устроим две неприятности сразу. При загрузке февраля один раз пропадёт сеть. А коллега добавил в `train.py` проверку: бустингу нужно не меньше десяти тысяч рейсов. У нас их столько нет.

# %% [markdown] tags=["en"]
# ## A bad night
# We arrange two mishaps at once. While February is loaded, the network will be gone, once. And a colleague added a check to `train.py`: boosting needs ten thousand flights at least. We do not have as many.

# %%
stages = sandbox.root / "flight_delays/stages"
sound = {name: (stages / name).read_text() for name in ("ingest.py", "train.py")}
gone = sandbox.root / "logs/network_was_gone"
no_network = f"""    if month == "2013-02" and not os.path.exists("{gone}"):
        open("{gone}", "w").close()
        raise ConnectionError("the network is down")
"""

# %%
wants_more = """    from flight_delays.errors import DataError
    if candidate == "boosting" and len(table) < 10_000:
        raise DataError(f"boosting needs 10,000 flights, there are {len(table):,}")
"""
before = {"ingest.py": "    tables = SOURCES", "train.py": "    model.save("}
for name, fault in {"ingest.py": no_network, "train.py": wants_more}.items():
    (stages / name).write_text(sound[name].replace(before[name], fault + before[name]))

# %% [markdown] tags=["ru"]
# **Прежде чем запускать, запишите:** что станет с `ingest`, что с `train`, и какие задачи не начнутся вовсе?

# %% [markdown] tags=["en"]
# **Before you run the cell, write down:** what becomes of `ingest`, what of `train`, and which tasks will not begin at all?

# %% tags=["waits-airflow"]
outcome = session.run()
bad_night = quote(session.run_id)
print("exit code", outcome.exit_code)

# %%
def task_states(run_id):
    found = session.api(f"/api/v2/dags/flight_delays/dagRuns/{run_id}/taskInstances")["task_instances"]
    named = {f"{one['task_id']} {one['rendered_map_index'] or ''}".strip(): one for one in found}
    return pd.DataFrame({name: {"state": one["state"], "tries": one["try_number"]} for name, one in named.items()}).T


task_states(bad_night).sort_index()

# %% [markdown] tags=["ru"]
# ## Что произошло?
# - `ingest 2013-02` упала, подождала десять секунд и со второй попытки прошла. Никого не разбудили.
# - `train boosting` упала и повторять её Airflow не стал: `retry_policy` знает, что от `DataError` повтор не поможет.
# - `train logistic` спокойно доработала: чужая беда ей не мешает.
# - `evaluate`, `gate` и `register` не начинались, их состояние `upstream_failed`.

# %% [markdown] tags=["en"]
# ## What just happened?
# - `ingest 2013-02` fell, waited ten seconds and passed at its second try. Nobody was woken up.
# - `train boosting` fell and Airflow did not repeat it: `retry_policy` knows that trying again does not help against a `DataError`.
# - `train logistic` finished its work undisturbed: it is not concerned.
# - `evaluate`, `gate` and `register` never began, their state is `upstream_failed`.

# %%
figures.gantt(session.own_records(), "a bad night")

# %% [markdown] tags=["ru"]
# ## Кого разбудили?
# `on_failure_callback` срабатывает один раз, когда попытки кончились. Вот что записала наша функция `report_failure`. О сбое сети здесь ни слова: он прошёл сам. В настоящей команде эта строка ушла бы в чат.

# %% [markdown] tags=["en"]
# ## Who was woken up?
# `on_failure_callback` fires once, when there are no tries left. Here is what our function `report_failure` wrote down. Not a word of the network: that passed by itself. In a real team this line would have gone to the chat.

# %%
import json

for line in (sandbox.root / "logs/failures.jsonl").read_text().splitlines():
    print({key: value for key, value in json.loads(line).items() if key != "run"})

# %% [markdown] tags=["ru"]
# Утром любой в команде откроет лог задачи и прочитает, что случилось, не заходя на сервер. В интерфейсе это один щелчок, а мы спросим по REST первую, неудачную попытку `ingest 2013-02`.

# %% [markdown] tags=["en"]
# In the morning anybody in the team opens the task's log and reads what happened, without logging in to the server. In the UI it takes a click; we ask over REST for the first, failed try of `ingest 2013-02`.

# %% tags=["nbval-ignore-output"]
log = session.api(f"/api/v2/dags/flight_delays/dagRuns/{bad_night}/taskInstances/ingest/logs/1?map_index=1")
for line in log["content"]:
    if line.get("level") in ("warning", "error"):
        print(line["timestamp"][11:19], line["level"], line["event"])
        print(*(f"  {error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail", [])), sep="\n")

# %% [markdown] tags=["ru"]
# ## Где точка возврата?
# Ещё один вопрос из лекции. Уберём проверку коллеги и нажмём Clear: так в Airflow называется «забудь исход упавших задач и продолжи этот же запуск». **Прежде чем запускать, запишите:** сколько из одиннадцати стадий выполнится?

# %% [markdown] tags=["en"]
# ## Where is the point it returns to?
# Another question of the lecture. We take the colleague's check away and press Clear: in Airflow that means "forget how the failed tasks ended, and go on with this same run". **Before you run the cell, write down:** how many of the eleven stages will run?

# %% tags=["waits-airflow"]
for name, text in sound.items():
    (stages / name).write_text(text)
outcome = session.resume()
print("exit code", outcome.exit_code, "|", len(outcome.records), "stages:", *(record.name for record in outcome.records))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Точка возврата не начало пайплайна, а сама упавшая задача. Всё, что до неё и рядом с ней завершилось, осталось: месяцы не загружались, логистическая регрессия не обучалась. Выполнились упавшая задача и те, кто её ждал.
#
# Вот и вторая выгода мелких задач: чем мельче задача, тем меньше пропадает. В цепочке из учебника падение бустинга перезапустило бы обучение целиком, вместе с логистической регрессией.
#
# И граница: Airflow помнит **исходы задач этого запуска**, а не данные. Он не проверяет, целы ли файлы и не изменились ли они. Новый запуск начнёт всё сначала, даже если ничего не поменялось. Помнить данные умеет DVC, а кому нужно и то и другое, тот запускает `dvc repro` из задачи Airflow.

# %% [markdown] tags=["en"]
# ## What just happened?
# The point of return is not the start of the pipeline but the failed task itself. Whatever was finished before it and beside it has stayed: no month was loaded, no logistic regression trained. What ran was the failed task and those who waited for it.
#
# Here is the other advantage of small tasks: the smaller the task, the less is lost. In the chain of the textbook the fall of boosting would have run all of the training again, logistic regression included.
#
# And the limit: Airflow remembers **how the tasks of this run ended**, not the data. It does not check whether files are intact or have changed. A new run begins from the start even if nothing is different. DVC is the one that remembers data, and whoever needs both runs `dvc repro` from an Airflow task.

# %% [markdown] tags=["ru"]
# ## Backfill: посчитать прошлое
# Пайплайн работает, и начальник спрашивает: «Какой была бы модель, если бы запуск за март прошёл по расписанию?» В `params.yaml` марта нет. Команда такая: `airflow backfill create --dag-id flight_delays --from-date 2013-03-01 --to-date 2013-03-01`. То же умеет REST. **Какие месяцы загрузит этот запуск?**

# %% [markdown] tags=["en"]
# ## Backfill: computing the past
# The pipeline works, and the boss asks: "What would the model have been, had the run for March gone on schedule?" There is no March in `params.yaml`. The command is `airflow backfill create --dag-id flight_delays --from-date 2013-03-01 --to-date 2013-03-01`. REST can do the same. **Which months will this run load?**

# %% tags=["waits-airflow"]
outcome = session.backfill("2013-03")
print("exit code", outcome.exit_code)
print("prepared:", *sorted(record.item for record in outcome.records if record.stage == "prepare"))
print(*sorted(str(file.relative_to(sandbox.root)) for file in (sandbox.root / "data/prepared").glob("*/*")), sep="\n")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Запуск взял месяц не из `params.yaml` и не из календаря на стене, а из своего интервала данных: проверка на марте, обучение на всём, что было раньше. Поэтому запуск за любой прошлый месяц даст тот же ответ, когда бы его ни попросили. Действующую модель он не трогает: версия в реестре появится, а алиас `champion` останется на месте. Январь и февраль при этом загружены заново: памяти о данных у Airflow нет.
#
# Обратите внимание на папки. Февраль теперь лежит и в `test`, от ручного запуска, и в `train`. Запуски делят одно рабочее место, поэтому в DAG стоит `max_active_runs=1`: два сразу испортили бы друг другу файлы.

# %% [markdown] tags=["en"]
# ## What just happened?
# The run took its month neither from `params.yaml` nor from the calendar on the wall, but from its data interval: tested on March, trained on all that came before. So a run for any past month gives the same answer whenever it is asked for. It leaves the model at work alone: the registry gets a version, and the alias `champion` stays where it was. January and February were loaded anew, for Airflow has no memory of data.
#
# Look at the folders. February now lies in `test`, from the manual run, and in `train` as well. The runs share one place to work, which is why the DAG says `max_active_runs=1`: two at once would spoil each other's files.

# %% [markdown] tags=["ru"]
# ## Одна задача руками
# Чтобы отладить одну задачу, не нужно запускать весь пайплайн. `airflow tasks test` выполняет её одну, прямо в терминале, не дожидаясь других и не спрашивая планировщик. Возьмём `evaluate` из последнего запуска.

# %% [markdown] tags=["en"]
# ## One task by hand
# To debug one task there is no need to run the whole pipeline. `airflow tasks test` runs it alone, right in the terminal, without waiting for the others and without asking the scheduler. We take `evaluate` of the last run.

# %% tags=["waits-airflow"]
count = len(sandbox.records())
command = ["airflow", "tasks", "test", "flight_delays", "evaluate", session.run_id]
done = sandbox.run(command, AIRFLOW_HOME=str(sandbox.root / ".engines/airflow"))
print("exit code", done.returncode, "| ran:", *(record.name for record in sandbox.records()[count:]))

# %% [markdown] tags=["ru"]
# У размноженной задачи надо назвать ещё и номер экземпляра: `airflow tasks test flight_delays train RUN_ID --map-index 0`. А весь DAG в одном процессе, без планировщика и серверов, выполнит `airflow dags test flight_delays`: удобно, пока пишешь.

# %% [markdown] tags=["en"]
# For a mapped task the number of the instance must be named too: `airflow tasks test flight_delays train RUN_ID --map-index 0`. And the whole DAG in one process, without scheduler and servers, is run by `airflow dags test flight_delays`: handy while writing it.

# %% [markdown] tags=["ru"]
# ## Журнал прошлых запусков
# Всё, что было, лежит в базе, и любой может спросить. Когда запускали, кто просил, чем кончилось, сколько шло.

# %% [markdown] tags=["en"]
# ## The log of past runs
# All that happened is in the database, and anybody can ask. When it ran, who asked for it, how it ended, how long it took.

# %% tags=["nbval-ignore-output"]
runs = session.api("/api/v2/dags/flight_delays/dagRuns?order_by=start_date")["dag_runs"]
pd.DataFrame(runs)[["run_type", "triggered_by", "state", "start_date", "duration"]].round(1)

# %% [markdown] tags=["ru"]
# Тот же журнал по задачам: столбец это запуск, строка это задача. В интерфейсе Airflow такая таблица называется Grid. Число показывает, с какой попытки получилось.

# %% [markdown] tags=["en"]
# The same log by task: a column is a run, a row is a task. In Airflow's UI this table is called Grid. The number tells which try it took.

# %%
tables = {f"{n}. {run['run_type']}": task_states(quote(run["dag_run_id"])) for n, run in enumerate(runs, start=1)}
grid = pd.DataFrame({run: table["state"] + " " + table["tries"].astype(str) for run, table in tables.items()}).fillna("")
green, amber = "background-color: #c7e9c0; color: black", "background-color: #fdd49e; color: black"
grid.style.map(lambda cell: amber if cell and cell[-1] != "1" else green if cell else "")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Зелёное получилось с первого раза, жёлтое со второго, сам ли Airflow повторил задачу или мы нажали Clear. По такой таблице видно то, чего не видно по одному запуску: какая задача падает каждую неделю и сама поднимается. Это первый кандидат на починку, хотя никто не жаловался.

# %% [markdown] tags=["en"]
# ## What just happened?
# Green means at the first try, amber at the second, whether Airflow repeated the task by itself or we pressed Clear. Such a table shows what a single run does not: the task that falls every week and gets up by itself. That is the first to be mended, though nobody has complained.

# %% [markdown] tags=["ru"]
# ## Интерфейс
# Команда `make ui-airflow` поднимает тот же Airflow для браузера, только на вашем компьютере, и печатает адрес, имя и пароль. Вот что там видно: наш DAG после двух запусков, удачного и такого же неудачного, как у нас ночью.

# %% [markdown] tags=["en"]
# ## The UI
# The command `make ui-airflow` brings up the same Airflow for the browser, on your computer only, and prints address, name and password. Here is what it shows: our DAG after two runs, a good one and one that failed just as ours did at night.

# %%
from IPython.display import Image

Image(LESSONS / "05_airflow/ui.png", width=900)

# %% [markdown] tags=["ru"]
# - Слева таблица **Grid**: столбец это запуск, строка это задача. Красная `train` упала, три оранжевые её не дождались. Кнопка рядом переключает на **Graph**, граф с теми же цветами.
# - Щелчок по квадратику открывает задачу: её лог, все попытки и кнопку **Clear**, то есть наш `resume`.
# - **Trigger** справа вверху запускает DAG, месяцы можно вписать в конфигурацию запуска.
# - **Backfills**, **Code** и **Audit Log**: что пересчитывали, какой файл выполняется, кто что нажимал.
#
# Откройте терминал рядом с тетрадью, запустите команду и попробуйте всё это сами.

# %% [markdown] tags=["en"]
# - On the left is the table **Grid**: a column is a run, a row is a task. The red `train` failed, the three orange ones waited for it in vain. The button beside it switches to **Graph**, the graph in the same colours.
# - A click on a square opens the task: its log, all its tries, and the button **Clear**, that is, our `resume`.
# - **Trigger** at the top right starts the DAG; months can be written into the configuration of the run.
# - **Backfills**, **Code** and **Audit Log**: what was recomputed, which file runs, who pressed what.
#
# Open a terminal beside the notebook, start the command and try all of this for yourself.

# %% [markdown] tags=["ru"]
# Серверы больше не нужны. Они остановятся вместе со всем, что они запустили. Если забыть эту ячейку, они остановятся, когда вы закроете тетрадь.

# %% [markdown] tags=["en"]
# That is all for the servers. They stop, with everything that they started. If you forget this cell, they stop when you shut the notebook.

# %% tags=["nbval-ignore-output"]
close_engines()
print("ended with", {log.stem: process.poll() for log, process in session.processes.items()})

# %% [markdown] tags=["ru"]
# ## Чем Airflow хорош и сколько стоит
# | за | против |
# |---|---|
# | расписание, повторы, таймауты, уведомления | нужна своя инфраструктура: база, планировщик, сервер |
# | операторы для всего на свете | новичку трудно настроить |
# | интерфейс и журнал всех запусков | накладные расходы на каждую задачу |
# | продолжение с упавшей задачи | памяти о данных нет |
# | растёт до Celery и Kubernetes | переезд между версиями требует работы |
# | большое сообщество | в сети много устаревших примеров |

# %% [markdown] tags=["en"]
# ## What Airflow is good for, and what it costs
# | for | against |
# |---|---|
# | schedule, retries, time limits, notifications | it wants an infrastructure: database, scheduler, server |
# | operators for everything on earth | hard for a beginner to set up |
# | a UI and the log of all runs | an overhead for each task |
# | goes on from the failed task | no memory of data |
# | grows up to Celery and Kubernetes | moving between versions takes work |
# | a large community | many examples on the net are out of date |

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("05_airflow", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - DAG это задачи и стрелки: задача ждёт успеха тех, от кого стрелка идёт к ней. Остальное можно делать одновременно, если хватит рук.
# - Повтор лечит то, что проходит само. Ошибку в коде или в данных он только прячет дольше, поэтому повторяют не всё.
# - Точка возврата после падения это сама упавшая задача. Мелкие задачи теряют меньше.
# - Airflow помнит исходы задач, но не данные.
# - Запуск берёт дату из интервала данных, тогда прошлое можно посчитать заново. У строки cron интервала нет, и её `logical_date` — момент запуска.
# - Старый DAG ломается по очереди, а опаснее всего то, что перестало работать молча.
#
# **Дальше:** в шестой тетради тот же пайплайн на Prefect: без базы, без папки `dags/`, обычными функциями.

# %% [markdown] tags=["en"]
# ## Key points
# - A DAG is tasks and arrows: a task waits for the success of those whose arrows lead to it. All else may be done at the same time, if there are hands enough.
# - A retry cures what passes by itself. A mistake in code or data it only hides for longer, so not everything is repeated.
# - The point of return after a fall is the failed task itself. Small tasks lose less.
# - Airflow remembers how tasks ended, but not the data.
# - A run takes its date from the data interval, and so the past can be computed again. A cron string has no interval, and its `logical_date` is the moment of the run.
# - An old DAG breaks one thing at a time, and most dangerous is what stopped working in silence.
#
# **Next:** in the sixth notebook the same pipeline with Prefect: no database, no folder `dags/`, ordinary functions.
