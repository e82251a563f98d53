# %% tags=["parameters"]
run_dir = "work/pipeline"
train_months = ["2013-01", "2013-02"]
test_months = ["2013-03"]
rows = None
seed = 42
engines = ["scripts", "dvc", "airflow", "prefect", "kubeflow"]
profile = "quick"
lang = "en"

# %% [markdown] tags=["ru"]
# # Сравнение движков
# **Лекция 3 мин · упражнения 0 мин**
#
# Пять запусков закончены. Один ли результат они оставили? И сколько времени каждый движок добавил от себя?

# %% [markdown] tags=["en"]
# # The engines compared
# **Teaching 3 min · exercises 0 min**
#
# Five runs are done. Did they leave one result? And how much time did each engine add of its own?

# %%
from workshop import figures
from workshop.compare import compare, table
from workshop.report import write_report
from flight_delays.pipeline import Project  # workshop knows where it is

project = Project.load(f"{run_dir}/work/{engines[0]}")  # they are all alike
results = compare(run_dir, engines, profile=profile, project=project)
table(results)

# %% [markdown] tags=["ru"]
# ## Один и тот же результат?
# Сравниваем не числа на глаз, а хеши файлов `metrics.json` и `predictions.parquet`.

# %% [markdown] tags=["en"]
# ## The same result?
# We do not compare numbers by eye but hashes of the files `metrics.json` and `predictions.parquet`.

# %%
results["identical"]

# %% [markdown] tags=["ru"]
# ## Куда ушло время
# Синим показано время, когда работал наш код. Остальное движок потратил на себя.

# %% [markdown] tags=["en"]
# ## Where the time went
# Blue is the time when our own code was at work. The rest the engine spent on itself.

# %%
figures.overhead_bars(results["engines"])

# %%
report = write_report(run_dir, train_months=train_months, test_months=test_months, lang=lang)
report.name
