# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01"]
test_months = ["2013-02"]
rows = 2000
seed = 42

# %% [markdown] tags=["ru"]
# # 9. Пять движков на одном графе
# **Лекция 35 мин · упражнения 47 мин**
#
# «Берём Airflow, это стандарт». «Prefect проще, там обычный Python». «Нам и DVC хватит». Такой спор в команде может идти неделями, потому что спорят вкусы. В прошлых тетрадях мы разобрали движки по одному, здесь поставим их рядом и измерим. Потом решим, что взять команде из 5–10 человек.
#
# - Один ли результат оставляют пять движков?
# - Чего каждый стоит: шагов до первого запуска, строк кода, секунд?
# - Что он помнит после правки и после падения?
# - Как выбрать инструмент так, чтобы выбор можно было объяснить?

# %% [markdown] tags=["en"]
# # 9. Five engines on one graph
# **Teaching 35 min · exercises 47 min**
#
# "Take Airflow, it is the standard." "Prefect is simpler, it is plain Python." "DVC will do for us." Such a dispute can go on in a team for weeks, because it is tastes that argue. The last notebooks took the engines one by one; here we put them side by side and measure. Then we decide what a team of 5–10 people should take.
#
# - Do five engines leave one result?
# - What does each cost: steps before the first run, lines of code, seconds?
# - What does it remember after an edit, and after a failure?
# - How to choose a tool so that the choice can be explained?

# %% [markdown] tags=["ru"]
# ## Сначала ваш ответ
# **Запишите одним словом:** какой инструмент вы бы взяли сегодня для команды из семи человек с одним сервером? В конце тетради сравните.
#
# Граф возьмём самый маленький: один месяц для обучения, один для проверки, две модели. Пять движков будут выполнять одно и то же.

# %% [markdown] tags=["en"]
# ## First your answer
# **Write down one word:** which tool would you take today for a team of seven people with one server? Compare at the end of the notebook.
#
# We take the smallest graph: one month to learn from, one to test on, two models. Five engines will do one and the same thing.

# %%
from workshop.lesson import close_engines, open_engine, start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("09_compare", lang, months=months, ingest__rows=rows)
print("months:", *months)

# %%
from flight_delays.pipeline import STAGES, Project, edges
from workshop import figures

figures.graph(months, Project.load(sandbox.root).candidates)

# %% [markdown] tags=["ru"]
# ## Пять запусков
# У каждого движка своя копия проекта. Он стартует, выполняет граф с нуля, а мы записываем время и складываем результат в общую папку. Это самая долгая ячейка тетради. Серверы Prefect и Airflow останутся работать, они ещё понадобятся.

# %% [markdown] tags=["en"]
# ## Five runs
# Each engine has a copy of the project of its own. It starts, runs the graph from nothing, and we note the time and put the result into a common folder. This is the longest cell of the notebook. The servers of Prefect and Airflow stay up, we shall need them again.

# %% tags=["waits-engines"]
from workshop.engine_run import open_sandbox, store

run_dir, sessions, cold, own = sandbox.root / "runs", {}, {}, {}
for name in ["scripts", "dvc", "kubeflow", "prefect", "airflow"]:  # servers last, they disturb the others
    box = open_sandbox(run_dir, name, train_months=train_months, test_months=test_months, rows=rows, seed=seed)
    box.git_init()  # the registry notes the commit
    sessions[name] = open_engine(name, box)
    cold[name], own[name] = sessions[name].run(), sessions[name].own_records()
    store(run_dir, name, sessions[name], cold[name])
    print(f"{name:9} start {sessions[name].start_seconds:5.1f} s, run {cold[name].seconds:5.1f} s")

# %% [markdown] tags=["ru"]
# ## Один ли результат?
# На глаз сравнивать нельзя: AUC может совпасть до четвёртого знака у разных моделей. Поэтому сравниваем хеши двух файлов: `metrics.json` и `predictions.parquet`. В столбце `same` сказано, те же ли это байты, что у простых скриптов.

# %% [markdown] tags=["en"]
# ## Is it one result?
# The eye is no judge here: different models may agree in AUC to the fourth digit. So we compare hashes of two files: `metrics.json` and `predictions.parquet`. The column `same` says whether the bytes are those of the plain scripts.

# %%
from workshop.compare import compare, table
from workshop.engines import NAMES, load

results = compare(run_dir, NAMES, profile="lesson", project=Project.load(box.root))
print("identical:", results["identical"])
table(results)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Пять движков оставили одни и те же байты. Значит, движок не делает модель лучше или хуже: он решает, **когда** и **где** выполнить стадию, а что в ней происходит, решаем мы. Поэтому выбирать его можно по удобству и цене, а заменить потом не страшно: стадии останутся прежними.

# %% [markdown] tags=["en"]
# ## What just happened?
# Five engines left the same bytes. So an engine makes a model neither better nor worse: it decides **when** and **where** a stage runs, and what goes on inside is ours to decide. It can therefore be chosen by convenience and price, and replacing it later is nothing to fear: the stages stay as they are.

# %% [markdown] tags=["ru"]
# ## Один ли граф?
# Одинаковый результат ещё не значит, что граф одинаковый: стрелку можно забыть, и всё сойдётся случайно, пока порядок удачный. Спросим каждый движок, какие стрелки видит **он**, и сравним с `edges()` из `pipeline.py`. У скрипта графа нет вовсе, только порядок строк.

# %% [markdown] tags=["en"]
# ## Is it one graph?
# The same result does not yet mean the same graph: an arrow may be forgotten, and all comes out right by luck as long as the order is lucky. We ask every engine which arrows **it** sees, and compare them with `edges()` of `pipeline.py`. The script has no graph at all, just an order of lines.

# %%
import pandas as pd

graphs = {name: load(name).graph(sessions[name].sandbox.root) for name in ("dvc", "airflow", "kubeflow")}
graphs["prefect"] = sessions["prefect"].graph()  # as its server saw the run
seen = {name: [len(stages), len(arrows), arrows == edges()] for name, (stages, arrows) in graphs.items()}
pd.DataFrame(seen, index=["stages", "arrows", "as in pipeline.py"]).T

# %% [markdown] tags=["ru"]
# Граф один, а записан он четырьмя способами. DVC выводит стрелки из имён файлов: одна стадия пишет, другая читает. В Airflow их рисуют сами, знаком `>>`. Prefect и Kubeflow видят, что результат одной функции передали другой.

# %% [markdown] tags=["en"]
# The graph is one, and it is written down in four ways. DVC infers the arrows from names of files: one stage writes, another reads. In Airflow one draws them oneself, with the sign `>>`. Prefect and Kubeflow see that the result of one function was passed to another.

# %% [markdown] tags=["ru"]
# ## Куда ушло время
# Синее это наши стадии, работа у всех одна. Жёлтое движок потратил на себя, серое ушло на старт серверов. **Прежде чем смотреть, прикиньте:** у кого жёлтого больше всего?

# %% [markdown] tags=["en"]
# ## Where the time went
# Blue are our stages, the same work for everybody. Yellow is what the engine spent on itself, grey what its servers took to start. **Before you look, make a guess:** who has the most yellow?

# %%
engines = {name: results["engines"][name] for name in NAMES}
figures.overhead_bars(engines)

# %% [markdown] tags=["ru"]
# Откуда берётся жёлтое, видно на общей шкале времени. Полоски взяты из записей самих движков: Airflow и Prefect хранят их в своей базе, локальный Kubeflow пишет в лог, а за скрипты и DVC ведёт журнал наш проект. Цвета те же, что у рамок на графе; серым отмечены задачи самого Airflow.

# %% [markdown] tags=["en"]
# Where the yellow comes from shows on a common time axis. The bars are taken from the engines' own records: Airflow and Prefect keep them in their databases, local Kubeflow writes them into its log, and for the scripts and DVC our project keeps a journal. The colours are those of the frames in the graph; grey are tasks of Airflow's own.

# %%
def lanes(records):
    """A lane for each record: the first one that is free when it starts."""
    ends, found = [], []
    for record in records:
        lane = next((number for number, end in enumerate(ends) if end <= record.start), len(ends))
        ends[lane : lane + 1] = [record.end]
        found.append(lane)
    return found


# %%
import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots(figsize=(10, 3.6), layout="constrained")
for row, name in enumerate(NAMES):
    for bar, lane in zip(own[name], lanes(own[name]), strict=True):
        colour, left = figures.COLOURS.get(bar.stage, "#BBBBBB"), bar.start - cold[name].started
        axes.barh(row + 0.3 * lane, bar.end - bar.start, left=left, height=0.26, color=colour)
axes.set(yticks=range(len(NAMES)), yticklabels=NAMES, xlabel="seconds", xlim=(0, None))
axes.invert_yaxis()
plt.show()

# %% [markdown] tags=["ru"]
# ## Что произошло?
# DVC и Kubeflow на каждую стадию запускают новый процесс, и каждый заново импортирует pandas и scikit-learn. У DVC эти секунды видны как промежутки между полосками, у Kubeflow сами полоски длиннее, потому что его запись включает и старт процесса. Airflow тоже даёт каждой задаче отдельный процесс: он ответвляется от планировщика, сам Airflow в нём уже загружен, а pandas и scikit-learn ещё нет. И только Prefect держит всё в одном процессе. Две строки полосок у Airflow и Prefect означают, что две стадии шли одновременно.
#
# И не забывайте про масштаб. Эти секунды не растут вместе с данными: если ваше обучение идёт час, накладные расходы незаметны.

# %% [markdown] tags=["en"]
# ## What just happened?
# DVC and Kubeflow start a new process for every stage, and each imports pandas and scikit-learn anew. With DVC these seconds show as gaps between the bars; with Kubeflow the bars themselves are longer, because its record includes the start of the process. Airflow gives every task a process too: it is forked from the scheduler, so Airflow itself is loaded there, pandas and scikit-learn are not. Only Prefect keeps everything in one process. Two rows of bars with Airflow and Prefect mean that two stages ran at the same time.
#
# And mind the scale. These seconds do not grow with the data: if your training takes an hour, nobody notices the overhead.

# %% [markdown] tags=["ru"]
# ## Сколько шагов до первого запуска
# Пакеты мы поставили заранее. Что ещё нужно сделать один раз, чтобы команда запуска сработала? Слева то, что сделали мы на этой машине, справа то, что добавит команда на своём сервере.

# %% [markdown] tags=["en"]
# ## How many steps before the first run
# The packages were installed beforehand. What else must be done once for the command of the run to work? On the left what we did on this machine, on the right what a team adds on a server of its own.

# %%
import yaml
from workshop.places import LESSONS

setup = yaml.safe_load((LESSONS / "09_compare" / "setup.yaml").read_text())
steps = pd.DataFrame(setup).T.map("; ".join)
steps.style.set_properties(**{"text-align": "left", "white-space": "normal"})

# %% [markdown] tags=["ru"]
# Kubeflow здесь выглядит обманчиво легко. Мы запускали его локально, как для отладки, а в работе ему нужен кластер Kubernetes, и почти все его шаги стоят справа.
#
# А теперь самое дорогое: то, за чем кто-то должен следить. Посчитаем процессы, которые живут **между** запусками, и память, которую они держат.

# %% [markdown] tags=["en"]
# Kubeflow looks deceptively light here. We ran it locally, as one does to debug; at work it wants a Kubernetes cluster, and nearly all of its steps stand on the right.
#
# Now for what costs most: what somebody must look after. We count the processes that live **between** runs, and the memory they hold.

# %%
import psutil

alive = {name: [] for name in NAMES}
for process in psutil.Process().children(recursive=True):
    for name in NAMES:
        if process.cwd().startswith(str(sessions[name].sandbox.root)):
            alive[name].append(process.memory_full_info().uss / 1e6)
pd.DataFrame({"processes": {n: len(alive[n]) for n in NAMES}, "megabytes": {n: round(sum(alive[n])) for n in NAMES}})

# %% [markdown] tags=["ru"]
# ## Сколько строк клея
# Код стадий у всех общий. Всё, что сверх него написано ради движка, назовём клеем. Считаем честно, по файлам на диске: без пустых строк, комментариев и строк документации.

# %% [markdown] tags=["en"]
# ## How many lines of glue
# The code of the stages is common to all. Whatever is written beyond it for the sake of an engine let us call glue. We count fairly, from the files on the disk: without blank lines, comments and docstrings.

# %%
import ast


def code_lines(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    counted = {number for number, line in enumerate(lines, start=1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(ast.parse("\n".join(lines))) if file.suffix == ".py" else ():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            counted -= set(range(node.lineno, node.end_lineno + 1))
    return len(counted)


# %%
adapters = {"scripts": "run_pipeline.py", "dvc": "dvc.yaml", "airflow": "dags/flight_delays_dag.py"}
adapters |= {"prefect": "flows/flight_delays_flow.py", "kubeflow": "kubeflow_pipeline/flight_delays_kfp.py"}
glue = {name: code_lines(sandbox.root / adapters[name]) for name in NAMES}
axes = pd.Series(glue)[::-1].plot.barh(figsize=(8, 2.4), color="#0072B2")
axes.bar_label(axes.containers[0], padding=3)
axes.set(xlabel="lines of glue", xlim=(0, 1.1 * max(glue.values())))
plt.show()

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Строки у всех о разном. У DVC это список файлов: длинный, зато без единого условия. У Prefect сам граф короткий, а большая часть файла заставляет кеш различать содержимое файлов, а не только их пути. У Kubeflow каждый компонент заново перечисляет свои входы и параметры, потому что на кластере он поедет в отдельный контейнер.
#
# Поэтому число строк говорит не «сколько печатать», а «сколько своего кода потом поддерживать».

# %% [markdown] tags=["en"]
# ## What just happened?
# Everybody's lines are about something else. With DVC they are a list of files: long, but without a single condition. With Prefect the graph itself is short, and most of the file makes the cache tell contents of files apart, not just their paths. With Kubeflow each component lists its inputs and parameters once more, because on a cluster it travels into a container of its own.
#
# So the number of lines does not say "how much to type" but "how much code of our own to maintain".

# %% [markdown] tags=["ru"]
# ## Проверим догадку: правка
# Кто-то поменял в `params.yaml` два числа: `max_iter` у бустинга и, по ошибке, порог `gate.min_roc_auc`, теперь он 0.99. От первого зависят `train boosting` и всё, что после неё. На `gate` пайплайн остановится: такой модели не бывает. **Запишите для каждого из пяти движков,** сколько стадий он выполнит, включая упавшую.
#
# Движки теперь работают по два одновременно: секунды больше не считаем, считаем стадии.

# %% [markdown] tags=["en"]
# ## Test a guess: an edit
# Somebody changed two numbers in `params.yaml`: `max_iter` of the boosting and, by mistake, the threshold `gate.min_roc_auc`, which is 0.99 now. On the first depend `train boosting` and all that comes after it. At `gate` the pipeline will stop: there is no such model. **Write down for each of the five engines** how many stages it will run, the failed one included.
#
# From here on two engines work at a time: we no longer count seconds, we count stages.

# %%
from collections import Counter
from concurrent.futures import ThreadPoolExecutor


def everywhere(action, names=NAMES):
    order = sorted(names, key=lambda name: -cold[name].seconds)  # the slow ones first
    with ThreadPoolExecutor(2) as pool:
        done = dict(zip(order, pool.map(action, map(sessions.get, order)), strict=True))
    return {name: done[name] for name in names}


# %%
def stages_of(outcomes):
    counts = {name: Counter(record.stage for record in outcome.records) for name, outcome in outcomes.items()}
    counted = pd.DataFrame({name: {stage: count[stage] for stage in STAGES} for name, count in counts.items()}).T
    codes = [outcome.exit_code for outcome in outcomes.values()]
    return counted.assign(total=counted.sum(axis=1), **{"exit code": codes})


# %% tags=["waits-engines"]
def edit(session):
    session.sandbox.set_param("train.candidates.boosting.max_iter", 60)
    session.sandbox.set_param("gate.min_roc_auc", 0.99)
    return session.run()


edited = everywhere(edit)
stages_of(edited)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Код выхода у всех 3: модель не прошла `gate`, как и задумано. Но DVC и Prefect дошли до него за три стадии, а остальные выполнили весь путь, вместе с загрузкой, хотя данных никто не касался: они не смотрят, что изменилось. Лекция требует, чтобы изменение перезапускало зависимые этапы и только их. Теперь видно, кто это умеет.

# %% [markdown] tags=["en"]
# ## What just happened?
# Everybody's exit code is 3: the model did not pass `gate`, as it should be. But DVC and Prefect got there in three stages, and the others went all the way, loading included, though nobody had touched the data: they do not look at what has changed. The lecture demands that a change re-run the stages that depend on it, and nothing else. Now we see who can do that.

# %% [markdown] tags=["ru"]
# ## Проверим догадку: падение
# Порог вернули на место, пайплайн надо продолжить. Лекция спрашивает: где точка, в которую он вернётся после сбоя? У скрипта и локального Kubeflow выбора нет: другой команды, кроме «запустить сначала», у них не бывает, и сколько это стоит, мы видели. **О трёх остальных запишите догадку:** сколько стадий каждый выполнит теперь?

# %% [markdown] tags=["en"]
# ## Test a guess: a failure
# The threshold is put back, and the pipeline must go on. The lecture asks: where is the point it returns to after a failure? The script and local Kubeflow have no choice: they know no other command than "run from the start", and we have seen what that costs. **Write down a guess for the other three:** how many stages will each run now?

# %% tags=["waits-engines"]
def put_it_back(session):
    session.sandbox.set_param("gate.min_roc_auc", 0.6)
    return session.resume()


resumed = everywhere(put_it_back, ["dvc", "airflow", "prefect"])
stages_of(resumed)

# %% [markdown] tags=["ru"]
# ## Что произошло? Три вида памяти
# - **Никакой.** Скрипт и локальный Kubeflow всегда начинают с первой стадии.
# - **Память о запуске.** Airflow знает, какие задачи этого запуска уже удались, и повторил только упавшую и ту, что после неё. Но новый запуск для него чистый лист, это показала правка.
# - **Память о результатах.** DVC и Prefect узнают результат по тому, из чего он сделан, в каком бы запуске это ни случилось. Она помогает и после правки, и после падения.
#
# На кластере Kubeflow умеет и кешировать, и повторять. Не умеет локальный запуск, а мерили мы его.

# %% [markdown] tags=["en"]
# ## What just happened? Three kinds of memory
# - **None.** The script and local Kubeflow always begin with the first stage.
# - **A memory of the run.** Airflow knows which tasks of this run have succeeded, and repeated only the one that failed and the one after it. But a new run is a clean sheet to it, as the edit has shown.
# - **A memory of results.** DVC and Prefect know a result by what it is made of, in whatever run that happened. It helps both after an edit and after a failure.
#
# On a cluster Kubeflow can cache and retry as well. The local run cannot, and the local run is what we measured.

# %% [markdown] tags=["ru"]
# А если не менять ничего? Тех, кто после правки прошёл весь путь, можно не спрашивать: на изменения они не смотрят и выполнят всё. Спросим остальных.

# %% [markdown] tags=["en"]
# And if nothing changes? Those who went all the way after the edit need not be asked: they do not look at changes and will run everything. Let us ask the others.

# %% tags=["waits-engines"]
with_memory = [name for name in NAMES if len(edited[name].records) < len(cold[name].records) / 2]
unchanged = {name: sessions[name].run() for name in with_memory}
stages_of(unchanged)

# %% [markdown] tags=["ru"]
# ## Все замеры вместе
# Серверы больше не нужны, останавливаем их. Чем темнее клетка, тем дороже движок обходится по этому столбцу. Где движку нечего вспомнить и мы его не спрашивали, в двух последних столбцах стоит полный запуск.

# %% [markdown] tags=["en"]
# ## All measurements together
# The servers are no longer needed, we stop them. The darker a cell, the more the engine costs in this column. Where an engine has nothing to remember and was not asked, the last two columns hold a full run.

# %%
close_engines()
measured = pd.DataFrame(index=NAMES)
measured["steps\nhere"] = [len(setup[name]["here"]) for name in NAMES]
measured["steps\nfor a team"] = [sum(map(len, setup[name].values())) for name in NAMES]
measured["processes\nbetween runs"] = [len(alive[name]) for name in NAMES]
measured["lines\nof glue"] = pd.Series(glue)
measured["own\nseconds"] = [round(cold[name].seconds - cold[name].work_seconds) for name in NAMES]
for title, outcomes in {"edit": edited, "failure": cold | resumed, "nothing new": cold | unchanged}.items():
    measured[f"stages after\n{title}"] = [len(outcomes[name].records) for name in NAMES]

# %%
shade = (measured - measured.min()) / (measured.max() - measured.min())
figure, axes = plt.subplots(figsize=(10, 3.2), layout="constrained")
axes.imshow(shade, cmap="Oranges", aspect="auto", vmax=1.4)
axes.set_xticks(range(measured.shape[1]), measured.columns)
axes.set_yticks(range(len(NAMES)), NAMES)
for (row, column), _ in np.ndenumerate(measured):
    axes.text(column, row, measured.iat[row, column], ha="center", va="center")
plt.show()

# %% [markdown] tags=["ru"]
# Тёмных столбцов у каждого хватает, но они разные. Строки, в которой всё светло, среди настоящих движков нет, иначе спорить было бы не о чем.

# %% [markdown] tags=["en"]
# Everybody has dark columns, but different ones. No real engine has a row that is light throughout, or there would be nothing to argue about.

# %% [markdown] tags=["ru"]
# ## Что говорит лекция
# Теперь положим рядом плюсы и минусы из лекции.
#
# | | за | против |
# |---|---|---|
# | **Airflow** | много готовых операторов: Python, Bash, Docker, Spark; сильный веб-интерфейс; оповещения, повторы и контроль сроков; растёт вместе с Celery и Kubernetes; большое сообщество | новичку трудно настроить; нужна своя инфраструктура: база и рабочие процессы |
# | **Prefect** | чистый Python и лёгкий старт; граф может меняться по ходу запуска; дружит с облаками; современное устройство и интерфейс; кеш и повторы из коробки | сообщество меньше, чем у Airflow; часть продвинутых возможностей есть только в его облаке |
# | **Kubeflow Pipelines** | живёт внутри Kubernetes; GPU и распределённое обучение; каждый шаг в своём контейнере; показывает метрики и артефакты; хорош в облаке | нужен кластер; учиться дольше; для маленького проекта это слишком |
# | **DVC** | описание в YAML, рядом с Git; кеш и пересчёт только изменённого; никакой инфраструктуры; удобен для воспроизводимых экспериментов | сложные процессы описать трудно; своего расписания нет, нужен cron или CI; почти нет мониторинга |

# %% [markdown] tags=["en"]
# ## What the lecture says
# Now we put the lecture's pros and cons beside it.
#
# | | for | against |
# |---|---|---|
# | **Airflow** | many ready operators: Python, Bash, Docker, Spark; a strong web interface; alerts, retries, watch over deadlines; grows with Celery and Kubernetes; a large community | hard to set up for a beginner; wants an infrastructure of its own: database and workers |
# | **Prefect** | plain Python and an easy start; the graph may change while it runs; gets on with clouds; modern design and interface; caching and retries built in | a smaller community than Airflow's; some advanced features exist only in its cloud |
# | **Kubeflow Pipelines** | lives inside Kubernetes; GPUs and distributed training; each step in a container of its own; shows metrics and artefacts; good in a cloud | wants a cluster; takes longer to learn; too much for a small project |
# | **DVC** | described in YAML, next to Git; a cache, and only what changed is recomputed; no infrastructure; handy for reproducible experiments | complex workflows are hard to describe; no schedule of its own, it takes cron or CI; hardly any monitoring |

# %% [markdown] tags=["ru"]
# ## Что подтвердили замеры
# - «Airflow нужна своя инфраструктура»: да, это его столбцы шагов и процессов. Зато после падения он продолжил с нужного места.
# - «У Prefect кеш и повторы из коробки»: да, но кеш по умолчанию различает пути, а не содержимое. За честный кеш мы заплатили строками клея.
# - «DVC обходится без инфраструктуры и пересчитывает только нужное»: да, между запусками у него не живёт ни одного процесса. Цена тоже видна: процесс на каждую стадию.
# - «Kubeflow для маленького проекта это слишком»: больше всего клея, а без кластера нет и его достоинств.

# %% [markdown] tags=["en"]
# ## What the measurements confirmed
# - "Airflow wants an infrastructure of its own": yes, see its columns of steps and processes. On the other hand it went on from the right place after the failure.
# - "Prefect has caching and retries built in": yes, but by default the cache tells paths apart, not contents. We paid for an honest cache with lines of glue.
# - "DVC needs no infrastructure and recomputes only what is needed": yes, no process of it lives between runs. The price shows too: a process for every stage.
# - "Kubeflow is too much for a small project": the most glue, and without a cluster none of its strengths.

# %% [markdown] tags=["ru"]
# ## Чего мы не измерили
# Ноутбук с двумя ядрами не покажет, как движок работает на ста машинах, как быстро отвечают в сообществе и сколько стоит облако. Это плюсы и минусы, в которые придётся поверить лекции или проверить самим. Не выбирайте только по тому, что легко измерить.
#
# Второй источник чисел: `make bench`. Он гоняет те же движки на четырёх месяцах и пяти ситуациях. Если его на этой машине запускали, ниже его секунды.

# %% [markdown] tags=["en"]
# ## What we did not measure
# A laptop with two cores does not show how an engine does on a hundred machines, how fast a community answers, and what a cloud costs. For these pros and cons one has to believe the lecture, or try. Do not choose by what is easy to measure alone.
#
# A second source of figures: `make bench`. It puts the same engines through four months and five situations. If it was run on this machine, its seconds are below.

# %%
import json

from workshop.places import ROOT

bench = ROOT / "bench" / "results.json"
found = json.loads(bench.read_text())["engines"] if bench.exists() else {}
seconds = {name: {s: m["seconds"] for s, m in entry["situations"].items()} for name, entry in found.items()}
pd.DataFrame(seconds).round(1) if seconds else print("bench/results.json is not there: make bench")

# %% [markdown] tags=["ru"]
# ## Таблица решений
# Чтобы спор вкусов стал решением, разделим его на две части. **Оценки**: насколько инструмент хорош по каждому критерию, от 1 до 5. **Веса**: насколько критерий важен именно вам, от 0 до 10. Оценки ниже поставили мы: первые четыре строки по замерам, остальные по лекции. С ними можно и нужно спорить.
#
# - `start`: как мало надо сделать до первого запуска
# - `glue`: как мало своего кода вокруг стадий
# - `memory`: не пересчитывает то, что не изменилось
# - `recovery`: сам повторяет временный сбой, продолжает с места падения
# - `schedule`: запускает по расписанию, хранит историю, сообщает о сбое
# - `scale`: много машин, контейнеры, GPU
# - `community`: легко найти ответ и человека с опытом

# %% [markdown] tags=["en"]
# ## A decision table
# To turn a dispute of tastes into a decision, we split it in two. **Scores**: how good a tool is by each criterion, from 1 to 5. **Weights**: how much the criterion matters to you, from 0 to 10. The scores below are ours: the first four rows by the measurements, the others by the lecture. One can and should argue with them.
#
# - `start`: how little must be done before the first run
# - `glue`: how little code of our own there is around the stages
# - `memory`: does not recompute what has not changed
# - `recovery`: retries a passing failure by itself, goes on from where it fell
# - `schedule`: starts on a schedule, keeps the history, tells of failures
# - `scale`: many machines, containers, GPUs
# - `community`: an answer, and a person with experience, are easy to find

# %%
scores = pd.read_csv(LESSONS / "09_compare" / "scores.csv", index_col="criterion")
scores.style.background_gradient(cmap="Blues", vmin=0, vmax=8, axis=None)

# %% [markdown] tags=["ru"]
# Вот команда, о которой спрашивает лекция: стартап, семь человек, один сервер, опыта с оркестраторами ни у кого нет. Экспериментов много, расписание пока не нужно. Итог инструмента это среднее его оценок с такими весами.

# %% [markdown] tags=["en"]
# Here is the team that the lecture asks about: a start-up, seven people, one server, nobody has experience with orchestrators. There are many experiments, and no need for a schedule yet. A tool's total is the mean of its scores with these weights.

# %%
weights = {"start": 5, "glue": 3, "memory": 5, "recovery": 2, "schedule": 1, "scale": 1, "community": 2}


def totals(weights, scores=scores):
    return scores.mul(pd.Series(weights), axis=0).sum() / sum(weights.values())


axes = totals(weights).sort_values().plot.barh(figsize=(8, 2.4), color="#0072B2", xlim=(0, 5))
axes.bar_label(axes.containers[0], fmt="%.2f", padding=3)
plt.show()

# %% [markdown] tags=["ru"]
# ## С каким перевесом?
# Посмотрите не на первое место, а на расстояние до второго. Разница в сотых значит только одно: таблица не знает ответа. Поменяй кто-то в команде один вес на единицу, победил бы другой.

# %% [markdown] tags=["en"]
# ## By how much?
# Look not at the first place but at the distance to the second. A difference of a few hundredths means just one thing: the table does not know the answer. Had somebody in the team changed one weight by one, another would have won.

# %% [markdown] tags=["ru"]
# ## Какой вес меняет победителя
# Проверим это по-честному: меняем вес одного критерия от 0 до 10, остальные не трогаем, и каждый раз записываем победителя. Точкой отмечен вес нашей команды. Строка одного цвета значит, что об этом весе можно не спорить.

# %% [markdown] tags=["en"]
# ## Which weight changes the winner
# Let us test it fairly: we change the weight of one criterion from 0 to 10, leave the others alone, and note the winner each time. The dot marks our team's weight. A row of one colour means that there is no need to argue about this weight.

# %%
from matplotlib.colors import ListedColormap

palette = ListedColormap(["#BBBBBB", "#E69F00", "#56B4E9", "#009E73", "#CC79A7"])
winners = [[totals(weights | {c: value}).argmax() for value in range(11)] for c in scores.index]
figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
shown = axes.imshow(winners, cmap=palette, vmin=-0.5, vmax=4.5, aspect="auto")
axes.plot([weights[c] for c in scores.index], range(len(scores)), "ko")
axes.set_yticks(range(len(scores)), scores.index)
axes.set(xticks=range(11), xlabel="weight of this criterion, the others unchanged")
figure.colorbar(shown, ticks=range(5)).set_ticklabels(list(scores))
plt.show()

# %% [markdown] tags=["ru"]
# ## Другая команда, другой ответ
# Лекция называет четыре вещи, от которых зависит выбор: размер команды, её инфраструктура, нужный масштаб и опыт людей. В таблице они становятся весами, а иногда и оценками: если кластер уже есть и за ним следят другие, начать с Kubeflow легко.
#
# Последняя команда строит обычный ETL. Чем он отличается от ML? Гиперпараметров и экспериментов в нём нет, результат зависит только от данных и кода, и память о результатах почти ничего не стоит. Зато важны расписание и повторы.

# %% [markdown] tags=["en"]
# ## Another team, another answer
# The lecture names four things on which the choice depends: the size of the team, its infrastructure, the scale it needs, and the experience of its people. In the table they become weights, and sometimes scores: if there is a cluster already and others look after it, it is easy to start with Kubeflow.
#
# The last team builds ordinary ETL. How does it differ from ML? It has no hyperparameters and no experiments, the result depends on data and code alone, and a memory of results is worth next to nothing. A schedule and retries, though, matter.

# %%
with_cluster = scores.copy()
with_cluster.loc["start", "kubeflow"] = 4
bank = weights | {"start": 2, "glue": 1, "scale": 10, "schedule": 5}
teams = {
    "start-up of 7, one server": totals(weights),
    "three researchers, no server": totals(weights | {"start": 9, "schedule": 0, "recovery": 1}),
    "bank with a cluster and GPUs": totals(bank, with_cluster),
    "nightly ETL": totals(weights | {"memory": 1, "recovery": 5, "schedule": 8, "scale": 3, "community": 5}),
}
pd.DataFrame(teams).T.style.format("{:.2f}").highlight_max(axis=1, color="#F0C987")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Оценки почти одни и те же, а победители разные, потому что разные команды. Поэтому вопрос «какой движок лучше?» без описания команды смысла не имеет. Сравните с ответом, который вы записали в начале: что вы тогда знали о команде, а что додумали?

# %% [markdown] tags=["en"]
# ## What just happened?
# The scores are nearly the same and the winners differ, because the teams differ. So the question "which engine is better?" makes no sense without a description of the team. Compare with the answer you wrote down at the start: what did you know about the team then, and what did you make up?

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("09_compare", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Движок не меняет результат: пять запусков оставили одни и те же байты. Он решает, когда, где и сколько раз выполнять стадии.
# - Цена движка это не только секунды: ещё шаги установки, процессы, за которыми надо следить, и строки, которые надо поддерживать.
# - Память бывает о запуске и о результатах. Первая спасает после падения, вторая ещё и после правки.
# - Автоматизация предотвращает забытый шаг, чужой файл и пропущенный запуск. Какую из этих бед движок закрывает сам, а какую оставляет вам, и стоит спрашивать при выборе.
# - Решение объясняют весами. Если победителя меняет один вес, обсуждать надо этот вес.
#
# **Дальше:** в упражнениях вы посчитаете накладные расходы сами и заполните таблицу для своей команды.

# %% [markdown] tags=["en"]
# ## Key points
# - An engine does not change the result: five runs left the same bytes. It decides when, where and how often stages run.
# - The price of an engine is not seconds alone: there are steps of set-up, processes to look after, and lines to maintain.
# - A memory may be of the run or of results. The first saves you after a failure, the second after an edit as well.
# - Automation prevents the forgotten step, the wrong file and the run that nobody started. Which of these troubles an engine takes care of itself, and which it leaves to you, is what to ask when you choose.
# - A decision is explained by weights. If one weight changes the winner, this weight is what to talk about.
#
# **Next:** in the exercises you work out the overhead yourself and fill in the table for a team of your own.
