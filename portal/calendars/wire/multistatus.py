"""Read a multistatus (RFC 4918, 14.16): a calendar server's XML answer, of resources and their properties."""

from typing import Any

from lxml import etree

D, C, S = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
XML = '<?xml version="1.0" encoding="utf-8"?>'
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
"""The namespaces of requests, with their prefixes."""
WRITING = frozenset({"write", "write-content", "bind", "all"})
Properties = dict[str, Any]
"""Elements by name; those that the server does not have are absent."""


def listed(tree: Any) -> list[tuple[str, Properties]]:
    """Each resource of a multistatus: its href and its properties."""
    return [_properties_of(response) for response in tree.iterfind(f"{D}response")]


def _properties_of(response: Any) -> tuple[str, Properties]:
    properties: Properties = {}
    for propstat in response.iterfind(f"{D}propstat"):
        if " 200" in (propstat.findtext(f"{D}status") or " 200"):
            for prop in propstat.iterfind(f"{D}prop"):
                properties |= {child.tag: child for child in prop if isinstance(child.tag, str)}
    return (response.findtext(f"{D}href") or "").strip(), properties


def text(properties: Properties, name: str) -> str:
    """The text of a property, or ""."""
    element = properties.get(name)
    return (element.text or "") if element is not None else ""


def is_writable_calendar(properties: Properties) -> bool:
    """Whether it is a calendar that takes events and that this person may write to, unless the server says
    otherwise.
    """
    kinds = properties.get(f"{D}resourcetype")
    if kinds is None or kinds.find(f"{C}calendar") is None:
        return False
    components = properties.get(f"{C}supported-calendar-component-set")
    if components is not None and len(components):
        names = [(component.get("name") or "").upper() for component in components]
        if "VEVENT" not in names:
            return False
    privileges = properties.get(f"{D}current-user-privilege-set")
    return privileges is None or any(
        element.tag.removeprefix(D) in WRITING
        for element in privileges.iter(etree.Element)
        if element is not privileges
    )
