"""Who has which colour, in every figure, strip and legend; the colour-blind tell them apart."""

import numpy as np

from il_ros.spec import Who

COLOURS = {  # after Okabe and Ito, https://jfly.uni-koeln.de/color/
    Who.POLICY: '#2f81c7',
    Who.HUMAN: '#e69f00',
    Who.HOLD: '#9aa3ad',
    Who.ESTOP: '#d1495b',
}
SERIES = ('#2f81c7', '#d1495b', '#1b9e77', '#a05bb5', '#e69f00', '#6b7680')


def rgb(colour: str) -> tuple[int, int, int]:
    """Return '#rrggbb' as three numbers of 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


WHO_RGB = np.array([rgb(COLOURS[who]) for who in Who], dtype=np.uint8)  # (4, 3), by Episode.who
