# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 1. Зачем автоматизировать: задачи
# **Лекция 0 мин · упражнения 40 мин**
#
# Шесть задач: починим тетрадь Лены, поставим проверку на входе, разберём чужие аварии и посчитаем, когда автоматизация окупится у вас.
#
# - Как сделать, чтобы число повторялось?
# - Какие ошибки автоматизация предотвращает, а какие нет?
# - Что автоматизировать первым?

# %% [markdown] tags=["en"]
# # 1. Why automate: tasks
# **Teaching 0 min · exercises 40 min**
#
# Six tasks: we mend Lena's notebook, put a check at the entrance, look into other people's accidents, and work out when automation pays off for you.
#
# - How to make a figure repeat?
# - Which mistakes does automation prevent, and which not?
# - What to automate first?

# %%
from workshop.lesson import start

months = {"2013-01": "train", "2013-02": "test"}
sandbox, say = start("01_why_automate", lang, part="exercise", months=months, ingest__rows=2000)

# %% tags=["waits-data", "graded-once"]
import sys
from numbers import Real

import pandas as pd
from flight_delays.pipeline import Project
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from workshop.places import LESSONS

sys.path.append(str(LESSONS / "01_why_automate"))
import why_trials

project = Project.load(sandbox.root)
for month in project.months:
    project.run("ingest", month)
january, february = (pd.read_parquet(project.raw(month) / "flights.parquet") for month in project.months)
january[["date", "sched_dep_time", "carrier", "flight", "origin", "dest", "arr_delay"]].head(3)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (10 мин, 3 балла). Тетрадь без сюрпризов
# Соберите пять ячеек Лены в одну функцию `experiment(flights, seed)`. Она должна:
#
# 1. убрать рейсы без `arr_delay`, до разбиения;
# 2. взять в фичи столбцы `sched_dep_time` и `distance`, и только их; ответ — опоздал ли рейс, то есть `arr_delay` от 15 минут;
# 3. случайно отделить на тест ровно четверть рейсов, из сорока — десять;
# 4. обучить `RandomForestClassifier(100, min_samples_leaf=2)`;
# 5. вернуть ROC AUC на тесте, посчитанный по вероятностям: число типа `float`, без округления.
#
# Вся случайность должна определяться числом `seed`: с одним и тем же `seed` результат всегда один, с другим другой. Таблицу `flights` функция не меняет.
#
# <details><summary>Подсказка</summary>Случайных мест здесь два. У каждого есть аргумент random_state.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (10 min, 3 points). A notebook without surprises
# Put Lena's five cells together into one function `experiment(flights, seed)`. It must:
#
# 1. drop the flights without `arr_delay`, before the split;
# 2. take the columns `sched_dep_time` and `distance` as features, and no others; the answer is whether the flight was late, that is, an `arr_delay` of 15 minutes or more;
# 3. set a random quarter of the flights aside as the test, just ten of forty;
# 4. train a `RandomForestClassifier(100, min_samples_leaf=2)`;
# 5. return the ROC AUC on the test, by the probabilities: a number of type `float`, not rounded.
#
# The number `seed` must decide all randomness: with the same `seed` the result is always the same, with another one another. The function does not change the table `flights`.
#
# <details><summary>Hint</summary>There are two random places here. Each has an argument random_state.</details>

# %%
def experiment(flights: pd.DataFrame, seed: int) -> float:
    # BEGIN SOLUTION
    arrived = flights.dropna(subset=["arr_delay"])
    x, late = arrived[["sched_dep_time", "distance"]], arrived["arr_delay"] >= 15
    x_train, x_test, y_train, y_test = train_test_split(x, late, test_size=0.25, random_state=seed)
    forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=seed).fit(x_train, y_train)
    return float(roc_auc_score(y_test, forest.predict_proba(x_test)[:, 1]))
    # END SOLUTION


# %% tags=["check"]
before = january.copy()
once = why_trials.outcome(experiment, january, 1)
assert not isinstance(once, ValueError), say("experiment_failed", got=once)
assert isinstance(once, float) and 0 < once < 1, say("experiment_form")
assert january.equals(before), say("experiment_touches")
assert experiment(january, 1) == once, say("experiment_random")
assert len({once, experiment(january, 2), experiment(january, 3)}) > 1, say("experiment_seed")
assert experiment(january.dropna(subset=["arr_delay"]), 1) == once, say("experiment_cancelled")
assert once < 0.75, say("experiment_leak")
assert abs(experiment(why_trials.all_alike(january), 1) - 0.5) < 1e-9, say("experiment_columns")
for column in ("sched_dep_time", "distance"):
    assert experiment(why_trials.decided_by(column, january), 1) > 0.9, say("experiment_column", column=column)
assert experiment(why_trials.exactly_late(january), 1) > 0.75, say("experiment_late")
assert experiment(why_trials.rarely_late(january), 1) > 0.65, say("experiment_score")
fours = [experiment(why_trials.in_fours(january), seed) for seed in (1, 2, 3)]
assert 0.78 < sum(fours) / 3 < 0.92, say("experiment_forest")
assert all(why_trials.of_ten(experiment(why_trials.forty(january), seed)) for seed in range(6)), say("experiment_quarter")

# %% [markdown] tags=["ru", "solution"]
# Функция не помнит прошлых запусков, поэтому выполнить её «не в том порядке» нельзя. Вот и весь первый шаг автоматизации. А разброс по `seed` стоит знать: улучшение меньше этого разброса ничего не доказывает.

# %% [markdown] tags=["en", "solution"]
# The function remembers no past runs, so it cannot be run "in the wrong order". That is the whole first step of automation. And the spread over `seed` is worth knowing: an improvement smaller than this spread proves nothing.

# %% tags=["solution"]
print("ROC AUC by seed:", sorted(round(experiment(january, seed), 2) for seed in range(4)))

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (10 мин, 3 балла). Проверка на входе
# Напишите функцию `check_file(flights, month)`. Она получает таблицу рейсов и месяц вида `2013-01`, ничего не возвращает, а если на файле обучать нельзя, бросает `ValueError` с понятным текстом. Нельзя, если:
#
# - в таблице нет ни одного рейса;
# - в столбце `date` встречается другой месяц или другой год;
# - `arr_delay` пуст больше чем у 10 % рейсов;
# - один и тот же рейс записан дважды: совпали все четыре столбца, `scheduled`, `origin`, `carrier` и `flight`, что бы ни стояло в остальных.
#
# <details><summary>Подсказка</summary>Пригодятся методы isna, duplicated и dt.strftime("%Y-%m").</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (10 min, 3 points). A check at the entrance
# Write the function `check_file(flights, month)`. It takes the table of flights and a month like `2013-01`, returns nothing, and raises a `ValueError` with a clear text if one must not train on the file. One must not if:
#
# - the table has no flight at all;
# - another month or another year occurs in the column `date`;
# - `arr_delay` is empty for more than 10 % of the flights (just 10 % will still do);
# - the same flight is there twice: all four columns are the same, `scheduled`, `origin`, `carrier` and `flight`, whatever the others say.
#
# <details><summary>Hint</summary>The methods isna, duplicated and dt.strftime("%Y-%m") will help.</details>

# %%
def check_file(flights: pd.DataFrame, month: str) -> None:
    # BEGIN SOLUTION
    if flights.empty:
        raise ValueError(f"{month}: no flights")
    if (flights["date"].dt.strftime("%Y-%m") != month).any():
        raise ValueError(f"{month}: flights of another month")
    if flights["arr_delay"].isna().mean() > 0.1:
        raise ValueError(f"{month}: arr_delay is empty for {flights['arr_delay'].isna().mean():.0%} of the flights")
    if flights.duplicated(["scheduled", "origin", "carrier", "flight"]).any():
        raise ValueError(f"{month}: the same flight twice")
    # END SOLUTION


# %% tags=["check"]
fine = why_trials.verdicts(check_file, "2013-01", january, *why_trials.sound(january))
fine |= why_trials.verdicts(check_file, "2013-02", february)
empty = why_trials.verdicts(check_file, "2013-01", january.head(0))
month = why_trials.verdicts(check_file, "2013-01", february, *why_trials.of_other_months(january))
month |= why_trials.verdicts(check_file, "2013-02", january)
gaps = why_trials.verdicts(check_file, "2013-01", *why_trials.with_too_many_gaps(january))
twice = why_trials.verdicts(check_file, "2013-01", *why_trials.with_one_twice(january))
other = (fine | empty | month | gaps | twice) - {"taken", "refused"}
assert not other, say("check_other", got=", ".join(sorted(other)))
assert fine == {"taken"}, say("check_too_strict")
assert empty == {"refused"}, say("check_empty")
assert month == {"refused"}, say("check_month")
assert gaps == {"refused"}, say("check_gaps")
assert twice == {"refused"}, say("check_twice")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (5 мин, 2 балла). ETL или ML?
# Контрольный вопрос лекции: чем автоматизация ML-пайплайна отличается от автоматизации обычного ETL? Ниже восемь утверждений. Запишите в `only_ml` множество строчных букв (`set` строк) тех, которые верны для ML-пайплайна, но **не нужны** обычному ETL.
#
# - `a`: схему входных данных проверяют перед работой.
# - `b`: чтобы повторить результат, надо зафиксировать `seed`.
# - `c`: после запуска хранят модель и её метрики.
# - `d`: код лежит в системе версий.
# - `e`: чтобы откатиться, мало вернуть прежний код и прогнать его на тех же таблицах.
# - `f`: следят за временем работы и объёмом данных.
# - `g`: следят за дрейфом: данные верны по схеме, но уже не те.
# - `h`: результат зависит от гиперпараметров.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (5 min, 2 points). ETL or ML?
# A control question of the lecture: how does automating an ML pipeline differ from automating ordinary ETL? Below are eight statements. Put into `only_ml` the set of small letters (a `set` of strings) of those that are true of an ML pipeline but **not needed** by ordinary ETL.
#
# - `a`: the schema of the input is checked before work begins.
# - `b`: to repeat the result, the `seed` must be fixed.
# - `c`: after a run, the model and its metrics are kept.
# - `d`: the code is under version control.
# - `e`: to roll back, it is not enough to restore the former code and run it on the same tables.
# - `f`: run time and volume of data are watched.
# - `g`: drift is watched: the data fit the schema, but are no longer what they were.
# - `h`: the result depends on hyperparameters.

# %%
# BEGIN SOLUTION
only_ml = {"b", "c", "e", "g", "h"}
# END SOLUTION

# %% tags=["check"]
assert isinstance(only_ml, set | frozenset) and only_ml <= set("abcdefgh"), say("etl_letters")
common, missed = why_trials.etl_letters(only_ml)
assert not common, say("etl_common")
assert not missed, say("etl_missed")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (5 мин, 2 балла). Разбор аварий
# Контрольный вопрос: что предотвращает автоматизация? Вот шесть историй. В словаре `prevented` поставьте каждой букве `True`, если один только автоматический пайплайн (те же шаги, в том же порядке, с теми же параметрами и проверками) её бы предотвратил, и `False`, если нет.
#
# - `a`: стажёр забыл шаг очистки, и модель училась на отменённых рейсах.
# - `b`: в фичах было фактическое время вылета, в бою оно неизвестно.
# - `c`: отчёт сделали на файле за прошлую неделю, новый лежал рядом.
# - `d`: заказчик хотел прогноз отмен, а команда предсказывала опоздания.
# - `e`: никто не смог повторить лучшую модель: параметры подбирали в тетради и не записали.
# - `f`: порог допуска модели выбрали слишком низким, и плохая модель его прошла.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (5 min, 2 points). Looking into accidents
# A control question: what does automation prevent? Here are six stories. In the dictionary `prevented` give each letter `True` if an automatic pipeline alone (the same steps, in the same order, with the same parameters and checks) would have prevented it, and `False` if not.
#
# - `a`: a trainee forgot the cleaning step, and the model learnt from cancelled flights.
# - `b`: the features held the actual departure time, which is unknown in production.
# - `c`: the report was made on last week's file, the new one lay beside it.
# - `d`: the client wanted a forecast of cancellations, the team predicted delays.
# - `e`: nobody could repeat the best model: its parameters were tuned in a notebook and not written down.
# - `f`: the threshold for letting a model pass was too low, and a bad model passed.

# %%
# BEGIN SOLUTION
prevented = {"a": True, "b": False, "c": True, "d": False, "e": True, "f": False}
# END SOLUTION

# %% tags=["check"]
assert isinstance(prevented, dict) and set(prevented) == set("abcdef"), say("accidents_form")
assert all(verdict in (True, False) for verdict in prevented.values()), say("accidents_form")
too_many, too_few = why_trials.accident_letters(prevented)
assert not too_many, say("accidents_too_many")
assert not too_few, say("accidents_too_few")

# %% [markdown] tags=["ru", "solution"]
# Автоматизация спасает от забытого шага, не того файла и потерянных параметров. От неверной постановки, утечки и неудачного порога она не спасает: пайплайн повторит их точно и быстро.

# %% [markdown] tags=["en", "solution"]
# Automation saves you from a forgotten step, a wrong file and lost parameters. It does not save you from a wrong question, a leak and a bad threshold: a pipeline repeats them exactly and fast.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (5 мин, 2 балла). Когда окупится?
# Напишите функцию `pays_back(minutes_by_hand, runs_per_month, hours_to_automate)`. Она возвращает, через сколько месяцев (`float`, без округления) сэкономленное время сравняется с потраченным на автоматизацию. Считаем, что один запуск командой не стоит человеку ничего. Если экономии нет, ответ `float("inf")`.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (5 min, 2 points). When does it pay off?
# Write the function `pays_back(minutes_by_hand, runs_per_month, hours_to_automate)`. It returns after how many months (a `float`, not rounded) the time saved equals the time spent on automating. Assume that a run by command costs a person nothing. If nothing is saved, the answer is `float("inf")`.

# %%
def pays_back(minutes_by_hand: float, runs_per_month: float, hours_to_automate: float) -> float:
    # BEGIN SOLUTION
    saved_hours = minutes_by_hand * runs_per_month / 60
    return hours_to_automate / saved_hours if saved_hours else float("inf")
    # END SOLUTION


# %% tags=["check"]
cases = [(30, 20, 20), (45, 10, 10), (15, 0.5, 3), (1, 0.01, 1), (30, 20, 0), (30, 0, 20), (0, 20, 20)]
drawn = why_trials.known_months()
answers = [why_trials.months(pays_back, *case) for case in cases + [case for case, _ in drawn]]
for months in answers:
    assert isinstance(months, Real), say("pays_back_form", got=type(months).__name__)
right = [2, 4 / 3, 24, 6000, 0]
assert all(abs(got - months) < 1e-6 for got, months in zip(answers, right)), say("pays_back_wrong")
assert answers[5:7] == [float("inf"), float("inf")], say("pays_back_never")
assert all(abs(got - months) < 1e-6 for got, (_, months) in zip(answers[7:], drawn)), say("pays_back_wrong")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (5 мин, 1 балл). А у вас?
# Два вопроса лекции: какая операция в ваших проектах самая рутинная и какие стадии чаще всего делают руками. Заполните словарь `routine`: `stage` — одна из стадий в `STAGES`, ближайшая по смыслу, `operation` — что именно вы делаете руками, `why` — почему до сих пор руками (пять слов или больше), `minutes` и `runs_per_month` — числа больше нуля. Писать можно на любом языке. Правильного ответа нет, проверим только форму.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (5 min, 1 point). And you?
# Two questions of the lecture: which operation in your projects is the most routine, and which stages are done by hand most often. Fill in the dictionary `routine`: `stage` is one of the stages in `STAGES`, the nearest in meaning, `operation` is what exactly you do by hand, `why` is why it is still done by hand (five words or more), `minutes` and `runs_per_month` are numbers above zero. Write in any language. There is no right answer, only the form is checked.

# %%
from flight_delays.pipeline import STAGES

print(*STAGES)

# %%
# BEGIN SOLUTION
routine = {
    "stage": "ingest",
    "operation": "download the weekly export and rename the file",
    "why": "the export has no API and nobody asked for one",
    "minutes": 15,
    "runs_per_month": 4,
}
# END SOLUTION

# %% tags=["check"]
assert isinstance(routine, dict), say("routine_keys")
assert set(routine) == {"stage", "operation", "why", "minutes", "runs_per_month"}, say("routine_keys")
assert isinstance(routine["stage"], str) and routine["stage"] in STAGES, say("routine_stage")
assert all(isinstance(routine[key], str) and routine[key].strip() for key in ("operation", "why")), say("routine_words")
assert len(routine["why"].split()) >= 5, say("routine_words")
numbers = [routine["minutes"], routine["runs_per_month"]]
assert all(isinstance(number, Real) and number > 0 for number in numbers), say("routine_numbers")

# %% [markdown] tags=["ru"]
# ## Главное
# - Функция с `seed` вместо ячеек: результат не зависит от того, что выполняли раньше.
# - Проверка на входе дешевле, чем разбор на выходе.
# - Автоматизация повторяет решения, а не принимает их за вас.
#
# **Дальше:** вторая тетрадь, пайплайн обычным скриптом.

# %% [markdown] tags=["en"]
# ## Key points
# - A function with a `seed` instead of cells: the result does not depend on what was run before.
# - A check at the entrance is cheaper than an inquiry at the exit.
# - Automation repeats decisions, it does not take them for you.
#
# **Next:** the second notebook, the pipeline as a plain script.
