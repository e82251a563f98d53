# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 9. Пять движков на одном графе: задачи
# **Лекция 0 мин · упражнения 47 мин**
#
# Шесть задач: от прогноза до обоснованного выбора для своей команды. Серверы здесь не нужны: измеряем на скриптах и DVC, остальные движки участвуют в таблице решений.
#
# - Что выполнится заново после правки и после падения?
# - Сколько времени движок потратил на себя?
# - Какой инструмент взять и какой вес это решение переворачивает?

# %% [markdown] tags=["en"]
# # 9. Five engines on one graph: tasks
# **Teaching 0 min · exercises 47 min**
#
# Six tasks: from a forecast to a reasoned choice for a team of your own. No servers are needed here: we measure with the scripts and DVC, the other engines take part in the decision table.
#
# - What runs again after an edit, and after a failure?
# - How much time did the engine spend on itself?
# - Which tool to take, and which weight overturns the decision?

# %%
from workshop.lesson import close_engines, open_engine, start

months = {"2013-01": "train", "2013-02": "test"}
plain, say = start("09_compare", lang, part="exercise", months=months, ingest__rows=2000)
with_dvc, _ = start("09_compare", lang, part="exercise-dvc", months=months, ingest__rows=2000)

# %% [markdown] tags=["ru"]
# Один и тот же проект в двух копиях: одну выполнит скрипт, другую DVC. Два месяца, две модели. Запустим обе с нуля.

# %% [markdown] tags=["en"]
# One and the same project in two copies: the script will run one, DVC the other. Two months, two models. We run both from nothing.

# %% tags=["waits-engines", "graded-once"]
sessions = {"scripts": open_engine("scripts", plain), "dvc": open_engine("dvc", with_dvc)}
cold = {name: session.run() for name, session in sessions.items()}
for name, outcome in cold.items():
    print(f"{name:7} exit code {outcome.exit_code}, {len(outcome.records)} stages")

# %% [markdown] tags=["ru"]
# Две функции, которые понадобятся проверке первой задачи. `measure` помнит свой ответ, поэтому ждать придётся только один раз.

# %% [markdown] tags=["en"]
# Two functions that the check of the first task will need. `measure` remembers its answer, so that you wait only once.

# %%
import functools

import yaml


def fail_and_resume(session):
    """Change a parameter of one model and raise the bar, run; put the bar back and go on. Gives both outcomes."""
    given = yaml.safe_load((session.sandbox.root / "params.yaml").read_text(encoding="utf-8"))
    changed = given["train"]["candidates"]["logistic"]["C"] + 0.1  # another value each time: DVC remembers them all
    session.sandbox.set_param("train.candidates.logistic.C", round(changed, 1))
    session.sandbox.set_param("gate.min_roc_auc", 0.99)
    try:
        failed = session.run()
    finally:
        session.sandbox.set_param("gate.min_roc_auc", 0.6)
    return failed, session.resume()


@functools.cache
def measure():
    sessions["dvc"].run()  # what a measurement that was broken off has left to do
    unchanged = sessions["dvc"].run()
    failed, resumed = fail_and_resume(sessions["dvc"])
    script = fail_and_resume(sessions["scripts"])[1]
    return {"unchanged": unchanged, "failed": failed, "resumed": resumed, "script": script}


# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (5 мин, 2 балла). Предскажите
# Сейчас с двумя копиями проекта произойдёт вот что, по порядку:
#
# - `unchanged`: DVC запустят ещё раз, ничего не меняя;
# - `failed`: изменят `train.candidates.logistic.C`, поднимут `gate.min_roc_auc` до 0.99 и запустят DVC: он упадёт на стадии `gate`;
# - `resumed`: порог вернут на место и запустят DVC снова;
# - `script`: то же со скриптом, и падение, и запуск после него; считаем только **запуск после падения**.
#
# Запишите в словарь `guess` для каждого из четырёх имён, сколько стадий выполнится в этом запуске (`int`); упавшая стадия тоже выполнялась. Стадия одного месяца или одной модели — это единица: с нуля, как видно выше, их 11. Проверка всё это проделает и посчитает по журналу; первый раз она займёт до минуты.
#
# <details><summary>Подсказка</summary>Кто читает файл модели logistic, и кто читает то, что из него получилось? До какой стадии дойдёт упавший запуск?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (5 min, 2 points). Make a forecast
# Here is what is about to happen to the two copies of the project, in this order:
#
# - `unchanged`: DVC is run once more, with nothing changed;
# - `failed`: `train.candidates.logistic.C` is changed, `gate.min_roc_auc` raised to 0.99, and DVC is run: it fails at the stage `gate`;
# - `resumed`: the threshold is put back, and DVC is run again;
# - `script`: the same with the script, both the failure and the run after it; only the **run after the failure** counts.
#
# Put into the dictionary `guess`, for each of the four names, how many stages will run in that run (`int`); a stage that failed did run. A stage of one month or of one model counts as one: from nothing, as you see above, there are 11. The check does all this and counts in the journal; the first time it takes up to a minute.
#
# <details><summary>Hint</summary>Who reads the file of the model logistic, and who reads what came of it? Which stage does the failed run get to?</details>

# %%
# BEGIN SOLUTION
guess = {"unchanged": 0, "failed": 3, "resumed": 2, "script": 11}
# END SOLUTION

# %% tags=["check", "waits-engines"]
from numbers import Integral

assert isinstance(guess, dict) and set(guess) == {"unchanged", "failed", "resumed", "script"}, say("guess_form")
assert all(isinstance(number, Integral) and 0 <= number <= 11 for number in guess.values()), say("guess_form")
runs = {name: len(outcome.records) for name, outcome in measure().items()}
assert guess["unchanged"] == runs["unchanged"], say("guess_unchanged")
assert guess["failed"] == runs["failed"], say("guess_failed")
assert guess["resumed"] == runs["resumed"], say("guess_resumed")
assert guess["script"] == runs["script"], say("guess_script")

# %% [markdown] tags=["ru", "solution"]
# Посмотрите, какие именно это стадии. Лекция спрашивает, где точка возврата после падения: у скрипта это всегда начало, у DVC упавшая стадия.

# %% [markdown] tags=["en", "solution"]
# Look which stages these are. The lecture asks where the point of return after a failure is: for the script it is always the start, for DVC the stage that failed.

# %% tags=["solution"]
for name in ("unchanged", "failed", "resumed"):
    print(f"{name:10}", ", ".join(sorted(record.name for record in measure()[name].records)) or "nothing")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (7 мин, 2 балла). Сколько движок взял себе?
# Напишите функцию `own_seconds(started, seconds, records)`. Запуск начался в момент `started` и шёл `seconds` секунд. В списке `records` записи о стадиях, у каждой есть `start` и `end`. Все моменты в секундах от одного и того же начала отсчёта. Верните, сколько секунд запуска (`float`) **не работала ни одна** стадия.
#
# Движок может выполнять несколько стадий одновременно. Список бывает пустым и не обязательно упорядочен; все стадии начались и кончились внутри запуска.
#
# <details><summary>Подсказка</summary>Упорядочьте записи по началу и идите слева направо, помня, до какого момента время уже занято. Простая сумма длительностей считает одну и ту же секунду дважды.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (7 min, 2 points). How much did the engine take for itself?
# Write the function `own_seconds(started, seconds, records)`. The run began at the moment `started` and took `seconds` seconds. The list `records` holds entries of stages, each with `start` and `end`. All moments are in seconds from one and the same origin. Return how many seconds of the run (a `float`) **no stage** was at work.
#
# An engine may run several stages at a time. The list may be empty and need not be sorted; all stages began and ended within the run.
#
# <details><summary>Hint</summary>Sort the entries by their start and go from left to right, remembering until when the time is taken. A plain sum of durations counts the same second twice.</details>

# %%
def own_seconds(started: float, seconds: float, records: list) -> float:
    # BEGIN SOLUTION
    own, until = 0.0, started
    for record in sorted(records, key=lambda record: record.start):
        own += max(0.0, record.start - until)
        until = max(until, record.end)
    return own + started + seconds - until
    # END SOLUTION


# %% tags=["check"]
from numbers import Real

from workshop import trying
from workshop.sandbox import Record


unit = trying.fresh("seconds").choice([0.5, 1.0, 2.0, 4.0])


def own_of(*pairs, seconds=100.0, started=1000.0):
    records = [Record("train", None, started + unit * start, started + unit * end, "done", 1, 0) for start, end in pairs]
    answer = own_seconds(started, unit * seconds, records)
    assert isinstance(answer, Real), say("own_form", answer=repr(answer)[:60])
    return round(float(answer) / unit, 6)


assert own_of() == 100 and own_of(seconds=60.0) == 60, say("own_empty")
assert own_of((10, 30)) == 80 and own_of((0, 100)) == 0 and own_of((5, 10), seconds=10.0, started=0.0) == 5, say("own_one")
assert own_of((10, 30), (50, 70), (70, 90)) == 40, say("own_gap")
assert own_of((10, 50), (30, 70)) == 40 and own_of((10, 50), (10, 50)) == 60, say("own_overlap")
assert own_of((10, 90), (20, 30), (60, 70)) == 20, say("own_nested")
assert own_of((50, 70), (10, 30)) == 60 and own_of((40, 50), (10, 45), (80, 90)) == 50, say("own_order")
for outcome in cold.values():
    answer = own_seconds(outcome.started, outcome.seconds, outcome.records)
    assert abs(answer + outcome.work_seconds - outcome.seconds) < 0.01, say("own_real")

# %% tags=["solution", "nbval-ignore-output"]
for name, outcome in cold.items():
    own = own_seconds(outcome.started, outcome.seconds, outcome.records)
    print(f"{name:7} {own:.1f} of {outcome.seconds:.1f} s, {own / outcome.seconds:.0%}")

# %% [markdown] tags=["ru", "solution"]
# У скрипта собственное время — это импорт библиотек, один на весь запуск. DVC платит за него столько раз, сколько стадий. На больших данных доля станет меньше, а секунды останутся теми же.

# %% [markdown] tags=["en", "solution"]
# The script's own time is the import of libraries, once for the whole run. DVC pays for it as many times as there are stages. With more data the share shrinks, while the seconds stay the same.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (5 мин, 2 балла). Что бы спасло?
# Два контрольных вопроса лекции: что предотвращает автоматизация и чем ML-пайплайн отличается от обычного ETL? Вот шесть историй.
#
# - `a`: ночью хранилище минуту не отвечало, и утром таблица оказалась пустой.
# - `b`: сотрудница, которая первого числа запускала расчёт, ушла в отпуск, и месяц никто не посчитал.
# - `c`: исправили код очистки, но следующие шаги заново не выполнили, и в отчёте остались старые цифры.
# - `d`: новая модель вышла хуже прежней и всё равно ушла в работу.
# - `e`: решили вернуть прошлую модель: код в Git есть, а какие были данные и веса, никто не знает.
# - `f`: таблицы приходят вовремя и подходят под схему, но модель второй месяц ошибается всё чаще, и никто этого не заметил.
#
# В словаре `remedy` дайте каждой букве средство, которое спасло бы прямее всего: `dependencies` (пересчёт по зависимостям), `gate` (порог на метрику), `monitoring` (наблюдение за качеством в работе), `retries` (повторы), `schedule` (расписание), `versions` (версии модели вместе с данными и кодом). Каждое средство нужно ровно один раз. В `only_ml` запишите множество (`set`) букв тех историй, которых не бывает в ETL, где нет никакой модели.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (5 min, 2 points). What would have helped?
# Two control questions of the lecture: what does automation prevent, and how does an ML pipeline differ from ordinary ETL? Here are six stories.
#
# - `a`: at night the storage did not answer for a minute, and in the morning the table was empty.
# - `b`: the colleague who used to start the computation on the first of the month went on holiday, and nobody computed that month.
# - `c`: the cleaning code was mended, but the steps after it were not run again, and the report kept the old figures.
# - `d`: the new model came out worse than the one before, and went to work all the same.
# - `e`: the last model was wanted back: the code is in Git, but nobody knows what the data and the weights were.
# - `f`: the tables come in time and fit the schema, but for two months the model has been wrong more and more often, and nobody noticed.
#
# In the dictionary `remedy` give each letter the remedy that would have helped most directly: `dependencies` (recomputing by dependencies), `gate` (a threshold on a metric), `monitoring` (watching the quality at work), `retries`, `schedule`, `versions` (of the model together with data and code). Each remedy is needed just once. Put into `only_ml` the set (`set`) of letters of those stories that cannot happen in ETL, where there is no model at all.

# %%
# BEGIN SOLUTION
remedy = {"a": "retries", "b": "schedule", "c": "dependencies", "d": "gate", "e": "versions", "f": "monitoring"}
only_ml = {"d", "e", "f"}
# END SOLUTION

# %% tags=["check"]
import sys

from workshop.places import LESSONS

sys.path.append(str(LESSONS / "09_compare"))
import stories

assert isinstance(remedy, dict) and set(remedy) == set("abcdef"), say("remedy_form")
assert sorted(map(str, remedy.values())) == sorted(stories.REMEDIES), say("remedy_once")
assert not stories.wrong(remedy) & set("abc"), say("remedy_run")
assert not stories.wrong(remedy), say("remedy_model")
assert isinstance(only_ml, set) and only_ml <= set("abcdef"), say("only_ml_form")
assert not stories.needless(only_ml), say("only_ml_common")
assert not stories.missed(only_ml), say("only_ml_missed")

# %% [markdown] tags=["ru", "solution"]
# Первые три беды бывают в любом пайплайне, и от них спасает сам движок, если умеет: повторы есть у Airflow и Prefect, расписание тоже, а пересчёт по зависимостям сильнее всего у DVC. Последние три появляются вместе с моделью: хранить и откатывать приходится код, данные и модель сразу, а следить ещё и за качеством. Здесь одного движка мало, нужны `gate`, реестр моделей и мониторинг.

# %% [markdown] tags=["en", "solution"]
# The first three troubles occur in any pipeline, and the engine itself saves you from them if it can: Airflow and Prefect have retries and a schedule, and recomputing by dependencies is DVC's strength. The last three come with the model: code, data and model have to be kept and rolled back together, and quality watched as well. Here an engine alone is not enough, it takes `gate`, a model registry and monitoring.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (6 мин, 2 балла). Рейтинг
# Ниже таблица оценок из тетради: строки — это критерии, столбцы — инструменты. Напишите функцию `ranking(scores, weights)`. Она получает такую таблицу (`DataFrame`, критерии и инструменты могут быть другими) и словарь весов «критерий: неотрицательное целое», хотя бы один вес больше нуля. Верните список (`list`) всех инструментов, от лучшего к худшему, по среднему взвешенному их оценок. Если критерия нет в `weights`, его вес 0. При равенстве раньше идёт тот, кто раньше по алфавиту. Ни таблицу, ни веса функция не меняет.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (6 min, 2 points). A ranking
# Below is the table of scores of the notebook: its rows are criteria, its columns tools. Write the function `ranking(scores, weights)`. It takes such a table (a `DataFrame`; criteria and tools may be others) and a dictionary of weights "criterion: integer, zero or more", with at least one weight above zero. Return the list (`list`) of all tools, from the best to the worst, by the weighted mean of their scores. A criterion that is not in `weights` has the weight 0. Of equals the first is the one that comes first in the alphabet. The function changes neither the table nor the weights.

# %%
import pandas as pd
from workshop.places import LESSONS

scores = pd.read_csv(LESSONS / "09_compare" / "scores.csv", index_col="criterion")
scores


# %%
def ranking(scores: pd.DataFrame, weights: dict[str, int]) -> list[str]:
    # BEGIN SOLUTION
    totals = {tool: sum(weights.get(criterion, 0) * score for criterion, score in scores[tool].items()) for tool in scores}
    return sorted(totals, key=lambda tool: (-totals[tool], tool))
    # END SOLUTION


# %% tags=["check"]
cars = pd.DataFrame({"van": [1, 5, 3], "bus": [5, 1, 2], "car": [3, 3, 3]}, index=["seats", "price", "age"])
cars *= trying.fresh("scores").randint(1, 9)


def ranked(table, **weights):
    given, asked = table.copy(), dict(weights)
    try:
        answer = ranking(given, asked)
    except KeyError as error:
        assert False, say("ranking_key", name=error, missing=", ".join(sorted(set(table.index) - set(weights))) or "-")
    assert isinstance(answer, list) and sorted(map(str, answer)) == sorted(table), say("ranking_form", answer=repr(answer)[:60])
    assert given.equals(table) and asked == weights, say("ranking_touches")
    return answer


answer = ranked(cars, seats=1, price=3, age=0)
assert answer != ["bus", "car", "van"], say("ranking_worst_first")
assert answer == ["van", "car", "bus"], say("ranking_weights")
assert ranked(cars, seats=5, price=4, age=5) == ["car", "van", "bus"], say("ranking_weights")
assert ranked(cars, age=0, price=1, seats=4) == ["bus", "car", "van"], say("ranking_position")
assert ranked(cars, seats=1) == ["bus", "car", "van"] and ranked(cars, price=2) == ["van", "car", "bus"], say("ranking_missing")
assert ranked(cars, price=1, seats=1, age=0) == ["bus", "car", "van"], say("ranking_ties")
assert ranked(cars[["van", "car", "bus"]], age=1) == ["car", "van", "bus"], say("ranking_ties")
assert ranked(cars, seats=49_999, price=50_000) == ["van", "car", "bus"], say("ranking_rounded")
assert ranked(cars[["bus"]], seats=1) == ["bus"], say("ranking_one")

# %% tags=["solution"]
weights = {"start": 5, "glue": 3, "memory": 5, "recovery": 2, "schedule": 1, "scale": 1, "community": 2}
ranking(scores, weights)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (12 мин, 3 балла). Хрупкое решение
# Победитель с перевесом в одну сотую мало что значит. Напишите функцию `flips(scores, weights)`. В `weights` есть все критерии таблицы, веса целые от 0 до 10. Верните словарь «критерий: вес»: для каждого критерия такой **другой** целый вес от 0 до 10, при котором (остальные веса прежние) на первом месте оказывается **другой инструмент**. Кто на первом месте, решает `ranking`, и при равенстве тоже. Если таких весов несколько, возьмите ближайший к нынешнему; если два одинаково близки, меньший. Критерия, который победителя не меняет ни при каком весе, в словаре нет. Сами `weights` функция менять не должна. Все веса одновременно нулями не станут.
#
# <details><summary>Подсказка</summary>Победителя даст ranking из прошлой задачи. Одиннадцать весов легко перебрать; словарь с одним изменённым значением: weights | {criterion: value}.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (12 min, 3 points). A fragile decision
# A winner by a hundredth means little. Write the function `flips(scores, weights)`. `weights` holds all criteria of the table, weights are integers from 0 to 10. Return a dictionary "criterion: weight": for each criterion **another** integer weight from 0 to 10 at which, the other weights being unchanged, **another tool** comes first. Who comes first is for `ranking` to say, with equals too. If there are several such weights, take the one nearest to the present one; if two are equally near, the smaller. A criterion that changes the winner at no weight is not in the dictionary. The function must not change `weights` itself. The weights will never all be zero at once.
#
# <details><summary>Hint</summary>The winner comes from ranking of the last task. Eleven weights are easily tried; a dictionary with one value changed: weights | {criterion: value}.</details>

# %%
def flips(scores: pd.DataFrame, weights: dict[str, int]) -> dict[str, int]:
    # BEGIN SOLUTION
    winner, found = ranking(scores, weights)[0], {}
    for criterion, present in weights.items():
        for value in sorted(range(11), key=lambda value: (abs(value - present), value)):
            if ranking(scores, weights | {criterion: value})[0] != winner:
                found[criterion] = value
                break
    return found
    # END SOLUTION


# %% tags=["check"]
from numbers import Integral


def flipping(table, **weights):
    asked = dict(weights)
    answer = flips(table.copy(), asked)
    assert asked == weights, say("flips_touches")
    assert isinstance(answer, dict) and set(answer) <= set(weights), say("flips_form", answer=repr(answer)[:60])
    well = all(isinstance(value, Integral) and 0 <= value <= 10 for value in answer.values())
    assert well, say("flips_form", answer=repr(answer)[:60])
    return answer


answer = flipping(cars.assign(car=cars["car"] // 3 * [4, 3, 3]), seats=1, price=5, age=2)
assert "age" not in answer, say("flips_needless")
assert set(answer) == {"seats", "price"}, say("flips_missed")
assert answer == {"seats": 4, "price": 1}, say("flips_nearest")
middle = pd.DataFrame({"ant": [9, 1], "bee": [6, 6], "cat": [1, 9]}, index=["x", "y"])
assert flipping(middle, x=3, y=3) == {"x": 1, "y": 1}, say("flips_equally_near")
ends = pd.DataFrame({"ant": [20, 1], "bee": [1, 3]}, index=["x", "y"])
assert flipping(ends, x=1, y=1) == {"x": 0, "y": 10}, say("flips_ends")
assert flipping(pd.DataFrame({"ant": [3, 2], "bee": [0, 1]}, index=["x", "y"]), x=1, y=1) == {}, say("flips_beyond")
assert flipping(ends.replace(20, 22), x=1, y=1) == {"x": 0}, say("flips_beyond")
even = pd.DataFrame({"ant": [3, 1], "bee": [1, 3]}, index=["x", "y"])
assert flipping(even, x=2, y=1) == {"x": 0, "y": 3}, say("flips_tie_stays")
assert flipping(even.set_axis(["bee", "ant"], axis="columns"), x=2, y=1) == {"x": 1, "y": 2}, say("flips_tie_changes")

# %% tags=["solution"]
flips(scores, weights)

# %% [markdown] tags=["ru", "solution"]
# У нашего стартапа решение хрупкое: большинству весов хватит сдвига на единицу, чтобы победил другой. Значит, таблица оставила двоих, и выбирать между ними надо пробой: дать каждому неделю на настоящей задаче.

# %% [markdown] tags=["en", "solution"]
# Our start-up's decision is fragile: for most weights a shift by one is enough to make another tool win. So the table has left two of them, and the choice between these takes a trial: give each a week on a real task.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (12 мин, 3 балла). Что взять вашей команде?
# Вопрос лекции: что подойдёт стартапу из 5–10 человек? Возьмите свою команду или придумайте её и заполните две переменные.
#
# - `own_scores`: таблица того же вида, что `scores`, с оценками от 1 до 5, не обязательно целыми. Начните с копии и исправьте то, с чем не согласны: например, если кластер уже есть, `start` у Kubeflow будет выше.
# - `decision`: словарь с ключами `team`, `weights`, `choice`, `flip`, `why`.
#
# `team` — это словарь: `size` (целое от 5 до 10) и три непустые строки `infrastructure`, `scale`, `experience`: на чём вы работаете, какой масштаб нужен, что люди уже умеют. `weights`: вес каждого из семи критериев, целые от 0 до 10, не все одинаковые и хотя бы два больше нуля. `choice`: инструмент, который с этими весами и оценками первый. `flip`: пара `(criterion, weight)`, которая меняет победителя, или `None`, если ни один вес в одиночку этого не может. `why`: не меньше десяти слов о том, почему веса именно такие. Писать можно на любом языке.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (12 min, 3 points). What should your team take?
# The lecture's question: what suits a start-up of 5–10 people? Take your own team or invent one, and fill in two variables.
#
# - `own_scores`: a table of the same kind as `scores`, with scores from 1 to 5, whole or not. Begin with a copy and mend what you do not agree with: if you have a cluster already, for instance, `start` will be higher for Kubeflow.
# - `decision`: a dictionary with the keys `team`, `weights`, `choice`, `flip`, `why`.
#
# `team` is a dictionary: `size` (an integer from 5 to 10) and three strings that are not empty, `infrastructure`, `scale`, `experience`: what you work on, which scale you need, what people know already. `weights`: the weight of each of the seven criteria, integers from 0 to 10, not all the same and at least two above zero. `choice`: the tool that comes first with these weights and scores. `flip`: a pair `(criterion, weight)` that changes the winner, or `None` if no weight can do so alone. `why`: ten words or more on why the weights are what they are. Write in any language.

# %%
# BEGIN SOLUTION
own_scores = scores.copy()
own_scores.loc["community", "prefect"] = 4
decision = {
    "team": {
        "size": 6,
        "infrastructure": "one server in the office",
        "scale": "a million rows, training takes ten minutes",
        "experience": "Python and Git, nobody has run an orchestrator",
    },
    "weights": {"start": 5, "glue": 3, "memory": 4, "recovery": 4, "schedule": 5, "scale": 1, "community": 2},
    "choice": "prefect",
    "flip": ("memory", 1),
    "why": "the report must be there every morning, and nobody has the time to look after several servers",
}
# END SOLUTION

# %% tags=["check"]
from numbers import Integral

assert isinstance(own_scores, pd.DataFrame) and own_scores.shape == scores.shape, say("own_scores_form")
assert set(own_scores.index) == set(scores.index) and set(own_scores) == set(scores), say("own_scores_form")
assert own_scores.apply(pd.to_numeric, errors="coerce").map(lambda score: 1 <= score <= 5).all(axis=None), say(
    "own_scores_range"
)
assert isinstance(decision, dict) and set(decision) == {"team", "weights", "choice", "flip", "why"}, say("decision_keys")
team, own_weights, flip = decision["team"], decision["weights"], decision["flip"]
assert isinstance(team, dict) and set(team) == {"size", "infrastructure", "scale", "experience"}, say("decision_team")
assert isinstance(team["size"], Integral) and 5 <= team["size"] <= 10, say("decision_size")
written = [team[key] for key in ("infrastructure", "scale", "experience")]
assert all(isinstance(text, str) and text.strip() for text in written), say("decision_team")
assert isinstance(own_weights, dict) and set(own_weights) == set(scores.index), say("decision_weights")
assert all(isinstance(weight, Integral) and 0 <= weight <= 10 for weight in own_weights.values()), say("decision_weights")
assert len(set(own_weights.values())) > 1, say("decision_equal")
assert sum(weight > 0 for weight in own_weights.values()) > 1, say("decision_one")
assert decision["choice"] == ranking(own_scores, own_weights)[0], say("decision_choice")
if flip is None:
    assert not flips(own_scores, own_weights), say("decision_not_robust")
else:
    assert isinstance(flip, tuple | list) and len(flip) == 2 and flip[0] in list(own_weights), say("decision_flip_form")
    assert isinstance(flip[1], Integral) and 0 <= flip[1] <= 10, say("decision_flip_form")
    assert ranking(own_scores, own_weights | {flip[0]: flip[1]})[0] != decision["choice"], say("decision_flip")
assert isinstance(decision["why"], str) and len(decision["why"].split()) >= 10, say("decision_why")

# %% [markdown] tags=["ru"]
# Картинка к вашему решению: кто побеждает при каком весе. Точка стоит на вашем весе. Её и стоит показать команде.

# %% [markdown] tags=["en"]
# A picture of your decision: who wins at which weight. The dot is at your weight. This is what to show to your team.

# %% tags=["nbval-ignore-output"]
import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap

palette = ListedColormap(["#BBBBBB", "#E69F00", "#56B4E9", "#009E73", "#CC79A7"])
tools = list(own_scores)
chosen = decision["weights"]
firsts = [[tools.index(ranking(own_scores, chosen | {c: value})[0]) for value in range(11)] for c in chosen]
figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
shown = axes.imshow(firsts, cmap=palette, vmin=-0.5, vmax=4.5, aspect="auto")
axes.plot(list(chosen.values()), range(len(chosen)), "ko")
axes.set_yticks(range(len(chosen)), chosen)
axes.set(xticks=range(11), xlabel="weight of this criterion, the others unchanged")
figure.colorbar(shown, ticks=range(5)).set_ticklabels(tools)
plt.show()

# %%
close_engines()

# %% [markdown] tags=["ru"]
# ## Главное
# - После правки и после падения выполняется то, чего движок не помнит. Проверить это можно за минуту, по журналу.
# - Накладные расходы — это время, когда не работала ни одна стадия, а не разность сумм.
# - Победителя называют вместе с тем весом, который его меняет.
#
# **Дальше:** выбранный пайплайн должен запускаться сам, по `push`, и останавливаться перед плохой моделью. Это следующая тема лекции, CI/CD.

# %% [markdown] tags=["en"]
# ## Key points
# - After an edit and after a failure, what runs is what the engine does not remember. That can be tested in a minute, by the journal.
# - Overhead is the time in which no stage was at work, not a difference of sums.
# - A winner is named together with the weight that would change him.
#
# **Next:** the pipeline you chose must start by itself, on a `push`, and stop before a bad model. That is the lecture's next subject, CI/CD.
