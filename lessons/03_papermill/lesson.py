# %% tags=["parameters"]
lang = "en"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = 3000

# %% [markdown] tags=["ru"]
# # 3. Papermill: тетрадь как стадия
# **Лекция 20 мин · упражнения 40 мин**
#
# В прошлой тетради стадиями были функции. Но многие команды начинают не с функций, а с тетрадей, и переписывать их некому. Здесь мы научимся запускать саму тетрадь, с параметрами и без человека, а потом честно посмотрим, где у этого способа границы.
#
# - Как одной тетрадью посчитать двенадцать месяцев и не сделать двенадцать копий?
# - Что останется от ночного запуска, если утром спросят, как всё прошло?
# - Что будет, если в имени параметра опечатка?

# %% [markdown] tags=["en"]
# # 3. Papermill: a notebook as a stage
# **Teaching 20 min · exercises 40 min**
#
# In the last notebook the stages were functions. Many teams, though, begin not with functions but with notebooks, and nobody has the time to rewrite them. Here we learn to run the notebook itself, with parameters and without a person, and then look honestly at where this way ends.
#
# - How can one notebook do twelve months without becoming twelve copies?
# - What is left of a run at night when somebody asks in the morning how it went?
# - What happens when the name of a parameter is mistyped?

# %%
from workshop.lesson import start

months = dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
sandbox, say = start("03_papermill", lang, months=months, ingest__rows=rows)
print("months:", *months)

# %% [markdown] tags=["ru"]
# ## Тетрадь за январь
# Лена, аналитик из первой тетради, сделала отчёт за январь. Он понравился, и теперь его просят за каждый месяц. Самый короткий путь: скопировать тетрадь, поменять месяц, и так одиннадцать раз. А потом найти в ней ошибку и исправить её двенадцать раз.
#
# Вот её тетрадь, записанная текстом: `# %%` начинает ячейку.

# %% [markdown] tags=["en"]
# ## A notebook for January
# Lena, the analyst of the first notebook, made a report on January. People liked it, and now they want one for every month. The shortest way: copy the notebook, change the month, eleven times over. And then find a mistake in it and mend it twelve times.
#
# Here is her notebook, written as text: `# %%` begins a cell.

# %%
from IPython.display import Code

from workshop.places import LESSONS

text = LESSONS / "03_papermill" / "month_notebook.txt"
Code(text, language="python")

# %% [markdown] tags=["ru"]
# ## Что здесь особенного?
# Ровно одно: у ячейки с `month` и `late_minutes` есть метка `parameters`. В JupyterLab её ставят на панели свойств, справа от тетради. Превратим текст в тетрадь и спросим `papermill`, какие параметры он в ней видит.

# %% [markdown] tags=["en"]
# ## What is special here?
# Just one thing: the cell with `month` and `late_minutes` has the tag `parameters`. In JupyterLab it is set in the property inspector, to the right of the notebook. We turn the text into a notebook and ask `papermill` which parameters it sees there.

# %%
import jupytext

notebook = sandbox.root / "month.ipynb"
jupytext.write(jupytext.reads(text.read_text(), fmt="py:percent"), notebook)
(sandbox.root / "out").mkdir(exist_ok=True)
print(sandbox.run(["papermill", "--help-notebook", "month.ipynb"]).stdout)

# %% [markdown] tags=["ru"]
# ## Запуск с параметром
# Команда такая: какую тетрадь взять, куда положить выполненную копию, и параметры после `-p`. Исходная тетрадь не меняется.

# %% [markdown] tags=["en"]
# ## A run with a parameter
# The command says which notebook to take, where to put the executed copy, and the parameters after `-p`. The notebook itself does not change.

# %% tags=["nbval-ignore-output", "waits-papermill"]
command = "papermill month.ipynb out/2013-02.ipynb -p month 2013-02"
done = sandbox.run(command.split())
print("exit code", done.returncode)

# %% [markdown] tags=["ru"]
# Откроем копию. После ячейки `parameters` появилась ещё одна, с меткой `injected-parameters`. Никакого волшебства: сначала выполняются значения по умолчанию, потом их перекрывает вставленная ячейка.

# %% [markdown] tags=["en"]
# Let us open the copy. After the cell `parameters` there is one more, tagged `injected-parameters`. No magic: the defaults run first, then the injected cell overrides them.

# %%
import nbformat

executed = nbformat.read(sandbox.root / "out/2013-02.ipynb", as_version=4)
for cell in executed.cells[1:3]:
    print(cell.metadata.tags, cell.source, sep="\n", end="\n\n")

# %% [markdown] tags=["ru"]
# ## Выполненная тетрадь это журнал
# В копии лежит всё, что увидел бы человек: напечатанное, графики, ошибки. Её можно открыть утром, послать коллеге, приложить к модели. Вот график из неё: мы ничего не рисуем, а достаём готовый.

# %% [markdown] tags=["en"]
# ## The executed notebook is a log
# The copy holds everything that a person would have seen: prints, charts, errors. It can be opened in the morning, sent to a colleague, attached to the model. Here is a chart out of it: we draw nothing, we fetch what is there.

# %% tags=["nbval-ignore-output"]
from IPython.display import display

for cell in executed.cells:
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            display({"image/png": output.data["image/png"]}, raw=True)

# %% [markdown] tags=["ru"]
# Кроме того, `papermill` записал в каждую ячейку, когда она началась, сколько шла и чем кончилась.

# %% [markdown] tags=["en"]
# Besides, `papermill` noted in every cell when it began, how long it took and how it ended.

# %% tags=["nbval-ignore-output"]
import pandas as pd

code = [cell for cell in executed.cells if cell.cell_type == "code"]
facts = ("status", "duration", "exception")
table = pd.DataFrame([{fact: cell.metadata.papermill[fact] for fact in facts} for cell in code])
table.assign(cell=[cell.source.splitlines()[0][:40] for cell in code]).round(2)

# %% [markdown] tags=["ru"]
# ## Пайплайн из тетрадей
# Вторая тетрадь обучает кандидатов и сравнивает их на тестовом месяце. В конце у неё свой маленький `gate`: если метрика ниже порога, она падает.

# %% [markdown] tags=["en"]
# ## A pipeline of notebooks
# A second notebook trains the candidates and compares them on the test month. At its end it has a small `gate` of its own: with a metric below the threshold it fails.

# %%
text = LESSONS / "03_papermill" / "model_notebook.txt"
jupytext.write(jupytext.reads(text.read_text(), fmt="py:percent"), sandbox.root / "model.ipynb")
Code(text, language="python")

# %% [markdown] tags=["ru"]
# Вот наш граф. `papermill` о нём не знает: он умеет запустить одну тетрадь. Порядок, список месяцев и то, что модель ждёт все месяцы, держим мы сами, в обычном цикле.

# %% [markdown] tags=["en"]
# Here is our graph. `papermill` does not know it: it can run one notebook. The order, the list of months, and the fact that the model waits for all of them are ours to keep, in an ordinary loop.

# %%
from flight_delays.pipeline import Project
from workshop import figures

project = Project.load(sandbox.root)
figures.graph(project.params.months, project.candidates)

# %% tags=["waits-papermill"]
def papermill(name, output, check=True, **parameters):
    options = [part for key, value in parameters.items() for part in ("-p", key, str(value))]
    return sandbox.run(["papermill", f"{name}.ipynb", f"out/{output}.ipynb", *options], check=check)


for month in months:
    papermill("month", month, month=month)
papermill("model", "model")
print(*sorted(file.name for file in (sandbox.root / "out").iterdir()))

# %% [markdown] tags=["ru"]
# Ячейки со стадиями мы пометили именами стадий, поэтому диаграмму Ганта можно собрать из записей самого `papermill`.

# %% [markdown] tags=["en"]
# The cells with stages carry the names of the stages as tags, so the Gantt chart can be put together from the records of `papermill` itself.

# %%
from workshop.sandbox import Record


def cell_records(name):
    for cell in nbformat.read(sandbox.root / f"out/{name}.ipynb", as_version=4).cells:
        for stage in set(cell.metadata.get("tags", [])) & set(figures.COLOURS):
            start, end = (pd.Timestamp(cell.metadata.papermill[key]).timestamp() for key in ("start_time", "end_time"))
            yield Record(stage, name if name in months else None, start, end, "done", 0, 0)


# %% tags=["nbval-ignore-output"]
records = [record for name in [*months, "model"] for record in cell_records(name)]
figures.gantt(records, "four notebooks, one after the other")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Работали те же стадии, но между полосами видны широкие просветы. Это не мы: для каждой тетради `papermill` запускает новое ядро, и оно заново импортирует pandas и scikit-learn. За изоляцию платят секундами.
#
# Результат при этом тот же: обычный скрипт оставляет точно такой же `metrics.json`. Проверим.

# %% [markdown] tags=["en"]
# ## What just happened?
# The same stages were at work, but there are wide gaps between the bars. That is not us: for every notebook `papermill` starts a new kernel, which imports pandas and scikit-learn anew. Isolation is paid for in seconds.
#
# The result is the same, though: the plain script leaves exactly the same `metrics.json`. Let us check.

# %% tags=["waits-pipeline"]
by_notebooks = project.metrics.read_bytes()
sandbox.run(["python", "run_pipeline.py"])
print("the same metrics, byte for byte:", project.metrics.read_bytes() == by_notebooks)

# %%
figures.curves_of(project.plots)["roc"]

# %% [markdown] tags=["ru"]
# ## Проверим догадку: опечатка
# Просим отчёт за март, но пишем `mnth` вместо `month`. **Прежде чем запускать, запишите:** каким будет код возврата и какой месяц окажется в отчёте?

# %% [markdown] tags=["en"]
# ## Test a guess: a typo
# We ask for a report on March but write `mnth` instead of `month`. **Before you run the cell, write down:** what will the exit code be, and which month will the report be about?

# %% tags=["waits-papermill"]
done = papermill("month", "march", mnth="2013-03")
march = nbformat.read(sandbox.root / "out/march.ipynb", as_version=4)
print("exit code", done.returncode)
print([output.text for cell in march.cells for output in cell.get("outputs", []) if output.get("name") == "stdout"][0])

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Код 0, тетрадь выполнена, файл называется `march.ipynb`, а внутри январь. Предупреждение было, одной строкой среди других, и ночью его никто не прочитает.

# %% [markdown] tags=["en"]
# ## What just happened?
# Code 0, the notebook ran, the file is called `march.ipynb`, and inside is January. There was a warning, one line among others, and nobody reads it at night.

# %%
[line for line in done.stdout.splitlines() if "unknown" in line.lower()]

# %% [markdown] tags=["ru"]
# Строгого режима у `papermill` нет, поэтому проверку ставят перед запуском. Команда `make run` тоже выполняет тетради через `papermill`, и вот её проверка целиком, прямо из `workshop/run.py`.

# %% [markdown] tags=["en"]
# `papermill` has no strict mode, so the check is put before the run. The command `make run` executes notebooks by `papermill` too, and here is all of its check, right from `workshop/run.py`.

# %%
import inspect

from workshop.run import RunError, check_declared

Code(inspect.getsource(check_declared), language="python")

# %% tags=["nbval-ignore-output"]
try:
    check_declared(notebook, {"mnth": "2013-03"})
except RunError as error:
    print(error)

# %% [markdown] tags=["ru"]
# ## Скрытое состояние
# Лена удалила ячейку, где читались рейсы, но переменная `flights` в её ядре осталась. В JupyterLab всё по-прежнему работает. Закроет ноутбук, и завтра не заработает. Что скажет `papermill`?

# %% [markdown] tags=["en"]
# ## Hidden state
# Lena deleted the cell that read the flights, but the variable `flights` stayed in her kernel. In JupyterLab everything still works. She shuts the laptop, and tomorrow it will not. What does `papermill` say?

# %% tags=["waits-papermill"]
broken = nbformat.read(notebook, as_version=4)
for cell in broken.cells:
    cell.source = cell.source.replace('flights = pd.read_parquet(project.raw(month) / "flights.parquet")\n', "")
nbformat.write(broken, sandbox.root / "broken.ipynb")
done = papermill("broken", "broken", check=False)
print("exit code", done.returncode, "|", done.stdout.strip().splitlines()[-1])

# %% [markdown] tags=["ru"]
# Скрытое состояние редактора `papermill` не лечит, но показывает сразу: ядро новое, ячейки идут сверху вниз. Одного этого хватает, чтобы запускать так каждую тетрадь перед тем, как отдать её коллегам.
#
# Копия при этом сохранена, и по ней видно, докуда дошли: упавшая ячейка названа, до неё всё выполнено, после неё ничего.

# %% [markdown] tags=["en"]
# `papermill` does not cure the hidden state of an editor, but it shows it at once: the kernel is new, the cells run from top to bottom. That alone is worth running every notebook this way before it is given to colleagues.
#
# The copy is kept all the same, and tells how far it got: the failed cell is named, everything before it has run, nothing after it.

# %%
cells = [cell for cell in nbformat.read(sandbox.root / "out/broken.ipynb", as_version=4).cells if cell.cell_type == "code"]
[cell.metadata.papermill.status for cell in cells]

# %% [markdown] tags=["ru"]
# ## Порог не пройден
# Поднимем порог во второй тетради. Исключение в ячейке становится кодом возврата 1, а его видит любой, кто запустил команду: цикл в оболочке, `cron`, CI.

# %% [markdown] tags=["en"]
# ## Below the threshold
# We raise the threshold of the second notebook. An exception in a cell becomes exit code 1, and that is seen by whoever started the command: a shell loop, `cron`, CI.

# %% tags=["waits-papermill"]
before = len(sandbox.records())
done = papermill("model", "strict", check=False, min_roc_auc=0.9)
print("exit code", done.returncode, "|", done.stdout.strip().splitlines()[-1])
print("stages that ran:", *(record.name for record in sandbox.records()[before:]), sep="\n  ")

# %% [markdown] tags=["ru"]
# Изменился только порог, а кандидаты обучились заново. Памяти у `papermill` нет, как и у скрипта: он не знает, что данные и код прежние. Упавшую тетрадь нельзя и продолжить с середины, новое ядро пусто.

# %% [markdown] tags=["en"]
# Only the threshold changed, and the candidates were trained anew. `papermill` has no memory, just like the script: it does not know that data and code are the same. Nor can a failed notebook go on from its middle, for a new kernel is empty.

# %% [markdown] tags=["ru"]
# ## Шум в диффе
# Февраль мы выполнили дважды: один раз отдельно, второй раз в цикле. Параметры те же, данные те же. Сколько строк выполненной тетради изменилось? Ответ, который нужен на ревью: ни одной. Посчитаем.

# %% [markdown] tags=["en"]
# ## Noise in the diff
# We ran February twice: once by itself, once in the loop. The same parameters, the same data. How many lines of the executed notebook changed? The answer that a review needs is: none. Let us count.

# %% tags=["nbval-ignore-output"]
import difflib

again = nbformat.read(sandbox.root / "out/2013-02.ipynb", as_version=4)
first, second = (nbformat.writes(run).splitlines() for run in (executed, again))
changed = [line for line in difflib.unified_diff(first, second, n=0, lineterm="") if line.startswith("+ ")]
print(f"{len(changed)} of {len(second)} lines changed")
print(*[line.strip() for line in changed[:6]], sep="\n")

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Изменилось время: в каждой ячейке своё. Числа и график те же. Поэтому в git кладут исходную тетрадь без выводов, а лучше её текст, как наш `month_notebook.txt`. Выполненные копии хранят как журналы: в папке запуска, которую git не видит.

# %% [markdown] tags=["en"]
# ## What just happened?
# The times changed: every cell has its own. Figures and chart are the same. That is why git gets the source notebook without outputs, or better its text, like our `month_notebook.txt`. Executed copies are kept as logs: in the folder of the run, which git does not see.

# %% [markdown] tags=["ru"]
# ## Что papermill даёт и чего не даёт
# | нужно | есть? |
# |---|---|
# | параметры | да, но опечатка лишь предупреждение |
# | журнал с графиками | да, выполненная тетрадь |
# | чистое состояние на старте | да, новое ядро |
# | код возврата для cron и CI | да |
# | порядок и зависимости | нет, цикл пишем сами |
# | память о сделанном | нет |
# | повтор после сбоя | нет, снова с первой ячейки |
# | спокойный дифф | нет |
#
# Граница проста: считает функция, показывает тетрадь. Наши тетради вызывают `project.run`, поэтому код стадий можно проверить тестом, а тетрадь остаётся отчётом.

# %% [markdown] tags=["en"]
# ## What papermill gives and what it does not
# | wanted | there? |
# |---|---|
# | parameters | yes, but a typo is only a warning |
# | a log with charts | yes, the executed notebook |
# | a clean state at the start | yes, a new kernel |
# | an exit code for cron and CI | yes |
# | order and dependencies | no, the loop is ours |
# | memory of what is done | no |
# | going on after a failure | no, from the first cell again |
# | a quiet diff | no |
#
# The line is simple: a function computes, a notebook shows. Our notebooks call `project.run`, so the code of the stages can be tested, and the notebook stays a report.

# %% [markdown] tags=["ru"]
# ## Проверьте себя
# Несколько вопросов по этой тетради. Ответьте и нажмите «Проверить»: к каждому ответу есть объяснение.

# %% [markdown] tags=["en"]
# ## Check yourself
# A few questions on this notebook. Answer and press "Check": every answer comes with an explanation.

# %% tags=["nbval-ignore-output"]
from workshop.quiz import show_quiz

show_quiz("03_papermill", lang)

# %% [markdown] tags=["ru"]
# ## Главное
# - Метка `parameters` превращает тетрадь в функцию с параметрами, а выполненная копия становится журналом.
# - Вставленная ячейка идёт после ячейки `parameters`: всё, что вычислено в самой ячейке, осталось прежним.
# - Необъявленный параметр только предупреждение: проверяйте имена до запуска.
# - Новое ядро сразу показывает скрытое состояние.
# - Ни графа, ни памяти, ни продолжения с середины у `papermill` нет.
#
# **Дальше:** в четвёртой тетради у пайплайна появится память: `dvc` пересчитает только то, что изменилось.

# %% [markdown] tags=["en"]
# ## Key points
# - The tag `parameters` makes a notebook a function with parameters, and the executed copy becomes a log.
# - The injected cell comes after the cell `parameters`: whatever that cell itself computed stays as it was.
# - An undeclared parameter is only a warning: check the names before the run.
# - A new kernel shows hidden state at once.
# - `papermill` has no graph, no memory, and no way to go on from the middle.
#
# **Next:** in the fourth notebook the pipeline gets a memory: `dvc` recomputes only what has changed.
