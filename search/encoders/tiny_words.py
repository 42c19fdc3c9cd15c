"""The words of the tiny pairs: twelve colours and the four sides, in English and Chinese."""

import numpy as np

COLOURS: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("red 红", (215, 30, 35)),
    ("green 绿", (40, 150, 50)),
    ("blue 蓝", (35, 70, 205)),
    ("yellow 黄", (245, 220, 45)),
    ("black 黑", (12, 12, 12)),
    ("white 白", (245, 245, 245)),
    ("orange 橙", (245, 140, 25)),
    ("purple violet 紫", (125, 40, 160)),
    ("pink 粉", (250, 160, 195)),
    ("brown 棕 褐", (115, 70, 35)),
    ("gray grey 灰", (128, 128, 128)),
    ("cyan turquoise 青", (45, 200, 210)),
)
COLOUR_OF = {word: i for i, (words, _) in enumerate(COLOURS) for word in words.split()}
PALETTE = np.array([rgb for _, rgb in COLOURS], np.int32)

# The quarters of a picture: 0 top left, 1 top right, 2 bottom left, 3 bottom right.
PLACES = {"left 左": (0, 2), "right 右": (1, 3), "top above 上": (0, 1), "bottom below 下": (2, 3)}
PLACE_OF = {word: set(quarters) for words, quarters in PLACES.items() for word in words.split()}
ANYWHERE = {0, 1, 2, 3}
