# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = 2000

# %% [markdown] tags=["ru"]
# # 4. DVC: пайплайн, который помнит
# **Лекция 35 мин · упражнения 45 мин**
#
# Скрипт из второй тетради после любой правки начинал с первой строки, и тетради под `papermill` тоже. Здесь у пайплайна появится память: он будет знать, что уже посчитано, из чего и каким кодом.
#
# - Как DVC узнаёт, что стадия устарела?
# - Сколько стадий выполнится снова, если поменять число, данные, строку кода, комментарий?
# - Что будет, если о какой-то зависимости забыть?
# - Можно ли за пару секунд вернуть вчерашнюю модель?
# - Как отдать коллеге данные, которых нет в Git?

# %% [markdown] tags=["en"]
# # 4. DVC: a pipeline that remembers
# **Teaching 35 min · exercises 45 min**
#
# After any edit the script of the second notebook began at its first line, and so did the notebooks under `papermill`. Here the pipeline gets a memory: it will know what has been computed, from what, and by which code.
#
# - How does DVC know that a stage is stale?
# - How many stages run again when a number changes, or data, a line of code, a comment?
# - What happens when a dependency is forgotten?
# - Can yesterday's model be brought back in a couple of seconds?
# - How does a colleague get data that are not in Git?

# %%
from workshop.lesson import open_engine, start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("04_dvc", lang, months=months, ingest__rows=rows)
session = open_engine("dvc", sandbox)
print(sandbox.run(["git", "log", "--format=%s"]).stdout)

# %% [markdown] tags=["ru"]
# Копия проекта уже стала репозиторием Git, и в ней выполнена команда `dvc init`. Больше для DVC ничего не нужно: ни сервера, ни базы данных. Команды дальше мы запускаем так же, как вы запускали бы их в терминале.

# %% [markdown] tags=["en"]
# The copy of the project is a Git repository already, and `dvc init` has been run in it. DVC needs nothing else: no server, no database. From here on we give commands just as you would in a terminal.

# %%
import shlex


def shell(line):
    said = sandbox.run(shlex.split(line)).stdout.rstrip()
    print(f"$ {line}", *said.splitlines(), sep="\n")


shell("git ls-files .dvc")

# %% [markdown] tags=["ru"]
# ## Стадия словами
# Скрипт говорил, **что делать** и в каком порядке. Файл `dvc.yaml` говорит другое: **от чего зависит результат**. Вот описание стадии `evaluate` из нашего проекта.
#
# В `cmd` записана команда. В `deps` всё, что стадия читает: данные, модели и код, которым она считает. В `params` названы ключи из `params.yaml`. В `outs` и `metrics` то, что получится.

# %% [markdown] tags=["en"]
# ## A stage in words
# The script said **what to do**, and in which order. The file `dvc.yaml` says something else: **what a result depends on**. Here is the description of the stage `evaluate` from our project.
#
# `cmd` is the command. `deps` is all that the stage reads: data, models, and the code it computes with. `params` names keys of `params.yaml`. `outs` and `metrics` are what comes out.

# %%
import re

from IPython.display import Code


def described(name):
    text = (sandbox.root / "dvc.yaml").read_text(encoding="utf-8")
    return Code(re.search(rf"^  {name}:\n(    .*\n|\n)+", text, re.MULTILINE)[0].rstrip(), language="yaml")


described("evaluate")

# %% [markdown] tags=["ru"]
# Метрики лежат с пометкой `cache: false`: их хранит сам Git, поэтому на ревью видно, как изменились числа. Остальное слишком велико для Git, и за него отвечает DVC.
#
# ## Одно описание на все месяцы
# Стадия `prepare` нужна каждому месяцу. Копировать описание незачем: `foreach` перебирает словарь `months` из `params.yaml`, ключ подставляется вместо `${key}`, значение (`train` или `test`) вместо `${item}`.

# %% [markdown] tags=["en"]
# The metrics are marked `cache: false`: Git keeps them itself, so that a review shows how the numbers changed. The rest is too big for Git, and DVC takes care of it.
#
# ## One description for all months
# Every month needs the stage `prepare`. There is no need to copy its description: `foreach` walks through the dictionary `months` of `params.yaml`, the key goes in place of `${key}`, the value (`train` or `test`) in place of `${item}`.

# %%
described("prepare")

# %%
shell("dvc stage list --name-only")

# %% [markdown] tags=["ru"]
# ## Граф никто не рисовал
# Описаний семь, стадий четырнадцать, а порядок нигде не записан. DVC вывел его сам: кто читает файл, тот идёт после того, кто этот файл пишет. Пусть он и нарисует, что у него получилось.

# %% [markdown] tags=["en"]
# ## Nobody drew the graph
# There are seven descriptions and fourteen stages, and the order is nowhere written down. DVC worked it out: who reads a file comes after the one who writes it. Let it draw what it has come to.

# %%
shell("dvc dag --collapse-foreach-matrix")

# %% [markdown] tags=["ru"]
# DVC свернул месяцы и кандидатов, чтобы рисунок поместился. Тот же граф целиком, знакомой картинкой:

# %% [markdown] tags=["en"]
# DVC folded months and candidates to make the drawing fit. The same graph in full, as the picture you know:

# %%
from flight_delays.pipeline import Project
from workshop import figures

project = Project.load(sandbox.root)
figures.graph(project.params.months, project.candidates)

# %% [markdown] tags=["ru"]
# ## Первый запуск
# Команда одна: `dvc repro`. Пока ничего не посчитано, выполнится всё.

# %% [markdown] tags=["en"]
# ## The first run
# There is one command: `dvc repro`. Nothing is computed yet, so everything runs.

# %% tags=["nbval-ignore-output", "waits-dvc"]
cold = session.run()
print(f"exit code {cold.exit_code}, {len(cold.records)} stages, {cold.seconds:.0f} s")
print("\n".join(cold.log.splitlines()[:5]))

# %% [markdown] tags=["ru"]
# Диаграмму Ганта мы строим по журналу наших собственных стадий: DVC не записывает, когда стадия началась и сколько шла. Полосы идут строго одна за другой, а просветы между ними это запуск нового процесса Python и его импорты. Скрипт платил за импорты один раз, DVC платит за каждую стадию.

# %% [markdown] tags=["en"]
# The Gantt chart is drawn from the journal of our own stages: DVC does not note when a stage began or how long it took. The bars follow strictly one after the other, and the gaps between them are the start of a new Python process and its imports. The script paid for imports once, DVC pays for every stage.

# %% tags=["nbval-ignore-output"]
figures.gantt(cold.records, "dvc repro, from nothing", start=cold.started, seconds=cold.seconds)

# %%
import json

import pandas as pd


def scores():
    return pd.DataFrame(json.loads(project.metrics.read_text(encoding="utf-8"))["candidates"])


scores().round(4)

# %% [markdown] tags=["ru"]
# ## Где DVC держит память
# После запуска в проекте появился файл `dvc.lock`. Для каждой стадии в нём записано, из чего она выполнена: команда, хеш каждого входа, значения параметров, хеш каждого выхода. Времени там нет, только содержимое.

# %% [markdown] tags=["en"]
# ## Where DVC keeps its memory
# The run left a file `dvc.lock` in the project. For each stage it tells what the stage was run on: the command, a hash of every input, the values of the parameters, a hash of every output. There are no times in it, only contents.

# %% tags=["nbval-ignore-output"]
import yaml

lock = yaml.safe_load((sandbox.root / "dvc.lock").read_text(encoding="utf-8"))
trained = lock["stages"]["train@boosting"]
Code(yaml.safe_dump(trained, sort_keys=False), language="yaml")

# %% [markdown] tags=["ru"]
# Сам файл модели лежит дважды: в папке `models` и в кеше DVC, где вместо имени у него хеш. Поэтому в кеше рядом живут все версии всех файлов, и одинаковые занимают место один раз.

# %% [markdown] tags=["en"]
# The file of the model is there twice: in the folder `models` and in DVC's cache, where a hash is its name. So the cache holds all versions of all files side by side, and equal ones take their space once.

# %% tags=["nbval-ignore-output"]
md5 = trained["outs"][0]["md5"]
cached = sandbox.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
print(cached.relative_to(sandbox.root))
print("the same bytes:", cached.read_bytes() == project.model("boosting").read_bytes())

# %% [markdown] tags=["ru"]
# Теперь коммит. В Git попадут только `dvc.lock` и метрики, несколько килобайт текста. Но этот текст однозначно называет и данные, и модели: коммит описывает код, параметры, данные и результат сразу. Это и есть **воспроизводимость**: те же шаги, в том же порядке, с теми же параметрами.

# %% [markdown] tags=["en"]
# Now a commit. Only `dvc.lock` and the metrics go into Git, a few kilobytes of text. But this text names data and models beyond doubt: a commit describes code, parameters, data and result at once. This is what **reproducibility** means: the same steps, in the same order, with the same parameters.

# %%
sandbox.git_commit("First model")
shell("git tag --force yesterday")
shell("git show --stat --format=%s")

# %% [markdown] tags=["ru"]
# ## Проверим догадку: ничего не менялось
# Запускаем `dvc repro` ещё раз. **Прежде чем запускать, запишите:** сколько стадий выполнится и сколько секунд это займёт?

# %% [markdown] tags=["en"]
# ## Test a guess: nothing has changed
# We run `dvc repro` once more. **Before you run the cell, write down:** how many stages will run, and how many seconds will it take?

# %% tags=["nbval-ignore-output"]
again = session.run()
print(f"{len(again.records)} stages, {again.seconds:.1f} s instead of {cold.seconds:.0f} s")
print("\n".join(again.log.splitlines()[-3:]))

# %% [markdown] tags=["ru"]
# Ни одной. Эти секунды ушли на запуск самого DVC и на сверку хешей.
#
# ## Проверим догадку: одно число
# Ограничим деревья бустинга семью листьями вместо 31. **Запишите ответ:** сколько из четырнадцати стадий выполнится снова, и какие?

# %% [markdown] tags=["en"]
# None. These seconds went into starting DVC itself and comparing hashes.
#
# ## Test a guess: one number
# We allow the trees of the boosting seven leaves instead of 31. **Write down your answer:** how many of the fourteen stages will run again, and which?

# %%
sandbox.set_param("train.candidates.boosting.max_leaf_nodes", 7)
shell("dvc status")

# %% [markdown] tags=["ru"]
# Команда `dvc status` ничего не запускает и называет только те стадии, у которых изменилось что-то своё: `evaluate` попала в список потому, что перечень кандидатов назвала своим параметром. Кого заденут новые результаты, выяснится по дороге. Чтобы это увидеть, закрасим на графе стадии, которые выполнились.

# %% [markdown] tags=["en"]
# `dvc status` runs nothing, and names only the stages that have a change of their own: `evaluate` is on the list because it claims the candidates as its parameter. Whom the new results concern turns out on the way. To see it, we fill in on the graph the stages that ran.

# %%
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch


def lit(records):
    figure, ran = figures.graph(project.params.months, project.candidates), {record.name for record in records}
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    for box, text in zip(boxes, figure.axes[0].texts, strict=False):
        works = text.get_text().replace("\n", " ") in ran
        box.set(facecolor=to_rgba(box.get_edgecolor(), 0.35) if works else "white", alpha=None if works else 0.3)
        text.set_alpha(1 if works else 0.4)
    return figure


# %% tags=["waits-dvc"]
changed = session.run()
print(f"{len(changed.records)} of {len(cold.records)} stages ran")
lit(changed.records)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Четыре. Данные прежние, поэтому до обучения дело не дошло. Логистическая регрессия о листьях не знает: её стадия назвала своим ключ `train.candidates.logistic`, и DVC сверил только его.
#
# Лекция формулирует это правилом: изменение на любом этапе перезапускает все этапы, которые от него зависят, **и только их**. Скрипт выполнял первую половину правила. DVC выполняет обе, если описание честное. Мы к этому «если» ещё вернёмся.

# %% [markdown] tags=["en"]
# ## What just happened?
# Four. The data are the same, so nothing before training was touched. Logistic regression knows nothing of leaves: its stage claims the key `train.candidates.logistic`, and DVC compared no other.
#
# The lecture states it as a rule: a change at any stage re-runs every stage that depends on it, **and nothing else**. The script kept the first half of the rule. DVC keeps both, if the description is honest. We shall come back to this "if".

# %% [markdown] tags=["ru"]
# ## Стало ли лучше?
# Сравним рабочую папку с последним коммитом. Вопрос «что мы поменяли» и вопрос «что из этого вышло» задаются двумя командами.

# %% [markdown] tags=["en"]
# ## Is it better?
# We compare the working folder with the last commit. "What did we change" and "what came of it" are two commands.

# %%
from IPython.display import Markdown

compared = [sandbox.run(["dvc", what, "diff", "--md"]).stdout for what in ("params", "metrics")]
Markdown("\n\n".join(compared))

# %% [markdown] tags=["ru"]
# Таблица уже в формате Markdown, её можно вставить в описание пул-реквеста. Кривые DVC тоже сравнивает: `dvc plots diff` берёт точки из обеих версий. Цвет это кандидат, пунктир это версия.

# %% [markdown] tags=["en"]
# The table is Markdown already and can be put into the description of a pull request. DVC compares curves too: `dvc plots diff` takes the points of both versions. Colour is the candidate, dashes are the version.

# %% tags=["nbval-ignore-output"]
import base64

from IPython.display import display

drawn = sandbox.run(["dvc", "plots", "diff", "--targets", "reports/plots/roc.csv", "--show-vega"])
still = base64.b64encode((project.plots / "roc.png").read_bytes()).decode()  # where nothing draws Vega
display({"application/vnd.vegalite.v5+json": json.loads(drawn.stdout), "image/png": still}, raw=True)

# %%
sandbox.git_commit("Smaller trees")
shell("git log --format=%s -2")

# %% [markdown] tags=["ru"]
# ## Верните вчерашнюю модель
# Приходит руководитель: «С новой моделью что-то не так, верните вчерашнюю, потом разберёмся». Вчерашний коммит есть, в нём `dvc.lock` с хешами, а файлы с такими хешами лежат в кеше. Значит, считать ничего не надо: `git checkout` возвращает вчерашний `dvc.lock`, `dvc checkout` подбирает к нему файлы. **Сколько секунд?**

# %% [markdown] tags=["en"]
# ## Bring back yesterday's model
# The boss comes in: "Something is wrong with the new model, bring back yesterday's, we shall look into it later." Yesterday's commit is there, in it is `dvc.lock` with the hashes, and the files with those hashes lie in the cache. So there is nothing to compute: `git checkout` brings back yesterday's `dvc.lock`, `dvc checkout` finds the files that go with it. **How many seconds?**

# %% tags=["nbval-ignore-output"]
import hashlib
import time

begun = time.perf_counter()
shell("git checkout yesterday -- dvc.lock")
shell("dvc checkout")
model_now = hashlib.md5(project.model("boosting").read_bytes()).hexdigest()
print(f"{time.perf_counter() - begun:.1f} s, yesterday's model: {model_now == md5}")

# %% [markdown] tags=["ru"]
# Модели и предсказания снова вчерашние, а ветка `main` осталась на месте. Но вернулось только то, что хранит DVC: `params.yaml` и `metrics.json` лежат в Git, и они по-прежнему сегодняшние. Как вернуть всё сразу, вы решите в четвёртой задаче. Обратно — так же легко.
#
# ## Второй путь: кеш запусков
# А если коммита не было? Вернёмся к сегодняшней версии и поставим прежнее число руками, как будто пробуем новое. DVC помнит не только файлы, но и **запуски**: «с такими входами эта команда уже давала вот такие выходы».

# %% [markdown] tags=["en"]
# Models and predictions are yesterday's again, and the branch `main` stayed where it was. But only what DVC keeps came back: `params.yaml` and `metrics.json` lie in Git and are still today's. How to bring back everything at once you will work out in the fourth task. The way forward again is as easy.
#
# ## The second way: the run cache
# And if there had been no commit? We return to today's version and put the former number in by hand, as if we were trying something new. DVC remembers not only files but **runs**: "on such inputs this command has given such outputs before".

# %% tags=["nbval-ignore-output"]
shell("git checkout main -- dvc.lock")
shell("dvc checkout --quiet")
sandbox.set_param("train.candidates.boosting.max_leaf_nodes", 31)
back = sandbox.run(["dvc", "repro", "evaluate"]).stdout
print(*(line for line in back.splitlines() if "cached" in line or "Running" in line), sep="\n")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Оценка взята из кеша, ради неё ни один процесс не запускался. А обучение выполнилось по-настоящему, и это наш выбор: у его выхода стоит `persist`, и в кеш запусков такая стадия не попадает.

# %% [markdown] tags=["en"]
# ## What just happened?
# Evaluation came from the cache, no process was started for it. But training ran for real, and that is our choice: its output carries `persist`, which keeps such a stage out of the run cache.

# %%
described("train")

# %% [markdown] tags=["ru"]
# ## Последняя хорошая модель или кеш запусков?
# Прежде чем выполнить стадию, DVC удаляет её выходы. Упади обучение на полпути или погасни свет — в папке `models` не осталось бы никакой модели, ни новой, ни старой. С `persist` прежняя лежит на месте, пока не готова новая.
#
# Это обмен: сохранность мы купили за повторное обучение. Если оно идёт часами, а модель на диске никто не ждёт, уберите `persist`: пропавший файл вернёт из кеша команда `dvc checkout`.

# %% [markdown] tags=["en"]
# ## The last good model or the run cache?
# Before DVC runs a stage it removes its outputs. Should training fail half-way, or the power go, there would be no model at all in the folder `models`, neither the new one nor the old. With `persist` the former one stays in its place until the new one is ready.
#
# It is a trade: we bought safety at the price of training anew. Where training takes hours and nobody waits for the model on the disk, drop `persist`: a file that is gone comes back from the cache by `dvc checkout`.

# %% [markdown] tags=["ru"]
# Почему же запуск `evaluate` нашёлся, раз модель новая? Потому что она вышла той же самой до последнего байта: мы сохраняем её без времени и без адресов памяти. Вход у оценки прежний, значит, и считать ей нечего.

# %% [markdown] tags=["en"]
# Why then was the run of `evaluate` found, if the model is a new one? Because it came out the same to the last byte: we store it without times and without addresses in memory. What evaluation reads is what it was, so there is nothing to compute.

# %%
model_now = hashlib.md5(project.model("boosting").read_bytes()).hexdigest()
print("trained anew, the same bytes as yesterday:", model_now == md5)

# %% [markdown] tags=["ru"]
# Последние две стадии мы не попросили, и неспроста: у них тоже стоит `persist`, но ради того, что у обучения было ценой. Стадия `register` меняет реестр моделей, а из кеша можно вернуть файл, но не поступок, поэтому её надо выполнить по-настоящему.

# %% [markdown] tags=["en"]
# We did not ask for the last two stages, and for a reason: they carry `persist` too, but for the sake of what was a price in training. The stage `register` changes the model registry, and a cache can bring back a file but not a deed, so it has to run for real.

# %%
described("register")

# %% [markdown] tags=["ru"]
# Отсюда предостережение и для первого пути. Команда `dvc checkout` вернула вчерашние файлы, но чемпион в реестре остался сегодняшним. DVC отвечает за папку проекта, а не за то, что вокруг неё.
#
# ## Эксперименты без коммитов
# Делать по коммиту на каждое опробованное число утомительно. `dvc exp run` меняет параметр, выполняет нужное и запоминает результат под именем, а в историю ветки ничего не пишет. Первый эксперимент возьмёт 31 лист, второй 15. Угадайте, какой из них закончится быстрее.

# %% [markdown] tags=["en"]
# Hence a warning about the first way too. `dvc checkout` brought back yesterday's files, but the champion in the registry was still today's. DVC answers for the project's folder, not for what is around it.
#
# ## Experiments without commits
# A commit for each number that one tries is tiresome. `dvc exp run` changes a parameter, runs what it must and keeps the result under a name, and writes nothing into the branch's history. The first experiment takes 31 leaves, the second 15. Guess which of them ends sooner.

# %% tags=["nbval-ignore-output", "waits-dvc"]
who = {f"GIT_{role}_{what}": "student@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
for leaves in (31, 15):
    begun, seen = time.perf_counter(), len(sandbox.records())
    changes = ["--set-param", f"train.candidates.boosting.max_leaf_nodes={leaves}"]
    sandbox.run(["dvc", "exp", "run", "--name", f"leaves-{leaves}", *changes, "evaluate"], **who)
    print(f"leaves-{leaves}: {len(sandbox.records()) - seen} stages, {time.perf_counter() - begun:.1f} s")

# %% tags=["nbval-ignore-output"]
import io

shown = pd.read_csv(io.StringIO(sandbox.run(["dvc", "exp", "show", "--csv"]).stdout))
facts = {"train.candidates.boosting.max_leaf_nodes": "leaves", "candidates.boosting.roc_auc": "ROC AUC"}
shown[["Experiment", "rev", *facts]].rename(columns=facts).round(4).fillna("")

# %% [markdown] tags=["ru"]
# Строка `main` это наш последний коммит, `workspace` рабочая папка. Понравившийся эксперимент переносят в неё командой `dvc exp apply` и только тогда делают коммит. Нам ни один не нужен, вернём всё, как было.

# %% [markdown] tags=["en"]
# The row `main` is our last commit, `workspace` the working folder. An experiment that one likes is taken over there by `dvc exp apply`, and only then is there a commit. We need none of them, so we put everything back.

# %%
shell("git checkout --quiet -- .")
shell("dvc checkout --quiet")
shell("dvc status")

# %% [markdown] tags=["ru"]
# ## Проверим догадку: комментарий
# Допишем в конец `validate.py` комментарий. Код делает то же самое, но файл другой, а от проверки зависят все остальные стадии. **Запишите ответ:** сколько стадий выполнится снова?

# %% [markdown] tags=["en"]
# ## Test a guess: a comment
# We add a comment at the end of `validate.py`. The code does the same, but the file is another, and all the later stages depend on the check. **Write down your answer:** how many stages will run again?

# %% tags=["waits-dvc"]
module = sandbox.root / "flight_delays/stages/validate.py"
module.write_text(module.read_text(encoding="utf-8") + "\n# read once more on Friday\n", encoding="utf-8")
commented = session.run()
lit(commented.records)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Выполнились три проверки, по одной на месяц, и на этом всё кончилось. Что комментарий ничего не меняет, DVC не знает: для него файл это байты. Зато отчёты о проверке вышли точно такими же, их хеши совпали, и дальше идти незачем. Программа `make` смотрит на время файла и пересчитала бы всё до конца.

# %% [markdown] tags=["en"]
# ## What just happened?
# Three checks ran, one for each month, and that was the end of it. That a comment changes nothing DVC does not know: to it a file is bytes. But the reports of the check came out exactly the same, their hashes agreed, and there was no reason to go further. The program `make` looks at the time of a file and would have recomputed everything to the end.

# %% [markdown] tags=["ru"]
# ## Данные изменились
# Авиакомпания прислала поправку: каждый двадцатый мартовский рейс опоздал на час сильнее, чем было записано. Коллега открыл загруженный файл и исправил его руками. **Запишите:** что теперь сделает `dvc repro`?

# %% [markdown] tags=["en"]
# ## The data have changed
# A carrier sent a correction: in March every twentieth flight was an hour later than reported. A colleague opened the ingested file and mended it by hand. **Write down:** what will `dvc repro` do now?

# %%
from flight_delays import artifacts

march = project.raw(test_months[-1]) / "flights.parquet"
flights = pd.read_parquet(march)
corrected = flights.assign(arr_delay=flights["arr_delay"] + 60 * (flights.index % 20 == 0))
artifacts.write_parquet(march, corrected)
restored = session.run()
print(len(restored.records), "stages ran; the correction is there:", pd.read_parquet(march).equals(corrected))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Поправка исчезла, и без предупреждения. Для DVC эта папка не источник, а **выход** стадии `ingest`: он увидел, что выход испорчен, и достал из кеша правильный. Файлы, которые пишет стадия, руками не правят.
#
# Если поправка настоящая, об этом надо сказать: `dvc commit` принимает то, что лежит на диске, за новый результат стадии. Дальше попросим пересчитать только до оценки: у `dvc repro` может быть цель.

# %% [markdown] tags=["en"]
# ## What just happened?
# The correction is gone, and without a warning. To DVC this folder is not a source but an **output** of the stage `ingest`: it saw a spoilt output and fetched the right one from the cache. Files that a stage writes are not edited by hand.
#
# If the correction is real, one must say so: `dvc commit` takes what is on the disk for the stage's new result. Then we ask to compute as far as the evaluation and no further: `dvc repro` can be given a target.

# %% tags=["waits-dvc"]
artifacts.write_parquet(march, corrected)
shell(f"dvc commit --quiet --force ingest@{test_months[-1]}")
seen = len(sandbox.records())
shell("dvc repro --quiet evaluate")
lit(sandbox.records()[seen:])

# %% [markdown] tags=["ru"]
# Март стоит на тестовой стороне, поэтому модели не переобучены: изменилась только их оценка. Обратите внимание на `outs` стадии `prepare`: обучающие и тестовые месяцы лежат в разных папках. Если бы папка была одна, поправка в тесте запустила бы обучение. Точность DVC не больше, чем точность описания.

# %% [markdown] tags=["en"]
# March is on the test side, so the models were not trained again: only their scores changed. Mind the `outs` of the stage `prepare`: training and test months lie in different folders. Had there been one folder, a correction of the test would have started the training. DVC is no more precise than the description is.

# %%
Markdown(sandbox.run(["dvc", "metrics", "diff", "--md"]).stdout)

# %% [markdown] tags=["ru"]
# ## Забытая зависимость
# Теперь о том «если». Коллега описывал стадии на скорую руку: данные назвал, модули стадий назвал, а общий для них `model.py` забыл. Потом изменил в нём кодирование категорий: редкими стали значения, которые встретились реже 500 раз, а не 20. **Что ответит `dvc repro`?**

# %% [markdown] tags=["en"]
# ## The forgotten dependency
# Now about that "if". A colleague described the stages in a hurry: he named the data, he named the modules of the stages, and forgot `model.py`, which they share. Then he changed how it encodes categories: rare are now values that occur fewer than 500 times, not 20. **What will `dvc repro` say?**

# %%
def edit(name, pattern, new):
    file = sandbox.root / name
    text, count = re.subn(pattern, new, file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    print(name, "edited in", count, "places")


edit("dvc.yaml", r" *- flight_delays/model\.py\n", "")
edit("flight_delays/model.py", "min_frequency=20", "min_frequency=500")

# %%
before = scores().loc["roc_auc", "logistic"]
forgotten = sandbox.run(["dvc", "repro", "evaluate"])
print("exit code", forgotten.returncode, "|", forgotten.stdout.strip().splitlines()[-1])
print(f"ROC AUC of logistic: before {before:.4f}, after {scores().loc['roc_auc', 'logistic']:.4f}")

# %% [markdown] tags=["ru"]
# «Всё актуально», код возврата 0. Модель старая, код новый, и об этом не знает никто. Ошибка та же, что в первой тетради, когда забыли выполнить ячейку, только теперь её прикрывает инструмент, которому мы верим.
#
# Вернём описание на место и спросим ещё раз.

# %% [markdown] tags=["en"]
# "Up to date", exit code 0. The model is old, the code is new, and nobody knows. It is the mistake of the first notebook, where somebody forgot to run a cell, only now it hides behind a tool that we trust.
#
# We put the description back and ask again.

# %% tags=["waits-dvc"]
shell("git checkout --quiet -- dvc.yaml")
shell("dvc repro --quiet evaluate")
print(f"ROC AUC of logistic: {scores().loc['roc_auc', 'logistic']:.4f}")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Метрика изменилась: правка работала, её просто не заметили. DVC не читает код и не догадывается об импортах, он верит описанию. Поэтому в нашем наборе описание проверяет тест: он обходит `import` каждой стадии и сравнивает с `deps`. Если такого теста у вас нет, называйте зависимостью папку целиком: лишний пересчёт дешевле пропущенного.

# %% [markdown] tags=["en"]
# ## What just happened?
# The metric changed: the edit was at work, it only went unnoticed. DVC does not read code and does not guess at imports, it believes the description. That is why in our kit a test checks the description: it follows the `import` lines of each stage and compares them with `deps`. If you have no such test, name a whole folder as the dependency: a needless run is cheaper than a missed one.

# %%
shell("git checkout --quiet -- .")
shell("dvc checkout --quiet")
shell("dvc status")

# %% [markdown] tags=["ru"]
# ## Поделиться с коллегой
# Коллега клонирует репозиторий и не найдёт в нём ни данных, ни моделей: их хранит кеш на вашей машине. Для обмена нужно общее хранилище, remote. Обычно это S3 или диск на сервере, у нас просто папка. Команда `dvc push` отправляет туда всё, на что ссылается `dvc.lock`.

# %% [markdown] tags=["en"]
# ## Share it with a colleague
# A colleague clones the repository and finds neither data nor models in it: they are in the cache of your machine. To exchange them one needs a shared storage, a remote. Usually it is S3 or a disk on a server, ours is simply a folder. `dvc push` sends there everything that `dvc.lock` refers to.

# %%
shell("dvc push")

# %%
from workshop.sandbox import Sandbox

clone = Sandbox(sandbox.root / ".engines/clone")
sandbox.run(["git", "clone", "--quiet", ".", str(clone.root)])
print(*sorted(path.name for path in clone.root.iterdir()))
print("models there:", (clone.root / "models").exists())

# %% [markdown] tags=["ru"]
# Вот чистый клон. Скажем ему, где хранилище (`--local` значит, что адрес останется на этой машине и не попадёт в Git), и заберём файлы. **Сколько стадий выполнит потом у коллеги `dvc repro`?**

# %% [markdown] tags=["en"]
# Here is a clean clone. We tell it where the storage is (`--local` means that the address stays on this machine and does not go into Git) and fetch the files. **How many stages will `dvc repro` then run for the colleague?**

# %%
clone.run(["dvc", "remote", "modify", "--local", "storage", "url", "../dvc-remote"])
print(clone.run(["dvc", "pull"]).stdout.strip().splitlines()[-1])
print(clone.run(["dvc", "repro"]).stdout.strip().splitlines()[-1])
same = artifacts.sha256(clone.root / "models") == artifacts.sha256(sandbox.root / "models")
print("the same models, byte for byte:", same)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Ни одной. Коллега не считал ничего, а получил те же модели до последнего байта и может продолжать с любого места. Реестра моделей в клоне нет: он не выход стадии, и Git о нём не знает. Про реестр будет восьмая тетрадь.

# %% [markdown] tags=["en"]
# ## What just happened?
# None. The colleague computed nothing, yet has the same models to the last byte and can go on from any point. There is no model registry in the clone: it is not an output of a stage, and Git does not know it. The eighth notebook is about the registry.

# %% [markdown] tags=["ru"]
# ## Чего DVC не умеет
# Потребуем от проверки данных невозможного: сто тысяч рейсов в месяц. Посмотрим, что сделает DVC с упавшей стадией.

# %% [markdown] tags=["en"]
# ## What DVC cannot do
# We ask the impossible of the data check: a hundred thousand flights a month. Let us see what DVC does with a stage that failed.

# %%
sandbox.set_param("validate.min_rows", 100_000)
failed = sandbox.run(["dvc", "repro"], check=False)
print("exit code", failed.returncode)
print(*failed.stdout.strip().splitlines()[-3:], sep="\n")

# %% [markdown] tags=["ru"]
# DVC остановился и вернул ненулевой код. Повторный запуск продолжит с этого места, но запустить его должен кто-то другой. Итак, чего здесь нет:
#
# - **расписания**: `dvc repro` вызывают `cron` или CI;
# - **повторов**: сеть моргнула, стадия упала, и ждёт человека;
# - **параллельности**: на диаграмме в начале работала всегда одна стадия;
# - **наблюдения**: ни времени стадий, ни журнала прошлых запусков, ни письма об ошибке;
# - **сложной логики**: ветвлений и стадий, которые появляются по ходу дела.

# %% [markdown] tags=["en"]
# DVC stopped and gave an exit code that is not zero. The next run goes on from here, but somebody else has to start it. So this is what is missing:
#
# - **a schedule**: `cron` or CI calls `dvc repro`;
# - **retries**: the network blinked, the stage failed, and it waits for a person;
# - **parallel work**: in the chart at the beginning one stage was at work at any time;
# - **watching**: no times of stages, no log of past runs, no mail about an error;
# - **complex logic**: branches, and stages that appear as things go along.

# %% [markdown] tags=["ru"]
# ## Где DVC на своём месте
# Зато для него не нужно ничего, кроме Git: описание это YAML, история это коммиты, сервера нет. Для воспроизводимых экспериментов этого хватает, а расписание и уведомления даёт CI. На каждый пул-реквест GitHub Actions или Jenkins выполнит те же команды, что и мы:
#
# ```
# dvc pull
# dvc repro
# dvc metrics diff main --md
# ```
#
# Последнюю таблицу утилита CML, её делают авторы DVC, сама оставит комментарием к пул-реквесту, и рецензент увидит числа рядом с кодом. Как поставить на них порог, вы попробуете в пятой задаче.

# %% [markdown] tags=["en"]
# ## Where DVC is in its place
# On the other hand it needs nothing but Git: the description is YAML, the history is commits, there is no server. For reproducible experiments that is enough, and CI gives the schedule and the notifications. On every pull request GitHub Actions or Jenkins runs the same commands as we did:
#
# ```
# dvc pull
# dvc repro
# dvc metrics diff main --md
# ```
#
# CML, a tool by the authors of DVC, leaves the last table as a comment to the pull request by itself, and a reviewer sees the numbers beside the code. How to put a threshold on them you will try in the fifth task.

# %%
from workshop.lesson import close_engines

close_engines()
shell("git checkout --quiet -- params.yaml")

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("04_dvc", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - В `dvc.yaml` записано, от чего зависит результат. Порядок стадий DVC выводит сам.
# - Сравниваются хеши данных, параметров и кода. Выполняется то, что изменилось, и то, до чего изменение дошло.
# - Не названо в `deps`, значит не замечено: ошибки не будет, будет вчерашняя модель.
# - `dvc.lock` в Git плюс файлы в кеше: любую версию можно вернуть, а коллеге отдать через remote.
# - Расписание, повторы и наблюдение DVC оставляет другим.
#
# **Дальше:** в пятой тетради за пайплайном будет следить Airflow.

# %% [markdown] tags=["en"]
# ## Key points
# - `dvc.yaml` says what a result depends on. DVC works out the order of the stages by itself.
# - Hashes of data, parameters and code are compared. What changed runs, and what the change has reached.
# - Not named in `deps` means not noticed: there is no error, there is yesterday's model.
# - `dvc.lock` in Git and the files in the cache: any version can be brought back, and a colleague gets it by a remote.
# - Schedule, retries and watching DVC leaves to others.
#
# **Next:** in the fifth notebook Airflow looks after the pipeline.
