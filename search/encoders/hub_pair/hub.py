"""A hub as its API presents it: what a repository holds, and the hub's cache on this machine."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants

from search.encoders.hub_pair.specification import COMMIT, HubSpecification
from search.files.atomic_file import write_atomic

LISTING_TIMEOUT_S = 20.0

DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository. `sha256` is empty for small files, which have git's digest alone."""

    name: str
    size_bytes: int
    git_sha1: str
    sha256: str = ""

    @property
    def blob(self) -> str:
        """Return the file's name among the blobs of the cache."""
        return self.sha256 or self.git_sha1


@dataclass(frozen=True, slots=True)
class RepositoryListing:
    """The files of a repository at a commit, by their names."""

    commit: str
    files: Mapping[str, HubFile]


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub, the cache of its files, and the folder of what Limn makes from them."""

    endpoint: str
    cache: Path
    derived_folder: Path
    offline: bool = False
    timeout_s: float = LISTING_TIMEOUT_S
    retry_after_s: float = 1.0

    @classmethod
    def from_environment(cls) -> "Hub":
        """Return the hub of HF_ENDPOINT, with the folders of HF_HOME and HF_HUB_CACHE."""
        return cls(
            constants.ENDPOINT,
            Path(constants.HF_HUB_CACHE),
            Path(constants.HF_HOME) / "limn",
            bool(constants.HF_HUB_OFFLINE),
        )

    def storage(self, repository: str) -> Path:
        """Return the folder of a repository in the cache."""
        return self.cache / f"models--{repository.replace('/', '--')}"

    def cached_commit(self, spec: HubSpecification) -> str | None:
        """Return the commit that the cache has for a specification's revision, or None."""
        if COMMIT.fullmatch(spec.revision):
            return spec.revision
        try:
            reference = self.storage(spec.repository) / "refs" / (spec.revision or "main")
            return reference.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None

    def snapshot(self, repository: str, commit: str) -> Path:
        """Return the folder of a commit's files in the cache."""
        return self.storage(repository) / "snapshots" / commit

    def cached_names(self, repository: str, commit: str) -> Sequence[str]:
        """Return the names of a commit's files: by the hub's listing, else by the cache's."""
        listing_file = self._listing_file(repository, commit)
        try:
            return [str(each) for each in json.loads(listing_file.read_bytes())]
        except (OSError, ValueError, TypeError):
            return names_below(self.snapshot(repository, commit))

    def require(self, spec: HubSpecification) -> None:
        """Raise EncoderUnavailable for a hub that must not be used, or is unreachable."""
        from search.encoders.hub import OFFLINE, PROBE_TIMEOUT_S, trouble_with  # slow to import
        from search.encoders.hub_pair.refusals import unreachable

        if self.offline:
            raise unreachable(self.endpoint, spec, OFFLINE)
        trouble = trouble_with(self.endpoint, min(PROBE_TIMEOUT_S, self.timeout_s))
        if trouble is not None:
            raise unreachable(self.endpoint, spec, trouble)

    def listing(self, spec: HubSpecification) -> RepositoryListing:
        """Request the files of a repository from the hub.

        Raises:
            EncoderUnavailable: the hub is unreachable, or refuses.
        """
        from huggingface_hub import HfApi

        from search.encoders.hub_pair.refusals import translate_errors, unreachable

        self.require(spec)
        with translate_errors(self.endpoint, spec):
            info = HfApi(endpoint=self.endpoint).model_info(
                spec.repository,
                revision=spec.revision or None,
                timeout=self.timeout_s,
                files_metadata=True,
            )
        files = [
            HubFile(each.rfilename, each.size or 0, each.blob_id or "", each.lfs.sha256)
            if each.lfs
            else HubFile(each.rfilename, each.size or 0, each.blob_id or "")
            for each in info.siblings or ()
        ]
        # They become names on the disk, and a mirror may send anything.
        if not all(DIGEST.fullmatch(each) for each in (str(info.sha), *(f.blob for f in files))):
            raise unreachable(self.endpoint, spec, "its answer has no digests")
        return RepositoryListing(str(info.sha), {each.name: each for each in files})

    def remember(self, repository: str, listing: RepositoryListing) -> None:
        """Store the names of a listing, so that a later choice of variants is the same."""
        place = self._listing_file(repository, listing.commit)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(place, json.dumps(sorted(listing.files)).encode())

    def _listing_file(self, repository: str, commit: str) -> Path:
        return self.derived_folder / "listings" / repository.replace("/", "--") / f"{commit}.json"


def names_below(folder: Path) -> Sequence[str]:
    """Return the files of a folder and of the folders in it, with "/" between the parts.

    No layout is deeper, and a folder that holds something else may be without end.
    """
    try:
        inner = [each for each in folder.iterdir() if each.is_dir()]
        files = [each for place in (folder, *inner) for each in place.iterdir() if each.is_file()]
    except OSError:  # it is missing, or not ours to read: it holds no pair
        return []
    return sorted(each.relative_to(folder).as_posix() for each in files)
