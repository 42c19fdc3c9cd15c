"""What guards every request: the names the server answers to, the sites that may post to it, and
the headers of each answer."""

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest

from search.errors import Message

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})

FOREIGN_SITE = Message(
    "foreign-site", "a page of another site sent this; only pages of this server may"
)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    # Nothing inline and nothing from elsewhere; `data:` and `blob:` show the picture searched by.
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer", with which browsers hide the origin of this server's own forms too.
    "Referrer-Policy": "same-origin",
    # Other sites may neither show these pictures nor learn that they are there.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def guard(app: Flask, host: str) -> None:
    """Guard `app`, which is served at the address `host`.

    Bound to every address, a server can't know its names, and answers to any.
    """
    names = LOOPBACK | {host.lower()}
    any_name = host in EVERY_ADDRESS

    @app.before_request
    def refuse_other_names() -> None:
        # A foreign site's name that resolves to this machine (DNS rebinding) would make this
        # server part of that site, for whose scripts the browser then lets everything be read.
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
        # A page elsewhere can make a browser post here, cookies included (CSRF). Browsers tell
        # where a post comes from, and a page can't change what they tell; programs tell nothing.
        if request.method in SAFE_METHODS:
            return
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        if site is not None:
            foreign = site not in ("same-origin", "none")
        else:  # over plain HTTP from elsewhere browsers tell the origin alone
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
    """Whether only this machine can reach a server at `host`."""
    return host in LOOPBACK or host.startswith("127.")


def _name(host: str) -> str:
    """Return the host of "host:port", without the brackets of IPv6; empty where it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
