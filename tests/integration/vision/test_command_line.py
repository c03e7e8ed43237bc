"""The verbs around vision readers, as a user types them, against fakes over real sockets."""

import json
import os
import subprocess
import sys

import pytest
from fake_providers import FILM, PATHS, answer, finding

GOOD = answer(finding("wr:pneumothorax", side="left"), urgency="P1")


@pytest.fixture
def run(tmp_path):
    """Runs wetread in a folder of its own, with these settings."""

    def command(*words, settings="", env=None):
        (tmp_path / "wetread.toml").write_text(f'data_dir = "{tmp_path}/data"\n{settings}')
        given = {k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_BASE_URL"))}
        return subprocess.run(
            [sys.executable, "-m", "wetread", *map(str, words)],
            cwd=tmp_path, env={**given, "COLUMNS": "250", **(env or {})}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    return command


def row(name, provider, url, **more):
    facts = {"kind": "vision", "provider": provider, "base_url": url, "model_id": "gpt-4.1", **more}
    told = "\n".join(f"{key} = {json.dumps(value)}" for key, value in facts.items())
    return f"\n[readers.{name}]\n{told}\n"


def test_a_film_is_read_as_one_json_object_and_logs_stay_off_stdout(llmock, run):
    llmock.reply(json.dumps(GOOD), times=None)
    done = run("read", FILM, "--reader", "gpt", "--format", "json", settings=row("gpt", "openai", llmock.url + "/v1"))
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    (told,) = json.loads(line)["answers"]
    assert (told["reader"], told["status"]) == ("gpt", "read")
    assert told["usage"]["calls"] == 1
    assert told["trace"]["egress"] == "on_site"
    assert "egress decided" in done.stderr


def test_a_config_file_may_stand_before_or_after_the_verb(llmock, run, tmp_path):
    llmock.reply(json.dumps(GOOD), times=None)
    site = tmp_path / "site.toml"
    site.write_text(f'data_dir = "{tmp_path}/d2"\n' + row("elsewhere", "openai", llmock.url + "/v1"))
    for words in (("--config", site, "read", FILM), ("read", FILM, f"--config={site}")):
        done = run(*words, "--reader", "elsewhere", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert '"elsewhere"' in done.stdout


@pytest.mark.parametrize("provider", sorted(PATHS))
def test_a_refused_key_is_seen_in_the_list_of_readers(llmock, run, provider):
    llmock.fail(401, times=None)
    done = run("readers", settings=row("gpt", provider, llmock.url + PATHS[provider][1]), env={"OPENAI_API_KEY": "x"})
    assert done.returncode == 0, done.stderr
    assert "refuses the key (401)" in " ".join(done.stdout.split())


def test_offline_nobody_is_asked(llmock, run):
    done = run("readers", "--offline", settings=row("gpt", "openai", llmock.url + "/v1"))
    assert "configured" in done.stdout
    assert not llmock.requests


def test_an_endpoint_that_is_away_does_not_hide_the_other_readers(run):
    done = run("readers", settings=row("gone", "openai", "http://127.0.0.1:9/v1"))
    assert done.returncode == 0
    assert "embedded" in done.stdout
    assert "can't be reached" in " ".join(done.stdout.split())


def test_a_model_that_cannot_see_fails_the_probe_and_is_sent_no_studies(llmock, run):
    settings = row("blind", "openai", llmock.url + "/v1")
    llmock.reply("none", times=None)
    done = run("readers", "probe", "blind", settings=settings)
    assert (done.returncode, "failed" in done.stdout) == (1, True), done.stderr
    asked = len(llmock.requests)
    read = run("read", FILM, "--reader", "blind", "--format", "json", settings=settings)
    (told,) = json.loads(read.stdout)["answers"]
    assert told["status"] == "abstained"
    assert "failed the probe" in told["reason"]
    assert len(llmock.requests) == asked


def test_a_broken_endpoint_proves_nothing(llmock, run):
    llmock.fail(503, times=None)
    done = run("readers", "probe", "gpt", settings=row("gpt", "openai", llmock.url + "/v1"))
    assert done.returncode == 1
    assert "proves nothing" in done.stderr


def test_the_bench_tells_latency_tokens_dollars_and_valid_answers(llmock, run):
    llmock.reply(json.dumps(GOOD), times=None)
    words = ("bench", FILM, "--reader", "embedded", "--reader", "gpt", "--repeat", "3", "--format", "json")
    done = run(*words, settings=row("gpt", "openai", llmock.url + "/v1"))
    assert done.returncode == 0, done.stderr
    embedded, gpt = map(json.loads, done.stdout.splitlines())
    assert (embedded["n"], embedded["read"], embedded["valid"]) == (3, 3, None)
    assert (gpt["n"], gpt["read"], gpt["valid"]) == (3, 3, 1.0)
    assert gpt["p50_s"] <= gpt["p95_s"] <= gpt["p99_s"]
    assert gpt["usd_per_1000_images"] > 0
    assert len(llmock.requests) == 3, "nothing comes from a cache"


def test_the_cost_is_told_before_anybody_is_asked(llmock, run):
    done = run("cost", FILM, "--reader", "gpt", "--format", "json", settings=row("gpt", "openai", llmock.url + "/v1"))
    assert done.returncode == 0, done.stderr
    assert "gpt-4.1" in done.stdout
    assert not llmock.requests


def test_the_catalog_shows_prices_with_their_date(run):
    done = run("readers", "models")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if " gpt-4.1 " in line]
    assert "2 / 8 (20" in line


def test_wrong_settings_end_in_two_with_the_line(run):
    done = run("config", "check", settings="[readers.x]\nkind = 'vision'\n")
    assert done.returncode == 2
    assert "wetread.toml:2" in done.stdout
    read = run("read", FILM, settings="[readers.x]\nkind = 'vision'\n")
    assert read.returncode == 2
    assert "Traceback" not in read.stderr


def test_an_unknown_reader_names_those_there_are(run):
    done = run("read", FILM, "--reader", "nobody", settings=row("gpt", "openai", "http://127.0.0.1:9/v1"))
    assert done.returncode == 2
    assert "gpt" in done.stderr


def test_a_cascade_and_a_panel_go_by_their_name(llmock, run):
    llmock.reply(json.dumps(GOOD), times=None)
    more = '[panels.both]\nreaders = ["embedded", "gpt"]\n[cascades.thrifty]\nfirst = "embedded"\nthen = "gpt"\n'
    settings = row("gpt", "openai", llmock.url + "/v1") + more
    for name in ("both", "thrifty"):
        done = run("read", FILM, "--reader", name, "--format", "json", settings=settings)
        assert done.returncode == 0, done.stderr
        assert [told["reader"] for told in json.loads(done.stdout)["answers"]] == ["embedded", "gpt"]
