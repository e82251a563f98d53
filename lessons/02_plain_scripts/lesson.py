# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = 3000

# %% [markdown] tags=["ru"]
# # 2. Пайплайн обычным скриптом
# **Лекция 25 мин · упражнения 53 мин**
#
# В прошлой тетради мы запускали ячейки руками и трижды ошиблись. Здесь каждый шаг станет функцией, а весь процесс одной командой. Потом посмотрим, чего такой команде не хватает.
#
# - Из чего состоит ML-пайплайн и что связывает его стадии?
# - Что выполнится заново, если поменять одно число? А если стадия упадёт?
# - Почему модель с хорошей метрикой иногда нельзя применить ни к одному рейсу?

# %% [markdown] tags=["en"]
# # 2. The pipeline as a plain script
# **Teaching 25 min · exercises 53 min**
#
# In the last notebook we ran cells by hand and went wrong three times. Here each step becomes a function, and the whole process one command. Then we look at what this command lacks.
#
# - What is an ML pipeline made of, and what joins its stages?
# - What runs again when one number changes? And when a stage fails?
# - Why can a model with a good metric be of no use for a single flight?

# %%
from workshop.lesson import start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("02_plain_scripts", lang, months=months, ingest__rows=rows)
sorted(file.stem for file in (sandbox.root / "flight_delays/stages").glob("[a-z]*.py"))

# %% [markdown] tags=["ru"]
# ## Стадия это функция
# Семь файлов, семь стадий: загрузить данные, проверить, подготовить, обучить, оценить, решить, годится ли модель, и зарегистрировать её. Вот стадия `train` целиком.
#
# Обратите внимание на аргументы. Сначала пути: что прочитать и куда записать. Потом параметры, и у них нет значений по умолчанию: всё решает `params.yaml`. Функция ничего не печатает, а одну строку отдаёт журналу (`logging`): где её показать, решает тот, кто функцию вызвал. Кто он, она не знает, поэтому вызвать её сможет кто угодно: скрипт, Airflow, тест.

# %% [markdown] tags=["en"]
# ## A stage is a function
# Seven files, seven stages: load the data, check them, prepare them, train, evaluate, decide whether the model will do, and register it. Here is all of the stage `train`.
#
# Look at the arguments. First paths: what to read and where to write. Then parameters, and they have no defaults: `params.yaml` decides everything. The function prints nothing and hands one line to the log (`logging`): where it is shown is for the caller to decide. Who that is the function does not know, so anybody can call it: a script, Airflow, a test.

# %%
from IPython.display import Code

Code(sandbox.root / "flight_delays/stages/train.py")

# %% [markdown] tags=["ru"]
# ## Стадии связаны артефактами
# Одна стадия пишет файл, другая его читает: вот и вся зависимость. В `pipeline.py` они перечислены, а команда `graph` их печатает. Внизу тот же граф на языке Mermaid: его рисуют GitHub и JupyterLab.

# %% [markdown] tags=["en"]
# ## Stages are joined by artefacts
# One stage writes a file, another reads it: that is all a dependency is. `pipeline.py` lists them, and the command `graph` prints them. Below is the same graph in the language of Mermaid, which GitHub and JupyterLab draw.

# %%
print(sandbox.run(["python", "-m", "flight_delays", "graph"]).stdout)

# %% [markdown] tags=["ru"]
# Месяцы независимы, модели-кандидаты тоже. Если развернуть граф, видно, что можно было бы делать одновременно. Запомните эту картинку: она будет в каждой следующей тетради.

# %% [markdown] tags=["en"]
# The months do not depend on each other, nor do the candidate models. Unfolded, the graph shows what could be done at the same time. Keep this picture in mind: it comes back in every notebook from here on.

# %%
from flight_delays.pipeline import Project
from workshop import figures

project = Project.load(sandbox.root)
figures.graph(project.params.months, project.candidates)

# %% [markdown] tags=["ru"]
# ## Скрипт
# Проще всего вызвать стадии по очереди. Весь скрипт помещается на один экран.

# %% [markdown] tags=["en"]
# ## The script
# The simplest way is to call the stages one by one. The whole script fits on one screen.

# %%
Code(sandbox.root / "run_pipeline.py")

# %% tags=["waits-pipeline"]
first = sandbox.run(["python", "run_pipeline.py"])
print(first.stdout)

# %% [markdown] tags=["ru"]
# Каждая стадия записала в журнал, когда она началась и когда кончилась. По журналу рисуем диаграмму Ганта. Работает всегда ровно одна стадия: скрипт не умеет делать два дела сразу, хотя граф это позволяет.

# %% [markdown] tags=["en"]
# Each stage noted in a journal when it began and when it ended. From the journal we draw a Gantt chart. Exactly one stage is at work at any moment: the script cannot do two things at once, though the graph allows it.

# %%
figures.gantt(sandbox.records(), "run_pipeline.py")

# %% [markdown] tags=["ru"]
# ## Проверим догадку
# Меняем одно число: сколько деревьев в бустинге. Данные те же, логистическая регрессия о деревьях ничего не знает. **Прежде чем запускать, запишите два числа:** сколько стадий выполнится снова и сколько должно бы.

# %% [markdown] tags=["en"]
# ## Test a guess
# We change one number: how many trees the boosting has. The data are the same, and logistic regression knows nothing of trees. **Before you run the cell, write down two numbers:** how many stages will run again, and how many ought to.

# %% tags=["waits-pipeline"]
from collections import Counter

before = len(sandbox.records())
sandbox.set_param("train.candidates.boosting.max_iter", 60)
sandbox.run(["python", "run_pipeline.py"])
again = sandbox.records()[before:]
print(len(again), "stages:", dict(Counter(record.stage for record in again)))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Выполнилось всё. А должны были четыре стадии: `train boosting`, `evaluate`, `gate` и `register`. Ниже видно, сколько секунд ушло на работу, которая ничего не изменила.
#
# Лекция говорит об этом так: изменение на любом этапе должно перезапускать все зависимые этапы, и только их. Первую половину правила скрипт выполняет, вторую нет.

# %% [markdown] tags=["en"]
# ## What just happened?
# Everything ran. Four stages ought to have: `train boosting`, `evaluate`, `gate` and `register`. Below you see how many seconds went into work that changed nothing.
#
# The lecture puts it like this: a change at any stage must re-run every stage that depends on it, and nothing else. The script keeps the first half of the rule, not the second.

# %%
needed = {"train boosting", "evaluate", "gate", "register"}
wasted = sum(record.end - record.start for record in again if record.name not in needed)
print(f"{wasted:.1f} of {sum(record.end - record.start for record in again):.1f} s were wasted")

# %% [markdown] tags=["ru"]
# ## Падение на полпути
# Коллега поправил `train.py` и опечатался: `fti` вместо `fit`. Python заметит это, только когда дойдёт до строки, то есть когда все месяцы уже загружены, проверены и подготовлены.

# %% [markdown] tags=["en"]
# ## Falling half-way
# A colleague edited `train.py` and mistyped: `fti` instead of `fit`. Python notices only when it gets to that line, that is, when all the months have been loaded, checked and prepared.

# %% tags=["waits-pipeline"]
module = sandbox.root / "flight_delays/stages/train.py"
sound = module.read_text(encoding="utf-8")
module.write_text(sound.replace("model.fit(", "model.fti("), encoding="utf-8")
before = len(sandbox.records())
failed = sandbox.run(["python", "run_pipeline.py"], check=False)
print("exit code", failed.returncode, "|", failed.stdout.strip().splitlines()[-1])

# %% [markdown] tags=["ru"]
# Чиним опечатку и запускаем снова. Файлы подготовленных месяцев лежат на диске целые и невредимые. Возьмёт ли их скрипт?

# %% [markdown] tags=["en"]
# We mend the typo and run again. The files of the prepared months lie on the disk, safe and sound. Will the script take them?

# %% tags=["waits-pipeline"]
module.write_text(sound, encoding="utf-8")
sandbox.run(["python", "run_pipeline.py"])
figures.gantt(sandbox.records()[before:], "failed in train, mended, run again")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Второй запуск начал с самого верха. У скрипта нет памяти: он не знает, что уже сделано, и поэтому его «точка возврата» всегда первая строка. На трёх тысячах рейсов это секунды, на трёх годах данных ночь.

# %% [markdown] tags=["en"]
# ## What just happened?
# The second run began at the very top. The script has no memory: it does not know what is done, so the point it returns to is always its first line. With three thousand flights that costs seconds, with three years of data a night.

# %% [markdown] tags=["ru"]
# ## «Я помню, что менял»
# Можно запускать стадии по одной и помнить самому, что устарело. Попробуем: ослабим регуляризацию у логистической регрессии и сразу посмотрим на метрику.

# %% [markdown] tags=["en"]
# ## "I know what I changed"
# One can run the stages singly and remember what is stale. Let us try: loosen the regularisation of logistic regression, and look at the metric at once.

# %%
import json

old = json.loads(project.metrics.read_text())["candidates"]["logistic"]["roc_auc"]
sandbox.set_param("train.candidates.logistic.C", 0.001)
print(sandbox.run(["python", "-m", "flight_delays", "evaluate"]).stdout.strip())
new = json.loads(project.metrics.read_text())["candidates"]["logistic"]["roc_auc"]
print(f"ROC AUC before {old:.4f}, after {new:.4f}")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Метрика не сдвинулась ни на знак. Мы решили бы, что регуляризация не важна. На самом деле мы забыли `train`: `evaluate` честно оценил вчерашнюю модель и вышел с кодом 0. Такая ошибка хуже падения, потому что её никто не видит.

# %% [markdown] tags=["en"]
# ## What just happened?
# The metric did not move by a digit. We would conclude that regularisation does not matter. In truth we forgot `train`: `evaluate` scored yesterday's model in good faith and ended with code 0. Such a mistake is worse than a crash, because nobody sees it.

# %% [markdown] tags=["ru"]
# ## Чего скрипт не умеет
# - помнить, что уже сделано: этому научит `dvc` в четвёртой тетради;
# - продолжить с упавшей стадии и повторить её самому: Airflow и Prefect;
# - делать независимое одновременно: они же;
# - запускаться по расписанию и показывать прошлые запуски: Airflow;
# - дать каждой стадии свою среду: Kubeflow.
#
# Зато скрипт понятен с первого взгляда и не требует ничего, кроме Python. Для проекта, который считается за минуту, этого часто достаточно.

# %% [markdown] tags=["en"]
# ## What the script cannot do
# - remember what is done: `dvc` teaches that in the fourth notebook;
# - go on from the stage that failed, and retry it by itself: Airflow and Prefect;
# - do independent things at the same time: the same two;
# - start on a schedule and show past runs: Airflow;
# - give each stage an environment of its own: Kubeflow.
#
# On the other hand a script is understood at a glance and needs nothing but Python. For a project that takes a minute this is often enough.

# %% [markdown] tags=["ru"]
# ## Утечка: автоматизировать можно и бессмыслицу
# Прежде чем автоматизировать модель, спросим, чего она стоит. На наших данных есть опубликованная модель — [учебник tidymodels, глава о recipes](https://www.tidymodels.org/start/recipes/): логистическая регрессия, случайное разбиение 3:1, ROC AUC 0.764. Опозданием там считают 30 минут и больше; только поэтому и у нас в этом разделе 30, а не 15. Число заманчивое — попробуем его повторить.
#
# Нужен весь год. Первые две стадии пайплайна его загрузят и проверят: это обычные функции, вызовем их прямо из тетради.

# %% [markdown] tags=["en"]
# ## The leak: nonsense can be automated too
# Before we automate a model, let us ask what it is worth. There is a published model on our data: [the tidymodels tutorial, the chapter on recipes](https://www.tidymodels.org/start/recipes/). Logistic regression, a random split of 3:1, ROC AUC 0.764. Late means 30 minutes or more there, and only for that reason in this section of ours too, where it is 15 elsewhere. A tempting number. Let us try to reproduce it.
#
# We need the whole year. The first two stages of the pipeline load and check it: they are ordinary functions, so we call them right from the notebook.

# %%
year = {f"2013-{month:02}": "train" if month <= 9 else "test" for month in range(1, 13)}
changes = {"months": year, "ingest.rows": None, "prepare.late_minutes": 30}
changes |= {"train.candidates.logistic.C": 0.1, "train.candidates.boosting.max_iter": 80}  # as they were at first
for key, value in changes.items():
    sandbox.set_param(key, value)
project = Project.load(sandbox.root)
print("train:", *project.months_of("train"), "| test:", *project.months_of("test"))

# %% tags=["waits-data"]
for month in project.months:
    project.run("ingest", month)
    project.run("validate", month)
print(len(list(project.root.glob("data/validated/*.json"))), "months validated")

# %%
import pandas as pd

flights = pd.concat(pd.read_parquet(project.raw(month) / "flights.parquet") for month in project.months)
weather = pd.concat(pd.read_parquet(project.raw(month) / "weather.parquet") for month in project.months)
hours = weather[["origin", "observed"]].drop_duplicates()
observed = flights["scheduled"].dt.floor("h") + pd.Timedelta(hours=1)  # a reading is known when its hour is over
joined = flights.assign(observed=observed).merge(hours)
table = joined.dropna(subset=["arr_delay", "dep_time", "air_time"])
print(f"{len(table):,} flights")

# %% [markdown] tags=["ru"]
# Ровно 325 819 рейсов, как в статье: погода там нужна только затем, чтобы отбросить часы, когда её не мерили. Добавим к таблице день недели, месяц, праздники и ответ.

# %% [markdown] tags=["en"]
# Exactly 325,819 flights, as in the article: weather serves there only to drop the hours in which it was not measured. We add weekday, month, holidays and the answer to the table.

# %%
from pandas.tseries.holiday import USFederalHolidayCalendar

holidays = USFederalHolidayCalendar().holidays("2013-01-01", "2013-12-31", return_name=True)
table = table.assign(
    weekday=table["date"].dt.weekday,
    month=table["date"].dt.month,
    holiday=table["date"].map(holidays).fillna("none"),
    late=(table["arr_delay"] >= 30).astype(int),
)
print(f"{table['late'].mean():.1%} of the flights are late")

# %%
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# %%
categories = ["origin", "dest", "carrier", "weekday", "month", "holiday"]


def auc(numbers, train, test, categories=categories):
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), categories), (StandardScaler(), numbers))
    model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(train, train["late"])
    return round(roc_auc_score(test["late"], model.predict_proba(test)[:, 1]), 3)


# %%
train, test = train_test_split(table, test_size=0.25, random_state=222)
ladder = {"as published": auc(["dep_time", "air_time", "distance"], train, test)}
print(f"{len(test):,} test flights, ROC AUC {ladder['as published']}")

# %% [markdown] tags=["ru"]
# ## Получилось. А теперь применим
# Завтра в 17:00 вылет из JFK. Опоздает ли он? Модель просит `dep_time`, то есть когда самолёт **на самом деле** вылетел, и `air_time` — сколько он летел. До вылета этих чисел нет, а после посадки прогноз уже не нужен. Это и есть утечка: модель подсмотрела в будущее.
#
# Заменим вылет фактический на вылет по расписанию, а время в воздухе уберём.

# %% [markdown] tags=["en"]
# ## It worked. Now let us use it
# A flight leaves JFK tomorrow at 17:00. Will it be late? The model asks for `dep_time`, that is, when the plane **really** left, and for `air_time`, how long it flew. Before departure these numbers do not exist, and after landing nobody needs the forecast. This is a leak: the model has peeped into the future.
#
# We replace the actual departure by the scheduled one, and drop the time in the air.

# %%
planned = ["sched_dep_time", "distance"]
ladder["scheduled time only"] = auc(planned, train, test)
print("ROC AUC", ladder["scheduled time only"])

# %% [markdown] tags=["ru"]
# ## Вторая утечка, потише
# Разбиение случайное: в обучении есть рейсы того же утра, из того же аэропорта, в ту же грозу, что и в тесте. Даты среди столбцов нет, но день можно узнать и без неё: праздник — это один-единственный день, а в месяце их всего тридцать. О завтрашнем дне модель ничего такого знать не может.
#
# Пусть каждый день целиком попадёт либо в обучение, либо в тест. В году всего 365 дней, и случай мог бы отправить в тест самые бурные, поэтому делим их на четыре части, проверяем на каждой по очереди и берём среднее.

# %% [markdown] tags=["en"]
# ## A second leak, a quieter one
# The split is random: training holds flights of the same morning, from the same airport, in the same thunderstorm as the test. There is no date among the columns, but a day is known without it: a holiday is one single day, and a month has but thirty. Of tomorrow a model can know nothing of the kind.
#
# Let each day go to training or to the test as a whole. A year has only 365 days, and chance might send the stormiest to the test, so we part them in four, test on each part in turn and take the mean.

# %% tags=["waits-training"]
days = [*GroupKFold(4, shuffle=True, random_state=222).split(table, groups=table["date"])]
parts = [auc(planned, table.iloc[learn], table.iloc[check]) for learn, check in days]
ladder["whole days apart"] = round(sum(parts) / len(parts), 3)
print("ROC AUC", ladder["whole days apart"], "| of the parts:", *parts)

# %% [markdown] tags=["ru"]
# ## Сезон — не утечка
# В жизни модель учится на прошлом, а работает в будущем. Разобьём по времени: учимся на январе–сентябре, проверяем на октябре–декабре. У октября в обучении нет ни одного рейса, значит, и узнать о нём как о месяце модели неоткуда. Поэтому `month` из категорий уходит, и `holiday` вместе с ним: праздники осени другие.

# %% [markdown] tags=["en"]
# ## The season is no leak
# In real life a model learns from the past and works in the future. Let us split by time: learn from January to September, test on October to December. Training has not one flight of an October, so there is nothing from which the model could know it as a month. Hence `month` leaves the categories, and `holiday` with it: the holidays of autumn are others.

# %%
past, future = table[table["month"] <= 9], table[table["month"] > 9]
print("holidays in both parts:", {*past["holiday"]} & {*future["holiday"]} - {"none"} or "none")
ladder["later months"] = auc(planned, past, future, ["origin", "dest", "carrier", "weekday"])
print("ROC AUC", ladder["later months"])

# %%
lost = -pd.Series(ladder).diff().dropna().round(3)
lost.index = ["leak: the future", "leak: the same days", "no leak: the season"]
lost.to_frame("ROC AUC lost without it")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Первые две строки — утечки. Того, что они дают, в работе не будет никогда, и лекарство одно: убрать. Третья строка — не ошибка, а нехватка данных: модель не видела ни одной осени, а осенью летают иначе. Будь у нас несколько лет, месяц стал бы честным признаком; на одном годе этого не проверить.

# %% [markdown] tags=["en"]
# ## What just happened?
# The first two rows are leaks. What they give will never be there at work, and there is one cure: take them out. The third row is no mistake but a lack of data: the model has not seen a single autumn, and in autumn one flies differently. With several years the month would become an honest feature; one year is not enough to tell.

# %% [markdown] tags=["ru"]
# ## Честно не значит плохо
# Зато теперь видно, где искать: что **известно** за два часа до вылета? Погода. С каким опозданием летал до этого тот же самолёт. Сколько рейсов уже вылетело с опозданием, а сколько ещё стоит и ждёт. Вовремя ли садятся в аэропорту назначения. Как с начала месяца дела у этого же рейса. Всё это считает наша стадия `prepare`. Порог тот же, 30 минут, разбиение то же, по времени.

# %% [markdown] tags=["en"]
# ## Honest does not mean bad
# But now we see where to look: what **is** known two hours before departure? The weather. How late the same aircraft has flown before. How many flights have left late already, and how many still stand and wait. Whether planes land in time at the destination. How this same flight has fared since the month began. All this our stage `prepare` computes. The same threshold of 30 minutes, the same split by time.

# %% tags=["waits-pipeline"]
for stage in ("prepare", "train", "evaluate"):
    for item in project.items(stage):
        project.run(stage, item)
scores = json.loads(project.metrics.read_text())["candidates"]
for candidate in ("logistic", "boosting"):
    ladder[f"our features, {candidate}"] = round(scores[candidate]["roc_auc"], 3)
pd.Series(ladder, name="ROC AUC").to_frame()

# %%
colours = ["#0072B2"] * 3 + ["#E69F00"] + ["#D55E00"] * 2  # from below: of use, knows the season, leaks
axes = pd.Series(ladder)[::-1].plot.barh(xlim=(0.5, 0.85), figsize=(7, 2.8), color=colours, xlabel="ROC AUC")
axes.axvline(0.764, color="#555555", linestyle="--", label="published, cannot be used")
axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
_ = axes.bar_label(axes.containers[0], fmt="%.3f", padding=3)

# %% [markdown] tags=["ru"]
# Красные столбики — с утечкой, жёлтый знает время года, синие можно применить к завтрашнему рейсу. Признаки, известные заранее, вернули всё, что забрали утечки и сезон, и бустинг теперь выше опубликованного числа. Пайплайн такую ошибку сам не найдёт: он так же аккуратно, каждую ночь, обучал бы модель с утечкой. Автоматизация умножает то, что вы в неё положили.

# %% [markdown] tags=["en"]
# The red bars have a leak, the yellow one knows the season, the blue ones can be used for tomorrow's flight. Features that are known beforehand brought back all that leaks and season had taken, and boosting is now above the published number. A pipeline does not find such a mistake by itself: it would train the leaking model every night just as neatly. Automation multiplies what you put into it.

# %% [markdown] tags=["ru"]
# Чего стоит каждая группа признаков — и в ROC AUC, и в секундах, — измерил скрипт `bench/ablation.py`; опоздание здесь снова от 15 минут.
#
# ![Столбики ROC AUC: сверху группы признаков добавляются по одной, снизу все группы, кроме одной](../../bench/ablation.ru.svg)

# %% [markdown] tags=["en"]
# What each group of features is worth, in ROC AUC and in seconds, was measured by the script `bench/ablation.py`; late means 15 minutes or more again here.
#
# ![Bars of ROC AUC: above, groups of features added one after another; below, all groups but one](../../bench/ablation.en.svg)

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("02_plain_scripts", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Стадия это функция: пути и параметры на входе, файл на выходе.
# - Зависимости между стадиями образуют граф. Изменение должно перезапускать всё, что зависит от него, и только это.
# - У скрипта нет памяти: любая правка и любое падение возвращают его в начало.
# - Запускать стадии руками быстрее, но забытая стадия не даёт ошибки, она даёт вчерашнюю метрику.
# - Сначала спросите, что известно в момент прогноза, и только потом автоматизируйте.
#
# **Дальше:** в третьей тетради стадией станет сама тетрадь: `papermill` запустит её с параметрами.

# %% [markdown] tags=["en"]
# ## Key points
# - A stage is a function: paths and parameters go in, a file comes out.
# - The dependencies between stages form a graph. A change must re-run everything that depends on it, and nothing else.
# - A script has no memory: any edit and any failure send it back to its start.
# - Running stages by hand is faster, but a forgotten stage gives no error, it gives yesterday's metric.
# - Ask first what is known at the moment of the forecast, and only then automate.
#
# **Next:** in the third notebook the stage will be a notebook itself: `papermill` runs it with parameters.
