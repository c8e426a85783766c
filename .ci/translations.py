"""Look for the messages of the portal and put them into the catalogue of each language; new ones stay empty.

A catalogue carries no dates, places or people, so that it changes only when a message does.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

HOUSE = Path(__file__).resolve().parents[1]
TRANSLATIONS = HOUSE / "portal" / "translations"
HEADER = """msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def _is_ours(folder: str) -> bool:
    return not Path(folder).name.startswith(".") and Path(folder).name not in {"node_modules", "built"}


def messages() -> Catalog:
    """Every message in the portal's code and templates."""
    found = Catalog()
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(["_l", "N_"])}
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    for _, _, message, comments, context in extract_from_dir(
        HOUSE, methods, options, keywords=keywords, directory_filter=_is_ours
    ):
        found.add(message, auto_comments=comments, context=context)
    return found


def update(path: Path, found: Catalog) -> None:
    """Bring the catalogue at `path` up to date; messages that are gone leave it."""
    locale = path.parts[-3]
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    catalogue.update(found, no_fuzzy_matching=True)
    with path.open("wb") as file:
        file.write(HEADER.format(locale=locale, plurals=catalogue.plural_forms).encode())
        write_po(
            file,
            catalogue,
            width=0,
            no_location=True,
            omit_header=True,
            sort_output=True,
            ignore_obsolete=True,
        )


if __name__ == "__main__":
    found = messages()
    for path in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        update(path, found)
