"""Run a compiled pipeline on this machine: python run_yaml.py pipeline.yaml month=2013-02

It needs what a cluster needs, the YAML file and nothing else. What the tasks make goes to a folder named like the file.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from kfp import components, local

file = Path(sys.argv[1]).resolve()
arguments = {}
for given in sys.argv[2:]:
    name, text = given.split("=", 1)
    try:
        arguments[name] = json.loads(text)  # 0.2 is a number
    except ValueError:
        arguments[name] = text

pipeline = components.load_component_from_file(str(file))
with tempfile.TemporaryDirectory(dir=file.parent) as temporary:
    os.environ["TMPDIR"] = temporary  # every task leaves its text there
    sys.executable = "python3"  # it goes into a shell command without quotes, and our path may have a space
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(file.with_suffix("")))
    done = pipeline(**arguments)
print(json.dumps({name: value for name, value in done.outputs.items() if not hasattr(value, "uri")}))
