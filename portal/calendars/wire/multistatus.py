"""What a calendar server answers in XML: the things listed, with those of their properties that it has (RFC
4918, 14.16).
"""

from typing import Any

from lxml import etree

D, C, S = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
XML = '<?xml version="1.0" encoding="utf-8"?>'
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
"""How what is asked begins, and the short names in it."""
WRITING = frozenset({"write", "write-content", "bind", "all"})
Properties = dict[str, Any]
"""Elements by name, those the server found."""


def listed(tree: Any) -> list[tuple[str, Properties]]:
    """Each thing of a multistatus: its href and its properties."""
    return [_properties_of(each) for each in tree.iterfind(f"{D}response")]


def _properties_of(response: Any) -> tuple[str, Properties]:
    found: dict[str, Any] = {}
    for each in response.iterfind(f"{D}propstat"):
        if " 200" in (each.findtext(f"{D}status") or " 200"):
            for prop in each.iterfind(f"{D}prop"):
                found |= {child.tag: child for child in prop if isinstance(child.tag, str)}
    return (response.findtext(f"{D}href") or "").strip(), found


def text(properties: Properties, name: str) -> str:
    """The text of a property, or ""."""
    element = properties.get(name)
    return (element.text or "") if element is not None else ""


def is_writable_calendar(properties: Properties) -> bool:
    """Whether it is a calendar that takes events and that this person may write to, as far as the server
    says.
    """
    kinds = properties.get(f"{D}resourcetype")
    if kinds is None or kinds.find(f"{C}calendar") is None:
        return False
    takes = properties.get(f"{C}supported-calendar-component-set")
    if (
        takes is not None
        and len(takes)
        and "VEVENT" not in [(each.get("name") or "").upper() for each in takes]
    ):
        return False
    may = properties.get(f"{D}current-user-privilege-set")
    return may is None or any(
        each.tag.removeprefix(D) in WRITING for each in may.iter(etree.Element) if each is not may
    )
