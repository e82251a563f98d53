# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 10. Cron: задача
# **Лекция 0 мин · упражнения 5 мин**
#
# - Как записать расписание одной строкой?

# %% [markdown] tags=["en"]
# # 10. Cron: a task
# **Teaching 0 min · exercises 5 min**
#
# - How is a timetable written in one line?

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
