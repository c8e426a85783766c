"""`python -m calendaring PART FOLDER NUMBER …`: the figures of one part as JSON, from a
process of its own.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

part = import_module(f"calendaring.{sys.argv[1]}")
print(json.dumps(part.figures(Path(sys.argv[2]), *map(int, sys.argv[3:]))))
