# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"

# %% [markdown] tags=["ru"]
# # Пайплайн с GNU make
# **Лекция 3 мин · упражнения 0 мин**
#
# Правила записаны в `flight_delays.mk`: что из чего получается и какой командой. Программе make скоро пятьдесят лет, и стоит она на каждой машине.

# %% [markdown] tags=["en"]
# # The pipeline with GNU make
# **Teaching 3 min · exercises 0 min**
#
# The rules are in `flight_delays.mk`: what is made of what, and by which command. The program make is nearly fifty years old, and every machine has it.

# %%
from IPython.display import Code

from workshop import figures
from workshop.engine_run import open_sandbox, store
from workshop.engines import load

sandbox = open_sandbox(
    run_dir, "make", train_months=train_months, test_months=test_months, rows=rows, seed=seed
)
Code(sandbox.root / "flight_delays.mk")

# %% [markdown] tags=["ru"]
# ## Запуск
# Движок работает в своей копии проекта. Ниже: сколько стадий выполнено и за сколько секунд.

# %% [markdown] tags=["en"]
# ## The run
# The engine works in a copy of the project of its own. Below: how many stages ran, and in how many seconds.

# %%
with load("make").session(sandbox) as session:
    outcome = session.run()
entry = store(run_dir, "make", session, outcome)
{key: entry[key] for key in ("stages_run", "start_seconds", "seconds", "work_seconds")}

# %%
figures.gantt(outcome.records, "make", seconds=outcome.seconds, start=outcome.started)

# %% [markdown] tags=["ru"]
# ## Что произошло?
# make сравнил время файлов: нет результата или он старше исходного, значит, правило пора выполнить. Две стадии сразу даёт ключ `-j 2`. Процесс у каждой стадии свой, и библиотеки каждый загружает заново.

# %% [markdown] tags=["en"]
# ## What just happened?
# make compared the times of files: no result, or one older than its source, means that a rule is due. Two stages at a time come from `-j 2`. Each stage has a process of its own, and each loads the libraries anew.

# %%
entry["metrics"]
