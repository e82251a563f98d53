# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 4. DVC: задачи
# **Лекция 0 мин · упражнения 45 мин**
#
# Шесть задач: от прогноза, кого пересчитает DVC, до собственного `dvc.yaml`. Проверки делают то же, что сделали бы вы в терминале: правят файл и спрашивают DVC, заметил ли он.
#
# - Как описать стадию, чтобы ни одна правка не потерялась?
# - Как вернуть вчерашнюю модель, не потеряв сегодняшнюю?
# - Как не пропустить в `main` модель, которая стала хуже?

# %% [markdown] tags=["en"]
# # 4. DVC: tasks
# **Teaching 0 min · exercises 45 min**
#
# Six tasks: from a forecast of whom DVC will recompute to a `dvc.yaml` of your own. The checks do what you would do in a terminal: they edit a file and ask DVC whether it noticed.
#
# - How to describe a stage so that no edit is lost?
# - How to bring back yesterday's model without losing today's?
# - How to keep a model that got worse out of `main`?

# %%
from workshop.lesson import open_engine, start

months = {"2013-01": "train", "2013-02": "test"}
easy = {"gate__min_roc_auc": 0.5, "gate__max_roc_auc_drop": 0.1}  # little data: any model may pass
sandbox, say = start("04_dvc", lang, part="exercise", months=months, ingest__rows=1500, **easy)
session = open_engine("dvc", sandbox)
print(sandbox.run(["dvc", "stage", "list", "--name-only"]).stdout)

# %% [markdown] tags=["ru"]
# В вашей копии проекта два месяца по полторы тысячи рейсов. Чтобы не ждать одиннадцать процессов, мы выполним стадии прямо в этой тетради, а потом скажем DVC: прими то, что лежит на диске. Так делает `dvc commit`.

# %% [markdown] tags=["en"]
# Your copy of the project has two months of fifteen hundred flights each. In order not to wait for eleven processes we run the stages right in this notebook and then tell DVC: take what is on the disk. That is `dvc commit`.

# %%
import json
import sys

import yaml
from flight_delays import artifacts
from flight_delays.pipeline import STAGES, Project
from workshop import trying
from workshop.places import LESSONS

sys.path.append(str(LESSONS / "04_dvc"))
import asking_dvc as here


def run(*stages):
    project = Project.load(sandbox.root)
    for stage in stages:
        for item in project.items(stage):
            project.run(stage, item)
    sandbox.run(["dvc", "commit", "--force", "--quiet"])
    return project


# %% tags=["nbval-ignore-output", "waits-pipeline", "graded-once"]
sandbox.set_param("train.candidates.boosting.learning_rate", 0.1)
project = run(*STAGES)
here.commit(sandbox, "Yesterday's model")
sandbox.run(["git", "tag", "--force", "yesterday"])
paths = ("params.yaml", "models", "reports/metrics.json", "reports/predictions.parquet")
yesterday = {path: artifacts.sha256(project.root / path) for path in paths}
print(*sorted(path.name for path in project.models.values()))

# %% [markdown] tags=["ru"]
# Это было вчера. Сегодня бустингу подняли скорость обучения вчетверо и тоже сделали коммит.

# %% [markdown] tags=["en"]
# That was yesterday. Today the boosting got four times the learning rate, and there is a commit of that too.

# %% tags=["nbval-ignore-output", "graded-once"]
sandbox.set_param("train.candidates.boosting.learning_rate", 0.4)
run("train", "evaluate", "gate", "register")
here.commit(sandbox, "Today's model")
here.copied(sandbox.root, sandbox.root / ".engines" / "today")
print(sandbox.run(["git", "log", "--format=%s", "--decorate=short"]).stdout)

# %% [markdown] tags=["ru"]
# Спрашивать DVC можно и из Python. Функция `stale()` делает то же, что команда `dvc status`: возвращает имена стадий, у которых что-то изменилось.

# %% [markdown] tags=["en"]
# DVC can be asked from Python too. The function `stale()` does what the command `dvc status` does: it returns the names of the stages for which something has changed.

# %%
def stale(root=sandbox.root):
    with here.open_repo(root) as repo:
        return {name.rpartition(":")[2] for name in repo.status()}


stale()

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (5 мин, 2 балла). Прогноз
# Ниже пять изменений: три ключа из `params.yaml` получают другое значение, в два файла дописывают по строке кода. Для каждого изменения скажите, какие стадии DVC выполнит заново, если считать, что результат каждой выполненной стадии выходит новым.
#
# Запишите в `forecast` словарь (`dict`): ключ это изменение из списка `changes`, значение это множество (`set`) имён стадий, таких как в списке наверху: `train@boosting`, `evaluate`. Каждое изменение рассматривайте отдельно от остальных.
#
# <details><summary>Подсказка</summary>Найдите в dvc.yaml, какие стадии назвали этот ключ или этот файл, а потом пройдите по графу до конца. Ключ train.candidates назван дважды, целиком и по частям.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (5 min, 2 points). A forecast
# Below are five changes: three keys of `params.yaml` get another value, two files get a line of code at their end. Say for each change which stages DVC will run again, supposing that every stage that runs comes out with a new result.
#
# Put into `forecast` a dictionary (`dict`): a key is a change from the list `changes`, a value is a set (`set`) of names of stages as in the list above: `train@boosting`, `evaluate`. Take each change by itself, apart from the others.
#
# <details><summary>Hint</summary>Find in dvc.yaml which stages name this key or this file, and then walk the graph to its end. The key train.candidates is named twice, as a whole and in parts.</details>

# %%
from IPython.display import Code

changes = [
    "train.candidates.boosting.max_iter",
    "prepare.late_minutes",
    "gate.max_brier",
    "flight_delays/stages/evaluate.py",
    "flight_delays/journal.py",
]
Code(sandbox.root / "dvc.yaml")

# %%
# BEGIN SOLUTION
end = {"evaluate", "gate", "register"}
months_again = {f"prepare@{month}" for month in months}
forecast = {
    "train.candidates.boosting.max_iter": {"train@boosting"} | end,
    "prepare.late_minutes": months_again | {"train@boosting", "train@logistic"} | end,
    "gate.max_brier": {"gate", "register"},
    "flight_delays/stages/evaluate.py": end,
    "flight_delays/journal.py": set(),
}
# END SOLUTION

# %% tags=["check"]
assert isinstance(forecast, dict) and set(forecast) == set(changes), say("forecast_form")
assert all(isinstance(names, (set, frozenset)) for names in forecast.values()), say("forecast_form")
assert not stale(), say("project_edited", names=", ".join(sorted(stale())))
with here.open_repo(sandbox.root) as repo:
    known = {stage.name for stage in repo.index.stages}
for change, names in forecast.items():
    assert names <= known, say("forecast_name", names=", ".join(sorted(map(str, names - known))))
    will_run = here.reached(sandbox.root, change)
    assert not names - will_run, say("forecast_too_many", change=change)
    assert not will_run - names, say("forecast_too_few", change=change)

# %% [markdown] tags=["ru", "solution"]
# Два ответа стоит обдумать. Порог модели не меняет, поэтому после `gate.max_brier` никто не обучается: решение принимается заново за секунды. А `journal.py` не назвал никто, и это сделано намеренно: журнал результата не меняет. Но проверить это может только человек, DVC просто поверит.

# %% [markdown] tags=["en", "solution"]
# Two answers deserve a thought. A threshold does not change the model, so after `gate.max_brier` nobody trains: the decision is made anew within seconds. And nobody named `journal.py`, which is intended: the journal does not change a result. But only a person can make sure of that, DVC just believes it.

# %% [markdown] tags=["ru"]
# В проект добавили карточку модели: скрипт `card.py` и помощник к нему. Пока их запускают руками.

# %% [markdown] tags=["en"]
# A model card was added to the project: the script `card.py` and a helper of its. So far they are run by hand.

# %%
import shutil

tools = sandbox.root / "tools"
tools.mkdir(exist_ok=True)
for name in ("card.py", "card_style.py"):
    shutil.copy(LESSONS / "04_dvc" / name, tools / name)
Code(tools / "card.py")

# %%
Code(tools / "card_style.py")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (8 мин, 3 балла). Новая стадия
# Опишите для `card.py` стадию. Запишите в `card` словарь (`dict`): то, что стояло бы в `dvc.yaml` под именем `card`. Команда запускается из корня проекта: `python tools/card.py`.
#
# После этого `dvc repro` должен обновлять карточку, когда изменилось **что-нибудь**, от чего зависит её содержание, и не трогать её, когда изменился любой другой параметр (и другие числа того же раздела) или файл. Саму карточку DVC должен считать обычным результатом стадии: если её удалить, он вернёт. Метрика и график — это другое: из них DVC берёт числа, а карточка — текст для людей.
#
# <details><summary>Подсказка</summary>Пройдите по card.py сверху вниз и выпишите всё, что он читает. Импорт это тоже чтение.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (8 min, 3 points). A new stage
# Describe a stage for `card.py`. Put into `card` a dictionary (`dict`): what would stand in `dvc.yaml` under the name `card`. The command is run from the project's root: `python tools/card.py`.
#
# From then on `dvc repro` must renew the card when **anything** has changed on which its content depends, and leave it alone when any other parameter (the other numbers of the same section too) or file has. DVC must take the card itself for an ordinary result of the stage: if somebody deletes it, DVC brings it back. A metric or a plot is something else: DVC takes numbers from those, and the card is a text for people.
#
# <details><summary>Hint</summary>Go through card.py from top to bottom and write down all that it reads. An import is reading too.</details>

# %%
# BEGIN SOLUTION
card = {
    "cmd": "python tools/card.py",
    "deps": ["tools/card.py", "tools/card_style.py", "reports/metrics.json"],
    "params": ["gate.min_roc_auc", "gate.max_brier"],
    "outs": ["reports/card.md"],
}
# END SOLUTION

# %% tags=["check"]
plain = here.plain(card)
assert isinstance(plain, dict) and isinstance(plain.get("cmd"), (str, list)), say("card_form")
result = sandbox.root / "reports/card.md"
result.unlink(missing_ok=True)
with here.with_stages(sandbox.root, card=plain):
    problem = here.complaint(sandbox.root)
    assert not problem, say("card_invalid", reason=problem)
    assert here.kinds(sandbox.root, "card") <= {"out"}, say("card_kind")
    done = sandbox.run(["dvc", "repro", "--single-item", "--force", "card"], check=False)
    assert done.returncode == 0, say("card_failed", reason=here.last_line(done))
    assert result.exists(), say("card_not_made")
    assert not here.changes(sandbox.root, "card"), say("card_never_fresh")
    for change in here.card_inputs("code"):
        with here.edited(sandbox.root, change):
            assert here.changes(sandbox.root, "card"), say("card_code_unnoticed")
    for change in here.card_inputs("figures"):
        with here.edited(sandbox.root, change):
            assert here.changes(sandbox.root, "card"), say("card_metrics_unnoticed")
    for change in here.card_inputs("limits"):
        with here.edited(sandbox.root, change):
            assert here.changes(sandbox.root, "card"), say("card_limit_unnoticed")
    with here.edited(sandbox.root, *here.foreign_to_card(sandbox.root)):
        too_much = here.changes(sandbox.root, "card")
    assert not too_much, say("card_too_much", change=", ".join(too_much))
    result.unlink()
    assert here.changes(sandbox.root, "card"), say("card_loss_unnoticed")

# %% [markdown] tags=["ru", "solution"]
# Можно было назвать папку `tools` целиком: лишнего в ней нет, зато новый помощник не забудется. А вот раздел `gate` целиком — уже перебор: карточка обновлялась бы и от чисел, которых на ней нет. Весь `params.yaml` в `deps` ещё хуже: от каждого числа в проекте.

# %% [markdown] tags=["en", "solution"]
# One might have named the folder `tools` as a whole: there is nothing foreign in it, and a new helper is not forgotten. The whole section `gate`, though, is too much: the card would be renewed for numbers that are not on it. All of `params.yaml` in `deps` is worse: for every number of the project.

# %% [markdown] tags=["ru"]
# Трём аэропортам нужна ночная справка, у каждого свой порог опоздания в минутах. Коллега скопировал описание три раза.

# %% [markdown] tags=["en"]
# Three airports want a report every night, each with a threshold of its own, in minutes late. A colleague copied the description three times.

# %%
limits = {"EWR": 30, "JFK": 15, "LGA": 20}
copies = yaml.safe_load((LESSONS / "04_dvc" / "desk.yaml").read_text(encoding="utf-8"))
Code(LESSONS / "04_dvc" / "desk.yaml")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (6 мин, 2 балла). Три копии в одну
# Запишите в `desk` словарь (`dict`) с **одним** описанием, из которого DVC сам получит три стадии: `desk@EWR`, `desk@JFK` и `desk@LGA`. Команды (порядок ключей `--airport` и `--late` не важен), зависимости и выходы у них должны быть те же, что в копиях. Скрипта `desk.py` пока нет, запускать ничего не надо.
#
# <details><summary>Подсказка</summary>Посмотрите, как в dvc.yaml описана стадия prepare. Что такое ${key} и что такое ${item}, если foreach перебирает словарь?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (6 min, 2 points). Three copies into one
# Put into `desk` a dictionary (`dict`) with **one** description, out of which DVC makes three stages by itself: `desk@EWR`, `desk@JFK` and `desk@LGA`. Their commands (the options `--airport` and `--late` in any order), dependencies and outputs must be those of the copies. There is no script `desk.py` yet, nothing needs to be run.
#
# <details><summary>Hint</summary>Look how dvc.yaml describes the stage prepare. What is ${key}, and what is ${item}, when foreach walks through a dictionary?</details>

# %%
# BEGIN SOLUTION
desk = {
    "foreach": {"EWR": 30, "JFK": 15, "LGA": 20},
    "do": {
        "cmd": "python tools/desk.py --airport ${key} --late ${item}",
        "deps": ["tools/desk.py", "reports/predictions.parquet"],
        "outs": ["reports/desk/${key}.json"],
    },
}
# END SOLUTION

# %% tags=["check"]
plain = here.plain(desk)
assert isinstance(plain, dict) and plain, say("desk_form")
with here.with_stages(sandbox.root, desk=plain):
    problem = here.complaint(sandbox.root)
assert not problem, say("desk_invalid", reason=problem)
made, wanted = here.made(sandbox.root, desk=plain), here.made(sandbox.root, **copies)
assert set(made) == {name.replace("-", "@") for name in wanted}, say("desk_names", names=", ".join(sorted(made)))
for name, copy in wanted.items():
    name = name.replace("-", "@")
    stage = made[name]
    assert here.same_command(stage["cmd"], copy["cmd"]), say("desk_command", name=name, command=stage["cmd"])
    assert all(stage.get(word) == copy.get(word) for word in ("deps", "params")), say("desk_deps", name=name)
    assert here.outputs(stage) == here.outputs(copy), say("desk_outs", name=name)

# %% [markdown] tags=["ru", "solution"]
# Словарь с порогами лучше держать в `params.yaml` и писать `foreach: ${desks}`. Тогда новый аэропорт это одна строка, и выполнится только его стадия.

# %% [markdown] tags=["en", "solution"]
# The dictionary of thresholds is better kept in `params.yaml`, with `foreach: ${desks}` here. Then a new airport is one line, and only its stage will run.

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (6 мин, 2 балла). Верните вчерашнюю
# Запишите в `commands` список строк: команды `git` и `dvc`, которые проверка выполнит по порядку в копии проекта. После них в папке должны лежать вчерашние `params.yaml`, обе модели, `reports/metrics.json` и `reports/predictions.parquet`, как в коммите с тегом `yesterday`.
#
# Сегодняшний коммит должен остаться в истории ветки `main`: завтра о нём могут спросить. Заново ничего не обучайте: проверка посмотрит в журнал стадий.
#
# <details><summary>Подсказка</summary>Что из этого хранит Git, а что лежит в кеше DVC и только названо в dvc.lock?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (6 min, 2 points). Bring back yesterday's
# Put into `commands` a list of strings: commands of `git` and `dvc` that the check runs in this order in a copy of the project. After them the folder must hold yesterday's `params.yaml`, both models, `reports/metrics.json` and `reports/predictions.parquet`, as of the commit with the tag `yesterday`.
#
# Today's commit must stay in the history of the branch `main`: tomorrow somebody may ask about it. Train nothing again: the check looks into the journal of the stages.
#
# <details><summary>Hint</summary>Which of these does Git keep, and which lie in DVC's cache and are only named in dvc.lock?</details>

# %%
# BEGIN SOLUTION
commands = ["git checkout yesterday -- .", "dvc checkout"]
# END SOLUTION

# %% tags=["check"]
assert isinstance(commands, (list, tuple)) and commands, say("yesterday_form")
assert all(trying.words(command)[:1] in (["git"], ["dvc"]) for command in commands), say("yesterday_form")
there = here.copied(sandbox.root / ".engines" / "today", sandbox.root / ".engines" / "yesterday")
today = there.run(["git", "rev-parse", "main"]).stdout.strip()
who = {f"GIT_{role}_{what}": "student" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
seen = len(there.records())
for command in commands:
    done = there.run(trying.words(command), check=False, timeout=120, GIT_EDITOR="true", **who)
    assert done.returncode == 0, say("yesterday_failed", command=command, reason=here.last_line(done))
    trained = [record.name for record in there.records()[seen:] if record.name.startswith("train")]
    assert not trained, say("yesterday_trained", command=command)
kept = there.run(["git", "merge-base", "--is-ancestor", today, "main"], check=False).returncode == 0
assert kept, say("yesterday_lost")
for path, digest in yesterday.items():
    assert (there.root / path).exists() and artifacts.sha256(there.root / path) == digest, say("yesterday_other", path=path)

# %% [markdown] tags=["ru", "solution"]
# Одного `git checkout` мало: он вернёт текст, а модели останутся сегодняшними. Одного `dvc checkout` тоже: он послушно достанет то, что названо в **сегодняшнем** `dvc.lock`. Вместе они занимают пару секунд.

# %% [markdown] tags=["en", "solution"]
# `git checkout` alone is not enough: it brings back the text, and the models stay today's. Nor is `dvc checkout` alone: it obediently fetches what **today's** `dvc.lock` names. Together they take a couple of seconds.

# %% [markdown] tags=["ru"]
# Вот что видит CI, когда сравнивает сегодняшний коммит со вчерашним. Показатели, которые не изменились, DVC в ответ не включает.

# %% [markdown] tags=["en"]
# This is what CI sees when it compares today's commit with yesterday's. Figures that did not change DVC leaves out of its answer.

# %% tags=["nbval-ignore-output"]
real = json.loads(sandbox.run(["dvc", "metrics", "diff", "yesterday", "main", "--json"]).stdout)
print(json.dumps(real, indent=2, sort_keys=True))

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (6 мин, 2 балла). Порог для пул-реквеста
# Напишите функцию `fallen(diff, limit)`. Она получает словарь такого вида, как `real`, и число, а возвращает список (`list`) имён кандидатов по алфавиту: тех, у кого `roc_auc` упал **больше** чем на `limit`. Если список пуст, CI пропустит изменение в `main`.
#
# Кандидатов может быть сколько угодно, имена у них любые, но без точек. Новый кандидат (`"old": null`) и тот, кого убрали (`"new": null`), упавшими не считаются. Если не изменилось ничего, `diff` пуст.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (6 min, 2 points). A threshold for a pull request
# Write the function `fallen(diff, limit)`. It takes a dictionary of the form of `real` and a number, and returns a list (`list`) of candidates' names in alphabetical order: those whose `roc_auc` fell by **more** than `limit`. If the list is empty, CI lets the change into `main`.
#
# There may be any number of candidates, of any name, but without dots. A new candidate (`"old": null`) and one that was dropped (`"new": null`) do not count as fallen. If nothing has changed, `diff` is empty.

# %%
def fallen(diff: dict, limit: float) -> list[str]:
    # BEGIN SOLUTION
    found = []
    for name, value in diff.get("reports/metrics.json", {}).items():
        first, *rest = name.split(".")
        if first == "candidates" and rest[1:] == ["roc_auc"] and None not in (value["old"], value["new"]):
            if value["old"] - value["new"] > limit:
                found.append(rest[0])
    return sorted(found)
    # END SOLUTION


# %% tags=["check"]
import copy
from itertools import permutations


shift = trying.fresh("scores").randint(0, 4) / 32


def moved(old, new):
    old, new = (score if score in (None, 0.0) else score + shift for score in (old, new))
    return {"old": old, "new": new} | ({} if None in (old, new) else {"diff": new - old})


def told(moves, limit):
    return trying.call(say, fallen, copy.deepcopy({"reports/metrics.json": moves}), limit)


down = {
    "candidates.tree.roc_auc": moved(0.75, 0.5),
    "candidates.boosting.roc_auc": moved(0.75, 0.625),
    "candidates.linear.roc_auc": moved(0.5, 0.5 - 1 / 8 - 2**-20),
}
rest = {
    "candidates.forest.roc_auc": moved(0.5, 0.75),
    "candidates.logistic.brier": moved(0.75, 0.25),
    "candidates.logistic.average_precision": moved(0.75, 0.25),
    "late_share": moved(0.5, 0.25),
    "best": {"old": "tree", "new": "forest"},
}
comings = {"candidates.new.roc_auc": moved(None, 0.1), "candidates.gone.roc_auc": moved(0.9, None)}
zero = {"candidates.empty.roc_auc": moved(0.5, 0.0), "candidates.full.roc_auc": moved(0.0, 0.5)}
assert trying.call(say, fallen, {}, 0.0) == [], say("fallen_empty")
found = told(down | rest, 0.0)
assert isinstance(found, list) and all(isinstance(name, str) for name in found), say("fallen_form")
assert not any("." in name for name in found), say("fallen_names")
assert "forest" not in found, say("fallen_direction")
assert not {"logistic", "late_share", "best"} & set(found), say("fallen_other_metric")
assert told(comings, 0.0) == [], say("fallen_comings")
for limit, names in ((0.125, ["linear", "tree"]), (0.25, []), (0, ["boosting", "linear", "tree"])):
    assert sorted(told(down | rest, limit)) == names, say("fallen_limit")
for order in permutations(down.items()):
    assert told(dict(order) | rest, 0.0) == sorted(name.split(".")[1] for name in down), say("fallen_order")
assert told(zero, 0.25) == ["empty"], say("fallen_zero")
assert told({"candidates.roc_auc.brier": moved(0.75, 0.25)}, 0.0) == [], say("fallen_other_metric")
drop = real["reports/metrics.json"]["candidates.boosting.roc_auc"]
assert trying.call(say, fallen, copy.deepcopy(real), abs(drop["old"] - drop["new"]) + 0.01) == [], say("fallen_limit")
fell = ["boosting"] if drop["new"] < drop["old"] else []
assert trying.call(say, fallen, copy.deepcopy(real), 0.0) == fell, say("fallen_limit")

# %% tags=["solution"]
{limit: fallen(real, limit) for limit in (0.0, 0.1)}

# %% [markdown] tags=["ru", "solution"]
# Три строки в CI: выполнить `dvc repro`, получить `dvc metrics diff main --json`, завершиться с ненулевым кодом, если список не пуст. Так порог на метрику становится таким же обязательным, как тесты.

# %% [markdown] tags=["en", "solution"]
# Three lines in CI: run `dvc repro`, take `dvc metrics diff main --json`, end with an exit code that is not zero if the list is not empty. So a threshold on a metric becomes as binding as the tests.

# %% [markdown] tags=["ru"]
# Последний проект не наш. В папке `night` лежат рейсы трёх аэропортов, два скрипта и файл, который `cron` запускает каждую ночь.

# %% [markdown] tags=["en"]
# The last project is not ours. The folder `night` holds the flights of three airports, two scripts, and a file that `cron` runs every night.

# %%
import pandas as pd

from workshop.sandbox import Sandbox

night = Sandbox(sandbox.root / "night")
shutil.rmtree(night.root, ignore_errors=True)
(night.root / "source").mkdir(parents=True)
for name in ("count.py", "summary.py", "night.sh"):
    shutil.copy(LESSONS / "04_dvc" / name, night.root / name)
flights = pd.read_parquet(project.raw("2013-01") / "flights.parquet").dropna(subset=["arr_delay"])
for airport, rows in flights.groupby("origin"):
    rows[["carrier", "flight", "arr_delay"]].to_csv(night.root / f"source/{airport}.csv", index=False)
(night.root / "params.yaml").write_text("late: 15\n", encoding="utf-8")
night.run(["dvc", "init", "--no-scm", "--quiet"])
Code(night.root / "night.sh")

# %%
Code(night.root / "count.py")

# %%
Code(night.root / "summary.py")

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (14 мин, 4 балла). Свой dvc.yaml
# Замените `night.sh` на DVC. Запишите в `pipeline` строку (`str`): содержимое файла `night/dvc.yaml`. Сами скрипты не меняйте. Имена и число стадий выбирайте сами, требования такие:
#
# - `dvc repro` с нуля делает то же, что `night.sh`: три файла в `out` и `summary.csv`, и все четыре названы выходами стадий;
# - порог опоздания берётся из `params.yaml`, где записано `late: 15`, и его изменение пересчитывает всё;
# - если прислали новый файл одного аэропорта, заново считается только этот аэропорт и сводка;
# - правка `summary.py` пересчитывает только сводку, правка `count.py` все три аэропорта.
#
# Проверка всё это проделает: сначала запустит `dvc repro`, потом поменяет данные, порог и код.

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (14 min, 4 points). A dvc.yaml of your own
# Replace `night.sh` by DVC. Put into `pipeline` a string (`str`): the content of the file `night/dvc.yaml`. Leave the scripts as they are. Names and number of the stages are yours to choose; this is required:
#
# - `dvc repro` from nothing does what `night.sh` does: three files in `out`, and `summary.csv`, all four named as outputs of stages;
# - the threshold of lateness comes from `params.yaml`, which says `late: 15`, and a change of it recomputes everything;
# - when a new file of one airport arrives, only this airport and the summary are computed again;
# - an edit of `summary.py` recomputes the summary only, an edit of `count.py` all three airports.
#
# The check does all of this: it runs `dvc repro` first, and then changes data, threshold and code.

# %%
# BEGIN SOLUTION
pipeline = """
stages:
  count:
    foreach: [EWR, JFK, LGA]
    do:
      cmd: python count.py source/${item}.csv out/${item}.json --late ${late}
      deps: [count.py, "source/${item}.csv"]
      outs: ["out/${item}.json"]
  summary:
    cmd: python summary.py out summary.csv
    deps: [summary.py, out]
    outs: [summary.csv]
"""
# END SOLUTION

# %% tags=["check"]
def repro():
    return night.run(["dvc", "repro", "--no-run-cache"], check=False, timeout=120)


def stale_after(change):
    with here.edited(night.root, change):
        return stale(night.root)


assert isinstance(pipeline, str), say("night_form")
here.replace_pipeline(night.root, pipeline)
problem = here.complaint(night.root)
assert not problem, say("night_invalid", reason=problem)
done = repro()
assert done.returncode == 0, say("night_failed", reason=here.last_line(done))
assert here.left(night.root) == here.expected(night.root, late=15), say("night_wrong")
assert not stale(night.root), say("night_never_fresh")
makers = here.makers(night.root)
counting = {airport: makers.get(f"out/{airport}.json") for airport in here.AIRPORTS}
assert len(makers) == 4, say("night_no_output")
for airport, stage in counting.items():
    found = stale_after(f"source/{airport}.csv")
    assert stage in found, say("night_data_unnoticed", airport=airport)
    assert not found & {other for name, other in counting.items() if name != airport}, say("night_all_airports", airport=airport)
    assert makers["summary.csv"] in stale_after(f"out/{airport}.json"), say("night_counts_unnoticed", airport=airport)
found = stale_after("summary.py")
assert makers["summary.csv"] in found, say("night_code_unnoticed", file="summary.py")
assert not found & set(counting.values()), say("night_summary_counts")
assert set(counting.values()) <= stale_after("count.py"), say("night_code_unnoticed", file="count.py")
source, settings = night.root / "source/LGA.csv", night.root / "params.yaml"
given = source.read_bytes()
others = [night.root / f"out/{airport}.json" for airport in ("EWR", "JFK")]
try:
    source.write_bytes(given + b"XX,1,500.0\nXX,2,20.0\n")
    before = [file.stat().st_mtime_ns for file in others]
    repro()
    assert here.left(night.root) == here.expected(night.root, late=15), say("night_data_unnoticed", airport="LGA")
    assert [file.stat().st_mtime_ns for file in others] == before, say("night_all_airports", airport="LGA")
    settings.write_text("late: 30\n", encoding="utf-8")
    repro()
    assert here.left(night.root) == here.expected(night.root, late=30), say("night_threshold_unnoticed")
finally:
    source.write_bytes(given)
    settings.write_text("late: 15\n", encoding="utf-8")

# %% [markdown] tags=["ru", "solution"]
# Порог попал в команду через `${late}`, и этого хватило: DVC сравнивает и команды. Расписания в `dvc.yaml` по-прежнему нет. В три часа ночи `cron` вызовет теперь `dvc repro` вместо `night.sh`, и в большинство ночей ему нечего будет делать.

# %% [markdown] tags=["en", "solution"]
# The threshold got into the command by `${late}`, and that was enough: DVC compares commands as well. There is still no schedule in `dvc.yaml`. At three in the morning `cron` now calls `dvc repro` instead of `night.sh`, and on most nights it will have nothing to do.

# %% [markdown] tags=["ru"]
# ## Главное
# - Зависимость это всё, что меняет результат: данные, параметры, свой модуль и модули, которые он импортирует.
# - Слишком мало зависимостей: вчерашний результат без ошибки. Слишком много: лишний пересчёт. Второе дешевле.
# - `git checkout` возвращает описание, `dvc checkout` файлы.
# - Порог на `dvc metrics diff` ставит CI, сам DVC только сравнивает.
#
# **Дальше:** `airflow` в пятой тетради, где у пайплайна будут расписание и повторы.

# %% [markdown] tags=["en"]
# ## Key points
# - A dependency is all that changes the result: data, parameters, the stage's own module, and the modules it imports.
# - Too few dependencies: yesterday's result without an error. Too many: a needless run. The second is cheaper.
# - `git checkout` brings back the description, `dvc checkout` the files.
# - CI puts a threshold on `dvc metrics diff`, DVC itself only compares.
#
# **Next:** `airflow` in the fifth notebook, where the pipeline gets a schedule and retries.
