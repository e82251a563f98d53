# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # Тот же пайплайн с DVC
# **Лекция 3 мин · упражнения 0 мин**
#
# Стадии описаны в `dvc.yaml`: что запустить, от чего результат зависит, что получится. Порядок DVC выводит сам.

# %% [markdown] tags=["en"]
# # The same pipeline with DVC
# **Teaching 3 min · exercises 0 min**
#
# The stages are described in `dvc.yaml`: what to run, what the result depends on, what comes out. DVC works out the order by itself.

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "dvc", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "dvc.yaml")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("dvc").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "dvc", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "dvc", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Каждая стадия работала в своём процессе, поэтому библиотеки загружались заново для каждой. Взамен DVC записал хеши входов и выходов в `dvc.lock`: при следующем запуске он пересчитает только то, что изменилось.

# %% [markdown] tags=["en"]
# ## What just happened?
# Every stage ran in a process of its own, so the libraries were loaded anew for each. In return DVC noted the hashes of inputs and outputs in `dvc.lock`: next time it will recompute only what has changed.

# %%
entry["metrics"]
