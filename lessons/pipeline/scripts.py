# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # Пайплайн обычным скриптом
# **Лекция 3 мин · упражнения 0 мин**
#
# Один процесс, один файл `run_pipeline.py`, все стадии подряд. С этим запуском мы сравним все остальные.

# %% [markdown] tags=["en"]
# # The pipeline as a plain script
# **Teaching 3 min · exercises 0 min**
#
# One process, one file `run_pipeline.py`, every stage in turn. All the other runs are compared with this one.

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "scripts", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "run_pipeline.py")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("scripts").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "scripts", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "scripts", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Скрипт прошёл все стадии по очереди. Накладных расходов почти нет: это время импорта библиотек. Но и памяти у скрипта нет: следующий запуск начнёт всё сначала, даже если ничего не изменилось.

# %% [markdown] tags=["en"]
# ## What just happened?
# The script went through the stages one by one. It adds almost nothing of its own but the import of libraries. It has no memory either: the next run starts from the top, even if nothing has changed.

# %%
entry["metrics"]
