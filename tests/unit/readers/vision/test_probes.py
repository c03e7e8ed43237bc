"""Results of probes outlive the process, and damage to their file is no catastrophe."""

from datetime import UTC, datetime, timedelta

import pytest

from wetread.readers.vision.probes import Probe, keep_probe, load_probes

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def result(target="openai gpt https://x", *, passed=True):
    return Probe(target=target, passed=passed, text="it read the number", when=NOW.isoformat())


def test_the_last_result_of_each_target_is_kept(tmp_path):
    path = tmp_path / "data" / "probes.json"
    keep_probe(path, result(passed=False))
    keep_probe(path, result("other"))
    keep_probe(path, result())
    assert load_probes(path) == {"openai gpt https://x": result(), "other": result("other")}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": {"b": 1}}', "\x00"])
def test_a_damaged_file_is_as_good_as_none(tmp_path, text):
    path = tmp_path / "probes.json"
    path.write_text(text)
    assert load_probes(path) == {}


def test_a_probe_is_stale_after_a_day():
    assert not result().stale(NOW + timedelta(hours=23))
    assert result().stale(NOW + timedelta(hours=25))
