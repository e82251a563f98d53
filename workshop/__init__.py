"""The kit's own tool: build the notebooks, run them as a pipeline, compare the engines, grade, examine the machine."""

import sys

from workshop.places import SAMPLE_PROJECT

# Last in line: whoever works in a copy of the project must get the copy's package, not ours.
if str(SAMPLE_PROJECT) not in sys.path:
    sys.path.append(str(SAMPLE_PROJECT))
