"""Refusals of a hub, and its silence, each as one message with what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from search.encoders.hub_pair.specification import HubSpecification
from search.errors import EncoderUnavailable, Message

NETWORK_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]
"""The base of the errors of the hub's HTTP client, whose package changes with its version."""


@contextmanager
def translate_errors(endpoint: str, spec: HubSpecification) -> Iterator[None]:
    """Turn the errors of requests into one message, with the command that helps.

    Raises:
        EncoderUnavailable: the hub refuses, or gives no answer.
    """
    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise refusal_of(endpoint, spec, status, error.response.headers) from error
    except (NETWORK_ERROR, OfflineModeIsEnabled, TimeoutError) as error:
        raise unreachable(endpoint, spec, str(error) or type(error).__name__) from error


def refusal_of(
    endpoint: str, spec: HubSpecification, status: int, headers: Mapping[str, str]
) -> EncoderUnavailable:
    """Return the error for an HTTP status."""
    if status == 401:
        return EncoderUnavailable(
            "hub-login-needed",
            "{endpoint} shows {repository} to nobody without a login: check the spelling; if "
            "it is private, set HF_TOKEN to a token from {endpoint}/settings/tokens",
            endpoint=endpoint,
            repository=spec.repository,
        )
    if status == 403:
        return EncoderUnavailable(
            "hub-access-needed",
            "{endpoint} lets only some accounts read {repository}: accept its conditions at "
            "{endpoint}/{repository}, and set HF_TOKEN to a token of that account",
            endpoint=endpoint,
            repository=spec.repository,
        )
    if status == 404:
        return EncoderUnavailable(
            "hub-repository-missing",
            "{endpoint} has no {repository}{revision}; check the spelling, "
            "or search at {endpoint}/models",
            endpoint=endpoint,
            repository=spec.repository,
            revision=f" at the revision {spec.revision}" if spec.revision else "",
        )
    if status == 429:
        wait = headers.get("retry-after", "")
        return EncoderUnavailable(
            "hub-busy",
            "{endpoint} has had too many requests from here; wait {wait} and try again, "
            "or set HF_TOKEN to a token of yours, which has a higher limit",
            endpoint=endpoint,
            wait=f"{wait} seconds" if wait.isdigit() else "some minutes",
        )
    return EncoderUnavailable(
        "hub-refuses",
        "{endpoint} answers HTTP {status} for {repository}; try again later, "
        "or name a mirror with HF_ENDPOINT",
        endpoint=endpoint,
        status=status,
        repository=spec.repository,
    )


def unreachable(endpoint: str, spec: HubSpecification, reason: str) -> EncoderUnavailable:
    """Return the error for a hub that gives no answer, or must not be used."""
    from search.encoders import hub  # slow to import

    remedy = Message(
        "hub-get-elsewhere",
        "try again with a network, name a mirror with HF_ENDPOINT, or run limn encoders get "
        "{encoder!q} --to FOLDER where there is one and name the folder: hub:/path/to/FOLDER",
        encoder=spec,
    )
    return hub.unreachable(str(spec), endpoint, reason, remedy)
