"""Videos play in browsers and show who was in control at each instant."""

import av
import numpy as np
import pytest

from il_ros.report.curves import LANE, Curve, lanes
from il_ros.report.palette import WHO_RGB
from il_ros.report.strip import LABEL_WIDTH, MARGIN, strip, with_cursor
from il_ros.report.video import HEIGHT, STRIP_HEIGHT, episode_frames, episode_video, write_video
from il_ros.spec import Who


def frames(n, height=48, width=64):
    """Grey frames, each a little lighter than the one before."""
    return [np.full((height, width, 3), 40 + i, dtype=np.uint8) for i in range(n)]


def decoded(path):
    """Return the stream's facts and all frames of a video."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pictures = [f.to_ndarray(format='rgb24') for f in container.decode(stream)]
        return (
            stream.codec_context.name,
            stream.codec_context.pix_fmt,
            stream.average_rate,
            pictures,
        )


def test_video_is_h264_with_every_frame_in_order(tmp_path):
    """An odd size is cropped, not refused; brightness follows the frames."""
    path = tmp_path / 'new' / 'video.mp4'
    assert write_video(path, frames(30, 49, 65), 25) == 30
    name, pixels, rate, pictures = decoded(path)
    assert (name, pixels, float(rate)) == ('h264', 'yuv420p', 25.0)
    assert pictures[0].shape == (48, 64, 3)
    assert len(pictures) == 30
    light = np.array([p.mean() for p in pictures])
    assert np.abs(light - (40 + np.arange(30))).max() < 3


def test_moov_comes_first_so_that_browsers_start_at_once(tmp_path):
    """The index stands before the pictures."""
    write_video(tmp_path / 'video.mp4', frames(5), 25)
    data = (tmp_path / 'video.mp4').read_bytes()
    assert data.index(b'moov') < data.index(b'mdat')


def test_no_frames_and_broken_frames_leave_nothing_behind(tmp_path):
    """A video that cannot be written is an error, not half a file."""

    def broken():
        yield from frames(3)
        raise RuntimeError('camera gone')

    with pytest.raises(ValueError, match='no frames'):
        write_video(tmp_path / 'a.mp4', [], 25)
    with pytest.raises(RuntimeError, match='camera gone'):
        write_video(tmp_path / 'b.mp4', broken(), 25)
    assert list(tmp_path.iterdir()) == []


def test_episode_video_has_both_cameras_and_the_strip(tmp_path):
    """Left half from the left camera, right half from the right one, the strip underneath."""
    who = np.zeros((20, 2), dtype=np.uint8)
    dark = [np.zeros((48, 64, 3), dtype=np.uint8)] * 20
    assert episode_video(tmp_path / 'v.mp4', dark, frames(20), who, 25) == 20
    picture = decoded(tmp_path / 'v.mp4')[3][0]
    middle = picture.shape[1] // 2
    assert picture.shape == (HEIGHT + STRIP_HEIGHT, 2 * middle, 3)
    assert (
        picture[: HEIGHT - 8, : middle - 8].mean() < 5 < picture[: HEIGHT - 8, middle + 8 :].min()
    )
    with pytest.raises(ValueError, match='20 rows of authority need as many frames'):
        episode_video(tmp_path / 'w.mp4', dark[:10], frames(20), who, 25)


def test_strip_shows_each_arm_in_its_colour():
    """A person on the right arm in the second half colours only that."""
    codes = list(Who)
    who = np.full((100, 2), codes.index(Who.POLICY), dtype=np.uint8)
    who[50:, 1] = codes.index(Who.HUMAN)
    image = strip(who, 700, 64)
    assert image.shape == (64, 700, 3)
    early, late = LABEL_WIDTH + 20, 700 - MARGIN - 20
    policy, human = WHO_RGB[codes.index(Who.POLICY)], WHO_RGB[codes.index(Who.HUMAN)]
    assert [column_has(image, x, human) for x in (early, late)] == [False, True]
    assert [column_has(image, x, policy) for x in (early, late)] == [True, True]


def column_has(image, x, colour):
    """Whether a colour occurs in the bars at column x."""
    return bool((image[:40, x] == colour).all(axis=-1).any())


def test_curves_rise_over_the_strip_s_time_and_cross_their_bound():
    """Unknown values are left out; a value beyond the lane runs along its edge."""
    colour = (1, 200, 3)
    values = np.array([np.nan] * 20 + [0.0] * 40 + [5.0] * 40)
    image = lanes([Curve('V', values, colour, 0.0, 1.0, 0.5, 'much')] * 2, 700)
    assert image.shape == (2 * LANE, 700, 3)
    rows = {
        x: np.flatnonzero((image[:LANE, x] == colour).all(axis=-1)).mean()
        for x in (LABEL_WIDTH + 300, 700 - MARGIN - 20)
    }
    low, high = rows.values()
    assert low > LANE - 10 and high < 10
    assert not (image[:, : LABEL_WIDTH + 60] == colour).all(axis=-1).any()
    who = np.zeros((20, 2), dtype=np.uint8)
    pictures = list(episode_frames(frames(20), frames(20), who, curves=[Curve('V', *SHORT)]))
    assert pictures[0].shape[0] == HEIGHT + LANE + STRIP_HEIGHT


SHORT = (np.linspace(0, 1, 7), (1, 200, 3), 0.0, 1.0)


def test_cursor_moves_over_the_bars_and_leaves_the_strip_alone():
    """The cursor is a white line between the bars' ends."""
    plain = strip(np.zeros((10, 2), dtype=np.uint8), 400, 64)
    before = plain.copy()
    places = [
        np.flatnonzero((with_cursor(plain, f)[1] == 255).all(axis=-1)).mean() for f in (0, 0.5, 1)
    ]
    assert places[0] < LABEL_WIDTH + 2 and places[2] > 400 - MARGIN - 3
    assert places[1] == pytest.approx((places[0] + places[2]) / 2, abs=1)
    assert (plain == before).all()


def test_colours_of_who_are_distinct():
    """Each of the four is told from the others at a glance."""
    apart = np.abs(WHO_RGB[:, None].astype(int) - WHO_RGB[None]).sum(-1)
    assert apart[~np.eye(len(Who), dtype=bool)].min() > 100
