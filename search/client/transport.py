"""How a client speaks to a server: requests, forms that are sent as they are read, and errors."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from search.errors import LimnError

CHUNK_BYTES = 1 << 18

Upload = Path | tuple[str, bytes]
"""A file to send, or a name and bytes."""


class Problem(LimnError):
    """The server refused (RFC 9457): `status` and `title` say how, the message what to do."""

    def __init__(self, status: int, title: str, detail: str, request_id: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.request_id = request_id


class Unreachable(LimnError):
    """No server answers at the address."""


class Transport:
    """One server, by its address and a token."""

    def __init__(self, address: str, token: str | None, timeout_s: float) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_s = timeout_s

    def json(self, method: str, path: str, document: Any = None, **fields: Any) -> Any:
        """A JSON answer, None where nothing is answered; fields that are None are left out.

        Raises:
            Problem: the server refused.
            Unreachable: no server answers.
        """
        body = None if document is None else json.dumps(document).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self.open(method, path, body, headers, **fields) as answer:
            whole = answer.read()
        return json.loads(whole) if whole else None

    def pages(self, path: str, rows: str) -> Iterator[Any]:
        """Every row of a list, page by page; raises as `json` does."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.json("GET", path, cursor=cursor or None)
            yield from page[rows]
            cursor = page["next"]

    def whole(self, path: str, **fields: Any) -> bytes:
        """A whole answer as bytes; raises as `json` does."""
        with self.open("GET", path, **fields) as answer:
            return bytes(answer.read())

    def form(
        self, path: str, fields: Mapping[str, Any], files: Mapping[str, Sequence[Upload]]
    ) -> Any:
        """The JSON answer to a form with files, which are read as they are sent."""
        form = Form(fields, files)
        headers = {"Content-Type": form.type, "Content-Length": str(form.size_bytes)}
        with self.open("POST", path, form.parts(), headers) as answer:
            return json.load(answer)

    def open(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> IO[bytes]:
        """An answer to be read; raises as `json` does."""
        given = {name: value for name, value in fields.items() if value is not None}
        query = f"?{urlencode(given, doseq=True)}" if given else ""
        request = Request(f"{self._address}/api/v1/{path}{query}", body, method=method)
        for name, value in {**self._headers, **(headers or {})}.items():
            request.add_header(name, value)
        try:
            opened: IO[bytes] = urlopen(request, timeout=self._timeout_s)
        except HTTPError as error:
            with error:
                raise _problem(error) from error
        except (URLError, OSError) as error:
            why = getattr(error, "reason", error)
            raise Unreachable(
                f"no server answers at {self._address} ({why}); start one: limn serve"
            ) from error
        return opened


class Form:
    """A multipart form, whose size is known before its files are read."""

    def __init__(self, fields: Mapping[str, Any], files: Mapping[str, Sequence[Upload]]) -> None:
        boundary = secrets.token_hex(16)
        self.type = f"multipart/form-data; boundary={boundary}"
        self._parts: list[tuple[bytes, Upload | bytes]] = []
        for name, value in fields.items():
            for each in value if isinstance(value, list | tuple) else (value,):
                self._parts.append((_head(boundary, name), str(each).encode()))
        for name, uploads in files.items():
            for upload in uploads:
                called = upload.name if isinstance(upload, Path) else upload[0]
                self._parts.append((_head(boundary, name, called), upload))
        self._end = f"--{boundary}--\r\n".encode()

    @property
    def size_bytes(self) -> int:
        sizes = (len(head) + _size(body) + 2 for head, body in self._parts)
        return sum(sizes) + len(self._end)

    def parts(self) -> Iterator[bytes]:
        for head, body in self._parts:
            yield head
            if isinstance(body, Path):
                with body.open("rb") as file:
                    while chunk := file.read(CHUNK_BYTES):
                        yield chunk
            else:
                yield body if isinstance(body, bytes) else body[1]
            yield b"\r\n"
        yield self._end


def _size(body: Upload | bytes) -> int:
    if isinstance(body, Path):
        return body.stat().st_size
    return len(body if isinstance(body, bytes) else body[1])


def _head(boundary: str, name: str, file: str | None = None) -> bytes:
    told = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
    if file is not None:
        safe = file.replace('"', "%22").replace("\r", "").replace("\n", "")
        told += f'; filename="{safe}"\r\nContent-Type: application/octet-stream'
    return f"{told}\r\n\r\n".encode()


def _problem(error: HTTPError) -> Problem:
    try:
        told = json.load(error)
        return Problem(error.code, told["title"], told["detail"], told["request_id"])
    except (ValueError, KeyError, TypeError):  # a proxy before the server
        return Problem(error.code, error.reason, f"the server answered {error.code}", "")
