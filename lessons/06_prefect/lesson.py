# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = 2500

# %% [markdown] tags=["ru"]
# # 6. Prefect: пайплайн как обычный Python
# **Лекция 30 мин · упражнения 40 мин**
#
# В прошлой тетради пайплайн описывали на языке Airflow: DAG, операторы, стрелки. Здесь мы возьмём обычную функцию на Python и допишем к ней две строки. Потом дадим пайплайну память и увидим, как эта память однажды подсунет нам чужую модель.
#
# - Чем задача оркестратора отличается от функции?
# - Что выполняется одновременно, а что только кажется одновременным?
# - Куда пайплайн возвращается после сбоя?
# - Почему запись в кеше нашлась, а модель оказалась не та?

# %% [markdown] tags=["en"]
# # 6. Prefect: the pipeline as ordinary Python
# **Teaching 30 min · exercises 40 min**
#
# In the last notebook the pipeline was written in the language of Airflow: DAG, operators, arrows. Here we take an ordinary Python function and add two lines to it. Then we give the pipeline a memory, and see how one day this memory slips us the wrong model.
#
# - How does a task of an orchestrator differ from a function?
# - What runs at the same time, and what only seems to?
# - Where does the pipeline return to after a failure?
# - Why was the cache entry found, and yet the model was the wrong one?

# %%
from workshop.lesson import close_engines, open_engine, start

close_engines()  # if this notebook was started before
months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("06_prefect", lang, months=months, ingest__rows=rows)
sandbox.git_init()  # the commit is part of what is registered: it shall be the project's own
print("months:", *months)

# %% [markdown] tags=["ru"]
# ## Обычная функция
# Начнём с малого: какая доля рейсов опоздала в каждом месяце? Две функции, никакого оркестратора. Каждая версия этого примера лежит отдельным файлом в `lessons/06_prefect`, и смотреть мы будем не на сами файлы, а на разницу между ними.

# %% [markdown] tags=["en"]
# ## An ordinary function
# We begin with something small: which share of the flights was late in each month? Two functions, no orchestrator. Every version of this example is a file of its own in `lessons/06_prefect`, and we shall look not at the files but at the difference between them.

# %%
import sys

from workshop.places import LESSONS

sys.path.append(str(LESSONS / "06_prefect"))
import notebook_flows as here

here.step("step1_plain")

# %%
here.load_step("step1_plain").report(list(months))

# %% [markdown] tags=["ru"]
# ## Две строки
# `@task` над функцией говорит: запоминай каждый её вызов. `@flow` говорит: отсюда начинается запуск. Тело функций не изменилось, месяцы по-прежнему перебирает обычный цикл.

# %% [markdown] tags=["en"]
# ## Two lines
# `@task` above a function says: remember every call of it. `@flow` says: a run begins here. The bodies of the functions are the same, and an ordinary loop still walks through the months.

# %%
here.diff("step1_plain", "step2_tasks")

# %% [markdown] tags=["ru"]
# ## Кто запоминает
# Библиотека `prefect` исполняет функции, а сервер хранит, что с ними было. Запустим сервер один раз на всю тетрадь: он слушает только `127.0.0.1`, отвечает лишь тому, кто знает его пароль (при каждом запуске новый), а база у него — файл SQLite внутри песочницы. В команде такой сервер поднимают один раз для всех, а каждый запуск узнаёт адрес из `PREFECT_API_URL` и пароль из `PREFECT_API_AUTH_STRING`.

# %% [markdown] tags=["en"]
# ## Who remembers
# The library `prefect` executes the functions, and a server keeps what became of them. We start the server once for the whole notebook: it listens on `127.0.0.1` only, answers nobody but those who know its password (a new one at each start), and its database is an SQLite file inside the sandbox. A team starts such a server once for everybody, and every run learns the address from `PREFECT_API_URL` and the password from `PREFECT_API_AUTH_STRING`.

# %% tags=["nbval-ignore-output", "waits-prefect-start"]
session = open_engine("prefect", sandbox)
here.connect(session)
print(f"server at {session.url}, up in {session.start_seconds:.0f} s")

# %% tags=["waits-prefect"]
second = here.watch(session, here.load_step("step2_tasks").report, list(months))
second.value

# %% [markdown] tags=["ru"]
# Числа те же. Но теперь о запуске можно спросить сервер: какие задачи были, чем кончились, с какой попытки и сколько шли.

# %% [markdown] tags=["en"]
# The figures are the same. But now the server can be asked about the run: which tasks there were, how they ended, at which attempt, and how long they took.

# %% tags=["nbval-ignore-output"]
here.table(second)

# %% [markdown] tags=["ru"]
# ## Что можно делать одновременно?
# Месяцы не зависят друг от друга, а обрабатываются по очереди. `late_share.map(months)` отправляет на исполнение сразу все и не ждёт; ждёт `result()`. **Прежде чем запускать, запишите:** во сколько раз быстрее пойдут три месяца на двух ядрах?

# %% [markdown] tags=["en"]
# ## What can be done at the same time?
# The months do not depend on each other, yet they are worked on in turn. `late_share.map(months)` submits all of them at once and does not wait; `result()` waits. **Before you run the cell, write down:** how many times faster will three months go on two cores?

# %%
here.diff("step2_tasks", "step3_map")

# %% tags=["nbval-ignore-output", "waits-prefect"]
third = here.watch(session, here.load_step("step3_map").report, list(months))
here.gantt(second, "step2: a loop")

# %% tags=["nbval-ignore-output"]
here.gantt(third, "step3: map")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Полосы легли одна под другой: задачи шли вместе. А теперь сравните, где кончается последняя полоса. Выигрыш мал или его нет вовсе: задачи работают в потоках одного процесса, а Python даёт считать одному потоку за раз (GIL).
#
# Потоки помогают, когда задача ждёт: сеть, диск, чужой сервис. Для тяжёлых вычислений у Prefect есть другие исполнители: процессы и Dask. Код flow при этом не меняется, меняется аргумент `task_runner`.

# %% [markdown] tags=["en"]
# ## What just happened?
# The bars lie one below the other: the tasks went together. Now compare where the last bar ends. Little or nothing is gained: the tasks work in threads of one process, and Python lets one thread compute at a time (the GIL).
#
# Threads help when a task waits: for the network, a disk, somebody else's service. For heavy computing Prefect has other runners: processes and Dask. The code of the flow stays as it is, only the argument `task_runner` changes.

# %% [markdown] tags=["ru"]
# ## Сбой, который проходит сам
# Теперь данные лежат на чужом сервере, и он поднимается не сразу. Мы ничего не имитируем: следующая ячейка запускает настоящий HTTP-сервер, который откроется только через две с половиной секунды, а flow стартует немедленно. Всё лечение в двух аргументах у `@task`.

# %% [markdown] tags=["en"]
# ## A failure that mends itself
# Now the data lie on somebody else's server, which takes a while to come up. Nothing is faked: the next cell starts a real HTTP server that opens only after two and a half seconds, while the flow starts at once. All the cure is two arguments of `@task`.

# %%
here.diff("step3_map", "step4_retry")

# %% tags=["waits-prefect"]
from flight_delays.pipeline import Project

project = Project.load(sandbox.root)
for month in project.months:
    project.run("ingest", month)
with here.archive(project.root / "data/raw", opens_after=2.5) as address:
    fourth = here.watch(session, here.load_step("step4_retry").report, address, list(months))
fourth.value

# %% tags=["nbval-ignore-output"]
here.table(fourth)

# %% [markdown] tags=["ru"]
# Flow завершился успешно, и никто не проснулся ночью. При этом след остался: в таблице видно число попыток, а у каждой задачи есть история состояний.

# %% [markdown] tags=["en"]
# The flow ended well, and nobody was woken at night. Yet there is a trace: the table shows the number of attempts, and every task has a history of states.

# %% tags=["nbval-ignore-output"]
here.history(session, fourth.tasks[0])

# %% [markdown] tags=["ru"]
# ## Наш пайплайн как flow
# Хватит примеров, откроем файл проекта. Стадии те же, что в прошлых тетрадях, Prefect о них ничего не знает: задача вызывает функцию стадии. Вот flow целиком. Граф здесь нигде не записан отдельно: его задаёт то, какая задача получает результат какой.

# %% [markdown] tags=["en"]
# ## Our pipeline as a flow
# Enough of examples, let us open the project's file. The stages are those of the earlier notebooks, and know nothing of Prefect: a task calls the function of a stage. Here is all of the flow. The graph is not written down anywhere: it follows from which task gets the result of which.

# %%
file = sandbox.root / "flows/flight_delays_flow.py"
here.part_of(file, "the flow")

# %% [markdown] tags=["ru"]
# `map` идёт по месяцам, потом по кандидатам. Месяцев в `params.yaml` может стать двенадцать, а в этом файле не изменится ни строки. `unmapped` говорит: этот список передай каждому кандидату целиком.

# %% [markdown] tags=["en"]
# `map` walks over the months, then over the candidates. `params.yaml` may list twelve months one day, and not a line of this file will change. `unmapped` says: give this list to each candidate as a whole.

# %%
from workshop import figures

figures.graph(project.params.months, project.candidates)

# %% tags=["nbval-ignore-output", "waits-prefect"]
first = session.run()
print(f"exit code {first.exit_code}, {first.seconds:.0f} s")
figures.gantt(session.own_records(), "as the Prefect server recorded it")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# На диаграмме записи самого Prefect, а не наш журнал. В каждый момент работают не больше двух задач: так решил `ThreadPoolTaskRunner(max_workers=2)`. Месяцы идут парами, кандидаты обучаются вместе, а `evaluate`, `gate` и `register` ждут друг друга: параллельно их не пустишь, как ни старайся.

# %% [markdown] tags=["en"]
# ## What just happened?
# The chart shows the records of Prefect itself, not our journal. At any moment no more than two tasks are at work: so `ThreadPoolTaskRunner(max_workers=2)` decided. The months go in pairs, the candidates train together, and `evaluate`, `gate` and `register` wait for each other: nothing will make them run side by side.

# %% [markdown] tags=["ru"]
# Граф тоже можно спросить у сервера: он записал, откуда пришёл каждый аргумент каждой задачи. Сравним с тем, что объявляет проект.

# %% [markdown] tags=["en"]
# The server can be asked for the graph too: it noted where every argument of every task came from. We compare it with what the project declares.

# %%
from flight_delays.pipeline import STAGES, edges

stages, arrows = session.graph()
print("the same graph:", arrows == edges())
here.arcs(list(STAGES), arrows)

# %%
import json

metrics = json.loads(project.metrics.read_text())["candidates"]
print({name: round(scores["roc_auc"], 3) for name, scores in metrics.items()})
figures.curves_of(project.plots)["roc"]

# %% [markdown] tags=["ru"]
# ## Ничего не изменилось
# Запустим то же самое ещё раз. **Запишите догадку:** сколько задач из четырнадцати выполнится?

# %% [markdown] tags=["en"]
# ## Nothing has changed
# We run the same thing once more. **Write down a guess:** how many of the fourteen tasks will run?

# %% tags=["waits-prefect"]
from collections import Counter

again = session.run()
print("stages that worked:", len(again.records))
print("states in Prefect:", dict(Counter(record.status for record in session.own_records())))

# %% [markdown] tags=["ru"]
# ## Правка с опечаткой
# Не выполнилась ни одна: всё взято из кеша. Теперь внесём правку. Коллега уменьшил число деревьев в бустинге и заодно поправил `train.py`, но опечатался: `fti` вместо `fit`. Скрипт из второй тетради от такой опечатки падал и после исправления начинал с первой строки. Что сделает Prefect?

# %% [markdown] tags=["en"]
# ## An edit with a typo
# Not one of them ran: everything came from the cache. Now for an edit. A colleague gave the boosting fewer trees, and while at it edited `train.py` and mistyped: `fti` instead of `fit`. The script of the second notebook failed from this typo and, once mended, began at its first line. What will Prefect do?

# %% tags=["nbval-ignore-output", "waits-prefect"]
sandbox.set_param("train.candidates.boosting.max_iter", 40)
module = sandbox.root / "flight_delays/stages/train.py"
sound = module.read_text(encoding="utf-8").replace("model.fti(", "model.fit(")
module.write_text(sound.replace("model.fit(", "model.fti("), encoding="utf-8")
failed = session.run()
print("exit code", failed.exit_code, "| attempts:", dict(Counter(record.name for record in failed.records)))
figures.gantt(session.own_records(), "a typo in train.py")

# %% [markdown] tags=["ru"]
# Упали оба кандидата, каждый трижды: опечатку повторы не лечат, они только тянут время. Задачи после `train` даже не начинались. Исправляем опечатку и запускаем той же командой. **Запишите догадку:** сколько задач выполнится теперь?

# %% [markdown] tags=["en"]
# Both candidates failed, three times each: retries do not cure a typo, they only take time. The tasks after `train` never started. We mend the typo and run by the same command. **Write down a guess:** how many tasks will run now?

# %% tags=["nbval-ignore-output", "waits-prefect"]
module.write_text(sound, encoding="utf-8")
resumed = session.resume()
print("exit code", resumed.exit_code)
print("worked:", *(record.name for record in resumed.records), sep="\n  ")
figures.gantt(session.own_records(), "mended, run again")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Выполнились четыре задачи: `train boosting`, `evaluate`, `gate` и `register`, ровно те, до которых дотягивается число деревьев. Логистическая регрессия упала вместе с бустингом, но заново не обучалась: код `train.py` снова прежний, аргументы прежние, и её модель нашлась в кеше от первого запуска.
#
# Значит, точка возврата не «начало» и не «упавшая задача», а всё, у чего изменились вход или код. Заодно соблюдено и правило лекции: изменение перезапускает всё, что от него зависит, и ничего сверх того. Скрипт выполнял только первую половину.

# %% [markdown] tags=["en"]
# ## What just happened?
# Four tasks were run: `train boosting`, `evaluate`, `gate` and `register`, exactly those that the number of trees reaches. Logistic regression failed along with the boosting, but was not trained anew: the code of `train.py` is what it was, so are the arguments, and its model was found in the cache of the first run.
#
# So the point of return is not "the beginning" and not "the failed task", but everything whose input or code has changed. The lecture's rule holds as well: a change re-runs everything that depends on it, and nothing else. The script kept the first half only.

# %% [markdown] tags=["ru"]
# ## Как кеш решает, что результат ещё годен
# Ключ кеша собирают из правил. `INPUTS` хеширует аргументы задачи, `TASK_SOURCE` хеширует текст её функции. Разумно? Проверим на маленьком flow, который обучает бустинг на январе и проверяет на марте.

# %% [markdown] tags=["en"]
# ## How the cache decides that a result is still good
# The key of the cache is put together from rules. `INPUTS` hashes the arguments of the task, `TASK_SOURCE` hashes the text of its function. Sensible? Let us try it on a small flow that trains boosting on January and scores it on March.

# %%
for stage in ("validate", "prepare"):
    for month in project.months:
        project.run(stage, month)
toy = sandbox.root / "toy"
toy.mkdir(exist_ok=True)
here.step("step5_stale")

# %% [markdown] tags=["ru"]
# Запускаем трижды: 80 деревьев, 2 дерева, снова 80. **Запишите догадку:** каким будет третье число?

# %% [markdown] tags=["en"]
# We run it three times: 80 trees, 2 trees, 80 again. **Write down a guess:** what will the third number be?

# %% tags=["waits-prefect"]
january, march = str(project.features(min(months))), str(project.features(max(months)))
flow = here.load_step("step5_stale").score
for trees in (80, 2, 80):
    run = here.watch(session, flow, january, march, trees, str(toy))
    print(f"{trees:>2} trees: ROC AUC {run.value:.4f}, train {run.tasks[0].state}")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Третий запуск просил 80 деревьев, а получил модель из двух. Ошибок нет, код возврата 0. Кеш честно ответил на вопрос, который ему задали: «какой **путь** вернула задача с такими аргументами?» Путь `boosting.skops` тот же, а файл под ним второй запуск уже перезаписал.
#
# Это не ошибка Prefect. Ключ знает имена, а не содержимое, и то же самое случилось бы на входе: подменили файл с фичами под прежним именем, и задача «не изменилась».

# %% [markdown] tags=["en"]
# ## What just happened?
# The third run asked for 80 trees and got the model of two. No error, exit code 0. The cache gave an honest answer to the question it was asked: "which **path** did the task with these arguments return?" The path `boosting.skops` is the same, but the file at it had been overwritten by the second run.
#
# This is no bug of Prefect. The key knows names and not contents, and the same would happen on the way in: replace the file of features under its old name, and the task "has not changed".

# %% [markdown] tags=["ru"]
# ## Лекарство: имя, в котором записано содержимое
# Пусть путь зависит от хеша файла. Тогда другое содержимое это другой путь, старый файл никто не перезапишет, а следующая задача получит другой аргумент.

# %% [markdown] tags=["en"]
# ## The cure: a name that tells the content
# Let the path depend on the hash of the file. Then another content is another path, nobody overwrites the old file, and the next task gets another argument.

# %%
here.diff("step5_stale", "step6_content")

# %% tags=["waits-prefect"]
flow = here.load_step("step6_content").score
for trees in (80, 2, 80):
    run = here.watch(session, flow, january, march, trees, str(toy))
    print(f"{trees:>2} trees: ROC AUC {run.value:.4f}, train {run.tasks[0].state}")

# %% [markdown] tags=["ru"]
# Третий раз модель снова взята из кеша, и теперь это нужная модель. Так же устроен проект: функция `keep` из соседнего файла `flows/store.py` кладёт сделанное в хранилище под именем с хешем, а задачи передают друг другу такие пути.

# %% [markdown] tags=["en"]
# The third time the model came from the cache again, and now it is the right one. The project works the same way: the function `keep` of the file `flows/store.py`, next to the flow, puts what was made into a store under a name with its hash, and the tasks hand such paths on.

# %%
store = sandbox.root / "flows/store.py"
here.function_of(store, "keep")

# %%
here.function_of(file, "train")

# %% [markdown] tags=["ru"]
# Осталась вторая дыра: `TASK_SOURCE` видит текст самой задачи, а она у нас в три строки и вызывает стадию. Правка в `train.py` осталась бы незамеченной. Поэтому проект добавляет к ключу хеш всех модулей, которые стадия импортирует.

# %% [markdown] tags=["en"]
# A second hole is left: `TASK_SOURCE` sees the text of the task itself, and ours is three lines that call a stage. An edit of `train.py` would go unnoticed. So the project adds to the key the hash of all modules that the stage imports.

# %%
here.part_of(store, "when is a result of before still good")

# %% [markdown] tags=["ru"]
# В конце того же отрывка заданы и повторы: две попытки сверх первой, но не после `PipelineError`. Если в данных нет столбца, через секунду он не появится.

# %% [markdown] tags=["en"]
# At the bottom of the same part are the retries: two attempts beyond the first, but not after a `PipelineError`. A column that is missing from the data will not be there a second later either.

# %% [markdown] tags=["ru"]
# ## Граф, которого заранее нет
# Сколько рейсов нужно, чтобы модель стала достаточно хорошей? Удваиваем выборку, пока не достигнем цели. Сколько будет задач, до запуска не знает никто: это решает результат предыдущей. В `dvc.yaml` такого не записать, а здесь хватает `while` и `break`.

# %% [markdown] tags=["en"]
# ## A graph that is not there beforehand
# How many flights does it take until the model is good enough? We double the sample until the goal is reached. How many tasks there will be nobody knows before the run: the result of the previous one decides. `dvc.yaml` cannot say this, and here `while` and `break` are enough.

# %%
here.step("step7_dynamic")

# %% tags=["waits-prefect"]
flow = here.load_step("step7_dynamic").learning_curve
features = [str(path) for path in project.features_of("train")]
for goal in (0.71, 0.9):
    run = here.watch(session, flow, features, march, goal)
    print(f"goal {goal}: {len(run.tasks)} tasks", run.value)

# %% [markdown] tags=["ru"]
# ## Сервер временный и постоянный
# Если адрес сервера не указан, Prefect поднимает временный сервер на каждый запуск и гасит его в конце. Попробовать так удобно, жить с этим неудобно. Измерим на самом маленьком flow: сколько секунд он идёт с временным сервером? Базу с готовыми таблицами мы ему подложили, иначе вышло бы ещё дольше. Наберитесь терпения: обычно это от четверти минуты до минуты, а на занятом компьютере бывает и три.

# %% [markdown] tags=["en"]
# ## A server for a moment and a server that stays
# If no address is set, Prefect starts a temporary server for each run and stops it at the end. Convenient for a trial, inconvenient to live with. Let us measure on the smallest of flows: how many seconds does it take with a temporary server? We gave it a database with its tables ready, or it would take longer still. Have patience: usually it takes from a quarter of a minute to a minute, on a busy computer even three.

# %%
tiny = sandbox.root / "tiny.py"
tiny.write_text("from prefect import flow\n\n\n@flow\ndef tiny():\n    return 'done'\n\n\ntiny()\n")
temporary = here.temporary_server(session, sandbox.root / ".engines/temporary")
print(tiny.read_text())

# %% tags=["nbval-ignore-output", "waits-prefect-start"]
import time

began = time.perf_counter()
sandbox.run(["python", tiny], **temporary)
print(f"a flow that does nothing: {time.perf_counter() - began:.0f} s")

# %% [markdown] tags=["ru"]
# ## Расписание
# Файл проекта умеет и `serve`: процесс остаётся жить, регистрирует на сервере развёртывание (deployment) и запускает flow по cron. Запустим его ненадолго и спросим сервер, что он узнал.

# %% [markdown] tags=["en"]
# ## A schedule
# The project's file can `serve` too: the process stays alive, registers a deployment on the server, and runs the flow by cron. We start it for a moment and ask the server what it has learnt.

# %% tags=["nbval-ignore-output"]
with session.serving("0 6 1 * *") as deployment:
    print(deployment["name"], "|", deployment["entrypoint"])
    schedule = deployment["schedules"][0]["schedule"]
schedule

# %% tags=["nbval-ignore-output"]
for date in here.next_dates(schedule, 3):
    print(date.strftime("%a %d %b %Y %H:%M %Z"))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Пять полей cron: минута, час, день месяца, месяц, день недели. Получилось «первого числа в шесть утра», и это UTC: если часовой пояс не указан, в Москве будет девять. Расписание живёт на сервере, а работу делает процесс `serve`: пока он выключен, запуски копятся с отметкой `Late`.

# %% [markdown] tags=["en"]
# ## What just happened?
# Five fields of cron: minute, hour, day of the month, month, day of the week. This one says "on the first, at six in the morning", and that is UTC: with no time zone given, it will be nine in Moscow. The schedule lives on the server, the work is done by the process `serve`: while it is off, runs pile up marked `Late`.

# %% [markdown] tags=["ru"]
# ## Посмотреть глазами
# Команда `make ui-prefect` поднимает сервер со страницами, прогоняет пайплайн и печатает адрес и строку для входа вида `admin:password`. Откройте адрес в браузере, вставьте строку целиком в единственное поле и найдите:
#
# - **Runs**: все прошлые запуски, по строке на каждый, с цветом исхода;
# - страницу запуска: диаграмма, на которой видны сразу и время, и стрелки зависимостей, а под ней журналы всех задач;
# - страницу задачи: состояние, попытки, аргументы, ключ кеша;
# - **Deployments**: расписания, кнопка запуска вручную и пауза.
#
# «Из коробки» Prefect пароля не спрашивает и отвечает страницам любых сайтов: вкладка, открытая в вашем браузере, могла бы запустить или удалить ваш flow — адрес `127.0.0.1` от неё не защищает. Наш сервер закрыт двумя настройками самого Prefect: `PREFECT_SERVER_API_AUTH_STRING` задаёт пароль, `PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS` — чьим страницам отвечать. Пароль у Prefect один на всех; чтобы различать людей, в команде ставят перед ним прокси.

# %% [markdown] tags=["en"]
# ## See it with your eyes
# The command `make ui-prefect` starts a server with its pages, runs the pipeline and prints the address and what to log in with, such as `admin:password`. Open the address in a browser, paste all of it into the only field, and find:
#
# - **Runs**: all past runs, a line each, with the colour of how they ended;
# - the page of a run: a chart that shows both the time and the arrows of the dependencies, and below it the logs of all tasks;
# - the page of a task: state, attempts, arguments, cache key;
# - **Deployments**: schedules, a button to run by hand, and a pause.
#
# Out of the box Prefect asks for no password and answers the pages of any site: a tab that is open in your browser could start or delete your flow, and the address `127.0.0.1` does not keep it out. Our server is closed by two settings of Prefect's own: `PREFECT_SERVER_API_AUTH_STRING` sets the password, `PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS` says whose pages get an answer. Prefect has one password for everybody; to tell people apart, a team puts a proxy in front.

# %% [markdown] tags=["ru"]
# ## За и против
# | что | у Prefect | где мы это видели |
# |---|---|---|
# | порог входа | низкий: обычный Python и два декоратора | `step2_tasks` |
# | динамический граф | да: `for`, `if`, `while` | `step7_dynamic` |
# | повторы | встроены | `step4_retry` |
# | кеш | встроен, но за ключ отвечаете вы | `step5_stale` |
# | страницы с историей | современные, понятны без обучения | `make ui-prefect` |
# | облака | готовые интеграции: S3, GCP, Azure, Kubernetes | не понадобились |
# | сообщество | меньше, чем у Airflow: меньше готовых операторов и ответов | |
# | роли, единый вход, журнал аудита | только в платном Prefect Cloud | |
#
# Небольшой команде, которая пишет на Python и не хочет держать инфраструктуру, Prefect подходит хорошо. Если в компании уже есть Airflow и люди, которые его знают, выигрыш скромнее.

# %% [markdown] tags=["en"]
# ## For and against
# | what | with Prefect | where we saw it |
# |---|---|---|
# | getting started | easy: ordinary Python and two decorators | `step2_tasks` |
# | a dynamic graph | yes: `for`, `if`, `while` | `step7_dynamic` |
# | retries | built in | `step4_retry` |
# | cache | built in, but the key is your business | `step5_stale` |
# | pages with the history | modern, clear without training | `make ui-prefect` |
# | clouds | ready integrations: S3, GCP, Azure, Kubernetes | we did not need them |
# | community | smaller than Airflow's: fewer ready operators and answers | |
# | roles, single sign-on, audit log | only in the paid Prefect Cloud | |
#
# A small team that writes Python and does not want to keep infrastructure is well served by Prefect. Where a company has Airflow already, and people who know it, the gain is more modest.

# %%
close_engines()
print("servers stopped")

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("06_prefect", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Задача это функция, о которой сервер помнит: когда, с чем, чем кончилось, с какой попытки.
# - `map` отправляет независимое вместе, но потоки ускоряют ожидание, а не вычисления.
# - Повторы лечат то, что проходит само. Опечатку и плохие данные они только откладывают.
# - После сбоя выполняется то, чей вход или код изменился, остальное берётся из кеша.
# - Кеш отвечает на вопрос, который задаёт его ключ. Ключ из путей не видит содержимого.
# - Расписание хранит сервер, а исполняет процесс, который кто-то должен держать живым.
#
# **Дальше:** в седьмой тетради каждая стадия получит свой контейнер: Kubeflow Pipelines.

# %% [markdown] tags=["en"]
# ## Key points
# - A task is a function that the server remembers: when, with what, how it ended, at which attempt.
# - `map` submits independent work together, but threads speed up waiting and not computing.
# - Retries cure what passes by itself. A typo and bad data they only put off.
# - After a failure that runs whose input or code has changed, the rest comes from the cache.
# - A cache answers the question that its key asks. A key made of paths does not see contents.
# - The server keeps the schedule, and a process that somebody must keep alive does the work.
#
# **Next:** in the seventh notebook every stage gets a container of its own: Kubeflow Pipelines.
