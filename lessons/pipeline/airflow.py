# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # Тот же пайплайн с Apache Airflow
# **Лекция 3 мин · упражнения 0 мин**
#
# DAG описан на Python в `dags/flight_delays_dag.py`. Планировщик, обработчик DAG и API-сервер работают на этой машине; запуск мы просим через REST API, как это сделала бы CI.

# %% [markdown] tags=["en"]
# # The same pipeline with Apache Airflow
# **Teaching 3 min · exercises 0 min**
#
# The DAG is written in Python in `dags/flight_delays_dag.py`. Scheduler, DAG processor and API server run on this machine; we ask for a run over the REST API, as CI would.

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "airflow", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "dags/flight_delays_dag.py")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("airflow").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "airflow", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "airflow", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Планировщик ставил задачи в очередь, как только завершались те, от которых они зависят, и запускал по две сразу. Время уходит на старт серверов и на процесс для каждой задачи. За это Airflow хранит историю запусков, повторяет упавшие задачи и следит за расписанием.

# %% [markdown] tags=["en"]
# ## What just happened?
# The scheduler queued a task as soon as those before it had succeeded, and ran two at a time. The time goes into starting the servers and a process for each task. In return Airflow keeps the history of runs, repeats failed tasks and minds the schedule.

# %%
entry["metrics"]
