"""Videos of failures show the episode of their seed, and say how it ended."""

import av

from il_ros.report import film
from il_ros.report.failures import failure_videos


def test_an_episode_is_run_again_and_filmed(tmp_path, monkeypatch):
    """The expert serves: the video is as long as its episode, at 25 frames a second."""
    monkeypatch.setattr(film, 'SIZE', (80, 60))
    [path] = failure_videos('expert', 'sim', 'transfer', [5], tmp_path)
    assert path.name == 'seed_5_success.mp4'
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        seconds = stream.frames / float(stream.average_rate)
    assert 4 < seconds < 12 and list(tmp_path.iterdir()) == [path]
