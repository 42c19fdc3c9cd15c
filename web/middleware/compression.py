"""Compression of answers in Brotli, Zstandard or gzip; pictures are compressed already."""

from functools import lru_cache

import brotli
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

# A script of 46 kB is an eighth smaller at the last level, which takes 63 ms, once for all clients.
STATIC_BROTLI_LEVEL = 11

# Files that are held compressed; the pages have five, and their sources fifty.
COMPRESSED_FILES = 64


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
    def compress_file(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200:
            return response
        # Stylesheets and scripts are small; as a stream, their file would stay open.
        response.direct_passthrough = False
        response.make_sequence()
        if response.mimetype in TEXTS and request.accept_encodings["br"]:
            response.set_data(_smallest(response.get_data()))
            response.headers["Content-Encoding"] = "br"
            response.set_etag(f"{response.get_etag()[0]}:br")  # other bytes than those of the file
            response.make_conditional(request)
        return response


@lru_cache(COMPRESSED_FILES)
def _smallest(content: bytes) -> bytes:
    return bytes(brotli.compress(content, quality=STATIC_BROTLI_LEVEL))
