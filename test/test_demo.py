"""The demo, small: every step of the loop over real ROS 2, and a report that shows it."""

import json
import subprocess
import sys

import pytest

SMALL = {
    '--task': 'wire:2',  # whose episodes are over in five seconds, won or lost
    '--demonstrations': '2',
    '--train-seconds': '2',
    '--episodes': '1',
    '--many': '1',
    '--rounds': '1',
    '--round-episodes': '1',
}


@pytest.mark.alone
def test_the_demo_runs_from_nothing_to_a_report(tmp_path):
    words = [word for pair in SMALL.items() for word in pair]
    command = [sys.executable, '-m', 'il_ros.cli.main', 'demo', '--out', str(tmp_path), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for policy in ('l2', 'diffusion', 'diffusion, round 1'):
        assert f'2               {policy}, over ROS' in done.stdout
    rounds = json.loads((tmp_path / 'hg_dagger' / 'rounds.json').read_text())
    assert [row['round'] for row in rounds] == [1]
    page = (tmp_path / 'report.html').read_text()
    assert 'data:video/mp4;base64,' in page and page.count('<svg') > 3
    assert 'src="http' not in page and 'href="http' not in page  # opens from disk
    assert (tmp_path / 'demonstrations' / 'episode_000001' / 'metadata.yaml').is_file()
