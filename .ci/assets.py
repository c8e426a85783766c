"""Builds static/built/ from our style sheets and from npm packages: one style sheet, one script, two fonts.

So the pages need no other host. Run by `make setup`. Uses the system's npm, or else brings a pinned Node into
the virtual environment that runs this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
MODULES = HOUSE / "node_modules"
BUILT = HOUSE / "static" / "built"
FONTS = MODULES / "@fontsource-variable"
OLDEST_NPM = 7  # the first to read this form of package-lock.json

STYLES = HOUSE / "static" / "css"

FILES = {
    "portal.css": [STYLES / "tokens.css", STYLES / "layout.css", STYLES / "components.css"],
    "portal.js": [MODULES / "htmx.org/dist/htmx.min.js", HOUSE / "static/portal.js"],
    "figtree.woff2": [FONTS / "figtree/files/figtree-latin-wght-normal.woff2"],
    "fraunces.woff2": [FONTS / "fraunces/files/fraunces-latin-wght-normal.woff2"],
    # What the fonts' licence asks to travel with them.
    "LICENSES.txt": [MODULES / "htmx.org/LICENSE", FONTS / "figtree/LICENSE", FONTS / "fraunces/LICENSE"],
}
OURS = HOUSE / "static/portal.js"


def npm_fits(environment: dict[str, str]) -> bool:
    """Whether there is an npm on the path of `environment` that is not too old."""
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        return False
    answer = subprocess.run([npm, "--version"], env=environment, capture_output=True, text=True, check=False)
    major = answer.stdout.strip().partition(".")[0]
    return answer.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NPM


def with_npm() -> dict[str, str]:
    """The environment in which `npm` can be run; brings Node into the virtual environment
    if there is none.
    """
    environment = dict(os.environ)
    if npm_fits(environment):
        return environment
    programs = Path(sys.executable).parent
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    if not npm_fits(environment):
        print("No npm found; bringing Node into the virtual environment.", flush=True)
        lock = HOUSE / "requirements-node.lock"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", lock], check=True
        )
    if not npm_fits(environment):
        sys.exit(
            "npm is missing, and no Node for this system could be brought in.\n"
            "  Debian, Ubuntu:  sudo apt-get install npm\n"
            "  macOS:           brew install node"
        )
    return environment


def fetch_packages() -> None:
    """`npm ci`, unless what is there already answers to package-lock.json."""
    fetched, wanted = MODULES / ".package-lock.json", HOUSE / "package-lock.json"
    if fetched.exists() and fetched.stat().st_mtime >= wanted.stat().st_mtime:
        return
    environment = with_npm()
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    command = [
        npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ]
    subprocess.run(command, cwd=HOUSE, env=environment, check=True, stdout=subprocess.DEVNULL)
    fetched.touch()


def build() -> None:
    """Writes every file of static/built/, each in one step, so that a running server never
    reads half of one.
    """
    BUILT.mkdir(parents=True, exist_ok=True)
    for name, parts in FILES.items():
        present = [part for part in parts if part != OURS or part.exists()]
        unfinished = BUILT / f".{name}"
        unfinished.write_bytes(b"\n".join(part.read_bytes() for part in present))
        unfinished.replace(BUILT / name)


if __name__ == "__main__":
    try:
        fetch_packages()
    except subprocess.CalledProcessError as problem:
        sys.exit(f"Setting up the browser's files failed: {problem}")
    build()
