# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 8. MLflow: задачи
# **Лекция 0 мин · упражнения 45 мин**
#
# Шесть задач: от одного записанного обучения до своей точки входа в `MLproject`. Реестр и журнал настоящие: проверки читают то, что записал ваш код.
#
# - Какое из обучений лучшее, если сравнивать честно?
# - Куда возвращаться, если действующая модель подвела?
# - Можно ли воспроизвести версию, и если нет, чего не хватает?

# %% [markdown] tags=["en"]
# # 8. MLflow: tasks
# **Teaching 0 min · exercises 45 min**
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

# %% tags=["waits-pipeline"]
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
# Данные для первых задач: `learn` это январь, `compare` это февраль, `late` ответы за февраль. В эксперимент `tuning` будем записывать обучения.

# %% [markdown] tags=["en"]
# The data of the first tasks: `learn` is January, `compare` is February, `late` holds the answers for February. Trainings go into the experiment `tuning`.

# %%
from flight_delays import model
from flight_delays.columns import TARGET

learn, compare = (model.read_features([project.features(month)]) for month in ("2013-01", "2013-02"))
late = compare[TARGET].to_numpy()
client = mlflow.MlflowClient()
experiment = mlflow.create_experiment("tuning", artifact_location=(project.registry / "tuning").as_uri())
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


# %% tags=["check"]
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
    assert all(abs(stored[name] - right[name]) < 1e-9 for name in right), say("tracked_whole")

# %% tags=["solution"]
found = mlflow.search_runs([experiment], max_results=2)  # the last ones
found = found[["params.C", "metrics.roc_auc", "metrics.brier"]].round(4)
found.sort_values("metrics.roc_auc", ascending=False, ignore_index=True)

# %% [markdown] tags=["ru"]
# Теперь чужой журнал: эксперимент `team`. Кто-то оценивал модели на феврале, кто-то на марте (тег `compared_on`), одно обучение прервали на полпути.

# %% [markdown] tags=["en"]
# Now somebody else's journal: the experiment `team`. Some scored their models on February, some on March (the tag `compared_on`), one training was broken off half-way.

# %%
team = mlflow.create_experiment("team", artifact_location=(project.registry / "team").as_uri())
journal = {"2013-02": {0.655: "FINISHED", 0.702: "FAILED", 0.671: "FINISHED", 0.663: "FINISHED"}}
journal |= {"2013-03": {0.718: "FINISHED", 0.709: "FINISHED"}, "2013-04": {0.744: "KILLED"}}
for month, figures in journal.items():
    for figure, status in figures.items():
        run_id = client.create_run(team, tags={"compared_on": month}).info.run_id
        client.log_metric(run_id, "roc_auc", figure)
        client.set_terminated(run_id, status)

# %%
columns = ["tags.compared_on", "metrics.roc_auc", "status"]
mlflow.search_runs([team])[columns].sort_values("metrics.roc_auc", ignore_index=True)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (6 мин, 2 балла). Лучшее обучение, но честно
# Напишите функцию `best_run(experiment_id, month)`. Она возвращает `run_id` (строку) запуска с самым большим `roc_auc` среди тех, которые закончились успешно (статус `FINISHED`) и оценивались на этом месяце. Если таких нет, функция возвращает `None`.
#
# <details><summary>Подсказка</summary>У search_runs есть filter_string и order_by. Статус в условии называется attributes.status, тег tags.compared_on, условия соединяет and.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (6 min, 2 points). The best training, but fairly
# Write the function `best_run(experiment_id, month)`. It returns the `run_id` (a string) of the run with the highest `roc_auc` among those that ended well (status `FINISHED`) and were scored on this month. If there are none, it returns `None`.
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
answers = {}
for month in ("2013-02", "2013-03", "2013-04", "2012-12"):
    try:
        answers[month] = best_run(team, month)
    except NotImplementedError:
        raise  # not solved yet
    except Exception as error:
        assert False, say("best_failed", month=month, error=f"{type(error).__name__}: {error}"[:200])
known = {run.info.run_id: run for run in client.search_runs([team])}
assert all(answer is None or isinstance(answer, str) and answer in known for answer in answers.values()), say("best_form")
told = {month: known[answer] for month, answer in answers.items() if answer}
assert all(run.info.status == "FINISHED" for run in told.values()), say("best_status")
assert all(run.data.tags["compared_on"] == month for month, run in told.items()), say("best_month")
assert answers["2013-04"] is None and answers["2012-12"] is None, say("best_none")
highest = {month: run.data.metrics["roc_auc"] for month, run in told.items()}
assert highest == {"2013-02": 0.671, "2013-03": 0.718}, say("best_other")

# %% [markdown] tags=["ru", "solution"]
# Самое большое число во всём журнале, 0.744, у прерванного обучения, и в `max(...)` по столбцу победило бы оно. А 0.718 не лучше, чем 0.671: март и февраль это разные рейсы.

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
# Напишите функцию `may_replace(new, champion, features, max_drop)`, сердце стадии `gate`. `new` это файл новой модели (`Path`), `champion` действующая версия из реестра (`Version`) или `None`, `features` список файлов с тестовыми месяцами. Ответ `True`, если ROC AUC новой модели на этих рейсах не меньше, чем у действующей минус `max_drop`. Первую модель сравнивать не с чем, её пропускаем.
#
# Обе модели оценивайте на рейсах из `features`, а не по записям в отчётах: там другие месяцы.
#
# <details><summary>Подсказка</summary>Всё нужное есть в модуле model: read_features, load, predict, score. Где лежит файл версии, знает сама версия: champion.model_file.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (8 min, 3 points). Let it pass or stop it
# Write the function `may_replace(new, champion, features, max_drop)`, the heart of the stage `gate`. `new` is the file of the new model (`Path`), `champion` the version at work, from the registry (`Version`), or `None`, `features` a list of files with the test months. The answer is `True` if the new model's ROC AUC on these flights is not below that of the one at work minus `max_drop`. The first model has nothing to be compared with and may pass.
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
def auc(file, month):
    flights = model.read_features([project.features(month)])
    return model.score(flights[TARGET].to_numpy(), model.predict(model.load(file), flights))["roc_auc"]


def replaces(new, month, max_drop, champion=registry.versions()[0]):
    return bool(may_replace(new, champion, [project.features(month)], max_drop))


file = registry.versions()[0].model_file
assert replaces(weak, "2013-03", 0.01, champion=None), say("gate_first")
assert not replaces(weak, "2013-03", 0.01), say("gate_weak")
for month in ("2013-02", "2013-03"):
    for new in (strong, weak):
        drop = auc(file, month) - auc(new, month)
        assert replaces(new, month, max(drop, 0.0) + 0.001), say("gate_strict", month=month)
        if drop > 0.001:
            assert not replaces(new, month, drop - 0.001), say("gate_lenient", month=month)
assert replaces(file, "2013-02", 0.0), say("gate_equal")

# %% [markdown] tags=["ru", "solution"]
# Лекция спрашивает, какие этапы должны блокировать путь в продакшен. Этот из их числа: он последний, кто видит новую модель до пассажиров.

# %% [markdown] tags=["en", "solution"]
# The lecture asks which stages must block the way to production. This is one of them: the last to see a new model before the passengers do.

# %% [markdown] tags=["ru"]
# За неделю в реестре прибавилось версий. Вот как они появились: одну обучили на закоммиченных параметрах, одну на правке, которую забыли закоммитить, одну зарегистрировали из папки без git. А версию 2 кто-то удалил.

# %% [markdown] tags=["en"]
# Within a week the registry got more versions. This is how: one was trained with committed parameters, one with an edit that was not committed, one was registered from a folder without git. And version 2 was deleted by somebody.

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
register_with(0.2)
client.delete_model_version("flight-delays", "2")
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


# %% tags=["check"]
numbers = [version.number for version in registry.versions()]
for at, number in reversed(list(enumerate(numbers))):
    registry.roll_back(number)
    expected = numbers[at - 1] if at else None
    try:
        answer = step_back(registry)
    except NotImplementedError:
        raise  # not solved yet
    except Exception as error:
        assert False, say("back_failed", number=number, error=f"{type(error).__name__}: {error}"[:200])
    assert registry.champion() is not None, say("back_nowhere", number=number)
    now = registry.champion().number
    assert expected is not None or now == number, say("back_first", now=now)
    assert now != number or expected is None, say("back_not_moved", number=number)
    assert now == (expected or number), say("back_elsewhere", number=number, now=now)
    assert answer == expected, say("back_answer", number=number)
registry.roll_back(numbers[-1])

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (10 мин, 3 балла). Чего не хватает, чтобы вернуться
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
# ### Task 5 (10 min, 3 points). What is missing for the way back
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

complete, *_, nameless = registry.versions()
gone = dataclasses.replace(complete, model_file=complete.model_file.with_name("gone.skops"))
other_data = dataclasses.replace(complete, tags=complete.tags | {"data_hash": artifacts.sha256_of_all([])})
stranger = dataclasses.replace(complete, tags=complete.tags | {"git_commit": "0123456789" * 4})
nothing = dataclasses.replace(gone, tags=other_data.tags | {"git_commit": "unknown"})
foreign = dataclasses.replace(complete, tags=complete.tags | {"params_hash": artifacts.sha256_of_all([])})
saved, unsaved = registry.versions()[1:-1]
assert isinstance(lost(complete), set), say("lost_form")
assert lost(complete) == set(), say("lost_complete")
assert lost(nameless) == {"code"} and lost(stranger) == {"code"}, say("lost_code")
assert lost(saved) == set() and lost(unsaved) == {"code"}, say("lost_dirty")
assert lost(other_data) == {"data"}, say("lost_data")
assert lost(gone) == {"model"}, say("lost_model")
assert lost(foreign) == {"params"}, say("lost_params")
assert lost(nothing) == {"code", "data", "model"}, say("lost_all")

# %% tags=["solution"]
{version.number: sorted(lost(version)) for version in registry.versions()}

# %% [markdown] tags=["ru", "solution"]
# Две из четырёх версий работают, но вернуться к ним нельзя: у одной в теге `-dirty`, значит, её обучили на незакоммиченной правке, у другой вообще нет коммита. Хороший `gate` мог бы не пропускать и таких: тег он пишет сам.

# %% [markdown] tags=["en", "solution"]
# Two of the four versions work, but there is no way back to them: the tag of one ends in `-dirty`, so it was trained with an edit that nobody committed, the other has no commit at all. A good `gate` might stop such ones too: it writes the tag itself.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (10 мин, 3 балла). Своя точка входа
# В `MLproject` у каждой стадии свой вход. Опишите ещё один, `month`: он готовит один месяц целиком, то есть выполняет `ingest`, `validate` и `prepare` для месяца из параметра `month`. Запишите в `entry_point` словарь с ключами `parameters` и `command`, такой же, как у соседей в файле. Если одна стадия упала, следующие выполняться не должны, а код возврата должен быть не 0.
#
# <details><summary>Подсказка</summary>MLflow отдаёт команду оболочке bash. Чем в ней отличаются ; и &&?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (10 min, 3 points). An entry point of your own
# In `MLproject` every stage has its entry point. Describe one more, `month`: it prepares one month from beginning to end, that is, it runs `ingest`, `validate` and `prepare` for the month given by the parameter `month`. Put into `entry_point` a dictionary with the keys `parameters` and `command`, like those of its neighbours in the file. If one stage fails, the next must not run, and the exit code must not be 0.
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
from mlflow.projects._project_spec import load_project


def run_as_mlflow_does(**given):
    """What `mlflow run -e month -P ...` hands to bash; gives how it ended and the stages that ran."""
    command = load_project(sandbox.root).get_entry_point("month").compute_command(given, None)
    seen = len(sandbox.records())
    return sandbox.run(["bash", "-c", command], check=False), [record.name for record in sandbox.records()[seen:]]


assert isinstance(entry_point, dict) and set(entry_point) == {"parameters", "command"}, say("entry_form")
assert isinstance(entry_point["command"], str), say("entry_form")
assert list(entry_point["parameters"] or {}) == ["month"], say("entry_parameters")
described = yaml.safe_load((sandbox.root / "MLproject").read_text(encoding="utf-8"))
described["entry_points"]["month"] = entry_point
(sandbox.root / "MLproject").write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")
try:
    done, ran = run_as_mlflow_does(month="2013-03")
except Exception as error:
    assert False, say("entry_broken", error=f"{type(error).__name__}: {error}"[:200])
assert done.returncode == 0, say("entry_failed", output=done.stdout[-300:])
assert not [name for name in ran if not name.endswith(" 2013-03")], say("entry_month")
assert ran == ["ingest 2013-03", "validate 2013-03", "prepare 2013-03"], say("entry_stages")
rows = yaml.safe_load((sandbox.root / "params.yaml").read_text(encoding="utf-8"))["validate"]["min_rows"]
sandbox.set_param("validate.min_rows", 10**9)
done, ran = run_as_mlflow_does(month="2013-03")
sandbox.set_param("validate.min_rows", rows)
assert done.returncode != 0 and "prepare 2013-03" not in ran, say("entry_goes_on")

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
# - Откат это перестановка алиаса, но вернуться можно лишь к той версии, у которой целы код, параметры, данные и файл.
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
