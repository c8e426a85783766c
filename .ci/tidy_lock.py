"""Takes addresses out of package-lock.json: a lock file says what, not where from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

lock = Path(sys.argv[1])
content = json.loads(lock.read_text(encoding="utf-8"))
for package in content["packages"].values():
    package.pop("funding", None)
    package.pop("resolved", None)
lock.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
