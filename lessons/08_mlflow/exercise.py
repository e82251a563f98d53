# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 8. MLflow: задачи
# **Лекция 0 мин · упражнения 49 мин**
#
# Шесть задач: от одного записанного обучения до своей точки входа в `MLproject`. Реестр и журнал настоящие: проверки читают то, что записал ваш код.
#
# - Какое из обучений лучшее, если сравнивать честно?
# - Куда возвращаться, если действующая модель подвела?
# - Можно ли воспроизвести версию, и если нет, чего не хватает?

# %% [markdown] tags=["en"]
# # 8. MLflow: tasks
# **Teaching 0 min · exercises 49 min**
#
# Six tasks: from one recorded training to an entry point of your own in `MLproject`. Registry and journal are real: the checks read what your code has written.
#
# - Which training is the best when one compares fairly?
# - Where to go back to when the model at work has let us down?
# - Can a version be reproduced, and if not, what is missing?

# %%
import os

from workshop.lesson import start

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before mlflow is imported: or it reports home
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_SQLALCHEMYSTORE_POOLCLASS"] = "NullPool"  # keep no connection: the notebook may be run again
months = {"2013-01": "train", "2013-02": "test", "2013-03": "test"}
sandbox, say = start("08_mlflow", lang, part="exercise", months=months, ingest__rows=2000)
sandbox.git_init()

# %% [markdown] tags=["ru"]
# В вашей копии проекта три месяца по две тысячи рейсов: на январе модели учатся, на феврале и марте их оценивают. Пайплайн уже прошёл один раз, так что в реестре есть версия 1.

# %% [markdown] tags=["en"]
# Your copy of the project has three months of two thousand flights each: models learn from January and are scored on February and March. The pipeline has run once, so the registry holds version 1.

# %% tags=["waits-pipeline", "graded-once"]
import logging

import mlflow

from flight_delays.pipeline import Project
from flight_delays.registry import Registry

sandbox.run(["python", "run_pipeline.py"])
project = Project.load(sandbox.root)
registry = Registry(project.registry, "flight-delays")
logging.getLogger("mlflow").setLevel(logging.ERROR)
mlflow.set_tracking_uri(f"sqlite:///{registry.database}")
print("champion: version", registry.champion().number)

# %% [markdown] tags=["ru"]
# Данные для первых задач: `learn` — это январь, `compare` — это февраль, `late` — ответы за февраль. В эксперимент `tuning` будем записывать обучения. `here` — небольшой модуль рядом с уроком: он готовит то, на чём ваш код проверяют, и новый эксперимент у него всегда пуст, сколько раз ячейку ни запускай.

# %% [markdown] tags=["en"]
# The data of the first tasks: `learn` is January, `compare` is February, `late` holds the answers for February. Trainings go into the experiment `tuning`. `here` is a small module beside the lesson: it prepares what your code is tried with, and an experiment of its making is always empty, however often the cell is run.

# %%
import sys

from workshop.places import LESSONS

sys.path.append(str(LESSONS / "08_mlflow"))
import mlflow_tasks as here

client = mlflow.MlflowClient()
experiment = here.experiment(client, "tuning", project.registry)

# %%
from flight_delays import model
from flight_delays.columns import TARGET

learn, compare = (model.read_features([project.features(month)]) for month in ("2013-01", "2013-02"))
late = compare[TARGET].to_numpy()
print(len(learn), "flights to learn from,", len(compare), "to compare on")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (5 мин, 1 балл). Записать обучение
# Функция `tracked(C)` обучает логистическую регрессию, считает метрики (словарь `scores`) и открывает запуск. Допишите её: запуск должен хранить параметр `C`, метрики `roc_auc` и `brier` и артефакт `scores.json`, в котором лежит весь словарь `scores`.
#
# <details><summary>Подсказка</summary>Четыре имени из mlflow: log_param, log_metric, log_metrics, log_dict. Запуск уже открыт, указывать его не нужно.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (5 min, 1 point). Record a training
# The function `tracked(C)` trains logistic regression, computes metrics (the dictionary `scores`) and opens a run. Complete it: the run must hold the parameter `C`, the metrics `roc_auc` and `brier`, and the artefact `scores.json` with the whole dictionary `scores`.
#
# <details><summary>Hint</summary>Four names of mlflow: log_param, log_metric, log_metrics, log_dict. The run is open already, there is no need to name it.</details>

# %%
def tracked(C: float) -> str:
    fitted = model.fit(learn, candidate="logistic", seed=42, hyperparameters={"C": C, "max_iter": 300})
    scores = model.score(late, model.predict(fitted, compare))
    with mlflow.start_run(experiment_id=experiment) as run:
        # BEGIN SOLUTION
        mlflow.log_param("C", C)
        mlflow.log_metrics({name: scores[name] for name in ("roc_auc", "brier")})
        mlflow.log_dict(scores, "scores.json")
        # END SOLUTION
    return run.info.run_id


# %% tags=["check", "graded-back-registry"]
for C in (0.01, 1.0):
    run = client.get_run(tracked(C))
    fitted = model.fit(learn, candidate="logistic", seed=42, hyperparameters={"C": C, "max_iter": 300})
    right = model.score(late, model.predict(fitted, compare))
    assert run.data.params.get("C") in (str(C), f"{C:g}"), say("tracked_param", C=C)
    assert {"roc_auc", "brier"} <= set(run.data.metrics), say("tracked_metrics")
    assert all(abs(run.data.metrics[name] - right[name]) < 1e-9 for name in ("roc_auc", "brier")), say("tracked_values")
    assert "scores.json" in [file.path for file in client.list_artifacts(run.info.run_id)], say("tracked_artifact")
    try:
        stored = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/scores.json")
    except Exception:
        stored = None
    assert isinstance(stored, dict), say("tracked_broken")
    assert set(stored) == set(right), say("tracked_whole")
    assert all(isinstance(value, int | float) for value in stored.values()), say("tracked_numbers")
    assert all(abs(stored[name] - right[name]) < 1e-9 for name in right), say("tracked_whole")

# %% tags=["solution"]
found = mlflow.search_runs([experiment], max_results=2)  # the last ones
found = found[["params.C", "metrics.roc_auc", "metrics.brier"]].round(4)
found.sort_values("metrics.roc_auc", ascending=False, ignore_index=True)

# %% [markdown] tags=["ru"]
# Теперь чужой журнал: эксперимент `team`. Кто-то оценивал модели на феврале, кто-то на марте (тег `compared_on`), одно обучение прервали на полпути. В той же базе ведёт журнал соседняя команда, её эксперимент — `neighbours`; одна её модель ещё учится.

# %% [markdown] tags=["en"]
# Now somebody else's journal: the experiment `team`. Some scored their models on February, some on March (the tag `compared_on`), one training was broken off half-way. The team next door keeps its journal in the same database, in the experiment `neighbours`; one of its models is still learning.

# %%
team, neighbours = (here.experiment(client, name, project.registry) for name in ("team", "neighbours"))
journal = {"2013-02": {0.655: "FINISHED", 0.702: "FAILED", 0.671: "FINISHED", 0.663: "FINISHED"}}
journal |= {"2013-03": {0.718: "FINISHED", 0.709: "FINISHED"}, "2013-04": {0.744: "KILLED"}}
here.write_journal(client, team, journal)
theirs = {"2013-02": {0.61: "FINISHED", 0.79: "FINISHED", 0.83: "RUNNING", 0.64: "FINISHED"}}
theirs |= {"2013-03": {0.75: "FINISHED", 0.58: "FINISHED"}, "2013-04": {here.drawn_score(): "FINISHED"}}
here.write_journal(client, neighbours, theirs)

# %%
columns = ["tags.compared_on", "metrics.roc_auc", "status"]
mlflow.search_runs([team])[columns].sort_values("metrics.roc_auc", ignore_index=True)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (6 мин, 2 балла). Лучшее обучение, но честно
# Напишите функцию `best_run(experiment_id, month)`. Она возвращает `run_id` (строку) запуска с самым большим `roc_auc` среди тех запусков этого эксперимента, которые закончились успешно (статус `FINISHED`) и оценивались на этом месяце. Если таких нет, функция возвращает `None`.
#
# <details><summary>Подсказка</summary>У search_runs есть filter_string и order_by. Статус в условии называется attributes.status, тег tags.compared_on, условия соединяет and.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (6 min, 2 points). The best training, but fairly
# Write the function `best_run(experiment_id, month)`. It returns the `run_id` (a string) of the run with the highest `roc_auc` among those of this experiment that ended well (status `FINISHED`) and were scored on this month. If there are none, it returns `None`.
#
# <details><summary>Hint</summary>search_runs has filter_string and order_by. In a condition the status is called attributes.status, the tag tags.compared_on, and conditions are joined by and.</details>

# %%
def best_run(experiment_id: str, month: str) -> str | None:
    # BEGIN SOLUTION
    question = f"attributes.status = 'FINISHED' and tags.compared_on = '{month}'"
    found = mlflow.search_runs([experiment_id], question, order_by=["metrics.roc_auc DESC"], max_results=1)
    return None if found.empty else found["run_id"][0]
    # END SOLUTION


# %% tags=["check"]
def best_of(number, month):
    """The run that the function gives, or None."""
    try:
        answer = best_run(number, month)
    except NotImplementedError:
        raise  # not solved yet
    except Exception as error:
        assert False, say("best_failed", month=month, error=f"{type(error).__name__}: {error}"[:200])
    known = {run.info.run_id: run for run in client.search_runs([team, neighbours])}
    assert answer is None or isinstance(answer, str) and answer in known, say("best_form")
    return known[answer] if answer else None


for number, highest in ((team, {"2013-02": 0.671, "2013-03": 0.718}), (neighbours, here.finished_best(theirs))):
    for month in ("2013-02", "2013-03", "2013-04", "2012-12"):
        run = best_of(number, month)
        assert run is None or run.info.experiment_id == number, say("best_experiment", month=month)
        assert run is None or month in highest, say("best_none", month=month)
        assert run is None or run.info.status == "FINISHED", say("best_status")
        assert run is None or run.data.tags["compared_on"] == month, say("best_month")
        assert (run and run.data.metrics["roc_auc"]) == highest.get(month), say("best_other")

# %% [markdown] tags=["ru", "solution"]
# Самое большое число во всём журнале, 0.744, у прерванного обучения, и в `max(...)` по столбцу победило бы оно. А 0.718 не лучше, чем 0.671: март и февраль — это разные рейсы.

# %% [markdown] tags=["en", "solution"]
# The highest figure in the whole journal, 0.744, belongs to a training that was broken off, and a `max(...)` over the column would have made it the winner. And 0.718 is no better than 0.671: March and February are different flights.

# %% [markdown] tags=["ru"]
# Для следующих задач понадобятся ещё модели: крепкая и слабая.

# %% [markdown] tags=["en"]
# The next tasks need more models: a strong one and a weak one.

# %%
strong, weak = sandbox.root / "models/strong.skops", sandbox.root / "models/weak.skops"
model.save(strong, model.fit(learn, candidate="logistic", seed=42, hyperparameters={"C": 0.01, "max_iter": 300}))
few = {"learning_rate": 0.05, "max_iter": 2, "max_leaf_nodes": 3, "l2_regularization": 1.0}
model.save(weak, model.fit(learn, candidate="boosting", seed=42, hyperparameters=few))
for file in (registry.champion().model_file, strong, weak):
    print(f"{file.stem:<7} ROC AUC {model.score(late, model.predict(model.load(file), compare))['roc_auc']:.4f}")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (8 мин, 3 балла). Пропустить или остановить
# Напишите функцию `may_replace(new, champion, features, max_drop)`, сердце стадии `gate`. `new` — файл новой модели (`Path`), `champion` — действующая версия из реестра (`Version`) или `None`, `features` — список файлов с тестовыми месяцами, их бывает несколько. Ответ `True`, если ROC AUC новой модели не меньше, чем у действующей минус `max_drop`, иначе `False`. ROC AUC у каждой модели один: он считается по рейсам всех месяцев сразу. Первую модель сравнивать не с чем, её пропускаем.
#
# Обе модели оценивайте на рейсах из `features`, а не по записям в отчётах: там другие месяцы.
#
# <details><summary>Подсказка</summary>Всё нужное есть в модуле model: read_features, load, predict, score. Где лежит файл версии, знает сама версия: champion.model_file.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (8 min, 3 points). Let it pass or stop it
# Write the function `may_replace(new, champion, features, max_drop)`, the heart of the stage `gate`. `new` is the file of the new model (`Path`), `champion` the version at work, from the registry (`Version`), or `None`, `features` a list of files with the test months, which may be several. The answer is `True` if the new model's ROC AUC is not below that of the one at work minus `max_drop`, and `False` if it is. Each model has one ROC AUC: over the flights of all the months together. The first model has nothing to be compared with and may pass.
#
# Score both models on the flights of `features` and not by what reports say: those are about other months.
#
# <details><summary>Hint</summary>All you need is in the module model: read_features, load, predict, score. Where a version's file lies, the version itself knows: champion.model_file.</details>

# %%
from pathlib import Path

from flight_delays.registry import Version


def may_replace(new: Path, champion: Version | None, features: list[Path], max_drop: float) -> bool:
    # BEGIN SOLUTION
    if champion is None:
        return True
    flights = model.read_features(features)
    scores = [
        model.score(flights[TARGET].to_numpy(), model.predict(model.load(file), flights))["roc_auc"]
        for file in (new, champion.model_file)
    ]
    return scores[0] >= scores[1] - max_drop
    # END SOLUTION


# %% tags=["check"]
import dataclasses


def passes(new, champion, months, max_drop):
    answer = may_replace(new, champion, [project.features(month) for month in months], max_drop)
    assert type(answer).__name__ in ("bool", "bool_"), say("gate_form", answer=repr(answer)[:60])
    return bool(answer)


def at_the_boundary(new, champion, months):
    """Does it pass when max_drop is a little more than its drop, and when it is a little less?"""
    drop = here.drop(new, champion.model_file, [project.features(month) for month in months])
    return passes(new, champion, months, drop + 1e-6), passes(new, champion, months, drop - 1e-6)


first = registry.versions()[0]
assert passes(weak, None, ["2013-03"], 0.0), say("gate_first")
assert not passes(weak, first, ["2013-03"], 0.01), say("gate_weak")
drop = here.drop(weak, first.model_file, [project.features("2013-02")])
assert passes(weak, first, ["2013-02"], 1.2 * drop), say("gate_share")
within, beyond = at_the_boundary(weak, first, ["2013-03"])
assert within, say("gate_strict", month="2013-03")
assert not beyond, say("gate_lenient", month="2013-03")
assert at_the_boundary(weak, first, ["2013-02", "2013-03"]) == (True, False), say("gate_months")
assert at_the_boundary(weak, dataclasses.replace(first, model_file=strong), ["2013-02"]) == (True, False), say("gate_champion")
assert passes(strong, dataclasses.replace(first, model_file=weak), ["2013-02"], 0.0), say("gate_better")
assert passes(first.model_file, first, ["2013-02"], 0.0), say("gate_equal")

# %% [markdown] tags=["ru", "solution"]
# Лекция спрашивает, какие этапы должны блокировать путь в продакшен. Этот из их числа: он последний, кто видит новую модель до пассажиров.

# %% [markdown] tags=["en", "solution"]
# The lecture asks which stages must block the way to production. This is one of them: the last to see a new model before the passengers do.

# %% [markdown] tags=["ru"]
# За неделю в реестре прибавилось версий. Вот как они появились: одну обучили на закоммиченных параметрах, одну на правке, которую забыли закоммитить, одну зарегистрировали из папки без git. А самую первую из новых кто-то удалил. Если запустить ячейку ещё раз, неделя начнётся сначала, а номера пойдут дальше: реестр их не повторяет.

# %% [markdown] tags=["en"]
# Within a week the registry got more versions. This is how: one was trained with committed parameters, one with an edit that was not committed, one was registered from a folder without git. And the very first of the new ones was deleted by somebody. Run the cell again, and the week begins anew, while the numbers go on: a registry does not repeat them.

# %%
from flight_delays.stages.gate import gate


def register_with(C, **changed):
    sandbox.set_param("train.candidates.logistic.C", C)
    project = Project.load(sandbox.root)
    project.run("train", "logistic")
    project.run("evaluate")
    gate(*project.paths("gate"), **project.options("gate") | changed)
    project.run("register")


# %%
here.forget_all_but_the_first(client, registry, sandbox)
register_with(0.2)
client.delete_model_version("flight-delays", str(registry.champion().number))
sandbox.git_commit("C is 0.2")
register_with(0.2)
register_with(0.3)
sandbox.git_commit("C is 0.3")
register_with(0.3, git_commit="unknown")
[version.number for version in registry.versions()]

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (6 мин, 2 балла). Шаг назад
# Ночь, метрика действующей модели упала. Напишите функцию `step_back(registry)`: она отдаёт алиас `champion` самой новой из версий, которые появились **раньше действующей**, и возвращает её номер (`int`). Если раньше ничего не было, ничего не меняет и возвращает `None`. Пользуйтесь методами `Registry`: `champion()`, `versions()` и `roll_back(number)`.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (6 min, 2 points). A step back
# At night the metric of the model at work fell. Write the function `step_back(registry)`: it gives the alias `champion` to the newest of the versions that are **older than the one at work**, and returns its number (`int`). If there is no older one, it changes nothing and returns `None`. Use the methods of `Registry`: `champion()`, `versions()` and `roll_back(number)`.

# %%
def step_back(registry: Registry) -> int | None:
    # BEGIN SOLUTION
    older = [version.number for version in registry.versions() if version.number < registry.champion().number]
    if not older:
        return None
    registry.roll_back(max(older))
    return max(older)
    # END SOLUTION


# %% tags=["check", "graded-back-registry"]
for tried in (registry, here.rehearsal(client, registry)):
    numbers = [version.number for version in tried.versions()]
    for at, number in reversed(list(enumerate(numbers))):
        tried.roll_back(number)
        expected = numbers[at - 1] if at else None
        try:
            answer = step_back(tried)
        except NotImplementedError:
            raise  # not solved yet
        except Exception as error:
            assert False, say("back_failed", number=number, error=f"{type(error).__name__}: {error}"[:200])
        now = tried.champion()
        assert now is not None, say("back_nowhere", name=tried.model_name, number=number)
        assert expected is not None or now.number == number, say("back_first", now=now.number)
        assert now.number != number or expected is None, say("back_not_moved", name=tried.model_name, number=number)
        assert now.number == (expected or number), say("back_elsewhere", number=number, now=now.number)
        assert answer == expected and type(answer) is not bool, say("back_answer", number=number, answer=repr(answer)[:60])
registry.roll_back(registry.versions()[-1].number)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (14 мин, 3 балла). Чего не хватает, чтобы вернуться
# Откат возвращает код, модель и данные. Напишите функцию `lost(version)`: она получает версию (`Version`) и возвращает множество (`set`) слов, чего уже не вернуть:
#
# - `"code"`: того, что записано в теге `git_commit`, в репозитории нет. Так бывает с чужим коммитом, со словом `unknown` и с пометкой `-dirty`: её `gate` добавляет, когда код или `params.yaml` правили после коммита;
# - `"params"`: коммит есть, но у `params.yaml` в нём не тот хеш, что в теге `params_hash`: обучали с другим файлом параметров;
# - `"data"`: у подготовленных обучающих месяцев на диске не тот хеш, что в теге `data_hash`;
# - `"model"`: файла модели нет на диске.
#
# Если всё на месте, множество пустое. Если нет коммита, про параметры ничего не говорим.
#
# <details><summary>Подсказка</summary>Файл из любого коммита печатает sandbox.run(["git", "show", f"{commit}:params.yaml"], check=False), а returncode скажет, нашёлся ли коммит. Хеш параметров: parse(yaml.safe_load(text)).sha256(). Хеш данных: artifacts.sha256_of_all(project.features_of("train")).</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (14 min, 3 points). What is missing for the way back
# A rollback brings back code, model and data. Write the function `lost(version)`: it takes a version (`Version`) and returns a set (`set`) of words, what cannot be brought back any more:
#
# - `"code"`: the repository does not have what the tag `git_commit` says. So it is with a stranger's commit, with the word `unknown`, and with the mark `-dirty`, which `gate` adds when code or `params.yaml` were edited after the commit;
# - `"params"`: the commit is there, but its `params.yaml` has another hash than the tag `params_hash`: the training took another file of parameters;
# - `"data"`: the prepared training months on the disk have another hash than the tag `data_hash`;
# - `"model"`: the model's file is not on the disk.
#
# If everything is in its place, the set is empty. If the commit is missing, say nothing of the parameters.
#
# <details><summary>Hint</summary>A file of any commit is printed by sandbox.run(["git", "show", f"{commit}:params.yaml"], check=False), and returncode tells whether the commit was found. The hash of parameters: parse(yaml.safe_load(text)).sha256(). The hash of data: artifacts.sha256_of_all(project.features_of("train")).</details>

# %%
import yaml

from flight_delays import artifacts
from flight_delays.params import parse


def lost(version: Version) -> set[str]:
    # BEGIN SOLUTION
    missing = set()
    shown = sandbox.run(["git", "show", f"{version.tags['git_commit']}:params.yaml"], check=False)
    if shown.returncode != 0:
        missing.add("code")
    elif parse(yaml.safe_load(shown.stdout)).sha256() != version.tags["params_hash"]:
        missing.add("params")
    if artifacts.sha256_of_all(project.features_of("train")) != version.tags["data_hash"]:
        missing.add("data")
    if not version.model_file.is_file():
        missing.add("model")
    return missing
    # END SOLUTION


# %% tags=["check"]
import dataclasses


def lost_of(version):
    try:
        answer = lost(version)
    except NotImplementedError:
        raise  # not solved yet
    except Exception as error:
        assert False, say("lost_failed", commit=version.tags["git_commit"], error=f"{type(error).__name__}: {error}"[:120])
    assert isinstance(answer, set), say("lost_form", answer=repr(answer)[:60])
    return answer


def with_tags(version, **tags):
    return dataclasses.replace(version, tags=version.tags | tags)


complete, saved, unsaved, nameless = registry.versions()
other = artifacts.sha256_of_all([])
gone = dataclasses.replace(complete, model_file=complete.model_file.with_name("gone.skops"))
assert lost_of(complete) == set(), say("lost_complete")
assert lost_of(nameless) == {"code"}, say("lost_code")
assert lost_of(with_tags(complete, git_commit="0123456789" * 4)) == {"code"}, say("lost_code")
assert lost_of(saved) == set() and lost_of(unsaved) == {"code"}, say("lost_dirty")
assert lost_of(with_tags(complete, data_hash=other)) == {"data"}, say("lost_data")
with here.changed(project.features("2013-01")):
    assert lost_of(complete) == {"data"}, say("lost_data_disk")
with here.hidden(complete.model_file):
    assert lost_of(complete) == {"model"} and lost_of(saved) == set(), say("lost_model")
assert lost_of(with_tags(complete, params_hash=other)) == {"params"}, say("lost_params")
assert lost_of(with_tags(gone, params_hash=other, data_hash=other)) == {"params", "data", "model"}, say("lost_all")
assert lost_of(with_tags(gone, git_commit="unknown", data_hash=other)) == {"code", "data", "model"}, say("lost_all")

# %% tags=["solution"]
{version.number: sorted(lost(version)) for version in registry.versions()}

# %% [markdown] tags=["ru", "solution"]
# Две из четырёх версий работают, но вернуться к ним нельзя: у одной в теге `-dirty`, значит, её обучили на незакоммиченной правке, у другой вообще нет коммита. Хороший `gate` мог бы не пропускать и таких: тег он пишет сам.

# %% [markdown] tags=["en", "solution"]
# Two of the four versions work, but there is no way back to them: the tag of one ends in `-dirty`, so it was trained with an edit that nobody committed, the other has no commit at all. A good `gate` might stop such ones too: it writes the tag itself.

# %% [markdown] tags=["ru"]
# Перед последней задачей откроем файл `MLproject`, каким он лежит в репозитории: что в проекте можно запустить и с какими параметрами.

# %% [markdown] tags=["en"]
# Before the last task we open the file `MLproject` as it is in the repository: what can be run in this project, and with which parameters.

# %%
print(sandbox.run(["git", "show", "HEAD:MLproject"]).stdout)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (10 мин, 3 балла). Своя точка входа
# В `MLproject` у каждой стадии свой вход. Опишите ещё один, `month`: он готовит один месяц целиком, то есть выполняет `ingest`, `validate` и `prepare` для месяца из параметра `month`. Запишите в `entry_point` словарь ровно с двумя ключами, `parameters` и `command`, такой же, как у соседей в файле: единственный параметр `month`, тип у него тот же, что у них. Если одна стадия упала, следующие выполняться не должны, а код возврата должен быть не 0.
#
# <details><summary>Подсказка</summary>MLflow отдаёт команду оболочке bash. Чем в ней отличаются ; и &&?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (10 min, 3 points). An entry point of your own
# In `MLproject` every stage has its entry point. Describe one more, `month`: it prepares one month from beginning to end, that is, it runs `ingest`, `validate` and `prepare` for the month given by the parameter `month`. Put into `entry_point` a dictionary with just two keys, `parameters` and `command`, like those of its neighbours in the file: its only parameter is `month`, of the type that they use. If one stage fails, the next must not run, and the exit code must not be 0.
#
# <details><summary>Hint</summary>MLflow hands the command to the shell bash. What is the difference between ; and && there?</details>

# %%
# BEGIN SOLUTION
stages = ("ingest", "validate", "prepare")
entry_point = {
    "parameters": {"month": "string"},
    "command": " && ".join(f"python -m flight_delays {stage} --month {{month}}" for stage in stages),
}
# END SOLUTION

# %% tags=["check"]
assert isinstance(entry_point, dict) and set(entry_point) == {"parameters", "command"}, say("entry_form")
assert isinstance(entry_point["command"], str), say("entry_form")
declared = entry_point["parameters"]
assert isinstance(declared, dict) and list(declared) == ["month"], say("entry_parameters")
kind = declared["month"].get("type", "string") if isinstance(declared["month"], dict) else declared["month"]
assert kind == "string", say("entry_type", kind=repr(kind)[:60])


def run_month(month, **broken):
    """How the command ended, what it printed and which stages ran, with parameters that make one of them fail."""
    with here.parameters(sandbox, {key.replace("__", "."): value for key, value in broken.items()}):
        return here.run_entry(sandbox, "month", month=month)


try:
    here.add_entry(sandbox, "month", entry_point)
    february, march = (here.entry_command(sandbox, "month", month=month) for month in ("2013-02", "2013-03"))
except Exception as error:
    assert False, say("entry_broken", error=f"{type(error).__name__}: {error}"[:200])
assert february != march and february == march.replace("2013-03", "2013-02"), say("entry_hard_coded")
code, printed, ran = run_month("2013-03")
assert code == 0, say("entry_failed", output=printed[-300:])
assert all(name.endswith(" 2013-03") for name in ran), say("entry_month", month="2013-03")
assert ran == ["ingest 2013-03", "validate 2013-03", "prepare 2013-03"], say("entry_stages")
code, _, ran = run_month("2013-02", validate__min_rows=10**9)
assert all(name.endswith(" 2013-02") for name in ran), say("entry_month", month="2013-02")
assert code != 0 and ran == ["ingest 2013-02", "validate 2013-02"], say("entry_goes_on", stage="validate")
code, _, ran = run_month("2013-02", ingest__path="nowhere", ingest__source="bts")
assert code != 0 and ran == ["ingest 2013-02"], say("entry_goes_on", stage="ingest")

# %% tags=["solution"]
from workshop.engines import mlproject

outcome = mlproject.run(sandbox, "month", month="2013-02")
print("exit code", outcome.exit_code, "|", *(record.name for record in outcome.records))

# %% [markdown] tags=["ru", "solution"]
# Три стадии одной командой, но это всё ещё список, а не граф: MLflow не знает, что упала вторая из трёх, и в следующий раз начнёт с первой.

# %% [markdown] tags=["en", "solution"]
# Three stages in one command, but it is still a list and no graph: MLflow does not know that the second of three failed, and will begin with the first next time.

# %% [markdown] tags=["ru"]
# ## Главное
# - Сравнивают только законченные обучения и только на одних и тех же данных.
# - Новая модель спорит с действующей, а не с числом из старого отчёта.
# - Откат — это перестановка алиаса, но вернуться можно лишь к той версии, у которой целы код, параметры, данные и файл.
# - `MLproject` говорит, что можно запустить; порядок и повторы держит оркестратор.
#
# **Дальше:** тетрадь `compare`, где все движки встретятся на одном графе.

# %% [markdown] tags=["en"]
# ## Key points
# - One compares finished trainings only, and only on the same data.
# - A new model argues with the one at work, not with a figure of an old report.
# - A rollback moves an alias, but one can go back only to a version whose code, parameters, data and file are all there.
# - `MLproject` says what can be run; order and retries are kept by an orchestrator.
#
# **Next:** the notebook `compare`, where all engines meet on one graph.
