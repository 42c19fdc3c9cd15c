"""Writes docs/licences.md: the licences of what Limn installs, from the installed packages.

`make licences` writes it, in an environment with the extra `test`, which has all others but
`bench`. tests/test_licences.py fails where the table is out of date, or a licence turns up that is
not in ALLOWED. Versions are left out, as an installation from scratch may take newer ones.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TABLE = Path(__file__).with_name("licences.md")

PERMISSIVE = {
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC"),
    *("CNRI-Python", "MIT", "MIT-CMU", "PSF-2.0", "Unlicense", "ZPL-2.1", "Zlib"),
    "Apache-2.0 WITH LLVM-exception",
}

# Those that ask something of who passes the package on, and the makers' of GPUs.
ALLOWED = PERMISSIVE | {
    *("GPL-3.0-or-later", "LGPL-3.0-only", "LicenseRef-NVIDIA-Proprietary", "MPL-2.0"),
}

# How packages write what SPDX calls otherwise.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary",
    "Other/Proprietary License": "LicenseRef-NVIDIA-Proprietary",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "ZPL 2.1": "ZPL-2.1",
}

# What a package's metadata do not say; read in its own licence file.
GIVEN = {"cuda-toolkit": "LicenseRef-NVIDIA-Proprietary", "resvg-py": "MIT"}

# What wheels hold beside the package's own code that asks more than it does, and how it is told by
# the names of its files.
HELD = {
    "av": ("FFmpeg (LGPL-3.0-or-later) with **x264 and x265 (GPL-2.0-or-later)**", "x264|x265"),
    "pillow-heif": ("libheif, libde265 (LGPL-3.0) and **x265 (GPL-2.0)**", "x265"),
    "rapidocr": (
        "the networks of PP-OCRv6 (Apache-2.0); OpenCV, which it brings along, contains FFmpeg "
        "(LGPL-2.1)",
        "",
    ),
    "rawpy": ("LibRaw (LGPL-2.1-only OR CDDL-1.0)", "raw"),
}
COPYLEFT_FILES = re.compile(r"(?:^|[/.])lib(x264|x265|xvidcore|fftw3|gsl|readline)[-._]")

HEAD = """\
# Licences of what Limn installs

Limn itself is under the [MIT licence](../LICENSE). `pip` installs these packages with it, each
under its own licence. They are not part of Limn. `make licences` writes this page from the
installed packages, and the tests check it.

**Packages under the GPL.** If you only use Limn, you need to do nothing. If you distribute an
installation (an image, an installer, a device), you distribute these packages too, and their
licences require you to offer their source:

- `pillow-jxl-plugin`, of the extra `sources`, is under GPL-3.0-or-later. Without it, JPEG XL is not
  read: `pip uninstall pillow-jxl-plugin`.
- The wheels of `av`, of the extra `sources`, contain x264 and x265, under GPL-2.0-or-later. Without
  it, films are not read: `pip uninstall av`.
- The wheels of `pillow-heif`, which the plain installation has, contain x265, under GPL-2.0. Limn
  only reads HEIC, by libde265; `pillow-heif` can be built without x265.

Encoders' weights have [licences of their own](encoders.md). This page leaves out the extra
`bench`, which compares Limn with other engines.
"""


def written() -> str:
    """Return the page as the installed packages have it."""
    lines = [HEAD, "| package | for | licence | contained in its wheels |", "|---|---|---|---|"]
    for name, extras in direct().items():
        held = HELD.get(name, ("", ""))[0]
        lines.append(f"| `{name}` | {', '.join(extras)} | {licence_of(name)} | {held} |")
    lines += ["", "What these bring along, by licence:", ""]
    by_licence: dict[str, list[str]] = {}
    for name in sorted(brought()):
        by_licence.setdefault(licence_of(name), []).append(name)
    lines += [f"- {licence}: {', '.join(names)}" for licence, names in sorted(by_licence.items())]
    return "\n".join(lines) + "\n"


def problems(table: str) -> Iterator[str]:
    """Yield what is wrong with a table, or with a licence, in this environment."""
    rows = dict(re.findall(r"^\| `([^`]+)` \| [^|]* \| ([^|]+?) \|", table, re.MULTILINE))
    found = {name: licence_of(name) for name in direct()}
    elsewhere = {"faiss-cpu", "faiss-gpu"}  # one of them, by the machine
    for name, licence in found.items():
        if name not in elsewhere and rows.get(name) != licence:
            told = rows.get(name, "nothing of it")
            yield f"{name} is under {licence}; docs/licences.md says {told}: make licences"
    yield from (f"{name} is no longer wanted" for name in rows.keys() - found.keys() - elsewhere)
    for name in {*found, *brought()}:
        licence = licence_of(name)
        unknown = [each for each in re.split(r" AND | OR |[()]+", licence) if each.strip()]
        if not {each.strip() for each in unknown} <= ALLOWED:
            yield f"{name} is under {licence}, which is not among the licences that are allowed"
        if not {each.strip() for each in unknown} <= PERMISSIVE and name not in table:
            yield f"{name} is under {licence}, and docs/licences.md does not name it"
        held = {match[1] for match in map(COPYLEFT_FILES.search, _files(name)) if match}
        if not held <= set(HELD.get(name, ("", ""))[1].split("|")):
            yield f"{name} holds {', '.join(sorted(held))}, which docs/licences.md does not tell"


def direct() -> dict[str, list[str]]:
    """Return what pyproject.toml names and is installed here, with the extras that want it."""
    extras: dict[str, list[str]] = {}
    for text in distribution(_name()).requires or ():
        wanted = Requirement(text)
        name = canonicalize_name(wanted.name)
        marker = str(wanted.marker or "")
        extra = re.search(r'extra == "([\w-]+)"', marker)
        applies = wanted.marker is None or wanted.marker.evaluate(
            {"extra": extra[1] if extra else ""}
        )
        if name == _name() or not applies or (extra and extra[1] == "bench"):
            continue
        for each in (name, *_parts(name, wanted.extras)):
            where = f"`{extra[1]}`" if extra else "all"
            if where not in extras.setdefault(each, []):
                extras[each].append(where)
    return dict(sorted(extras.items()))


def brought() -> set[str]:
    """Return what the direct dependencies bring along, installed here."""
    seen: set[str] = set()
    todo = [(name, frozenset[str]()) for name in direct()]
    while todo:
        name, extras = todo.pop()
        for wanted in _requirements(name, extras):
            inner = canonicalize_name(wanted.name)
            if inner not in seen and _installed(inner) is not None:
                seen.add(inner)
                todo.append((inner, frozenset(wanted.extras)))
    return seen - direct().keys()


def licence_of(name: str) -> str:
    """Return the licence of an installed package as SPDX writes it, as far as it is told."""
    found = _installed(name)
    if name in GIVEN:
        return GIVEN[name]
    if found is None:
        return "not installed"
    facts = found.metadata
    if "License-Expression" in facts:
        return _shortened(facts["License-Expression"])
    classes = [
        each.rpartition(" :: ")[2]
        for each in facts.get_all("Classifier") or ()
        if each.startswith("License :: ")
    ]
    [text, *_] = facts.get_all("License") or [""]
    said = [text.strip()] if text and "\n" not in text and len(text) < 60 else classes
    return " AND ".join(dict.fromkeys(SPDX.get(each, each) for each in said)) or "not told"


def _shortened(expression: str) -> str:
    return " ".join(expression.split())


def _name() -> str:
    from search.packages.installing import distribution as ours

    found = ours()
    assert found is not None, "install Limn first"
    return canonicalize_name(found.name)


def _parts(name: str, extras: set[str]) -> Iterator[str]:
    """Yield the packages that an extra of a dependency is, such as psycopg-binary."""
    plain = {canonicalize_name(each.name) for each in _requirements(name, frozenset())}
    for wanted in _requirements(name, frozenset(extras)) if extras else ():
        if canonicalize_name(wanted.name) not in plain:
            yield canonicalize_name(wanted.name)


def _requirements(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    found = _installed(name)
    for text in (found.requires if found else None) or ():
        wanted = Requirement(text)
        chosen: list[Mapping[str, str]] = [{"extra": each} for each in ("", *extras)]
        if wanted.marker is None or any(wanted.marker.evaluate(dict(each)) for each in chosen):
            yield wanted


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _files(name: str) -> Iterator[str]:
    found = _installed(name)
    return (str(each) for each in (found.files if found else None) or ())


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
    wrong = list(problems(TABLE.read_text(encoding="utf-8")))
    sys.exit("\n".join(wrong) or 0)
