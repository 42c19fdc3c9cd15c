"""Stylesheets, scripts and drawings of the pages, at addresses that change with them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, send_from_directory
from msgspec import DecodeError, Struct
from msgspec.json import decode

from web.route import RouteFacts, set_facts

# The scripts and stylesheets as few small files: `npm run bundle` writes this folder.
BUNDLE = "bundle"

# Pages for signing in need the files too, so they are public.
FACTS = RouteFacts(access="public", rate_limit=False, urgency="picture")

# The files at an address with their version never change.
FOR_GOOD = "public, max-age=31536000, immutable"

# A version's digits: two versions of one server have the same with a chance of 1 in 10^14.
VERSION_DIGITS = 12


class Manifest(Struct):
    """The manifest of a bundle: the digest of the sources that it was made of."""

    sources: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The files as they are at one moment."""

    version: str
    is_bundled: bool


class StaticFiles:
    """The files in `folder`; a bundled one takes the place of its source.

    A bundle of other sources is passed over, so an edited file is sent at once, and nobody gets an
    old bundle.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._status: list[tuple[str, int, int]] = []
        self._edition = Edition("", False)

    def edition(self) -> Edition:
        """Return the edition of the files; they are read again where one of them has changed."""
        status = sorted(_status(str(self.folder)))  # 0.2 ms for 50 files
        if status != self._status:
            try:
                self._edition = self._read([name for name, _, _ in status])
            except FileNotFoundError:
                return self._edition  # the files are being written; the next request sees them
            self._status = status
        return self._edition

    def path(self, name: str, edition: Edition) -> str:
        """Return the path in the folder of the file that is sent by the name `name`."""
        bundle_path = f"{BUNDLE}/{name}"
        is_there = edition.is_bundled and (self.folder / bundle_path).is_file()
        return bundle_path if is_there else name

    def _read(self, names: list[str]) -> Edition:
        digests = {name: sha256((self.folder / name).read_bytes()).hexdigest() for name in names}
        sources = [
            name
            for name in names
            if name.endswith((".css", ".js")) and not name.startswith(f"{BUNDLE}/")
        ]
        # bundle.js makes the same digest.
        is_bundled = _sources_of_bundle(self.folder) == _digest(digests, sources)
        return Edition(_digest(digests, names)[:VERSION_DIGITS], is_bundled)


def serve_static(app: Flask) -> None:
    """Serve the folder `static` of `app`, each file at an address with the version of them all."""
    files = StaticFiles(Path(app.root_path) / "static")

    def static(filename: str, version: str = "") -> Response:
        edition = files.edition()
        response = send_from_directory(files.folder, files.path(filename, edition))
        if version == edition.version:
            response.headers["Cache-Control"] = FOR_GOOD
        return response

    set_facts(static, FACTS)
    app.add_url_rule("/static/<path:filename>", "static", static)
    # The version is a folder, so what a file names by a relative address has it too.
    app.add_url_rule("/static/v-<version>/<path:filename>", "static", static)

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            if "static_version" not in g:  # the addresses of one page have one version
                g.static_version = files.edition().version
            values.setdefault("version", g.static_version)


def _status(folder: str, prefix: str = "") -> Iterator[tuple[str, int, int]]:
    """Yield name, time and size of every file below `folder`, except an editor's hidden ones."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _status(entry.path, f"{name}/")
            else:
                status = entry.stat()
                yield name, status.st_mtime_ns, status.st_size


def _digest(digests: dict[str, str], names: list[str]) -> str:
    return sha256("".join(f"{name} {digests[name]}\n" for name in names).encode()).hexdigest()


def _sources_of_bundle(folder: Path) -> str | None:
    """Return the digest of the sources that the bundle was made of; None without a bundle."""
    try:
        return decode((folder / BUNDLE / "manifest.json").read_bytes(), type=Manifest).sources
    except (OSError, DecodeError):
        return None
