"""Conversion of encoder pairs to documents: the same for the command line, the API and pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.catalog.jobs import Job
from search.documents.encoders import EncoderPairs, InstalledPair, OfferedPair, PublishedRecall
from search.documents.from_jobs import job_document
from search.encoders import EncoderInfo
from search.encoders.hub_pair.short_names import CHECKED
from search.encoders.inventory.offers import Offer, offers, short_name_of
from search.text.printable import printable

MIB = 1 << 20


def pairs_document(
    infos: Sequence[EncoderInfo],
    downloads: Mapping[str, Job],
    pictures: int | None,
    timings: Mapping[str, Mapping[str, float]] | None = None,
) -> EncoderPairs:
    """Return the pairs that are offered and those on this machine.

    `downloads` has the newest job of a specification. The estimates are for a number of `pictures`,
    and absent without one; estimating takes a tenth of a second at first. `timings` has the
    measured members of pairs, by their specification.
    """
    timings = timings or {}
    return EncoderPairs(
        offered=tuple(
            _offered(offer, pictures, downloads.get(offer.encoder)) for offer in offers(infos)
        ),
        installed=tuple(_installed(info, timings.get(info.encoder, {})) for info in infos),
        pictures=pictures or None,
    )


def _offered(offer: Offer, pictures: int | None, job: Job | None) -> OfferedPair:
    row = offer.row
    return OfferedPair(
        name=offer.name,
        encoder=offer.encoder,
        good_for=row.good_for,
        languages=row.languages,
        size_bytes=offer.size_bytes,
        memory_bytes=None if row.memory_mib is None else row.memory_mib * MIB,
        recall=tuple(
            PublishedRecall(language=each.language, percent=each.percent, measure=each.measure)
            for each in row.recalls
        ),
        source=row.source or None,
        source_read_on=CHECKED.isoformat(),
        estimate_s=round(offer.seconds(pictures), 1) if pictures else None,
        here=offer.installed is not None,
        job=None if job is None else job_document(job),
    )


def _installed(info: EncoderInfo, timing: Mapping[str, Any]) -> InstalledPair:
    return InstalledPair(
        encoder=printable(info.encoder),
        name=short_name_of(info.encoder),
        where=info.where,
        space=info.space,
        width=info.width,
        size_bytes=info.size_bytes,
        speed=info.speed,
        languages=info.languages,
        collections=info.collections,
        there=info.there,
        **timing,
    )
