"""Guards of every request: the server's names, the origins of posts, and security headers."""

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest

from search.errors import Message

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared only

FOREIGN_SITE = Message(
    "foreign-site", "a page of another site sent this; only pages of this server may"
)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    # No inline code and no foreign resources; `data:` and `blob:` show the query image.
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with that, browsers hide the origin of this server's own forms too.
    "Referrer-Policy": "same-origin",
    # Other sites may neither show these pictures nor learn that they exist.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def guard(app: Flask, host: str) -> None:
    """Guard `app`, served at the address `host`.

    A server bound to every address can't know its names, and accepts any name.
    """
    names = LOOPBACK | {host.lower()}
    any_name = host in EVERY_ADDRESS

    @app.before_request
    def refuse_other_names() -> None:
        # A foreign site's name that resolves to this machine (DNS rebinding) would make this server
        # part of that site, and the browser would let its scripts read everything.
        if not any_name and _name(request.host) not in names:
            raise MisdirectedRequest(
                Message(
                    "host-unknown",
                    "this server does not answer to the name {host!r}; it answers to {names}",
                    host=request.host,
                    names=", ".join(sorted(names)),
                )
            )

    @app.before_request
    def refuse_other_sites() -> None:
        # A foreign page can make a browser post here, cookies included (CSRF). Browsers send the
        # origin of a post, which a page can't change; programs send none.
        if request.method in SAFE_METHODS:
            return
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        if site is not None:
            foreign = site not in ("same-origin", "none")
        else:  # over plain HTTP from another machine, browsers send the origin alone
            own = f"{request.scheme}://{request.host}".lower()
            foreign = origin is not None and origin.lower() != own
        if foreign:
            raise Forbidden(FOREIGN_SITE)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server at `host`."""
    return host in LOOPBACK or host.startswith("127.")


def _name(host: str) -> str:
    """Return the host of "host:port", without the brackets of IPv6; empty if malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
