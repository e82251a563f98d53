# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 10. Cron: расписание без оркестратора
# **Лекция 5 мин · упражнения 15 мин**
#
# Маленький урок, чтобы показать, как урок добавляют. Расписание можно задать одной строкой cron. Посмотрим, когда она сработает.
#
# - Что значат пять полей?

# %% [markdown] tags=["en"]
# # 10. Cron: a timetable without an orchestrator
# **Teaching 5 min · exercises 15 min**
#
# A small lesson, to show how a lesson is added. A timetable can be one line of cron. Let us see when it strikes.
#
# - What do the five fields mean?

# %%
from workshop.lesson import start

sandbox, say = start("10_cron", lang)
print("ready")

# %% [markdown] tags=["ru"]
# ## Пять полей
# Минута, час, день месяца, месяц, день недели. Звёздочка значит «любой». Строка ниже срабатывает каждую ночь в три часа.

# %% [markdown] tags=["en"]
# ## Five fields
# Minute, hour, day of the month, month, day of the week. A star means "any". The line below strikes every night at three.

# %%
from datetime import datetime

from croniter import croniter

nightly = croniter("0 3 * * *", datetime(2013, 2, 27, 12))
for _ in range(3):
    print(nightly.get_next(datetime))

# %% [markdown] tags=["ru"]
# ## Проверьте себя

# %% [markdown] tags=["en"]
# ## Check yourself

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("10_cron", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Cron знает, когда начать, и больше ничего: ни повторов, ни журнала.
#
# **Дальше:** четыре задачи в `exercises`.

# %% [markdown] tags=["en"]
# ## Key points
# - Cron knows when to begin, and nothing else: no retries, no log.
#
# **Next:** four tasks in `exercises`.
