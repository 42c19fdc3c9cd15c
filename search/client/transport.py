"""The client's transport: requests, forms that are sent as they are read, and errors."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from msgspec import MsgspecError, Struct
from msgspec.json import decode, encode

from search.documents import problem as problems
from search.documents.jobs import Jobs
from search.documents.saved_and_boards import Boards, PinnedPictures, SavedSearches
from search.errors import LimnError, Message, Value

CHUNK_BYTES = 1 << 18

Upload = Path | tuple[str, bytes]
"""A file to send, or a name and bytes."""

Document = TypeVar("Document", bound=Struct)

Page = TypeVar("Page", Boards, Jobs, PinnedPictures, SavedSearches)


class Problem(LimnError):
    """An error response of the server (RFC 9457), with its `status`, `title` and message.

    `code` names the kind of error, and `message.values` has the values of its text.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        request_id: str,
        code: str = "",
        values: Mapping[str, Value] | None = None,
    ) -> None:
        super().__init__(Message.from_parts(code, detail, values or {}))
        self.status = status
        self.title = title
        self.request_id = request_id


class Unreachable(LimnError):
    """No server answers at the address."""


class Transport:
    """A connection to one server, by its address and a token."""

    def __init__(self, address: str, token: str | None, timeout_s: float) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_s = timeout_s

    def json(
        self,
        kind: type[Document],
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Document:
        """Return a JSON answer as a document of this class; fields that are None are left out.

        Raises:
            Problem: the server refused.
            Unreachable: no server answers, or none that this client understands.
        """
        return self._document(kind, self.send(method, path, document, **fields))

    def send(
        self, method: str, path: str, document: Mapping[str, Any] | None = None, **fields: Any
    ) -> bytes:
        """Return the answer to a JSON document or no body as bytes; raises what `json` raises."""
        body = None if document is None else encode(document)
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self.open(method, path, body, headers, **fields) as answer:
            return answer.read()

    def pages(self, kind: type[Page], path: str) -> Iterator[Page]:
        """Yield every page of a list; raises as `json` does."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.json(kind, "GET", path, cursor=cursor or None)
            yield page
            cursor = page.next

    def whole(self, path: str, **fields: Any) -> bytes:
        """Return a whole answer as bytes; raises as `json` does."""
        with self.open("GET", path, **fields) as answer:
            return bytes(answer.read())

    def form(
        self,
        kind: type[Document],
        path: str,
        fields: Mapping[str, Any],
        files: Mapping[str, Sequence[Upload]],
    ) -> Document:
        """Return the answer to a form with files, which are read as they are sent.

        Raises what `json` raises.
        """
        form = Form(fields, files)
        headers = {"Content-Type": form.type, "Content-Length": str(form.size_bytes)}
        with self.open("POST", path, form.parts(), headers) as answer:
            return self._document(kind, answer.read())

    def open(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> IO[bytes]:
        """Return an answer as an open stream; raises as `json` does."""
        parameters = {name: value for name, value in fields.items() if value is not None}
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        request = Request(f"{self._address}/api/v1/{path}{query}", body, method=method)
        for name, value in {**self._headers, **(headers or {})}.items():
            request.add_header(name, value)
        try:
            response: IO[bytes] = urlopen(request, timeout=self._timeout_s)
        except HTTPError as error:
            with error:
                raise _problem(error) from error
        except (URLError, OSError) as error:
            why = getattr(error, "reason", error)
            raise Unreachable(
                "server-unreachable",
                "no server answers at {address} ({reason}); start one: limn serve",
                address=self._address,
                reason=why,
            ) from error
        return response

    def _document(self, kind: type[Document], body: bytes) -> Document:
        try:
            return decode(body, type=kind)
        except MsgspecError as error:
            raise Unreachable(
                "server-not-understood",
                "what answers at {address} is no server that this client understands "
                "({error}); ask a Limn server of the same version",
                address=self._address,
                error=error,
            ) from error


class Form:
    """A multipart form, whose size is known before its files are read."""

    def __init__(self, fields: Mapping[str, Any], files: Mapping[str, Sequence[Upload]]) -> None:
        boundary = secrets.token_hex(16)
        self.type = f"multipart/form-data; boundary={boundary}"
        self._parts: list[tuple[bytes, Upload | bytes]] = []
        for name, value in fields.items():
            for part in value if isinstance(value, list | tuple) else (value,):
                self._parts.append((_head(boundary, name), str(part).encode()))
        for name, uploads in files.items():
            for upload in uploads:
                file_name = upload.name if isinstance(upload, Path) else upload[0]
                self._parts.append((_head(boundary, name, file_name), upload))
        self._end = f"--{boundary}--\r\n".encode()

    @property
    def size_bytes(self) -> int:
        """Return the length of the whole form, for `Content-Length`."""
        sizes = (len(head) + _size(body) + 2 for head, body in self._parts)
        return sum(sizes) + len(self._end)

    def parts(self) -> Iterator[bytes]:
        """Yield the form's bytes; each file is opened when its turn comes."""
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
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
    if file is not None:
        safe = file.replace('"', "%22").replace("\r", "").replace("\n", "")
        head += f'; filename="{safe}"\r\nContent-Type: application/octet-stream'
    return f"{head}\r\n\r\n".encode()


def _problem(error: HTTPError) -> Problem:
    try:
        problem = decode(error.read(), type=problems.Problem)
        return Problem(
            error.code,
            problem.title,
            problem.detail,
            problem.request_id,
            problem.code,
            problem.values,
        )
    except (MsgspecError, ValueError):  # a proxy before the server
        return Problem(error.code, error.reason, f"the server answered {error.code}", "")
