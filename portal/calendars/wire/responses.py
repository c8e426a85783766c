"""Limits on the body of an answer: its bytes, packed and unpacked, and for XML its markup; and no DTD.

A parser needs over a hundred bytes for each `<a/>`, so five megabytes of them would take two hundred; a list
of ten thousand events has about 200,000 pieces of markup. Entities, which a DTD declares, can expand a small
body without a limit.
"""

import re
import zlib
from collections.abc import Iterable

from lxml import etree

from portal.calendars.wire.addresses import Trouble

MOST_BYTES = 5_000_000
MOST_MARKUP = 500_000
"""Tags, counted as `<`, and attributes, counted as `=`."""
PLAIN, PACKED = ("", "identity"), ("gzip", "x-gzip", "deflate")
DTD = re.compile(rb"(?>\s+|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE", re.DOTALL)
KNOWN_ENCODING = re.compile(rb"(?i)utf-?(8|16)|us-ascii|iso-8859-\d+|windows-125\d")
DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"'>]*)")


def unpacked(chunks: Iterable[bytes], encoding: str, most: int = MOST_BYTES) -> Iterable[bytes]:
    """The body piece by piece, never reading or unpacking more than `most` bytes; raises Trouble."""
    encoding, taken, size = encoding.strip().lower(), 0, 0
    if encoding not in (*PLAIN, *PACKED):
        raise Trouble("bad-answer", f"content encoding {encoding[:50]!r}")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in PACKED else None
    for chunk in chunks:
        taken += len(chunk)
        try:
            piece = unpacking.decompress(chunk, most - size + 1) if unpacking else chunk
        except zlib.error as error:
            raise Trouble("bad-answer", f"packed wrongly: {error}") from None
        size += len(piece)
        if max(size, taken) > most:
            raise Trouble("too-large", f"more than {most} bytes", permanent=True)
        yield piece
    if unpacking and taken and not unpacking.eof:
        raise Trouble("bad-answer", "packed, and cut off in the middle")


def checked_xml(body: bytes) -> bytes:
    """The body, if it is XML that may be parsed; the library would write anything else to the log. Raises
    Trouble.
    """
    plain = body.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")  # UTF-16 looks like ASCII with gaps
    declared = DECLARED_ENCODING.match(plain)
    is_known = not declared or KNOWN_ENCODING.fullmatch(declared[1])
    if plain[:1] not in (b"<", b" ", b"\t", b"\r", b"\n") or not is_known:
        raise _no_calendar_server("neither UTF-8 nor anything like it")
    if DTD.match(plain):
        raise _no_calendar_server("it has a DTD")
    if plain.count(b"<") + plain.count(b"=") > MOST_MARKUP:
        raise Trouble("too-large", f"more than {MOST_MARKUP} pieces of markup", permanent=True)
    try:
        etree.XML(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _no_calendar_server(str(error)[:200]) from None
    return body


def _no_calendar_server(why: str) -> Trouble:
    return Trouble("not-a-calendar-server", f"no XML: {why}", permanent=True)
