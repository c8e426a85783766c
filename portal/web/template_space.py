"""White space in pages: a line's end with the indentation around it is sent as one newline, which browsers
show alike. So templates may be indented, and pages of many rows stay small.
"""

import re
from collections.abc import Iterable

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

LINE_END = re.compile(r"\s*\n\s*")


class OneNewline(Extension):
    """Applied to templates in HTML as they are compiled; what they are given, such as a letter's text in a
    <pre>, stays as it is. Literal text in a <pre> may not be indented.
    """

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        if not (stream.name or "").endswith(".html"):
            return stream
        return map(_squeezed, stream)


def _squeezed(token: Token) -> Token:
    if token.type != "data":
        return token
    return Token(token.lineno, "data", LINE_END.sub("\n", token.value))
