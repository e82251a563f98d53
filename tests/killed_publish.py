"""Publish the results of a run again and again, killed before its first change to a file, before its second, and so on.

    python killed_publish.py

in the folder of a project whose pipeline has run. Before each time the artefacts are made "old". Whoever looks next is
killed in the same way, before its first change, its second, until it comes to its end. Prints a line of JSON for each
time: the exit code, whether the artefacts are then "old", "new" or else, and what is left behind.
"""

import json
import shutil
import signal
from functools import partial
from pathlib import Path

from killed_stage import child, make_old

from flight_delays import artifacts
from flight_delays.pipeline import Project
from kubeflow_pipeline import flight_delays_kfp

EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "open"}


def main() -> None:
    """Kill, look, until nobody is killed any more."""
    project = Project.load()
    reports = ("metrics", "predictions", "plots", "training", "decision", "receipt")
    targets = {name: getattr(project, name) for name in reports}
    targets |= {flight_delays_kfp.input_name("model", candidate): path for candidate, path in project.models.items()}
    targets |= {flight_delays_kfp.input_name("record", candidate): path for candidate, path in project.records.items()}
    made = {name: Path(".engines/made", target) for name, target in targets.items()}
    new = {}
    for name, target in targets.items():
        made[name].parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if target.is_dir() else shutil.copyfile)(target, made[name])
        new[target] = artifacts.sha256(target)
        make_old(target)
    old = {target: artifacts.sha256(target) for target in new}

    def state(target: Path) -> str:
        found = artifacts.sha256(target) if target.exists() else "gone"
        return {old[target]: "old", new[target]: "new"}.get(found, found)

    number, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        for target in new:
            make_old(target)
        code = child(partial(flight_delays_kfp.publish, project, made), EVENTS, killed_before=number)
        looks, look = 0, -signal.SIGKILL
        while look == -signal.SIGKILL:
            look = child(Project.load, EVENTS, killed_before=looks)
            looks += 1
        left = [str(path) for path in Path().rglob(".*") if path.name.endswith((".partial", ".previous"))]
        left += [str(path) for path in Path(".engines").glob("*.json")]
        found = sorted({state(target) for target in new})
        print(json.dumps({"code": code, "looks": looks, "look": look, "found": found, "left": left}), flush=True)
        number += 1


if __name__ == "__main__":
    main()
