"""Will this flight arrive late? One pipeline that any engine can run.

The package holds the stages and the graph, and no engine: plain scripts, DVC, Airflow, Prefect
and Kubeflow Pipelines call the same functions.
"""
