"""How many flights does the model need? Twice as many each time, until it is good enough or there are no more."""

from prefect import flow, task
from sklearn.metrics import roc_auc_score

from flight_delays import model


@task(task_run_name="score {rows}")
def score(features: list[str], test: str, rows: int) -> float:
    table = model.read_features(features).sample(rows, random_state=42)
    fitted = model.fit(table, candidate="logistic", seed=42, hyperparameters={"C": 0.1, "max_iter": 300})
    late = model.read_features([test])
    return round(float(roc_auc_score(late["late"], model.predict(fitted, late))), 3)


@flow
def learning_curve(features: list[str], test: str, goal: float) -> dict[int, float]:
    curve, rows, most = {}, 250, len(model.read_features(features))
    while rows <= most:
        curve[rows] = score(features, test, rows)
        if curve[rows] >= goal:
            break
        rows *= 2
    return curve
