"""The transfer of one file: continued after a break, and compared with the hub's digest."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import get_session, hf_hub_url, utils

from search.encoders.hub_pair.hub import Hub, HubFile
from search.encoders.hub_pair.progress import Advance
from search.encoders.hub_pair.refusals import NETWORK_ERROR, refusal_of
from search.encoders.hub_pair.specification import HubSpecification
from search.errors import EncoderUnavailable

PART = ".limn-part"
"""The end of the name of a file that is not complete."""

MAX_FAILURES = 3
"""Attempts without a new byte before a transfer is given up."""

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Transfer:
    """The transfer of files of a repository at a commit."""

    hub: Hub
    spec: HubSpecification
    commit: str

    def bring(self, file: HubFile, target: Path, advance: Advance) -> None:
        """Bring one file to `target`, from where an earlier attempt ended.

        Raises:
            EncoderUnavailable: the hub refuses, breaks off, or sends another file.
        """
        part, failures = part_of(target), 0
        if size_of(part) > file.size_bytes:  # it is no part of this file
            part.unlink()
        advance(size_of(part))
        part.touch()  # a file of no bytes needs no request
        while (before := size_of(part)) != file.size_bytes:
            reason = ""
            try:
                self._receive(file, part, advance)
            except (NETWORK_ERROR, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            if size_of(part) > before:
                failures = 0
                continue
            failures += 1
            if failures == MAX_FAILURES:
                raise self._transfer_error(file, size_of(part), reason)
            time.sleep(self.hub.retry_after_s)
        if not _is_same(part, file):
            part.unlink()
            raise EncoderUnavailable(
                "hub-file-differs",
                "{name} from {endpoint}/{repository} is not the file whose digest the hub names, "
                "and was removed; try again, and if it happens twice, name another HF_ENDPOINT",
                name=file.name,
                endpoint=self.hub.endpoint,
                repository=self.spec.repository,
            )
        part.replace(target)

    def _receive(self, file: HubFile, part: Path, advance: Advance) -> None:
        """Add what the hub sends to a part; the connection may end before the file does."""
        at = size_of(part)
        url = hf_hub_url(
            self.spec.repository,
            file.name,
            revision=self.commit,
            endpoint=self.hub.endpoint,
        )
        # Compressed answers have other lengths and ranges than the file.
        tokens = utils.build_hf_headers()  # type: ignore[attr-defined]
        headers = {**tokens, "Accept-Encoding": "identity"}
        if at:
            headers["Range"] = f"bytes={at}-"
        stream = get_session().stream(
            "GET", url, headers=headers, timeout=self.hub.timeout_s, follow_redirects=True
        )
        with stream as answer:
            if answer.status_code == 416:  # the part is no beginning of this file
                part.unlink(missing_ok=True)
                advance(-at)
                return
            if answer.status_code >= 400:
                raise refusal_of(self.hub.endpoint, self.spec, answer.status_code, answer.headers)
            is_resumed = answer.status_code == 206
            if at and not is_resumed:
                advance(-at)
            with part.open("ab" if is_resumed else "wb") as target_file:
                for chunk in answer.iter_bytes():  # of any size: none waits for more
                    target_file.write(chunk)
                    advance(len(chunk))

    def _transfer_error(self, file: HubFile, at: int, reason: str) -> EncoderUnavailable:
        return EncoderUnavailable(
            "hub-transfer-broken",
            "{endpoint} sent {received:,} of the {size:,} bytes of {name}{reason}; run the command "
            "again, it continues from there",
            endpoint=self.hub.endpoint,
            received=at,
            size=file.size_bytes,
            name=file.name,
            reason=f" and then: {reason}" if reason else "",
        )


def part_of(target: Path) -> Path:
    """Return the file that holds the beginning of a download."""
    return target.with_name(target.name + PART)


def size_of(file: Path) -> int:
    """Return the size of a file in bytes, 0 for one that is not there."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _is_same(part: Path, file: HubFile) -> bool:
    """Return whether a file has the digest that the hub names."""
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(usedforsecurity=False)
    if not file.sha256:  # as git digests a blob
        digest.update(b"blob %d\0" % file.size_bytes)
    with part.open("rb") as part_file:
        while chunk := part_file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == file.blob
