"""Compression of answers in Brotli, Zstandard or gzip; pictures are compressed already."""

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

# For a page of fifty hits, Brotli at level 4 takes about 1 ms; the last percents take ten times
# that.
BROTLI_LEVEL = 4


def compress(app: Flask) -> None:
    """Compress the text answers of `app`.

    Compression betrays no secret, since no answer mixes a secret with a client's words: forms are
    checked by their origin, not by a token in the page.
    """
    app.config["COMPRESS_MIMETYPES"] = TEXTS
    app.config["COMPRESS_ALGORITHM"] = ["br", "zstd", "gzip"]
    app.config["COMPRESS_STREAMS"] = False
    app.config["COMPRESS_BR_LEVEL"] = BROTLI_LEVEL
    Compress(app)

    @app.after_request
    def read_whole(response: Response) -> Response:
        # Stylesheets and scripts are small; as a stream, their file would stay open.
        if request.endpoint == "static" and response.status_code == 200:
            response.direct_passthrough = False
            response.make_sequence()
        return response
