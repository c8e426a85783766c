"""One run of the matching in a process that a test can kill: `python -m tests.pairings.one_run FOLDER
DATABASE_URL RUN`.
"""

import sys
from pathlib import Path

from portal.app import create_app
from portal.pairings.matching import runs
from tests.personas import settings_for_tests

if __name__ == "__main__":
    folder, database_url, run_id = sys.argv[1:]
    with create_app(settings_for_tests(Path(folder), database_url)).app_context():
        runs.run(int(run_id))
