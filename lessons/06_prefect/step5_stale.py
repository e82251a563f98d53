"""Train on one month, score on another; a model that is there already is not trained again."""

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import INPUTS, TASK_SOURCE
from sklearn.metrics import roc_auc_score

from flight_delays import model


@task(task_run_name="train", cache_policy=INPUTS + TASK_SOURCE)
def train(features: str, trees: int, folder: str) -> str:
    table = model.read_features([features])
    fitted = model.fit(table, candidate="boosting", seed=42, hyperparameters={"max_iter": trees})
    file = Path(folder, "boosting.skops")
    model.save(file, fitted)
    return str(file)


@flow
def score(features: str, test: str, trees: int, folder: str) -> float:
    file = train(features, trees, folder)
    table = model.read_features([test])
    return round(float(roc_auc_score(table["late"], model.predict(model.load(file), table))), 4)
