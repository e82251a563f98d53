"""The curves that `evaluate` draws."""

import pandas as pd
import pytest

from flight_delays.stages import evaluate as stage


@pytest.mark.parametrize("number", [1, 5, 7])
def test_every_candidate_has_its_curve(tmp_path, monkeypatch, number):
    drawn = []

    class Figure(stage.Figure):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            drawn.append(self)

    monkeypatch.setattr(stage, "Figure", Figure)
    names = [f"candidate {n}" for n in range(number)]
    points = pd.DataFrame({"false_positive_rate": [0.0, 1.0], "true_positive_rate": [0.0, 1.0]})
    stage.draw(dict.fromkeys(names, points), "ROC", tmp_path / "roc.png", diagonal=False)
    [figure] = drawn
    lines = figure.axes[0].lines
    assert [line.get_label() for line in lines] == names
    assert len({line.get_color() for line in lines}) == min(number, 6)
    assert (tmp_path / "roc.png").stat().st_size > 1000
