"""The gate: which pictures are worth reading, by their edges.

Recognising the text of a photograph takes a quarter of a second, looking at its edges a hundredth.
`python -m benchmarks.text.gate` fits the constants, on photographs of training splits and on
rendered pictures. It also measures the pair's own opinion, by its vectors: it adds nothing.
"""

import numpy as np

from indexer.text_reading.edges import Features

# A logistic regression of text by the features of `edges`, in their order: of 500 rendered pictures
# and 500 photographs.
WEIGHTS = np.array([14.276, -106.881, 6.734, -29.78, 0.86, 33.62, 11.672, 12.104])
CONSTANT = -7.887

# The log odds from which on a picture is read: 985 in 1,000 with text are above them.
LEAST_ODDS = -1.982


def text_odds(features: Features) -> float:
    """Return the log odds of text in a picture with these edges."""
    return float(features @ WEIGHTS + CONSTANT)


def may_hold_text(features: Features) -> bool:
    """Return whether a picture with these edges is worth reading."""
    return text_odds(features) >= LEAST_ODDS
