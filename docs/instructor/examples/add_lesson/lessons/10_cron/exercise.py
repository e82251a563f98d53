# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 10. Cron: задачи
# **Лекция 0 мин · упражнения 15 мин**
#
# - Как записать расписание одной строкой?
# - Что cron сделает, если запуск упал или затянулся?

# %% [markdown] tags=["en"]
# # 10. Cron: tasks
# **Teaching 0 min · exercises 15 min**
#
# - How is a timetable written in one line?
# - What does cron do if a run fails or takes too long?

# %%
from workshop.lesson import start

sandbox, say = start("10_cron", lang, part="exercise")
print("ready")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (5 мин, 1 балл). По будням в шесть утра
# Запишите в переменную `line` (строка из пяти полей) расписание: с понедельника по пятницу, ровно в шесть утра.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (5 min, 1 point). On weekdays at six in the morning
# Put into the variable `line` (a string of five fields) the timetable: Monday to Friday, at six in the morning sharp.

# %%
# BEGIN SOLUTION
line = "0 6 * * 1-5"
# END SOLUTION

# %% tags=["check"]
from datetime import datetime, timedelta

from croniter import croniter

assert isinstance(line, str) and croniter.is_valid(line), say("no_cron")
week = croniter(line, datetime(2013, 3, 3, 23))  # a Sunday night
found = [week.get_next(datetime) for _ in range(6)]
assert all((time.hour, time.minute) == (6, 0) for time in found), say("other_hour")
monday = datetime(2013, 3, 4, 6)
assert found == [monday + timedelta(days=day) for day in (0, 1, 2, 3, 4, 7)], say("other_days")

# %% tags=["solution"]
print(line, "->", *(f"{time:%a}" for time in found))

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (3 мин, 1 балл). Сколько запусков?
# Запишите в переменную `runs` (целое число), сколько раз расписание `0 6 * * 1-5` сработает в феврале 2013 года. Первое февраля тогда было пятницей.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (3 min, 1 point). How many runs?
# Put into the variable `runs` (a whole number) how often the timetable `0 6 * * 1-5` strikes in February 2013. The first of February was a Friday then.

# %%
# BEGIN SOLUTION
runs = 20
# END SOLUTION

# %% tags=["check"]
assert type(runs) is int, say("no_whole_number")
february = croniter("0 6 * * 1-5", datetime(2013, 1, 31, 23))
times = [february.get_next(datetime) for _ in range(30)]
assert runs != 28, say("weekends_too")
assert runs == sum(time.month == 2 for time in times), say("other_count")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (3 мин, 1 балл). Не успел
# Пайплайн запускается каждый час, `0 * * * *`. Напишите функцию `overlaps(minutes)`: она возвращает `True`, если запуск длиной `minutes` минут ещё идёт, когда cron начинает следующий. Ровно за час запуск успевает.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (3 min, 1 point). Too slow
# The pipeline starts every hour, `0 * * * *`. Write the function `overlaps(minutes)`: it returns `True` if a run of `minutes` minutes is still on when cron begins the next one. A run of exactly one hour is done in time.

# %%
def overlaps(minutes):
    # BEGIN SOLUTION
    return minutes > 60
    # END SOLUTION


# %% tags=["check"]
assert {type(overlaps(minutes)) for minutes in (10, 90)} == {bool}, say("no_bool")
assert not overlaps(60), say("exactly_an_hour")
assert [overlaps(minutes) for minutes in (1, 59, 61, 300)] == [False, False, True, True], say("other_overlap")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (4 мин, 2 балла). Когда попробует ещё раз?
# Расписание ночное, `0 3 * * *`. Напишите функцию `next_try(fell)`: запуск упал в момент `fell` (это `datetime`), она возвращает момент, когда cron попробует снова.
#
# <details><summary>Подсказка</summary>Объект croniter с началом в fell умеет get_next(datetime), как в тетради.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (4 min, 2 points). When does it try again?
# The timetable is nightly, `0 3 * * *`. Write the function `next_try(fell)`: a run failed at the moment `fell` (a `datetime`), it returns the moment when cron tries again.
#
# <details><summary>Hint</summary>A croniter object that begins at fell has get_next(datetime), as in the notebook.</details>

# %%
def next_try(fell):
    # BEGIN SOLUTION
    return croniter("0 3 * * *", fell).get_next(datetime)
    # END SOLUTION


# %% tags=["check"]
late, early = datetime(2013, 2, 27, 3, 20), datetime(2013, 2, 28, 1)
assert isinstance(next_try(late), datetime), say("no_moment")
assert next_try(late) > late + timedelta(hours=1), say("cron_does_not_retry")
assert next_try(late) == datetime(2013, 2, 28, 3), say("next_night")
assert next_try(early) == datetime(2013, 2, 28, 3), say("same_night")

# %% tags=["solution"]
print(next_try(datetime(2013, 2, 27, 3, 20)))

# %% [markdown] tags=["ru"]
# ## Главное
# - Проверка не сравнивает строки, а смотрит, когда расписание сработает.
#
# **Дальше:** ваш собственный урок.

# %% [markdown] tags=["en"]
# ## Key points
# - The check does not compare strings, it looks when the timetable strikes.
#
# **Next:** a lesson of your own.
