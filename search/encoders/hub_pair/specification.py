"""The parser of `hub:` specifications and of short names."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.errors import BadSetting

FORMS = "hub:OWNER/NAME[@REVISION][#VARIANT[:WIDTH]], or hub:/path/to/folder"

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)

COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubSpecification:
    """A repository or a folder, with the variant and the width of its vectors.

    One of `repository` and `folder` is set. `variant` is "" for the graphs in full precision, and
    `width` is 0 for all dimensions.
    """

    repository: str = ""
    folder: Path | None = None
    revision: str = ""
    variant: str = ""
    width: int = 0

    def __str__(self) -> str:
        """Return the specification as text, which parses to an equal one."""
        place = str(self.folder) if self.folder is not None else self.repository
        revision = f"@{self.revision}" if self.revision else ""
        width = f":{self.width}" if self.width else ""
        options = f"#{self.variant}{width}" if self.variant or self.width else ""
        return f"hub:{place}{revision}{options}"

    @property
    def source(self) -> str:
        """Return the repository or folder alone, for messages."""
        return str(self.folder or self.repository)

    def at_commit(self, commit: str) -> "HubSpecification":
        """Return the specification of the same files, whatever is published later."""
        return replace(self, revision=commit)


def parse(spec: str) -> HubSpecification:
    """Return the parts of a specification or of a short name.

    Raises:
        BadSetting: the text has another form, or its width is no number.
    """
    text, _, options = spec.partition("#")
    place = text.removeprefix("hub:")
    place = SHORT_NAMES[place].repository if place in SHORT_NAMES else place
    variant, colon, digits = options.partition(":")
    if colon and not (digits.isascii() and digits.isdigit() and int(digits)):
        raise BadSetting(
            "hub-width-invalid",
            "{spec!r} asks for vectors of {width!r} dimensions; write a whole number, "
            "as in hub:OWNER/NAME#:256",
            spec=spec,
            width=digits,
        )
    width = int(digits) if colon else 0
    if place.startswith(("/", "~", "./", "../", ".\\", "..\\")) or Path(place).is_absolute():
        folder = Path(os.path.abspath(os.path.expanduser(place)))
        return HubSpecification(folder=folder, variant=variant, width=width)
    name, at, revision = place.partition("@")
    if not REPOSITORY.fullmatch(name) or (at and not revision):
        raise BadSetting(
            "hub-name-invalid",
            "{spec!r} does not name a pair on the hub; write {forms}, or a short name: {names}",
            spec=spec,
            forms=FORMS,
            names=", ".join(SHORT_NAMES),
        )
    return HubSpecification(name, revision=revision, variant=variant, width=width)


def require_repository(spec: HubSpecification) -> HubSpecification:
    """Return a specification that can be downloaded; raise BadSetting for a folder."""
    if spec.folder is not None:
        raise BadSetting(
            "hub-folder-not-downloadable",
            "{folder!r} is a folder, and is used as it is: --encoder hub:{folder}; "
            "to download, write hub:OWNER/NAME",
            folder=str(spec.folder),
        )
    return spec
