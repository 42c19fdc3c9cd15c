"""ETags of the API's JSON, for requests with `If-None-Match`."""

from flask import Flask, Response, request

from web.route import current_facts


def tell_unchanged(app: Flask) -> None:
    """Answer 304 where the client of `app` has the current document already."""

    @app.after_request
    def compare(response: Response) -> Response:
        document = response.mimetype == "application/json" and response.status_code == 200
        if document and request.method == "GET" and current_facts().etag:
            # A weak ETag, because the same document may be sent compressed or not.
            response.add_etag(weak=True)
            response.make_conditional(request)
        return response
