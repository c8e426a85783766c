"""Marking text for translation where nothing may be translated: the core knows no reader and no language."""


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's extractors know
    """Return `text` as it is; a page translates it with gettext when it knows who reads."""
    return text
