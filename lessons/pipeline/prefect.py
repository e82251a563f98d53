# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # Тот же пайплайн с Prefect
# **Лекция 3 мин · упражнения 0 мин**
#
# Здесь пайплайн выглядит как обычная функция на Python: `flows/flight_delays_flow.py`. Сервер запоминает состояние каждой задачи и результаты, которые можно взять из кеша.

# %% [markdown] tags=["en"]
# # The same pipeline with Prefect
# **Teaching 3 min · exercises 0 min**
#
# Here the pipeline looks like an ordinary Python function: `flows/flight_delays_flow.py`. The server remembers the state of every task, and the results that may come from the cache.

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "prefect", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "flows/flight_delays_flow.py")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("prefect").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "prefect", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "prefect", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Все задачи работали в одном процессе, в двух потоках: библиотеки загрузились один раз, поэтому накладные расходы малы. Больше всего времени занял старт сервера.

# %% [markdown] tags=["en"]
# ## What just happened?
# All tasks worked in one process, in two threads: the libraries were loaded once, so little was added. The start of the server took the most time.

# %%
entry["metrics"]
