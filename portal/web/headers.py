"""Headers of every response: a strict content policy without inline style or script, no shared caching."""

from flask import Flask, Response, request

from portal.settings import Settings

OURS = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
NOBODYS = ("default-src", "base-uri", "frame-ancestors")
POLICY = "; ".join([f"{source} 'none'" for source in NOBODYS] + [f"{source} 'self'" for source in OURS])
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
A_YEAR = 31_536_000


def add_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of `app`."""

    @app.after_request
    def with_headers(response: Response) -> Response:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.https:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains")
        if request.endpoint == "static":
            _cache_static(response)
        else:
            response.vary.add("HX-Request")
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _cache_static(response: Response) -> None:
    """A file asked for with its hash never changes; without it, it is asked about each time."""
    if response.status_code == 200 and "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
