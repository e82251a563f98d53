# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 0. Разминка
# **Лекция 0 мин · упражнения 5 мин**
#
# Одна задача, чтобы понять, как устроены все остальные. В ней есть текст, ячейка с пробелом, подсказка и проверка. Ошибиться здесь полезно: посмотрите, что скажет проверка.
#
# - Какая доля рейсов опоздала в феврале?

# %% [markdown] tags=["en"]
# # 0. A warm-up
# **Teaching 0 min · exercises 5 min**
#
# One task, to see how all the others work. It has a text, a cell with a blank, a hint and a check. A mistake does no harm here: look what the check has to say.
#
# - What share of the flights was late in February?

# %%
from workshop.lesson import start

sandbox, say = start("00_start", lang, part="exercise", ingest__rows=5000)

# %% [markdown] tags=["ru"]
# Стадия `ingest` загружает один месяц. Здесь это пять тысяч рейсов февраля, с той самой метелью.

# %% [markdown] tags=["en"]
# The stage `ingest` loads one month. Here it is five thousand flights of February, blizzard and all.

# %%
import sys

import pandas as pd
from flight_delays.pipeline import Project
from workshop.places import LESSONS

sys.path.append(str(LESSONS / "00_start"))
from late_shares import counted_as

project = Project.load(sandbox.root)
project.run("ingest", "2013-02")
flights = pd.read_parquet(project.raw("2013-02") / "flights.parquet")
flights[["date", "sched_dep_time", "carrier", "origin", "dest", "arr_delay"]].head()

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (5 мин, 1 балл). Сколько опоздало?
# Запишите в переменную `late_share` (число от 0 до 1, не округляя) долю опоздавших среди тех рейсов из таблицы `flights`, которые **прилетели**. Опоздание — это `arr_delay` от 15 минут, ровно 15 тоже опоздание. У рейса, который не прилетел, `arr_delay` пуста.
#
# Пока вы ничего не написали, ячейка с пробелом останавливается и говорит об этом. Проверка под ней говорит, что не так, а если ответ верный, то что задача решена и сколько за неё баллов.
#
# <details><summary>Подсказка</summary>Пустые значения столбца убирает .dropna(), а среднее от True и False — это доля True.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (5 min, 1 point). How many were late?
# Put into the variable `late_share` (a number from 0 to 1, not rounded) the share of late ones among those flights of the table `flights` that **arrived**. Late means: `arr_delay` is 15 minutes or more, and just 15 is late. A flight that did not arrive has an empty `arr_delay`.
#
# As long as you have written nothing, the cell with the blank stops and says so. The check below it says what is wrong or, if the answer is right, that the task is solved and for how many points.
#
# <details><summary>Hint</summary>.dropna() drops the empty values of a column, and the mean of True and False is the share of True.</details>

# %%
# BEGIN SOLUTION
late_share = (flights["arr_delay"].dropna() >= 15).mean()
# END SOLUTION

# %% tags=["check"]
from numbers import Real

delays = pd.read_parquet(project.raw("2013-02") / "flights.parquet")["arr_delay"]
assert isinstance(late_share, Real), say("not_a_number")
assert 0 <= late_share <= 1, say("not_a_share")
way = counted_as(late_share, delays)
assert way != "all flights", say("cancelled_counted")
assert way != "longer only", say("exactly_15")
assert way == "as asked", say("other_share")

# %% tags=["solution"]
print(f"{late_share:.1%} of the flights that arrived")

# %% [markdown] tags=["ru", "solution"]
# Если забыть про отменённые рейсы, доля получится меньше: пустое значение не больше 15, и отмена сойдёт за вовремя. Разница невелика, ничего не падает, и в этом вся опасность. Об этом следующая тетрадь.

# %% [markdown] tags=["en", "solution"]
# If one forgets the cancelled flights, the share comes out lower: an empty value is not above 15, and a cancellation passes for punctual. The difference is small and nothing breaks, which is just the danger. The next notebook is about that.

# %% [markdown] tags=["ru"]
# ## Главное
# - Проверка не знает нашего решения, она смотрит на ваш результат.
# - Её сообщение говорит, что не так и куда смотреть.
#
# **Дальше:** тетрадь 1, зачем автоматизировать.

# %% [markdown] tags=["en"]
# ## Key points
# - The check does not know our solution, it looks at your result.
# - Its message says what is wrong and where to look.
#
# **Next:** notebook 1, why automate.
