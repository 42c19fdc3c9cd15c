"""Answers in Brotli, Zstandard or gzip, as a client takes them; pictures are compressed already."""

from flask import Flask, Response, request
from flask_compress import Compress

TEXTS = [
    "text/html",
    "text/css",
    "text/javascript",
    "text/plain",
    "image/svg+xml",
    "application/json",
    "application/problem+json",
]

# A page of fifty hits: Brotli at 4 takes about a millisecond, and its last percents ten times that.
BROTLI_LEVEL = 4


def compress(app: Flask) -> None:
    """Compress what `app` answers, where it is text.

    Nothing here is secret and mixed with a client's words, which compression could betray: forms
    are told from other sites' by their origin, not by a token in the page.
    """
    app.config["COMPRESS_MIMETYPES"] = TEXTS
    app.config["COMPRESS_ALGORITHM"] = ["br", "zstd", "gzip"]
    app.config["COMPRESS_STREAMS"] = False
    app.config["COMPRESS_BR_LEVEL"] = BROTLI_LEVEL
    Compress(app)

    @app.after_request
    def read_whole(response: Response) -> Response:
        # A stylesheet or a script is small; as a stream its file would be left open.
        if request.endpoint == "static" and response.status_code == 200:
            response.direct_passthrough = False
            response.make_sequence()
        return response
