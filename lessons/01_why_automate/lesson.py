# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02", "2013-03"]
test_months = ["2013-04"]
rows = 3000
minutes_per_step = 2
runs_per_month = 20

# %% [markdown] tags=["ru"]
# # 1. Зачем автоматизировать
# **Лекция 20 мин · упражнения 40 мин**
#
# В прошлой тетради мы познакомились с данными: рейсы из Нью-Йорка, вопрос, опоздает ли самолёт. Здесь обучим модель так, как это обычно и делают, руками в тетради, и ошибёмся тремя способами. Каждую ошибку измерим.
#
# - Какая операция в ваших проектах самая рутинная? Запишите ответ сейчас, он пригодится в последней задаче.
# - Чем опасны ошибки, от которых ничего не падает?
# - Чем ML-пайплайн отличается от обычного ETL?

# %% [markdown] tags=["en"]
# # 1. Why automate
# **Teaching 20 min · exercises 40 min**
#
# In the last notebook we met the data: flights from New York, and the question whether the plane will be late. Here we train a model as people usually do, by hand in a notebook, and go wrong in three ways. We measure each mistake.
#
# - Which operation in your own projects is the most routine? Write the answer down now, the last task will need it.
# - What is the danger of mistakes that break nothing?
# - How does an ML pipeline differ from ordinary ETL?

# %% tags=["waits-pipeline"]
from workshop.lesson import start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("01_why_automate", lang, months=months, ingest__rows=rows)
print(sandbox.run(["python", "run_pipeline.py"]).stdout)

# %% [markdown] tags=["ru"]
# Это был весь наш пайплайн: одна команда, от данных до зарегистрированной модели. К нему вернёмся. А пока представим, что его нет, а есть Лена, аналитик, и её тетрадь.

# %% [markdown] tags=["en"]
# That was our whole pipeline: one command, from the data to a registered model. We shall come back to it. For now imagine there is none, and there is Lena, an analyst, and her notebook.

# %%
import pandas as pd
from flight_delays.pipeline import Project

project = Project.load(sandbox.root)
january = pd.read_parquet(project.raw("2013-01") / "flights.parquet")
january[["date", "sched_dep_time", "carrier", "origin", "dest", "distance", "arr_delay"]].head(3)

# %% [markdown] tags=["ru"]
# ## Пять ячеек
# В тетради Лены пять ячеек: прочитать, почистить, разбить, обучить, оценить. Мы записали их функциями, а словарь `memory` играет роль ядра тетради: в нём живут переменные, пока его не перезапустят.

# %% [markdown] tags=["en"]
# ## Five cells
# Lena's notebook has five cells: read, clean, split, train, score. We wrote them as functions, and the dictionary `memory` plays the notebook's kernel: variables live in it until it is restarted.

# %%
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

# %%
def read(memory):
    memory["flights"] = january.copy()


def clean(memory):
    memory["flights"] = memory["flights"].dropna(subset=["arr_delay"])  # cancelled flights never arrive


# %%
def split(memory):
    flights = memory["flights"]
    codes = flights[["carrier", "origin", "dest"]].apply(lambda column: column.astype("category").cat.codes)
    x = flights[["sched_dep_time", "distance"]].assign(weekday=flights["date"].dt.weekday, **codes)
    parts = train_test_split(x, flights["arr_delay"] >= 15, test_size=0.25)
    memory["x_train"], memory["x_test"], memory["y_train"], memory["y_test"] = parts


# %%
def train(memory):
    forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=0)
    memory["model"] = forest.fit(memory["x_train"], memory["y_train"])


def score(memory):
    return roc_auc_score(memory["y_test"], memory["model"].predict_proba(memory["x_test"])[:, 1])


# %%
import numpy as np


def run(*cells, seed=0):
    np.random.seed(seed)  # so that this lesson repeats; Lena's notebook has no such line
    memory = {}
    return round([cell(memory) for cell in cells][-1], 3)


print("from top to bottom:", run(read, clean, split, train, score))

# %% [markdown] tags=["ru"]
# ## Ошибка первая: другой порядок
# После обучения Лена поправила что-то в ячейке `split` и выполнила её ещё раз. Потом сразу `score`, ведь модель уже обучена. **Прежде чем запускать, ответьте:** метрика станет лучше, хуже или не изменится?

# %% [markdown] tags=["en"]
# ## The first mistake: another order
# After training Lena changed something in the cell `split` and ran it again. Then `score` at once, since the model is trained already. **Before you run the cell, answer:** will the metric get better, worse, or stay as it is?

# %% tags=["waits-training"]
ways = {
    "from top to bottom": [read, clean, split, train, score],
    "split once more before score": [read, clean, split, train, split, score],
    "clean forgotten": [read, split, train, score],
    "clean after split": [read, split, clean, train, score],
}
pd.DataFrame({way: {f"run {seed}": run(*cells, seed=seed) for seed in range(5)} for way, cells in ways.items()}).T

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Новое разбиение перемешало рейсы: три четверти нового теста модель видела при обучении. Метрика подскочила, и Лена, конечно, обрадовалась. Забытая чистка, наоборот, тихо испортила ответы: у отменённого рейса задержка пуста, сравнение с 15 даёт `False`, и он записан в пунктуальные. Чистка после разбиения не помогает: `split` уже всё забрал.
#
# И посмотрите на первую строку: даже верный порядок даёт то одно число, то другое, потому что разбиение случайное и `seed` никто не задал. Ни в одном случае Python ни на что не пожаловался. **Воспроизводимость** по лекции это те же шаги, в том же порядке, с теми же параметрами.

# %% [markdown] tags=["en"]
# ## What just happened?
# The new split shuffled the flights: the model had seen three quarters of the new test when it learnt. The metric jumped, and Lena was pleased, of course. The forgotten cleaning, on the contrary, quietly spoilt the answers: a cancelled flight has no delay, the comparison with 15 gives `False`, and it counts as punctual. Cleaning after the split does not help: `split` has taken everything already.
#
# And look at the first row: even the right order gives now one figure, now another, because the split is random and nobody set a `seed`. In no case did Python complain. **Reproducibility**, as the lecture has it, means the same steps, in the same order, with the same parameters.

# %% [markdown] tags=["ru"]
# ## Ошибка вторая: не тот файл
# В папке лежат `flights.parquet`, `flights_new.parquet` и `flights_final.parquet`. Возьмём подготовленные месяцы нашего пайплайна и перепутаем их тремя способами. Оцениваем всегда на апреле, кроме последней строки.

# %% [markdown] tags=["en"]
# ## The second mistake: the wrong file
# The folder holds `flights.parquet`, `flights_new.parquet` and `flights_final.parquet`. We take the prepared months of our pipeline and mix them up in three ways. The score is always on April, except in the last row.

# %% tags=["waits-training"]
from flight_delays import model

tables = {month: pd.read_parquet(project.features(month)) for month in project.months}
settings = project.params.section("train")["candidates"]["boosting"]


def auc(train, test, **other):
    fitted = model.fit(train, candidate="boosting", seed=other.pop("seed", 42), hyperparameters=settings | other)
    return round(model.score(test["late"].to_numpy(), model.predict(fitted, test))["roc_auc"], 3)


# %%
past = pd.concat(tables[month] for month in train_months)
april = tables[test_months[0]]
mixed_up = {
    "January to March, as meant": auc(past, april),
    "an old file: January only": auc(tables["2013-01"], april),
    "March and January swapped, February lost": auc(pd.concat([tables["2013-03"], tables["2013-01"]]), april),
    "scored on the file it learnt from": auc(april, april),
}
pd.Series(mixed_up, name="ROC AUC").to_frame()

# %% [markdown] tags=["ru"]
# Последняя строка выглядит лучше всех, и именно она бесполезна. А старый файл и потерянный февраль дают почти правдоподобное число: на глаз такую ошибку не поймать.

# %% [markdown] tags=["en"]
# The last row looks best of all, and it is the useless one. The old file and the lost February, on the other hand, give a figure that is almost plausible: no eye will catch such a mistake.

# %% [markdown] tags=["ru"]
# ## Пропущенная проверка
# Теперь файл за март выгрузили ночью, и у половины рейсов время прилёта ещё не пришло. Лена торопилась и шаг проверки пропустила.

# %% [markdown] tags=["en"]
# ## The check that was skipped
# Now the file for March was exported at night, and half of the flights have no arrival yet. Lena was in a hurry and skipped the step that checks.

# %%
file = project.raw("2013-03") / "flights.parquet"
march = pd.read_parquet(file)
march.loc[march.index % 2 == 0, ["arr_delay", "arr_time", "air_time"]] = None
march.to_parquet(file)
late = march["arr_delay"] >= 15
print(f"late in the broken March: {late.mean():.1%}, really: {tables['2013-03']['late'].mean():.1%}")

# %% [markdown] tags=["ru"]
# Опозданий стало вдвое меньше, и модель честно выучит, что в марте летают пунктуально. А что скажет стадия `validate`?

# %% [markdown] tags=["en"]
# Half of the late flights are gone, and the model will duly learn that March is punctual. And what does the stage `validate` say?

# %%
refused = sandbox.run(["python", "-m", "flight_delays", "validate", "--month", "2013-03"], check=False)
print("exit code", refused.returncode)
print(refused.stdout)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Проверка назвала файл, столбец и долю пропусков и вышла с кодом 1, так что до обучения дело не дойдёт. Человек может её пропустить, пайплайн нет: `prepare` ждёт отчёта `validate`. **Меньше ошибок** значит именно это.

# %% [markdown] tags=["en"]
# ## What just happened?
# The check named the file, the column and the share of gaps, and ended with code 1, so that training will not begin. A person can skip it, a pipeline cannot: `prepare` waits for the report of `validate`. This is what **fewer errors** means.

# %% [markdown] tags=["ru"]
# ## Ошибка третья: время
# Журнал помнит, сколько машина потратила на каждую стадию. Сколько тратит человек, пока переключается, ищет нужную ячейку и ждёт, мы не мерили: `minutes_per_step` это оценка, поставьте в первой ячейке свою.

# %% [markdown] tags=["en"]
# ## The third mistake: time
# The journal remembers how long the machine took for each stage. What a person spends on switching, finding the right cell and waiting we did not measure: `minutes_per_step` is an estimate, put your own into the first cell.

# %%
records = [record for record in sandbox.records() if record.status == "done"]
steps = len(records)
hours = steps * minutes_per_step * runs_per_month / 60
print(f"the machine: {sum(record.end - record.start for record in records):.0f} s a run")
print(f"a person: {steps} steps, {steps * minutes_per_step} min a run, {hours:.0f} h a month; with one command: 1 step")

# %% [markdown] tags=["ru"]
# Часы превращаются в одну команду, а команду можно отдать триггеру: коммит, новые данные, расписание. Это **ускорение итераций**. Выигрывает даже не столько время, сколько число попыток: гипотезу, проверка которой стоит полчаса возни, чаще всего просто не проверяют.

# %% [markdown] tags=["en"]
# Hours become one command, and a command can be handed to a trigger: a commit, new data, a schedule. These are **faster iterations**. What wins is not so much time as the number of attempts: a hypothesis that costs half an hour of fuss is mostly not tested at all.

# %% [markdown] tags=["ru"]
# ## Что приходит вместе с пайплайном
# Раз шаги выполняет программа, к ним легко добавить проверки данных, кода и метрик. Отчёты пишутся сами, модель, которая сдала, можно переобучить без человека, а журнал прочитает любой в команде. Вот что оставила одна команда в начале тетради.

# %% [markdown] tags=["en"]
# ## What comes along with a pipeline
# Since a program runs the steps, checks of data, code and metrics slot in easily. Reports write themselves, a model that degrades can be retrained without a person, and anybody in the team can read the log. This is what one command left at the top of this notebook.

# %%
import json

print(*sorted(path.relative_to(project.root).as_posix() for path in (project.root / "reports").rglob("*.*")), sep="\n")
print(json.loads(project.decision.read_text()))

# %%
from IPython.display import Image

Image(project.plots / "roc.png", width=420)

# %% [markdown] tags=["ru"]
# ## ETL и ML: в чём разница?
# Тем, кто строил хранилища данных, всё это знакомо: граф, расписание, проверки. Но ML-пайплайн требует большего.
#
# | аспект | ETL | ML |
# |---|---|---|
# | детерминизм | полный | есть случайность |
# | проверки качества | схемы, бизнес-правила | метрики модели, дрейф данных |
# | артефакты | преобразованные данные | данные, модели, метрики |
# | версии | кода | кода, данных и моделей |
# | мониторинг | объём, время работы | ещё и качество прогноза, дрейф |
# | откат | код | код, модель и данные |
# | зависит от | данных | данных, кода и гиперпараметров |

# %% [markdown] tags=["en"]
# ## ETL and ML: what is the difference?
# Whoever built data warehouses knows all this: a graph, a schedule, checks. But an ML pipeline demands more.
#
# | aspect | ETL | ML |
# |---|---|---|
# | determinism | full | has random parts |
# | quality checks | schemas, business rules | model metrics, data drift |
# | artefacts | transformed data | data, models, metrics |
# | versions | of code | of code, data and models |
# | monitoring | volume, run time | also prediction quality, drift |
# | rollback | code | code, model and data |
# | depends on | data | data, code and hyperparameters |

# %% [markdown] tags=["ru"]
# Проверим первую строку на нашем пайплайне. Стадии до обучения это чистый ETL: выполним `prepare` дважды и сравним хеши файлов.

# %% [markdown] tags=["en"]
# Let us test the first row on our pipeline. The stages before training are pure ETL: run `prepare` twice and compare the hashes of the files.

# %%
from flight_delays import artifacts

hashes = []
for _ in range(2):
    project.run("prepare", "2013-01")
    hashes.append(artifacts.sha256(project.features("2013-01"))[:12])
print("prepare gave the same bytes:", hashes[0] == hashes[1])

# %% [markdown] tags=["ru"]
# Теперь обучение. Пусть каждое разбиение в дереве видит случайную половину фич: обычный приём против переобучения. Меняем только `seed`.

# %% [markdown] tags=["en"]
# Now training. Let each split of a tree see a random half of the features: a usual remedy against overfitting. We change the `seed` only.

# %%
by_seed = {seed: auc(past, april, seed=seed, max_features=0.5) for seed in (1, 2, 3, 4)}
print("the same data, the same code:", by_seed)
print("the same seed again:", auc(past, april, seed=1, max_features=0.5) == by_seed[1])

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Данные и код те же, метрика гуляет. Поэтому в нашем `params.yaml` есть `seed`, обучение идёт в один поток, а строки отсортированы: случайность никуда не делась, мы её зафиксировали.
#
# Вторая строка таблицы: проверим все месяцы по схеме, а потом оценим одну и ту же модель.

# %% [markdown] tags=["en"]
# ## What just happened?
# The data and the code are the same, the metric wanders. That is why our `params.yaml` has a `seed`, training runs in one thread, and rows are sorted: the randomness is still there, we pinned it down.
#
# The second row of the table: let us hold every month against the schema, and then score one and the same model.

# %%
checked = {month: json.loads(project.report(month).read_text())["rows"]["flights"] for month in project.months}
scores = {month: auc(tables["2013-01"], tables[month]) for month in project.months[1:]}
shares = {month: f"{table['late'].mean():.0%}" for month, table in tables.items()}
pd.DataFrame({"flights that passed the schema": checked, "late": shares, "AUC of the January model": scores})

# %% [markdown] tags=["ru"]
# Схема довольна каждым месяцем: столбцы на месте, значения в границах. Но мир меняется, и модель января в других месяцах работает по-разному. Для ETL проверки схемы хватило бы, для модели нужна ещё метрика.
#
# И последнее: что записано о зарегистрированной модели? Чтобы откатиться, мало вернуть код.

# %% [markdown] tags=["en"]
# The schema is happy with every month: the columns are there, the values within bounds. But the world changes, and the January model does differently in other months. For ETL the schema would be enough, a model needs a metric too.
#
# And lastly: what is noted of the registered model? To roll back, it is not enough to bring back the code.

# %%
json.loads(project.receipt.read_text())

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("01_why_automate", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - **Воспроизводимость:** те же шаги, тот же порядок, те же параметры. Тетрадь этого не обещает.
# - **Меньше ошибок:** опаснее всего те, от которых ничего не падает и метрика растёт.
# - **Быстрые итерации:** одна команда вместо получаса внимания.
# - Проверки, отчёты и журнал достаются почти даром, когда шаги выполняет программа.
# - ML-пайплайн это ETL плюс случайность, метрики, дрейф и версии трёх вещей сразу: кода, данных и модели.
#
# **Дальше:** во второй тетради шаги станут функциями, а функции графом.

# %% [markdown] tags=["en"]
# ## Key points
# - **Reproducibility:** the same steps, the same order, the same parameters. A notebook does not promise that.
# - **Fewer errors:** the most dangerous are those that break nothing and make the metric rise.
# - **Fast iterations:** one command instead of half an hour of attention.
# - Checks, reports and a log come almost for free once a program runs the steps.
# - An ML pipeline is ETL plus randomness, metrics, drift, and versions of three things at once: code, data and model.
#
# **Next:** in the second notebook the steps become functions, and the functions a graph.
