"""The settings: one frozen object, read once from the environment at start."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import platformdirs

from search.errors import BadSetting
from search.packages import plugins
from search.records import Device
from search.text.path_names import user_path

DEVICES: tuple[str, ...] = get_args(Device)


@dataclass(frozen=True, slots=True)
class Settings:
    """The paths and limits of an installation; `from_environment` documents their names.

    `database` is the path of an SQLite file, or a URL.
    """

    data_dir: Path
    database: str | Path
    encoder: str
    device: Device
    workers: int
    max_pixels: int
    max_upload_bytes: int
    roots: tuple[Path, ...] = ()
    max_sent_bytes: int = 2 << 30
    store: str = "auto"
    memory_bytes: int | None = None
    max_decode_bytes: int = 3 << 29
    reads_text: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings, each from its variable or its default.

        LIMN_DATA_DIR           folder for the database, index files and thumbnails
        LIMN_DATABASE_URL       sqlite:///... or postgresql://...; default: a file there
        LIMN_ENCODER            the encoder of new collections; default: builtin
        LIMN_DEVICE             auto, cpu or cuda; default: auto
        LIMN_WORKERS            processes that decode pictures; default: one a core
        LIMN_MAX_PIXELS         the largest picture that is decoded; default: 250,000,000
        LIMN_MAX_DECODE_BYTES   memory that decoding one may take; default: 1,610,612,736 (1.5 GiB)
        LIMN_MAX_UPLOAD_BYTES   the largest picture sent to the server; default: 33,554,432 (32 MiB)
        LIMN_ROOTS              folders that the page may index, as PATH lists them; default: none
        LIMN_MAX_SENT_BYTES     the most files sent to a collection at once; default: 2 GiB
        LIMN_STORE              how vectors are searched; default: auto, which measures
        LIMN_MEMORY             what one index may take in memory, such as 2G; default: no bound
        LIMN_READ_TEXT          on or off: text in pictures is read after indexing; default: on

        Raises:
            BadSetting: a value is not allowed; the message names the variable and what it may be.
        """
        values = os.environ if environ is None else environ
        default_dir = platformdirs.user_data_path("limn", appauthor=False)
        data_dir = user_path(Path(values.get("LIMN_DATA_DIR") or default_dir))
        return cls(
            data_dir=data_dir,
            database=values.get("LIMN_DATABASE_URL") or data_dir / "limn.db",
            encoder=values.get("LIMN_ENCODER") or "builtin",
            device=_device(values.get("LIMN_DEVICE") or "auto"),
            workers=_positive(values, "LIMN_WORKERS", _cores()),
            # More than any camera makes: 1 GB while it is decoded, for formats decoded in place.
            max_pixels=_positive(values, "LIMN_MAX_PIXELS", 250_000_000),
            max_decode_bytes=_positive(values, "LIMN_MAX_DECODE_BYTES", 3 << 29),
            max_upload_bytes=_positive(values, "LIMN_MAX_UPLOAD_BYTES", 32 * 1024 * 1024),
            roots=_folders(values.get("LIMN_ROOTS") or ""),
            max_sent_bytes=_positive(values, "LIMN_MAX_SENT_BYTES", 2 << 30),
            memory_bytes=memory_size("LIMN_MEMORY", values.get("LIMN_MEMORY") or ""),
            store=_store(values.get("LIMN_STORE") or "auto"),
            reads_text=_switch(values, "LIMN_READ_TEXT", "on"),
        )


def _folders(value: str) -> tuple[Path, ...]:
    folders = tuple(user_path(Path(part)) for part in value.split(os.pathsep) if part)
    for folder in folders:
        if not folder.is_dir():
            raise BadSetting(
                "roots-setting-invalid",
                "LIMN_ROOTS names {folder!r}, which is no folder; it may be folders, "
                "with {separator!r} between them",
                folder=str(folder),
                separator=os.pathsep,
            )
    return folders


def _device(value: str) -> Device:
    if value not in DEVICES:
        raise BadSetting(
            "device-setting-invalid",
            "LIMN_DEVICE is {value!r}; it may be {devices}",
            value=value,
            devices=", ".join(DEVICES),
        )
    return cast(Device, value)


def _store(value: str) -> str:
    if plugins.find("stores", value) is None:
        names = ", ".join(plugins.choices("stores"))
        raise BadSetting(
            "store-setting-invalid",
            "LIMN_STORE is {value!r}; it may be {names}",
            value=value,
            names=names,
        )
    return value


def _switch(values: Mapping[str, str], name: str, default: str) -> bool:
    value = (values.get(name) or default).lower()
    if value not in ("on", "off"):
        raise BadSetting(
            "switch-setting-invalid",
            "{name} is {value!r}; it may be on or off",
            name=name,
            value=value,
        )
    return value == "on"


def memory_size(name: str, text: str) -> int | None:
    """Return the bytes of a size like 512M or 2G; None for an empty text.

    Raises:
        BadSetting: the text is not a size; `name` is the setting's or the option's.
    """
    if not text:
        return None
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if parts is None or not float(parts[1]):
        raise BadSetting(
            "size-setting-invalid",
            "{name} is {value!r}; it may be a size such as 512M or 2G",
            name=name,
            value=text,
        )
    return int(float(parts[1]) * 1024 ** " KMGT".index(parts[2].upper() or " "))


def _positive(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name) or str(default)
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise BadSetting(
            "number-setting-invalid",
            "{name} is {value!r}; it may be a whole number from 1",
            name=name,
            value=text,
        )
    return number


def _cores() -> int:
    """Return the number of cores for this process; a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
