# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # Тот же пайплайн с Kubeflow Pipelines
# **Лекция 3 мин · упражнения 0 мин**
#
# Каждая стадия становится компонентом с типизированными входами и выходами: `kubeflow_pipeline/flight_delays_kfp.py`. Кластера у нас нет, поэтому компоненты запускает локальный исполнитель, каждый в своём процессе.

# %% [markdown] tags=["en"]
# # The same pipeline with Kubeflow Pipelines
# **Teaching 3 min · exercises 0 min**
#
# Every stage becomes a component with typed inputs and outputs: `kubeflow_pipeline/flight_delays_kfp.py`. We have no cluster, so the local runner executes the components, each in a process of its own.

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "kubeflow", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "kubeflow_pipeline/flight_delays_kfp.py")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("kubeflow").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "kubeflow", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "kubeflow", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# Компоненты обменялись артефактами через файлы, по одному компоненту за раз. На кластере каждый стал бы контейнером, независимые шли бы параллельно. Тот же файл компилируется в YAML, который принимает Kubeflow.

# %% [markdown] tags=["en"]
# ## What just happened?
# The components exchanged artefacts through files, one component at a time. On a cluster each would be a container, and independent ones would run in parallel. The same file compiles to the YAML that Kubeflow takes.

# %%
entry["metrics"]
