# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = 3000

# %% [markdown] tags=["ru"]
# # 8. MLflow: какая модель сейчас в работе и как вернуть прежнюю
# **Лекция 40 мин · упражнения 49 мин**
#
# В прошлых тетрадях пайплайн научился запускаться сам. Значит, модели теперь появляются каждую ночь, и за ними нужно следить. Здесь мы научимся записывать каждое обучение, хранить версии модели и за секунду возвращать прежнюю.
#
# - Из чего получилась модель, которая сейчас отвечает пассажирам?
# - Как сравнить десяток обучений и ничего не перепутать?
# - Что не вернётся, если откатить только файл модели?

# %% [markdown] tags=["en"]
# # 8. MLflow: which model is at work, and how to bring back the one before
# **Teaching 40 min · exercises 49 min**
#
# In the last notebooks the pipeline learnt to start by itself. So there is a new model every night, and somebody has to keep track of them. Here we learn to record every training, to keep versions of the model, and to bring back the one before in a second.
#
# - What was the model made from that answers passengers now?
# - How to compare a dozen trainings and mix nothing up?
# - What does not come back when only the model's file is rolled back?

# %% tags=["waits-pipeline"]
from workshop.lesson import start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("08_mlflow", lang, months=months, ingest__rows=rows, train__candidates__logistic=None)
sandbox.git_init()
print(sandbox.run(["python", "run_pipeline.py"]).stdout)

# %% [markdown] tags=["ru"]
# Пайплайн прошёл: данные, обучение, оценка, регистрация. Чтобы не ждать, мы оставили одного кандидата, бустинг. И сделали копию проекта репозиторием git, это сегодня понадобится.

# %% [markdown] tags=["en"]
# The pipeline has run: data, training, evaluation, registration. To save time we kept one candidate, the boosting. And we made our copy of the project a git repository, which will be needed today.

# %% [markdown] tags=["ru"]
# ## Что помнит файл модели?
# Прошёл месяц. Пассажир пишет жалобу: ему обещали, что рейс не опоздает. Юрист спрашивает, какая модель так решила и на чём её обучали. У нас есть файл. **Прежде чем запускать, запишите:** что из него можно узнать, а что нельзя?

# %% [markdown] tags=["en"]
# ## What does a model's file remember?
# A month has passed. A passenger complains: he was promised that his flight would not be late. A lawyer asks which model said so, and what it was trained on. We have a file. **Before you run the cell, write down:** what can be learnt from it, and what cannot?

# %%
from flight_delays import model
from flight_delays.pipeline import Project

project = Project.load(sandbox.root)
boosting = model.load(project.model("boosting"))
remembered = boosting[-1].get_params()
{name: remembered[name] for name in ("learning_rate", "max_iter", "max_leaf_nodes", "random_state")}

# %% [markdown] tags=["ru"]
# Гиперпараметры в файле есть. А какие месяцы, какой код считал признаки, с каким порогом опоздания, какая получилась метрика? Ничего этого файл не знает. Не знает и того, он ли вообще сейчас в работе: рядом могут лежать `model_new.skops` и `model_new_final.skops`.
#
# Нужны две вещи: журнал обучений и реестр версий. У MLflow есть обе, и для начала им хватает одного файла SQLite.

# %% [markdown] tags=["en"]
# The hyper-parameters are there. But which months, which code made the features, with which threshold of being late, what was the metric? The file knows none of this. Nor does it know whether it is at work at all: `model_new.skops` and `model_new_final.skops` may lie beside it.
#
# Two things are needed: a journal of trainings and a registry of versions. MLflow has both, and to begin with they want no more than one SQLite file.

# %% [markdown] tags=["ru"]
# ## Журнал обучений
# Каждое обучение MLflow называет запуском (run), а запуски собирает в эксперимент. У эксперимента есть `artifact_location`: папка для файлов. Назовите её сами, иначе файлы окажутся в `mlruns` там, откуда вы случайно запустили код.

# %% [markdown] tags=["en"]
# ## A journal of trainings
# MLflow calls every training a run, and collects runs in an experiment. An experiment has an `artifact_location`: a folder for files. Name it yourself, or the files end up in `mlruns` wherever you happened to start the code.

# %%
import logging
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before the import: or it reports home
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_SQLALCHEMYSTORE_POOLCLASS"] = "NullPool"  # so that this may be run again
import mlflow

logging.getLogger("mlflow").setLevel(logging.ERROR)
print("MLflow", mlflow.__version__)

# %%
mlflow.set_tracking_uri(f"sqlite:///{project.registry / 'mlflow.db'}")
experiment = mlflow.create_experiment("tuning", artifact_location=(project.registry / "tuning").as_uri())
[found.name for found in mlflow.search_experiments()]

# %% [markdown] tags=["ru"]
# Подберём гиперпараметры бустинга. Тестовый месяц трогать нельзя: если выбирать модель по нему, его метрика станет обещанием, которого никто не проверял. Поэтому учимся на первых месяцах обучающей части, а сравниваем на последнем из них.

# %% [markdown] tags=["en"]
# Let us tune the boosting. The test month must be left alone: choose a model by it, and its metric becomes a promise that nobody has checked. So we learn from the first months of the training part and compare on the last of them.

# %%
from flight_delays.columns import FEATURES, TARGET

*earlier, last = project.months_of("train")
learn = model.read_features([project.features(month) for month in earlier])
compare = model.read_features([project.features(last)])
late = compare[TARGET].to_numpy()
print(f"learn from {', '.join(earlier)}: {len(learn)} flights; compare on {last}: {len(compare)} flights")

# %% [markdown] tags=["ru"]
# Бустинг добавляет деревья по одному, поэтому за качеством можно следить по ходу дела. Эта функция считает ROC AUC после каждых пяти деревьев.

# %% [markdown] tags=["en"]
# Boosting adds its trees one by one, so quality can be watched on the way. This function gives the ROC AUC after every fifth tree.

# %%
from sklearn.metrics import roc_auc_score


def learning_curve(fitted):
    prepared = fitted[:-1].transform(compare[FEATURES])
    for trees, probability in enumerate(fitted[-1].staged_predict_proba(prepared), start=1):
        if trees % 5 == 0:
            yield trees, roc_auc_score(late, probability[:, 1])


# %% [markdown] tags=["ru"]
# А это один запуск. Записываем четыре вида вещей: **параметры** (что задали), **метрики** (что вышло; у метрики бывает `step`, тогда она становится кривой), **артефакты** (файлы и картинки) и **теги** (всё, по чему потом захочется искать).

# %% [markdown] tags=["en"]
# And this is one run. We record four kinds of things: **parameters** (what was set), **metrics** (what came out; a metric may have a `step`, which makes it a curve), **artefacts** (files and pictures) and **tags** (whatever one may want to search by).

# %%
from flight_delays.stages.evaluate import curves
from workshop import figures


def roc_picture(probability):
    points = curves(late, probability, bins=10)["roc"]
    return figures.curve({"boosting": points}, f"ROC, {last}", diagonal=True)


# %%
def track(**hyperparameters):
    tags = {"learnt_from": " ".join(earlier), "compared_on": last}
    with mlflow.start_run(experiment_id=experiment, tags=tags):
        mlflow.log_params(hyperparameters)
        fitted = model.fit(learn, candidate="boosting", seed=42, hyperparameters=hyperparameters)
        for trees, auc in learning_curve(fitted):
            mlflow.log_metric("auc_so_far", auc, step=trees)
        probability = model.predict(fitted, compare)
        mlflow.log_metrics(model.score(late, probability))
        mlflow.log_figure(roc_picture(probability), "roc.png")


# %% tags=["waits-training"]
from itertools import product

for learning_rate, leaves in product((0.03, 0.1, 0.3), (4, 31)):
    track(learning_rate=learning_rate, max_leaf_nodes=leaves, max_iter=100, l2_regularization=1.0)
runs = mlflow.search_runs([experiment], order_by=["metrics.roc_auc DESC"])
runs[["params.learning_rate", "params.max_leaf_nodes", "metrics.roc_auc", "metrics.brier", "status"]].round(4)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Шесть обучений, шесть строк, и в каждой сказано, что задали и что вышло. `search_runs` вернул обычную таблицу pandas, с ней можно делать всё, что вы умеете.
#
# Искать можно и прямо в базе, похоже на SQL. Одна тонкость: параметры MLflow хранит строками, поэтому число в условии стоит в кавычках.

# %% [markdown] tags=["en"]
# ## What just happened?
# Six trainings, six rows, and each says what was set and what came out. `search_runs` gave an ordinary pandas table, and you can do with it whatever you know.
#
# One can also search right in the database, much like SQL. One subtlety: MLflow keeps parameters as strings, so a number in a condition stands in quotes.

# %%
question = "params.max_leaf_nodes = '4' and metrics.roc_auc > 0.6 and attributes.status = 'FINISHED'"
mlflow.search_runs([experiment], question)[["params.learning_rate", "metrics.roc_auc"]].round(4)

# %% [markdown] tags=["ru"]
# Таблица показывает только последнее значение. Картина целиком видна на кривых: они тоже лежат в журнале.

# %% [markdown] tags=["en"]
# The table shows the last value only. The curves show the whole picture: they are in the journal too.

# %%
import pandas as pd

client = mlflow.MlflowClient()


def curve_of(run):
    history = client.get_metric_history(run["run_id"], "auc_so_far")
    return pd.Series({point.step: point.value for point in history})


# %% tags=["nbval-ignore-output"]
names = "rate " + runs["params.learning_rate"] + ", leaves " + runs["params.max_leaf_nodes"]
table = pd.DataFrame({name: curve_of(run) for name, (_, run) in zip(names, runs.iterrows())})
axes = table.plot(figsize=(8, 4), grid=True, xlabel="trees", ylabel=f"ROC AUC, {last}")

# %% [markdown] tags=["ru"]
# ## Что видно на картинке?
# Модель с самым быстрым обучением и большими деревьями лучше всего в самом начале, а потом портится: заучивает шум. Самая медленная растёт до конца картинки. По последней точке кривой выбирать удобно, но именно так и ошибаются. Возьмём лучшую точку из всех кривых: журнал знает и параметры, и сколько нужно деревьев.
#
# Не верьте разнице в третьем знаке: на трёх тысячах рейсов она ещё ничего не доказывает. Последнее слово будет за `gate`.

# %% [markdown] tags=["en"]
# ## What does the picture show?
# The model with the fastest learning and large trees is at its best at the very start and then gets worse: it learns the noise by heart. The slowest grows to the end of the picture. Choosing by the last point of a curve is convenient, and that is just how people go wrong. We take the best point of all curves: the journal knows the parameters, and how many trees are needed.
#
# Do not trust a difference in the third digit: with three thousand flights it proves nothing yet. `gate` will have the last word.

# %%
peaks = [curve_of(run).max() for _, run in runs.iterrows()]
chosen = runs.iloc[peaks.index(max(peaks))]
tuned = {"max_iter": int(curve_of(chosen).idxmax())}
tuned["learning_rate"] = float(chosen["params.learning_rate"])
tuned["max_leaf_nodes"] = int(chosen["params.max_leaf_nodes"])
tuned

# %% [markdown] tags=["ru"]
# Картинка, которую запуск оставил при себе, достаётся по имени. Тот, кто её рисовал, для этого не нужен.

# %% [markdown] tags=["en"]
# The picture that the run kept is fetched by its name. Whoever drew it need not be asked.

# %% tags=["nbval-ignore-output"]
from IPython.display import Image

Image(mlflow.artifacts.download_artifacts(run_id=chosen["run_id"], artifact_path="roc.png"), width=400)

# %% [markdown] tags=["ru"]
# ## Кто ведёт журнал в пайплайне?
# Мы звали MLflow прямо во время обучения. **Запишите:** что станет с журналом, если так же поступит стадия `train`, а DVC возьмёт модель из кеша? А если Airflow после сбоя обучит её ещё раз?

# %% [markdown] tags=["en"]
# ## Who keeps the journal in the pipeline?
# We called MLflow right while training. **Write down:** what becomes of the journal if the stage `train` does the same, and DVC takes the model from its cache? And if Airflow trains it once more after a failure?

# %%
from flight_delays import artifacts

left_by_train = artifacts.read_json(project.record("boosting"))
{name: value if name in ("params", "months") else f"{str(value)[:20]}..." for name, value in left_by_train.items()}

# %% [markdown] tags=["ru"]
# Из кеша можно вернуть файл, но не поступок: в первом случае записи не будет вовсе, во втором их будет две. Поэтому `train` ничего не сообщает, а кладёт всё, что стоит записать, рядом с моделью, в `models/boosting.json`. Стадия `evaluate` собирает такие файлы в `reports/training.json`. В MLflow пишет только `gate`, у которой кеша нет: по запуску на каждого кандидата и ещё до решения, так что следы остаются и от тех, кого она не пропустит.
#
# Запуск `gate` находит по тегам. Если такой уже есть, второго не будет.

# %% [markdown] tags=["en"]
# A cache can bring back a file but not a deed: in the first case there would be no record at all, in the second there would be two. So `train` reports nothing, but puts all that is worth recording beside the model, into `models/boosting.json`. The stage `evaluate` gathers such files in `reports/training.json`. Only `gate`, which has no cache, writes to MLflow: a run for each candidate, and before it decides, so that those it stops leave traces too.
#
# A run is found by its tags. If there is one already, `gate` adds no second.

# %%
import inspect

from flight_delays.registry import Registry
from IPython.display import Code

Code(inspect.getsource(Registry.record), language="python")


# %%
def journal():
    found = mlflow.search_runs(experiment_names=["flight-delays"], order_by=["attributes.start_time"])
    table = found[["tags.candidate", "params.max_iter", "metrics.roc_auc", "status"]].round(4)
    return table.assign(dirty=found["tags.git_commit"].str.endswith("-dirty"))


journal()

# %% [markdown] tags=["ru"]
# ## Реестр версий
# Запусков много, а отвечать пассажирам должна одна модель. Для этого есть реестр: в нём у модели есть номер версии и теги, а на одну из версий указывает алиас `champion`. Наша первая модель там уже есть: стадия `register` взяла запуск, который записала `gate`, и сделала из него версию. Если модель, данные или метрики с тех пор изменились, `register` откажется: решение было не о них.

# %% [markdown] tags=["en"]
# ## A registry of versions
# There are many runs, but one model must answer the passengers. That is what the registry is for: there a model has a version number and tags, and an alias, `champion`, points to one of the versions. Our first model is there already: the stage `register` took the run that `gate` had written and made a version of it. If model, data or metrics have changed since, `register` refuses: the decision was not about them.

# %%
Code(sandbox.root / "flight_delays/stages/register.py")

# %%
registry = Registry(project.registry, "flight-delays")


def versions():
    number = registry.champion().number
    short = [{name: value[:8] for name, value in v.tags.items()} for v in registry.versions()]
    index = pd.Index([v.number for v in registry.versions()], name="version")
    table = pd.DataFrame(short, index=index)
    return table.assign(champion=["champion" if n == number else "" for n in index])


# %% tags=["nbval-ignore-output"]
registry.champion().tags

# %% [markdown] tags=["ru"]
# ## Что в тегах?
# Хеши отвечают юристу. `git_commit` называет код, `data_hash` данные (подготовленные месяцы, на которых модель училась), `params_hash` все параметры, `model_hash` файл модели. Лекция говорит: в ETL версия есть у кода, а в ML — у кода, данных и модели. Вот так это выглядит в базе.
#
# Ещё два тега понадобятся самому пайплайну. `train_months` — месяцы, на которых модель училась, `prepared_with` — как для неё считали признаки. А если код или параметры правили и не закоммитили, в `git_commit` это видно: он кончается на `-dirty`.

# %% [markdown] tags=["en"]
# ## What is in the tags?
# The hashes answer the lawyer. `git_commit` names the code, `data_hash` the data (the prepared months that the model learnt from), `params_hash` all the parameters, `model_hash` the model's file. The lecture says: in ETL code has versions, in ML code, data and models have. This is how it looks in a database.
#
# Two more tags are for the pipeline itself. `train_months` are the months that the model learnt from, `prepared_with` says how its features were computed. And if code or parameters were edited and not committed, `git_commit` shows it: it ends in `-dirty`.

# %% [markdown] tags=["ru"]
# ## Вторая версия
# Запишем подобранные параметры в `params.yaml`, закоммитим и пройдём конец пайплайна: `train`, `evaluate`, `gate`, `register`. Данные не менялись, поэтому начало не нужно.

# %% [markdown] tags=["en"]
# ## The second version
# We put the tuned parameters into `params.yaml`, commit, and walk the end of the pipeline: `train`, `evaluate`, `gate`, `register`. The data did not change, so its beginning is not needed.


# %%
def retrain(stages=("train", "evaluate", "gate", "register")):
    project = Project.load(sandbox.root)
    for stage in stages:
        for item in project.items(stage):
            project.run(stage, item)


# %% tags=["waits-training"]
for name, value in tuned.items():
    sandbox.set_param(f"train.candidates.boosting.{name}", value)
sandbox.git_commit("Boosting as tuned")
retrain()
versions()[["git_commit", "params_hash", "champion"]]

# %% [markdown] tags=["ru"]
# ## Кто решил, что вторая лучше?
# Стадия `gate`, и не по старым записям. Она взяла действующую модель из реестра и оценила её на тех же тестовых рейсах, что и новую. Число, записанное при регистрации, для этого не годится: тестовые месяцы идут вперёд, а метрики на разных месяцах не сравнивают.

# %% [markdown] tags=["en"]
# ## Who decided that the second is good enough?
# The stage `gate`, and not by old records. It took the model at work from the registry and scored it on the same test flights as the new one. The figure noted at registration will not do: the test months move on, and metrics of different months are not comparable.

# %%
from flight_delays.stages.gate import reasons_against

Code(inspect.getsource(reasons_against), language="python")

# %%
def auc_on_test(version):
    table = model.read_features(project.features_of("test"))
    probability = model.predict(model.load(version.model_file), table)
    return round(roc_auc_score(table[TARGET], probability), 4)


pd.Series({f"version {v.number}": auc_on_test(v) for v in registry.versions()}, name="ROC AUC").to_frame()

# %% [markdown] tags=["ru"]
# ## Проверим догадку: судья, который видел ответы
# Коллега хочет проверить новую модель на феврале: переносит его из обучения в тест. **Запишите:** честно ли будет сравнить её с действующей?

# %% [markdown] tags=["en"]
# ## Test a guess: a judge who has seen the answers
# A colleague wants to check a new model on February: he moves the month from training to test. **Write down:** will a comparison with the model at work be fair?

# %%
from flight_delays.stages.gate import seen_by

print("champion has learned from:", registry.champion().tags["train_months"])
print("of February and March it has seen:", seen_by(registry.champion(), ["2013-02", "2013-03"]))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Действующая модель училась на феврале и на нём победит почти любую. Поэтому `gate` в таком случае отказывает, с кодом возврата 3, и называет месяцы. Выходов два: взять другие тестовые месяцы или написать в `params.yaml` `gate.compare: thresholds`, и тогда решают одни пороги. О версии без тега `train_months` неизвестно, что она видела, значит, она видела всё.
#
# В бэкфилле, когда Airflow считает прошлое, действующая модель видела почти все эти месяцы. Тогда решают одни пороги, в `reports/decision.json` так и написано, а алиас `champion` не двигается: ответ о прошлом не повод менять настоящее.

# %% [markdown] tags=["en"]
# ## What just happened?
# The model at work learnt from February, and on it beats nearly anybody. So `gate` says no in such a case, with exit code 3, and names the months. There are two ways out: take other test months, or put `gate.compare: thresholds` into `params.yaml`, and the thresholds judge alone. Of a version without the tag `train_months` nobody knows what it has seen, so it has seen everything.
#
# In a backfill, when Airflow computes the past, the model at work has seen most of those months. Then the thresholds judge alone, `reports/decision.json` says so, and the alias `champion` does not move: an answer about the past is no reason to change the present.

# %% [markdown] tags=["ru"]
# ## Ещё одно «видел ответы», поменьше
# Обучая сами, мы тестового месяца не трогали. А пайплайн по нему и выбирает лучшего кандидата, и выносит приговор: удачливому эти рейсы чуть льстят. Насколько, можно измерить: делить тестовые рейсы пополам, выбирать по одной половине, а спрашивать другую. Скрипт `bench/choice.py` из комплекта сделал так двести раз.
#
# Два кандидата, тестовый месяц из `make run`. Когда выбирают по 500 рейсам, ROC AUC победителя завышена в среднем на {{ choice.by_500.roc_auc_excess }}, и в {{ choice.by_500.differ_share }} случаев половины выбирают разных. По 4000 рейсов — на {{ choice.by_4000.roc_auc_excess }}, по половине месяца — на {{ choice.by_half.roc_auc_excess }}. Сравните с `gate.max_roc_auc_drop`: пока поправка в разы меньше, выбирать и судить можно вместе. Чем меньше рейсов и больше кандидатов, тем дороже обходится экономия; тогда выбирают на отдельном месяце.

# %% [markdown] tags=["en"]
# ## Another case of "has seen the answers", a smaller one
# Tuning by hand, we left the test month alone. Yet the pipeline chooses the best candidate by it and gives its verdict by it as well: these flights flatter the lucky one a little. How much can be measured: part the test flights in halves, choose by the one, and ask the other. The script `bench/choice.py` of the kit did so two hundred times.
#
# Two candidates, the test month of `make run`. Where 500 flights choose, the winner's ROC AUC is too high by {{ choice.by_500.roc_auc_excess }} on average, and in {{ choice.by_500.differ_share }} of the cases the halves choose differently. With 4000 flights it is {{ choice.by_4000.roc_auc_excess }}, with half of the month {{ choice.by_half.roc_auc_excess }}. Compare it with `gate.max_roc_auc_drop`: as long as it is several times smaller, one may choose and judge together. The fewer the flights and the more the candidates, the dearer is what was saved; then one chooses on a month of its own.

# %% [markdown] tags=["ru"]
# ## Проверим догадку: модель, которая вроде бы ничего
# Коллега ускорил обучение: оставил бустингу всего семь деревьев. ROC AUC такой модели выше порога `min_roc_auc`. **Прежде чем запускать, запишите:** станет ли она третьей версией?

# %% [markdown] tags=["en"]
# ## Test a guess: a model that is not bad
# A colleague made the training faster: he left the boosting just seven trees. The ROC AUC of such a model is above the threshold `min_roc_auc`. **Before you run the cell, write down:** will it become version three?

# %% tags=["waits-training"]
from flight_delays.errors import GateClosed

sandbox.set_param("train.candidates.boosting.max_iter", 7)
try:
    retrain()
except GateClosed as closed:
    print(closed)
print("champion:", registry.champion().number, "| versions:", len(registry.versions()))
journal()

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Порог модель прошла, а сравнения с действующей не выдержала. `gate` записала причину в `reports/decision.json` и упала, поэтому `register` не выполнялся: после упавшей стадии дальше ничего не идёт. Реестр версий не изменился, пассажирам отвечает вторая. А в журнале отказ остался: последняя строка, семь деревьев, и коммит с пометкой `-dirty` — правку не закоммитили.
#
# Вернём параметры: они закоммичены, значит, их знает git.

# %% [markdown] tags=["en"]
# ## What just happened?
# The model passed the threshold but not the comparison with the one at work. `gate` wrote the reason into `reports/decision.json` and failed, so `register` did not run: after a stage that failed nothing goes on. The registry of versions did not change, version two answers the passengers. But the journal keeps what was refused: the last row, seven trees, and a commit marked `-dirty`, since the edit was not committed.
#
# We bring the parameters back: they are committed, so git knows them.

# %% tags=["waits-training"]
sandbox.run(["git", "checkout", "--", "params.yaml"])
retrain()
versions()[["git_commit", "params_hash", "champion"]]

# %% [markdown] tags=["ru"]
# Третьей версии опять не появилось, и это не случайность. `register` просит у реестра `promote`. Тот берёт версию у `add`, который сначала ищет её по тем же тегам и только потом делает новую из запуска `gate`, и ставит на неё алиас. Поэтому повтор после сбоя безвреден: сколько раз ни запускай, результат один.

# %% [markdown] tags=["en"]
# Again there is no third version, and that is no accident. `register` asks the registry to `promote`. That takes the version from `add`, which first looks for one with the same tags and only then makes a new one of a run of `gate`, and puts the alias on it. So a retry after a failure does no harm: run it as often as you like, the result is one.

# %%
Code(inspect.getsource(Registry.promote) + inspect.getsource(Registry.add), language="python")

# %% [markdown] tags=["ru"]
# ## Авария
# Команда перевела время вылета в признаках на UTC. Правка разумная: обучение и тест считаются одним кодом, `gate` довольна, новая версия становится действующей.

# %% [markdown] tags=["en"]
# ## The accident
# The team moved the time of departure in the features to UTC. A sensible edit: training and test are computed by the same code, `gate` is content, a new version goes to work.

# %% tags=["waits-pipeline"]
module = sandbox.root / "flight_delays/features.py"
local, utc = 'minutes(flights["sched_dep_time"])', '(minutes(flights["sched_dep_time"]) + 300) % 1440'
yesterday = auc_on_test(registry.champion())
module.write_text(module.read_text(encoding="utf-8").replace(local, utc), encoding="utf-8")
sandbox.git_commit("Departure in UTC")
sandbox.run(["python", "run_pipeline.py"])
versions()[["git_commit", "params_hash", "champion"]]

# %% [markdown] tags=["ru"]
# Утром звонят из аэропорта: их система показывает по новой модели чепуху, верните как было. Откат модели это одна строка: алиас `champion` снова указывает на версию 2. Файлы никто не копировал, сервис по-прежнему просит у реестра `champion` и получит прежнюю модель.

# %% [markdown] tags=["en"]
# In the morning the airport calls: with the new model their system shows nonsense, bring back what was. Rolling back a model takes one line: the alias `champion` points to version 2 again. Nobody copied any files, the service still asks the registry for `champion` and gets the model of before.

# %%
registry.roll_back(2)
versions()[["git_commit", "params_hash", "champion"]]

# %% [markdown] tags=["ru"]
# ## Проверим догадку
# Модель та же, что вчера, рейсы те же. **Запишите:** метрика вернётся к вчерашней?

# %% [markdown] tags=["en"]
# ## Test a guess
# The model is yesterday's, the flights are the same. **Write down:** will the metric come back to yesterday's?

# %%
steps = {"yesterday, version 2": yesterday}
steps["only the alias rolled back"] = auc_on_test(registry.champion())
pd.Series(steps, name="ROC AUC").to_frame()

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Ничего не упало, но метрика не вернулась. Модель училась на местном времени, а признаки ей теперь считает новый код, в UTC: она думает, что дневной рейс летит вечером. Про остальное — погоду, самолёт, задержки — модель знает по-прежнему верно, поэтому ничего не рухнуло. Тем и опасна такая авария: её не видно на глаз. Откатили модель, а код остался.
#
# В таблице лекции про это есть строка: откат в ETL возвращает код, в ML код, модель и данные. Какой код нужен, знает тег `git_commit`.

# %% [markdown] tags=["en"]
# ## What just happened?
# Nothing failed, but the metric did not come back. The model learnt from local time, and the new code computes its features in UTC: it takes a midday flight for an evening one. Of all else, weather, aircraft and delays, the model is still told the truth, so nothing collapsed. That is the danger of such an accident, no eye sees it. We rolled back the model and left the code.
#
# The lecture's table has a row for this: in ETL a rollback brings back code, in ML code, model and data. Which code is needed, the tag `git_commit` knows.

# %% [markdown] tags=["ru"]
# ## Проверим догадку: нечестный поединок
# Почему же накануне `gate` была довольна? Действующую модель она тоже оценила на новых признаках. То число, которое так расстроило нас утром, она видела ещё вечером и с ним сравнивала новую модель.
#
# Модель из семи деревьев `gate` уже останавливала. Обучим такую же на признаках в UTC и спросим снова, но регистрировать не станем. **Запишите:** пройдёт ли она теперь?

# %% [markdown] tags=["en"]
# ## Test a guess: an unfair contest
# Why then was `gate` content the day before? It scored the model at work on the new features as well. The figure that upset us in the morning it had seen in the evening, and that is what it held the new model against.
#
# A model of seven trees `gate` has stopped before. We train the same on features in UTC and ask again, but register nothing. **Write down:** will it pass now?

# %%
sandbox.set_param("train.candidates.boosting.max_iter", 7)
try:
    retrain(("train", "evaluate", "gate"))
except GateClosed as closed:
    print(closed)
decision = artifacts.read_json(project.decision)
print("passed:", decision["passed"], "| judged by:", " and ".join(decision["judged_by"]))

# %%
seven = artifacts.read_json(project.metrics)["candidates"]["boosting"]["roc_auc"]
contest = {"each with its own features": yesterday, "both in UTC, as gate had it": steps["only the alias rolled back"]}
table = pd.DataFrame({"champion": contest, "seven trees": round(seven, 4)})
table["passes from"] = (table["champion"] - decision["thresholds"]["max_roc_auc_drop"]).round(4)
table.assign(passes=table["seven trees"] >= table["passes from"])

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Рейсы одни и те же, тестового месяца не видел никто, а поединок нечестный. Признаки обеим моделям посчитал новый код; одна на таких училась, другая видит их впервые. Модель, какую недавно остановили за дело, теперь проходит. Лучше она не стала, это действующая смотрит сквозь чужие очки.
#
# Сама `gate` этого не заметит: столбцы и типы прежние. Сравнивают не два файла, а две пары «модель и её код»: рейсы общие, а признаки каждой считает тот код, на котором она училась. Первая строка таблицы и есть честный поединок.
#
# Поэтому, когда у признака меняется смысл, ему дают новое имя. Тогда прежняя модель своего столбца не найдёт, `gate` упадёт с ошибкой, а не промолчит, и решать будет человек: пороги (`gate.compare: thresholds`) плюс честная оценка прежней модели. Как её получить, покажут следующие ячейки: тот код можно вернуть.

# %% [markdown] tags=["en"]
# ## What just happened?
# The flights are the same, nobody has seen the test month, and the contest is unfair all the same. The new code computed the features of both models; one has learned from such, the other sees them for the first time. A model such as was stopped with good reason passes now. It has become no better, it is the one at work that looks through somebody else's glasses.
#
# `gate` cannot notice that by itself: columns and types are what they were. It is not two files that are to be compared but two pairs, "a model and its code": the flights are shared, and the features of each come from the code that it learned with. The first row of the table is the fair contest.
#
# So a feature whose meaning changes is given a new name. Then the model of before does not find its column, `gate` fails with an error instead of keeping silent, and a person decides: by the thresholds (`gate.compare: thresholds`) and a fair score of the model of before. How to get that the next cells show: that code can be brought back.

# %%
tags = registry.champion().tags
sandbox.run(["git", "checkout", tags["git_commit"], "--", "flight_delays", "params.yaml"])
sandbox.git_commit("Back to the code of version 2")
sandbox.run(["python", "-m", "flight_delays", "prepare"])
steps["alias, code and data rolled back"] = auc_on_test(registry.champion())
pd.Series(steps, name="ROC AUC").to_frame()

# %%
print("data as in the tag:  ", artifacts.sha256_of_all(project.features_of("train")) == tags["data_hash"])
print("params as in the tag:", Project.load(sandbox.root).params.sha256() == tags["params_hash"])

# %% tags=["nbval-ignore-output"]
colours = ["#009E73", "#D55E00", "#0072B2"]
axes = pd.Series(steps)[::-1].plot.barh(figsize=(7, 2.2), color=colours, xlim=(0.5, 0.8), xlabel="ROC AUC")
_ = axes.bar_label(axes.containers[0], padding=3)

# %% [markdown] tags=["ru"]
# Теперь вернулось всё, до последнего знака. Заметьте: историю мы не переписывали. Откат кода это новый коммит поверх старых, откат модели это перестановка алиаса, и неудачная версия осталась в реестре, чтобы в ней разобраться.
#
# Кто может переставить алиас, тот может выкатить модель. Раздавайте это право осознанно: в команде его получает пайплайн и, может быть, дежурный.

# %% [markdown] tags=["en"]
# Now everything is back, to the last digit. Mind that we did not rewrite history. A rollback of code is a new commit on top of the old ones, a rollback of the model moves an alias, and the failed version stays in the registry to be looked into.
#
# Whoever can move the alias can deploy a model. Hand out this right deliberately: in a team the pipeline has it and, perhaps, the person on duty.

# %% [markdown] tags=["ru"]
# ## Воспроизвести версию по тегам
# Юрист ждёт ответа про версию 1. Файл у нас есть, но можем ли мы доказать, что он получается из этого кода и этих данных? Возьмём чистую копию репозитория, коммит из тега и пройдём пайплайн до обучения.

# %% [markdown] tags=["en"]
# ## Reproduce a version from its tags
# The lawyer waits for an answer about version 1. We have the file, but can we prove that this code and these data give it? We take a clean copy of the repository, the commit of the tag, and walk the pipeline up to the training.

# %% tags=["waits-pipeline"]
from workshop.sandbox import Sandbox

first = registry.versions()[0]
again = Sandbox(sandbox.root / ".engines/again")
sandbox.run(["git", "clone", "-q", ".", str(again.root)])
again.run(["git", "checkout", "-q", first.tags["git_commit"]])
again.journal_file.parent.mkdir()
for stage in ("ingest", "validate", "prepare", "train"):
    again.run(["python", "-m", "flight_delays", stage])

# %%
copy = Project.load(again.root)
table = model.read_features(copy.features_of("test"))
files = first.model_file, copy.model(first.tags["candidate"])
kept, made = (model.predict(model.load(file), table) for file in files)
print("params as in the tag:", copy.params.sha256() == first.tags["params_hash"])
print("data as in the tag:  ", artifacts.sha256_of_all(copy.features_of("train")) == first.tags["data_hash"])
print("model as in the tag: ", artifacts.sha256(copy.model("boosting")) == first.tags["model_hash"])
print("predictions equal:   ", bool((kept == made).all()), "for", len(table), "flights")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Модель обучилась заново и на каждом рейсе отвечает точно так же. Это и есть воспроизводимость: не «похоже», а до последнего бита. Совпал и хеш файла, хотя обычно `skops` пишет внутрь время и адреса в памяти: `model.save` их убирает.
#
# Чего в тегах нет: версий библиотек. Те, что нужны модели, лежат рядом с ней, в `requirements.txt`, но обучали не только ими. Все точные версии держит lock-файл, и его место в том же коммите.

# %% [markdown] tags=["en"]
# ## What just happened?
# The model was trained anew, and on every flight it answers just the same. That is reproducibility: not "similar", but to the last bit. The hash of the file is the same too, although `skops` usually writes times and addresses in memory into it: `model.save` takes them out.
#
# What the tags lack: the versions of libraries. Those that the model needs lie beside it, in `requirements.txt`, but training took more than these. All exact versions are kept by a lock file, and its place is in the same commit.

# %% [markdown] tags=["ru"]
# ## Прогноз
# Сервис, который отвечает пассажирам, не знает ни номеров, ни путей. Он просит `champion` и считает. В проекте это команда `predict`: она стоит рядом с графом, а не в нём, и спросить можно о любом месяце, даже о том, которого нет в `params.yaml`. Строку получит каждый рейс из расписания: исходов ещё никто не знает.

# %% [markdown] tags=["en"]
# ## A forecast
# The service that answers passengers knows neither numbers nor paths. It asks for `champion` and computes. In the project this is the command `predict`: it stands beside the graph and not in it, and can be asked about any month, even one that is not in `params.yaml`. Every scheduled flight gets a row: nobody knows the outcomes yet.

# %%
print(sandbox.run(["python", "-m", "flight_delays", "predict", "--month", "2013-04"]).stdout)
asked = artifacts.read_parquet(project.predicted("2013-04"))
asked.nlargest(5, "probability").round(3)

# %% [markdown] tags=["ru"]
# Предупреждение честное. Чтобы не ждать, мы взяли из каждого месяца три тысячи рейсов, и модель училась на полупустом небе, а спросили её о полном. Это тот же разрыв, что с UTC: при обучении признаки считали так, в работе иначе. Признаки с другими параметрами `prepare` или другие столбцы `predict` не примет вовсе.
#
# Вероятность не приговор: рейс, которому обещали 0.6, четыре раза из десяти прилетает вовремя. О модели судят по многим рейсам сразу, и по месяцу, исход которого известен.

# %% [markdown] tags=["en"]
# The warning is honest. To save time we took three thousand flights of each month, so the model learnt under half-empty skies and was asked about full ones. This is the gap that UTC made: features were computed in one way for training and in another at work. Features made with other parameters of `prepare`, or other columns, `predict` does not take at all.
#
# A probability is no verdict: a flight that was given 0.6 arrives in time four times out of ten. A model is judged by many flights at once, and by a month whose outcome is known.

# %%
champion = registry.champion()
flights = model.read_features(project.features_of("test"))
flights["probability"] = model.predict(model.load(champion.model_file), flights)
risky = flights.nlargest(100, "probability")["late"].mean()
print(f"late among the 100 riskiest flights: {risky:.0%}, among all: {flights['late'].mean():.0%}")

# %% [markdown] tags=["ru"]
# ## Почему не pickle
# Модели часто хранят в pickle. Загрузить такой файл значит выполнить программу, которую написал его автор. Соберём «модель» из трёх строк и загрузим её.

# %% [markdown] tags=["en"]
# ## Why not pickle
# Models are often kept as pickle. To load such a file means to run a program that its author wrote. Let us put together a "model" of three lines and load it.

# %%
import pickle


class Model:
    def __reduce__(self):
        return os.mkdir, (str(sandbox.root / "i_was_here"),)


pickle.loads(pickle.dumps(Model()))
print("a folder has appeared:", (sandbox.root / "i_was_here").exists())

# %% [markdown] tags=["ru"]
# Это была безобидная папка. С тем же успехом это могло быть удаление домашней папки или отправка ваших ключей. Метода `predict` никто не вызывал: хватило загрузки.
#
# Поэтому в реестре лежит `model.skops`. Это архив с описанием: какие объекты и с каким содержимым собрать. Перед сборкой `skops` смотрит на список типов, и всё незнакомое называет по имени.

# %% [markdown] tags=["en"]
# It was a harmless folder. It could as well have been the removal of your home, or a letter with your keys. Nobody called `predict`: loading was enough.
#
# That is why the registry holds `model.skops`. It is an archive with a description: which objects to build, with what inside. Before it builds, `skops` looks at the list of types, and names everything it does not know.

# %%
import skops.io

found = skops.io.get_untrusted_types(file=project.model("boosting"))
print(*found, sep="\n")
print("all in our list:", set(found) <= set(model.TRUSTED_TYPES))

# %%
from flight_delays.errors import DataError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

skops.io.dump(make_pipeline(FunctionTransformer(os.system)), sandbox.root / "foreign.skops")
try:
    model.load(sandbox.root / "foreign.skops")
except DataError as refused:
    print(str(refused).replace(str(sandbox.root), "").splitlines()[0])

# %% [markdown] tags=["ru"]
# ## Кто составляет список?
# MLflow тоже хранит список доверенных типов, но рядом с моделью, в её файле `MLmodel`. Его составил тот, кто модель записал. Если модель пришла от чужого, он впишет туда что захочет, и `mlflow.sklearn.load_model` поверит.
#
# Поэтому мы загружаем сами, со списком `TRUSTED_TYPES` из нашего кода. И помним границу: `skops` проверяет типы, а не содержимое. Деревья с испорченными номерами узлов проверку пройдут. Из чужих рук модель всё равно не берут.

# %% [markdown] tags=["en"]
# ## Who writes the list?
# MLflow keeps a list of trusted types too, but beside the model, in its file `MLmodel`. It was written by whoever stored the model. If that was a stranger, he puts there what he likes, and `mlflow.sklearn.load_model` believes him.
#
# So we load by ourselves, with the list `TRUSTED_TYPES` of our own code. And we keep the limit in mind: `skops` checks types, not contents. Trees with broken node numbers pass the check. One still does not take models from strangers.

# %%
Code(inspect.getsource(Registry._add), language="python")

# %%
import yaml

described = yaml.safe_load((champion.model_file.parent / "MLmodel").read_text(encoding="utf-8"))
{name: described["flavors"]["sklearn"][name] for name in ("serialization_format", "skops_trusted_types")}

# %% [markdown] tags=["ru"]
# ## MLflow Projects: как это запустить?
# Осталась ещё одна часть MLflow. Файл `MLproject` в корне говорит чужому человеку, что в этом проекте можно запустить и с какими параметрами. Подробно о нём в [документации MLflow Projects](https://mlflow.org/docs/latest/ml/projects/).

# %% [markdown] tags=["en"]
# ## MLflow Projects: how do I run this?
# One more part of MLflow is left. The file `MLproject` at the top tells a stranger what can be run in this project, and with which parameters. More in [the documentation of MLflow Projects](https://mlflow.org/docs/latest/ml/projects/).

# %%
Code(sandbox.root / "MLproject", language="yaml")

# %% [markdown] tags=["ru"]
# Команда такая: `mlflow run . -e train -P candidate=boosting --env-manager local`. Точка это папка проекта, `-e` что запустить, `-P` параметр. Без `--env-manager local` MLflow сначала соберёт проекту отдельное окружение и пойдёт за пакетами в сеть; нам хватит того, в котором мы уже работаем.
#
# Запустим дважды: один раз правильно, второй раз с кандидатом, которого нет.

# %% [markdown] tags=["en"]
# The command is `mlflow run . -e train -P candidate=boosting --env-manager local`. The dot is the project's folder, `-e` what to run, `-P` a parameter. Without `--env-manager local` MLflow would first build an environment for the project and fetch packages from the network; the one we work in will do.
#
# We run it twice: once properly, and once with a candidate that does not exist.

# %% tags=["waits-pipeline"]
from workshop.engines import mlproject

for candidate in ("boosting", "nobody"):
    outcome = mlproject.run(sandbox, "train", candidate=candidate)
    print(candidate, "| exit code", outcome.exit_code, "|", [record.name for record in outcome.records])

# %% [markdown] tags=["ru"]
# Каждый запуск записан в базу, тоже как run: какой вход, какие параметры, какой коммит, чем кончилось. Ни одной строки трекинга мы для этого не писали.

# %% [markdown] tags=["en"]
# Every one is recorded in a database, as a run again: which entry point, which parameters, which commit, how it ended. We did not write a line of tracking for it.

# %%
uri = f"sqlite:///{sandbox.root / '.engines/mlflow/runs.db'}"
recorded = mlflow.MlflowClient(uri).search_runs(["0"], order_by=["attributes.start_time"])
head = sandbox.run(["git", "rev-parse", "HEAD"]).stdout.strip()
for run in recorded:
    is_head = run.data.tags["mlflow.source.git.commit"] == head
    print(run.data.tags["mlflow.project.entryPoint"], run.data.params, run.info.status, "| commit is HEAD:", is_head)

# %% [markdown] tags=["ru"]
# ## Чего MLproject не умеет
# Посмотрите на файл ещё раз: там нет ни одной стрелки. MLflow Projects не знает, что `train` нужны подготовленные месяцы, ничего не пропускает и не повторяет. Это описание входов, а не оркестратор: порядок держат DVC, Airflow или Prefect, а MLflow записывает, что вышло. В настоящих проектах они работают вместе.

# %% [markdown] tags=["en"]
# ## What MLproject cannot do
# Look at the file once more: there is not one arrow in it. MLflow Projects does not know that `train` needs the prepared months, it skips nothing and retries nothing. It describes entry points and is no orchestrator: order is kept by DVC, Airflow or Prefect, while MLflow records what came out. In real projects they work together.

# %% [markdown] tags=["ru"]
# ## Посмотреть глазами
# Весь этот журнал можно листать в браузере. Сервер для занятия не нужен, а дома откройте терминал в папке проекта и запустите:
#
# ```
# MLFLOW_DISABLE_TELEMETRY=true mlflow ui --backend-store-uri sqlite:///registry/mlflow.db --host 127.0.0.1 --port 5000
# ```
#
# - `--backend-store-uri`: какую базу показать; без него MLflow заведёт в папке новую, пустую;
# - `--host 127.0.0.1`: слушать только этот компьютер. Пароля у MLflow по умолчанию нет, и любой, кто дотянется до порта, сможет переставить алиас;
# - `--port`: любой свободный порт. Остановить сервер: Ctrl-C.

# %% [markdown] tags=["en"]
# ## See it with your own eyes
# All of this journal can be leafed through in a browser. The class needs no server; at home open a terminal in the project's folder and run:
#
# ```
# MLFLOW_DISABLE_TELEMETRY=true mlflow ui --backend-store-uri sqlite:///registry/mlflow.db --host 127.0.0.1 --port 5000
# ```
#
# - `--backend-store-uri`: which database to show; without it MLflow starts a new, empty one in the folder;
# - `--host 127.0.0.1`: listen to this computer only. MLflow has no password by default, and anybody who reaches the port can move the alias;
# - `--port`: any free port. Ctrl-C stops the server.

# %% [markdown] tags=["ru"]
# ## Что дальше с этим делать
# Сегодня аварию заметил человек. Но всё, что он сделал, это одна строка с алиасом и один коммит, и это может сделать программа: следить за метрикой действующей модели, а когда она падает, вернуть прежнюю версию, известить команду и запустить пайплайн на свежих данных. Об этом часть лекции про мониторинг, реестр для неё готов.

# %% [markdown] tags=["en"]
# ## Where this leads
# Today a person noticed the accident. But all that he did was one line with an alias and one commit, and a program can do that: watch the metric of the model at work, and when it falls, bring back the version before, tell the team, and start the pipeline on fresh data. That is the lecture's part on monitoring; the registry is ready for it.

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("08_mlflow", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Каждое обучение записано: параметры, метрики, артефакты, теги. Сравнивают по журналу, а не по памяти.
# - Журнал ведёт стадия без кеша, по файлам других стадий: повтор и кеш не портят записей.
# - Версия модели это код, данные и параметры; их называют теги.
# - Новая модель сначала побеждает действующую на тех же рейсах, которых не видели обе, и только потом получает алиас `champion`.
# - Признаки каждой модели считает тот код, на котором она училась; иначе поединок нечестный, а заметить это некому.
# - Откат модели занимает секунду, но без кода и данных это полдела.
# - Загрузка чужого pickle это запуск чужой программы. Список доверенных типов держат у себя.
#
# **Дальше:** в девятой тетради сравним все движки на одном графе и выберем подходящий для команды.

# %% [markdown] tags=["en"]
# ## Key points
# - Every training is recorded: parameters, metrics, artefacts, tags. One compares by the journal, not from memory.
# - The journal is kept by a stage without a cache, from the files of others: retry and cache spoil no records.
# - A version of a model is code, data and parameters; the tags name them.
# - A new model first holds its own against the one at work, on the same flights, which neither has seen, and only then gets the alias `champion`.
# - The features of each model come from the code it has learned with; otherwise the contest is unfair, and nobody is there to notice.
# - Rolling back a model takes a second, but without code and data it is half the job.
# - Loading a stranger's pickle is running a stranger's program. Keep the list of trusted types at home.
#
# **Next:** in the ninth notebook we compare all engines on one graph and choose the one that suits a team.
