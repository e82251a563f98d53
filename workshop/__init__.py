"""The front room of the kit's own tool, the modules that notebooks import; may import the front room and ground.

Everything else is a room with such a sentence at its door; docs/design.md has the floor plan.
"""

import sys

from workshop.places import SAMPLE_PROJECT

# Last in line: whoever works in a copy of the project must get the copy's package, not ours.
if str(SAMPLE_PROJECT) not in sys.path:
    sys.path.append(str(SAMPLE_PROJECT))
