# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 6. Prefect: задачи
# **Лекция 0 мин · упражнения 40 мин**
#
# Шесть задач: от двух декораторов до flow, который сам решает, сколько у него задач. Проверки запускают ваш flow на настоящем сервере и читают, что тот записал.
#
# - Что можно запускать одновременно?
# - Какую ошибку стоит повторять?
# - Что выполнится после исправления?

# %% [markdown] tags=["en"]
# # 6. Prefect: tasks
# **Teaching 0 min · exercises 40 min**
#
# Six tasks: from two decorators to a flow that decides by itself how many tasks it has. The checks run your flow on a real server and read what it recorded.
#
# - What may run at the same time?
# - Which error is worth a retry?
# - What will run after a mending?

# %%
from workshop.lesson import close_engines, open_engine, start

close_engines()  # if this notebook was started before
months = {"2013-01": "train", "2013-02": "train", "2013-03": "test"}
sandbox, say = start("06_prefect", lang, part="exercise", months=months, ingest__rows=2000)

# %% [markdown] tags=["ru"]
# Ваша копия проекта лежит в папке `work/06_prefect-exercise`: файлы проекта, о которых говорят задачи, ищите там.
#
# Сервер Prefect запустим один раз на всю тетрадь. Обычно он поднимается секунд за двадцать, на занятом компьютере бывает и минута. `here` — это небольшой модуль рядом с тетрадью: `here.watch(session, flow, ...)` запускает flow и спрашивает сервер, какие у него были задачи, `here.table` и `here.gantt` показывают их таблицей и диаграммой. Модуль `checks` помогает проверкам.

# %% [markdown] tags=["en"]
# Your copy of the project lies in the folder `work/06_prefect-exercise`: look there for the project's files of which the tasks speak.
#
# We start the Prefect server once for the whole notebook. It usually comes up in some twenty seconds, on a busy computer it may take a minute. `here` is a small module beside the notebook: `here.watch(session, flow, ...)` runs a flow and asks the server which tasks it had, `here.table` and `here.gantt` show them as a table and as a chart. The module `checks` helps the checks.

# %% tags=["waits-prefect-start"]
import sys

from workshop.places import LESSONS

sys.path.append(str(LESSONS / "06_prefect"))
import notebook_flows as here
import task_checks as checks

session = open_engine("prefect", sandbox)
here.connect(session)

# %% tags=["waits-data", "graded-once"]
import pandas as pd

from flight_delays.pipeline import Project

project = Project.load(sandbox.root)
for month in project.months:
    project.run("ingest", month)
FILES = {month: str(project.raw(month) / "flights.parquet") for month in project.months}
{month: len(pd.read_parquet(file)) for month, file in FILES.items()}

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (5 мин, 2 балла). Из функции задача
# Ниже две обычные функции. Перепишите их так, чтобы `cancelled` стала задачей Prefect, а `report` стала flow. Словарь `report` должна вернуть прежний. Каждое выполнение задачи должно называться на сервере `cancelled 2013-01`, `cancelled 2013-02` и так далее.
#
# <details><summary>Подсказка</summary>Имя выполнения задаёт аргумент task_run_name, в фигурных скобках можно назвать аргумент функции.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (5 min, 2 points). A function becomes a task
# Below are two ordinary functions. Rewrite them so that `cancelled` is a task of Prefect and `report` is a flow. `report` must return the same dictionary as before. Each run of the task must be called `cancelled 2013-01`, `cancelled 2013-02` and so on, on the server.
#
# <details><summary>Hint</summary>The argument task_run_name sets the name of a run; in braces it may name an argument of the function.</details>

# %%
def cancelled(month):
    return int(pd.read_parquet(FILES[month])["dep_time"].isna().sum())


def report(months):
    return {month: cancelled(month) for month in months}


expected = report(project.months)
expected

# %%
from prefect import flow, task

# BEGIN SOLUTION
@task(task_run_name="cancelled {month}")
def cancelled(month):
    return int(pd.read_parquet(FILES[month])["dep_time"].isna().sum())


@flow
def report(months):
    return {month: cancelled(month) for month in months}
# END SOLUTION

# %% tags=["check", "graded-alone"]
from prefect import Flow, Task

assert isinstance(cancelled, Task), say("task_missing")
assert isinstance(report, Flow), say("flow_missing")
run = here.watch(session, report, ["2013-03", "2013-01"])
assert run.error is None, say("flow_failed", error=run.error)
assert len(run.tasks) == 2, say("task_not_recorded")
assert run.names == ["cancelled 2013-01", "cancelled 2013-03"], say("task_names", names=", ".join(run.names))
assert run.value == {month: expected[month] for month in ("2013-01", "2013-03")}, say("task_value")

# %% [markdown] tags=["ru", "solution"]
# Теперь каждый вызов `cancelled` оставляет след на сервере. Вызвать задачу можно и вне flow, и тогда она тоже будет записана, но уже ни к какому запуску не относится.

# %% [markdown] tags=["en", "solution"]
# Every call of `cancelled` leaves a trace on the server now. A task may be called outside of a flow too; then it is recorded as well, but belongs to no run.

# %% [markdown] tags=["ru"]
# Данные переехали в медленный архив: файла надо ждать, и одного дольше, чем других. Две задачи и flow, который написал коллега.

# %% [markdown] tags=["en"]
# The data have moved to a slow archive: a file has to be waited for, and one of them longer than the others. Two tasks, and a flow that a colleague wrote.

# %%
import time

WAIT = {"2013-01": 2.4, "2013-02": 0.8, "2013-03": 0.8}


@task(task_run_name="fetch {month}")
def fetch(month):
    time.sleep(WAIT[month])
    return FILES[month]

# %%
@task(task_run_name="count {month}")
def count(file, month):
    flights = pd.read_parquet(file)
    return int((flights["date"].dt.strftime("%Y-%m") == month).sum())

# %%
@flow
def slow(months):
    found = {}
    for month in months:
        file = fetch.submit(month).result()
        found[month] = count.submit(file, month).result()
    return found

# %% tags=["nbval-ignore-output", "waits-prefect", "graded-not-alone"]
run = here.watch(session, slow, project.months)
here.gantt(run, "slow")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (6 мин, 2 балла). Что могло бы идти одновременно?
# Напишите flow `fast(months)`: он возвращает тот же словарь, что и `slow`, и пользуется теми же задачами `fetch` и `count`, но ждёт архив за все месяцы сразу. `count` каждого месяца берёт имя файла у своего `fetch` и начинается, как только готов этот `fetch`: другие месяцы он не ждёт. Сами задачи не меняйте.
#
# <details><summary>Подсказка</summary>result() ждёт. Что можно успеть отправить до первого ожидания? Задаче можно передать и то, чего ещё нет.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (6 min, 2 points). What could go at the same time?
# Write a flow `fast(months)`: it returns the same dictionary as `slow` and uses the same tasks `fetch` and `count`, but waits for the archive for all months at once. The `count` of each month gets the name of the file from its `fetch` and begins as soon as that `fetch` is ready: it does not wait for other months. Do not change the tasks themselves.
#
# <details><summary>Hint</summary>result() waits. What can be submitted before the first waiting? A task can also be given what is not there yet.</details>

# %%
# BEGIN SOLUTION
@flow
def fast(months):
    counts = count.map(fetch.map(months), months)
    return dict(zip(months, counts.result()))
# END SOLUTION

# %% tags=["check", "graded-alone"]
assert isinstance(fast, Flow), say("fast_missing")
for months, shorter in ((project.months, 0), (["2013-03", "2013-02"], 5)):
    run, wrong = checks.fetched_and_counted(session, fast, months, fetch, shorter)
    assert run.error is None, say("flow_failed", error=run.error)
    assert wrong != "tasks", say("fast_tasks", names=", ".join(run.names))
    assert wrong != "order", say("fast_order")
    assert wrong != "in turn", say("fast_in_turn")
    assert wrong != "barrier", say("fast_barrier")
    right = {month: len(pd.read_parquet(FILES[month])) - shorter for month in months}
    assert not shorter or run.value != {month: count + shorter for month, count in right.items()}, say("fast_other_file")
    assert run.value == right, say("fast_value")

# %% tags=["solution", "nbval-ignore-output"]
here.gantt(here.watch(session, fast, project.months), "fast")

# %% [markdown] tags=["ru", "solution"]
# Три ожидания слились в одно. В нашем пайплайне так же независимы месяцы и кандидаты, а `evaluate`, `gate` и `register` ускорить нечем: каждой нужен результат предыдущей.

# %% [markdown] tags=["en", "solution"]
# Three waits have become one. In our pipeline the months and the candidates are independent in the same way, while nothing will speed up `evaluate`, `gate` and `register`: each needs the result of the one before.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (7 мин, 3 балла). Какую ошибку стоит повторять?
# Запишите в `careful` словарь (`dict`) аргументов для `@task`, то есть такой, чтобы можно было написать `@task(**careful)`. Если задача упала с `OSError` или с любым его потомком (это и `ConnectionError`, и `TimeoutError`, и `FileNotFoundError`), Prefect повторяет её не больше трёх раз с паузой 0.2 секунды перед каждым повтором. Любая другая ошибка, в том числе наша `DataError`, роняет задачу сразу.
#
# <details><summary>Подсказка</summary>Посмотрите, как устроена may_pass в flows/store.py (в вашей копии проекта). Свою функцию можно определить в той же ячейке.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (7 min, 3 points). Which error is worth a retry?
# Put into `careful` a dictionary (`dict`) of arguments for `@task`, that is, one with which `@task(**careful)` can be written. If the task failed with `OSError` or with any descendant of it (`ConnectionError`, `TimeoutError` and `FileNotFoundError` are such), Prefect retries it at most three times, with a pause of 0.2 seconds before each. Any other error, our `DataError` among them, fails the task at once.
#
# <details><summary>Hint</summary>Look at how may_pass works in flows/store.py (in your copy of the project). You may define a function of your own in the same cell.</details>

# %%
# BEGIN SOLUTION
def connection_lost(task, task_run, state):
    return isinstance(state.data, OSError)


careful = {"retries": 3, "retry_delay_seconds": 0.2, "retry_condition_fn": connection_lost}
# END SOLUTION

# %% tags=["check", "graded-alone"]
import inspect

from flight_delays.errors import DataError

assert isinstance(careful, dict), say("careful_form", error=type(careful).__name__)
error = checks.refusal(careful)
assert error is None, say("careful_form", error=error)
condition = careful.get("retry_condition_fn")
assert condition is None or inspect.isfunction(condition), say("careful_no_function", kind=type(condition).__name__)
lost, hopeless = ConnectionError("refused"), DataError("no column dep_time")
did = checks.retried(
    careful,
    {
        "fine": [],
        "twice": [lost, TimeoutError("too slow")],
        "disk": [OSError("input/output error"), FileNotFoundError("not there yet")],
        "always": [lost] * 9,
        "hopeless": [hopeless] * 9,
        "other": [ValueError("OSError? no, not a month")] * 9,
        "both": [lost, hopeless, hopeless],
    },
)
asked = did.asked
assert not did.raised, say("careful_raises", error=repr(did.raised[0]))
assert asked["fine"] == 1, say("careful_once_enough")
assert asked["hopeless"] == asked["other"] == 1, say("careful_hopeless")
assert asked["twice"] == asked["disk"] == 3 and asked["always"] >= 4 and asked["both"] >= 2, say("careful_too_few")
assert asked["both"] == 2, say("careful_hopeless")
assert asked["always"] == 4, say("careful_too_many", attempts=asked["always"])
steady = not careful.get("retry_jitter_factor") and all(abs(pause - 0.2) < 1e-6 for pause in did.pauses)
assert steady, say("careful_pause", pauses=", ".join(map(str, did.pauses)))

# %% [markdown] tags=["ru", "solution"]
# Повтор стоит времени, поэтому условие и важно: плохой столбец через секунду не исправится, а дежурный узнает о нём позже. `DataError` проекта не потомок `OSError`, и это тоже решение: стадия сама говорит, безнадёжна ли её ошибка.

# %% [markdown] tags=["en", "solution"]
# A retry costs time, which is why the condition matters: a bad column is no better a second later, and whoever is on duty hears of it later. The project's `DataError` does not descend from `OSError`, and that is a decision too: the stage itself says whether its error is hopeless.

# %% [markdown] tags=["ru"]
# Ночью пайплайн упал. В `flight_delays/model.py`, в функции `score`, опечатка: `brier_score_los` вместо `brier_score_loss`. Эту функцию при первом запуске вызывает только `evaluate`. Запуск обычно занимает с полминуты, и следующий тоже.

# %% [markdown] tags=["en"]
# At night the pipeline failed. In `flight_delays/model.py`, in the function `score`, there is a typo: `brier_score_los` instead of `brier_score_loss`. In a first run only `evaluate` calls this function. The run usually takes half a minute, and so does the next one.

# %% tags=["waits-prefect", "graded-not-alone"]
checks.same_cache(sandbox, "night")  # so that the cell may be run again
module = sandbox.root / "flight_delays/model.py"
sound = module.read_text(encoding="utf-8").replace("brier_score_los(late", "brier_score_loss(late")
module.write_text(sound.replace("brier_score_loss(late", "brier_score_los(late"), encoding="utf-8")
failed = session.run()
night = {one["name"]: one["state"] for one in session.task_runs()}
print("exit code", failed.exit_code)
print(*(f"{state:<10} {name}" for name, state in sorted(night.items())), sep="\n")

# %% [markdown] tags=["ru"]
# Утром опечатку исправили и запустили пайплайн той же командой. Он дошёл до конца, но что именно он выполнил, мы пока не показываем.

# %% [markdown] tags=["en"]
# In the morning the typo was mended, and the pipeline was run by the same command. It came to its end, but what exactly it ran we do not show yet.

# %% tags=["waits-prefect", "graded-not-alone"]
checks.same_cache(sandbox, "morning")
module.write_text(sound, encoding="utf-8")
resumed = session.resume()
print("exit code", resumed.exit_code)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (6 мин, 3 балла). Где точка возврата?
# Запишите в `again` множество (`set`) имён задач, которые утром выполнились заново. Имена такие же, как в таблице выше, например `"ingest 2013-01"`; ночью до `gate` и `register` дело не дошло, но в пайплайне они есть. Задачи, чей результат взят из кеша, в множество не входят.
#
# <details><summary>Подсказка</summary>Кто импортирует flight_delays/model.py? Откройте файлы стадий, их семь. И вспомните, что входит в ключ кеша у проекта.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (6 min, 3 points). Where is the point of return?
# Put into `again` a set (`set`) of the names of the tasks that ran anew in the morning. Names are those of the table above, such as `"ingest 2013-01"`; at night it never came to `gate` and `register`, but the pipeline has them. Tasks whose result came from the cache are not in the set.
#
# <details><summary>Hint</summary>Who imports flight_delays/model.py? Open the files of the stages, there are seven. And remember what is part of the project's cache key.</details>

# %%
# BEGIN SOLUTION
again = {"train boosting", "train logistic", "evaluate", "gate", "register"}
# END SOLUTION

# %% tags=["check"]
assert isinstance(again, (set, frozenset)), say("again_form")
unknown = again - set(night) - {"gate", "register"}
assert not unknown, say("again_unknown", names=", ".join(sorted(map(str, unknown))))
wrong = checks.wrong_about(again, resumed)
assert wrong != "too much", say("again_too_much")
assert wrong != "too little", say("again_too_little")

# %% [markdown] tags=["ru", "solution"]
# Упал один `evaluate`, а выполнились пять задач. Модели обучились заново, хотя `score` они не вызывают: проект смотрит не на функцию, а на файлы, которые стадия импортирует, и перестраховывается. Лишнее обучение дешевле, чем устаревшая модель, но на часовом обучении это повод разделить модуль на два.

# %% [markdown] tags=["en", "solution"]
# `evaluate` alone failed, and five tasks ran. The models were trained anew, though they do not call `score`: the project looks not at the function but at the files that a stage imports, and stays on the safe side. A training too many is cheaper than a stale model, but with a training of an hour it is a reason to split the module in two.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (8 мин, 3 балла). Кеш, который не устаревает
# Напишите функцию `content_key(context, parameters)`: по ней Prefect будет искать готовый результат, например так: `@task(cache_key_fn=content_key)`. `parameters` — словарь аргументов задачи, у наших задач их всегда два: `path` (имя файла, `str`) и `minutes` (`int`). `context.task.name` — имя задачи. Верните непустую строку (`str`) не длиннее 200 символов, одинаковую тогда и только тогда, когда совпадают имя задачи, `minutes` и **содержимое** файла, до последнего байта; имя и время файла ни на что не влияют, а сам файл — любой, не обязательно текст. Одну функцию будут использовать разные задачи, а результаты должны находиться и завтра, в другом процессе.
#
# <details><summary>Подсказка</summary>Хеш содержимого считает flight_delays.artifacts.sha256.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (8 min, 3 points). A cache that does not go stale
# Write the function `content_key(context, parameters)`, by which Prefect will look for a ready result, for instance so: `@task(cache_key_fn=content_key)`. `parameters` is the dictionary of the task's arguments, and our tasks always have two: `path` (the name of a file, `str`) and `minutes` (`int`). `context.task.name` is the name of the task. Return a string (`str`) that is not empty and of 200 characters at most, the same if and only if the name of the task, `minutes` and the **content** of the file, to the last byte, are the same; name and time of the file make no difference, and the file may be any, not only text. Several tasks will use the one function, and results must be found tomorrow too, in another process.
#
# <details><summary>Hint</summary>flight_delays.artifacts.sha256 computes the hash of a content.</details>

# %%
def content_key(context, parameters) -> str:
    # BEGIN SOLUTION
    from flight_delays.artifacts import sha256

    return f"{context.task.name}_{parameters['minutes']}_{sha256(parameters['path'])}"
    # END SOLUTION

# %% tags=["check", "graded-alone"]
tried = checks.key_tried(content_key)
kinds = [type(key).__name__ for key in tried.keys if not isinstance(key, str) or not key]
assert not kinds, say("key_form", kind=kinds[0])
assert max(map(len, tried.keys), default=0) <= 200, say("key_long")
assert not tried.errors, say("key_failed", error=repr(tried.errors[0]))
found = tried.found
assert found["same"], say("key_never_found")
assert not tried.elsewhere, say("key_elsewhere")
assert not found["edited"], say("key_blind_content")
assert found["saved"] and found["back"], say("key_knows_time")
assert found["copied"], say("key_knows_path")
assert not found["minutes"], say("key_blind_minutes")
assert not found["task"], say("key_blind_task")
assert not found["joined"], say("key_joined")
assert not found["line ends"] and not found["tail"], say("key_blind_part")

# %% [markdown] tags=["ru", "solution"]
# Содержимое на входе исправляет ключ. Осталась вторая половина: если задача возвращает путь, его содержимое тоже могут подменить. Поэтому проект хранит результаты под именами с хешем, и хватает обычного `INPUTS`.

# %% [markdown] tags=["en", "solution"]
# Contents on the way in make the key right. The other half is left: if a task returns a path, what lies there may be replaced too. That is why the project keeps results under names with a hash, and the ordinary `INPUTS` is enough.

# %% [markdown] tags=["ru"]
# Две задачи для последнего расследования: одна дешёвая и нужна за каждый месяц, вторая дорогая, и запускать её стоит только там, где плохо.

# %% [markdown] tags=["en"]
# Two tasks for the last investigation: one is cheap and wanted for every month, the other is dear, and worth running only where things are bad.

# %%
@task(task_run_name="late_by_airport {month}")
def late_by_airport(month):
    flights = pd.read_parquet(FILES[month])
    late = flights["arr_delay"] >= 15
    return late.groupby(flights["origin"]).mean().round(3).to_dict()

# %%
@task(task_run_name="worst_hour {month} {airport}")
def worst_hour(month, airport):
    flights = pd.read_parquet(FILES[month]).query("origin == @airport")
    late = flights["arr_delay"] >= 15
    return int(late.groupby(flights["sched_dep_time"] // 100).mean().idxmax())

# %%
shares = {month: late_by_airport.fn(month) for month in project.months}
pd.DataFrame(shares)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (8 мин, 3 балла). Столько задач, сколько нужно
# Напишите flow `investigate(months, threshold)`. За каждый месяц из `months` он выполняет задачу `late_by_airport`, а задачу `worst_hour` только для тех пар «месяц, аэропорт», где доля опозданий **больше** `threshold`. Flow возвращает словарь (`dict`): ключ — строка вида `"2013-01 JFK"`, значение — час из `worst_hour`. Если порог никто не превысил, словарь пуст, и ни одной задачи `worst_hour` быть не должно. Решают доли, которые вернула задача: проверка подменит файлы за два месяца своими.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (8 min, 3 points). As many tasks as are needed
# Write a flow `investigate(months, threshold)`. For every month in `months` it runs the task `late_by_airport`, and the task `worst_hour` only for those pairs of month and airport whose share of late flights is **above** `threshold`. The flow returns a dictionary (`dict`): a key is a string such as `"2013-01 JFK"`, a value is the hour from `worst_hour`. If nobody is above the threshold the dictionary is empty, and there must be no task `worst_hour` at all. The shares that the task has returned decide: the check will put files of its own in place of those of two months.

# %%
# BEGIN SOLUTION
@flow
def investigate(months, threshold):
    hours = {}
    for month, shares in zip(months, late_by_airport.map(months).result()):
        for airport, share in shares.items():
            if share > threshold:
                hours[f"{month} {airport}"] = worst_hour.submit(month, airport)
    return {place: hour.result() for place, hour in hours.items()}
# END SOLUTION

# %% tags=["check", "graded-alone"]
assert isinstance(investigate, Flow), say("dig_missing")
for months, threshold in ((["2013-03", "2013-01"], 0.25), (["2013-01"], 1.0)):
    with checks.other_flights(FILES):
        run = here.watch(session, investigate, months, threshold)
    assert run.error is None, say("flow_failed", error=run.error)
    looked = [name for name in run.names if name.startswith("late_by_airport")]
    dug = [name.removeprefix("worst_hour ") for name in run.names if name.startswith("worst_hour")]
    assert looked == [f"late_by_airport {month}" for month in sorted(months)], say("dig_every_month", names=", ".join(run.names))
    wrong = checks.wrong_places(dug, months, threshold, shares)
    assert wrong != "other shares", say("dig_other_shares", threshold=threshold)
    assert wrong != "equal", say("dig_equal", threshold=threshold)
    assert wrong != "too many", say("dig_too_many", threshold=threshold)
    assert wrong != "too few", say("dig_too_few", threshold=threshold)
    assert run.value == checks.investigated(months, threshold), say("dig_value", threshold=threshold)

# %% tags=["solution"]
for threshold in (0.2, 0.25, 0.3):
    run = here.watch(session, investigate, project.months, threshold)
    print(threshold, len(run.tasks), "tasks", dict(sorted(run.value.items())))

# %% [markdown] tags=["ru", "solution"]
# Один и тот же код, разное число задач: решили данные. Такой граф нельзя нарисовать до запуска, зато после запуска его рисует сервер.

# %% [markdown] tags=["en", "solution"]
# The same code, another number of tasks: the data decided. Such a graph cannot be drawn before the run, but after it the server draws it.

# %% [markdown] tags=["ru"]
# ## Главное
# - Независимое отправляют вместе и ждут в конце.
# - Повторяют то, что может пройти само, и говорят об этом явно.
# - Точку возврата определяет ключ кеша: что в него вошло, то и перезапускает.
# - Число задач может решать сам flow, по данным.
#
# **Дальше:** Kubeflow Pipelines в седьмой тетради.

# %% [markdown] tags=["en"]
# ## Key points
# - Independent work is submitted together, and waited for at the end.
# - One retries what may pass by itself, and says so.
# - The cache key sets the point of return: what is part of it, re-runs.
# - The flow itself may decide how many tasks there are, by the data.
#
# **Next:** Kubeflow Pipelines in the seventh notebook.
