# The source of the short notebooks of all engines: one each, with the {{ words }} that engines.yaml has for it.

# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # {{ title }}
# **Лекция 3 мин · упражнения 0 мин**
#
# {{ about }}

# %% [markdown] tags=["en"]
# # {{ title }}
# **Teaching 3 min · exercises 0 min**
#
# {{ about }}

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "{{ engine }}", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "{{ file }}")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("{{ engine }}").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "{{ engine }}", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "{{ engine }}", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# {{ happened }}

# %% [markdown] tags=["en"]
# ## What just happened?
# {{ happened }}

# %%
entry["metrics"]
