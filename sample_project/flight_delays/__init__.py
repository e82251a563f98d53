"""Will this flight arrive late? One pipeline that any engine can run.

The package holds the stages and the graph, and no engine: plain scripts, DVC, Airflow, Prefect
and Kubeflow Pipelines call the same functions.
"""

import atexit
import gc

# A process that ran a stage just ends. Otherwise Python first looks through all that was imported for garbage, which
# after scikit-learn takes half a second and after MLflow a second or more, in each of a pipeline's many processes.
atexit.register(gc.freeze)
