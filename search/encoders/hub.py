"""Files of Hugging Face repositories: from the cache without a network, else from the hub."""

import http.client
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import constants, hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import RemoteEntryNotFoundError

from search.errors import EncoderUnavailable, Message

# The hub's own client tries six times to reach an unreachable host, twice over: 46 s. One
# short request beforehand answers that question sooner.
PROBE_TIMEOUT_S = 5

OFFLINE = "HF_HUB_OFFLINE forbids it"

SMALL_FILES = ("*.json", "*.model", "*.txt")
"""The files of a tokenizer and a configuration, none of them weights."""


def hub_file(repository: str, names: Sequence[str], wanted_by: str, instead: str) -> Path:
    """Return the first of `names` that `repository` has: from the cache, or downloaded.

    `wanted_by` and `instead` go into the message: the user of the file, and the alternative.

    Raises:
        EncoderUnavailable: no file is in the cache, and the hub is unreachable or refuses it.
    """
    for name in names:
        if (path := _find_cached(repository, name)) is not None:
            return path
    _require_hub(repository, wanted_by, instead)
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, etag_timeout=PROBE_TIMEOUT_S))
        except RemoteEntryNotFoundError:
            continue
        except OSError as error:
            raise _failure(repository, wanted_by, instead, error) from error
    raise EncoderUnavailable(
        "hub-file-missing",
        "{wanted_by} needs {names} of {endpoint}/{repository}, which has no such file; {instead}",
        wanted_by=wanted_by,
        names=" or ".join(names),
        endpoint=constants.ENDPOINT,
        repository=repository,
        instead=instead,
    )


def check_hub(repository: str, names: Sequence[str], wanted_by: str, instead: str) -> None:
    """Raise EncoderUnavailable if no file is in the cache and the hub is unreachable."""
    if not any(_find_cached(repository, name) for name in names):
        _require_hub(repository, wanted_by, instead)


def hub_folder(repository: str, marks: Sequence[str], wanted_by: str, instead: str) -> Path:
    """Return a folder with the small files of `repository`; it is cached once a mark is.

    Raises:
        EncoderUnavailable: as `hub_file` does.
    """
    for mark in marks:
        if (path := _find_cached(repository, mark)) is not None:
            return path.parent
    _require_hub(repository, wanted_by, instead)
    try:
        folder = snapshot_download(
            repository, allow_patterns=list(SMALL_FILES), etag_timeout=PROBE_TIMEOUT_S
        )
    except OSError as error:
        raise _failure(repository, wanted_by, instead, error) from error
    return Path(folder)


def _find_cached(repository: str, name: str) -> Path | None:
    path = try_to_load_from_cache(repository, name)
    return Path(path) if isinstance(path, str) else None


def _require_hub(repository: str, wanted_by: str, instead: str) -> None:
    if constants.HF_HUB_OFFLINE:
        reason: str | None = OFFLINE
    else:
        reason = trouble_with(constants.ENDPOINT)
    if reason is None:
        return
    remedy = Message(
        "hub-copy-folder",
        "{instead}, or copy the folder {folder} from a machine that has it",
        instead=instead,
        folder=Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}",
    )
    raise unreachable(wanted_by, constants.ENDPOINT, reason, remedy)


def unreachable(encoder: str, endpoint: str, reason: str, remedy: Message) -> EncoderUnavailable:
    """Return the error for a hub that gives no answer, or must not be used."""
    return EncoderUnavailable(
        "hub-unreachable",
        "{encoder} is not complete on this machine, and {endpoint} can't be reached ({reason}); "
        "{remedy}",
        encoder=encoder,
        endpoint=endpoint,
        reason=reason,
        remedy=remedy,
    )


def _failure(repository: str, wanted_by: str, instead: str, error: OSError) -> EncoderUnavailable:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return EncoderUnavailable(
        "hub-download-failed",
        "{wanted_by} needs files of {repository}, and getting them from {endpoint} "
        "failed: {reason}; try again, or {instead}",
        wanted_by=wanted_by,
        repository=repository,
        endpoint=constants.ENDPOINT,
        reason=reason,
        instead=instead,
    )


def trouble_with(endpoint: str, timeout_s: float = PROBE_TIMEOUT_S) -> str | None:
    """Return why `endpoint` is unreachable, or None if it answers anything."""
    trouble: list[str | None] = [f"no answer within {timeout_s:g} s"]

    def look() -> None:
        trouble[0] = _knock(endpoint, timeout_s)

    # A thread of its own, because the look-up of the name obeys no timeout.
    thread = threading.Thread(target=look, name="limn-hub-probe", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return trouble[0]


def _knock(endpoint: str, timeout_s: float) -> str | None:
    request = urllib.request.Request(endpoint, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):  # uses the proxy settings
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except urllib.error.URLError as error:
        # The hub's client has certificates of its own, so it may trust hosts that urllib does not.
        return None if isinstance(error.reason, ssl.SSLError) else str(error.reason)
    except http.client.HTTPException:
        return None
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
