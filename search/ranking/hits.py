"""Hits of ranked pictures, with the evidence of each signal."""

from search.query.records import Hit, Match
from search.ranking.candidates import RankedPicture, Ranking
from search.ranking.signals import SIGNALS
from search.records import Picture


def hit_of(ranked_picture: RankedPicture, picture: Picture, rank: int, ranking: Ranking) -> Hit:
    """Return a ranked picture as a hit, with its matches."""
    row = ranked_picture.row
    return Hit(
        rank=rank,
        score=min(1.0, max(-1.0, float(ranking.scores[row]))),
        picture=picture,
        measure=ranking.measure,
        confidence=None if ranking.confidence is None else float(ranking.confidence[row]),
        matches=_matches(row, picture, ranking),
        copies=ranked_picture.copies,
        group=ranked_picture.group,
        is_sure=ranked_picture.is_sure,
    )


def _matches(row: int, picture: Picture, ranking: Ranking) -> tuple[Match, ...]:
    if ranking.measure == "none":
        return ()
    evidence = ranking.evidence
    if evidence is None:
        return (Match("picture", float(ranking.scores[row]), 1.0),)
    row_shares = evidence.shares[row].tolist()
    matches = [
        signal.explain(scores, row, share, picture, ranking.words)
        for signal, scores, share in zip(SIGNALS, evidence.signals, row_shares, strict=True)
    ]
    if evidence.exclusion is not None:
        matches.append(Match("excluded", float(evidence.exclusion[row]), 0.0))
    return tuple(match for match in matches if match is not None)
