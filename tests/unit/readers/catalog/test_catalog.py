"""The catalog: exact names, dated prices, ends, and a site's file that changes it field by field."""

from datetime import date

import pytest

from wetread.errors import ConfigurationError
from wetread.readers.catalog import image_tokens, load_catalog, priced
from wetread.settings import Provider

TODAY = date(2026, 11, 21)
CATALOG = load_catalog()


def test_an_entry_is_found_by_its_id_and_by_an_alias():
    assert CATALOG.entry("openai", "gpt-4.1-2025-04-14") == CATALOG.entry(Provider.OPENAI, "gpt-4.1")
    assert CATALOG.entry("openai-responses", "gpt-5").provider is Provider.OPENAI_RESPONSES


@pytest.mark.parametrize(
    "near", ["deepseek-chat-v3.2", "gpt-4.1-2", "GPT-4.1", "gpt-4.1 ", "claude-sonnet-4", "gpt", ""]
)
@pytest.mark.parametrize("provider", Provider)
def test_a_name_that_is_only_near_gets_no_price_and_is_not_known(provider, near):
    entry = CATALOG.entry(provider, near)
    assert (entry.known, entry.price, entry.model_id, entry.provider) == (False, None, near, provider)
    assert entry.status(TODAY) == "not in the catalog"


def test_an_unknown_model_is_thought_to_take_at_least_as_many_tokens_as_its_relatives():
    for provider in (Provider.OPENAI, Provider.ANTHROPIC, Provider.GOOGLE):
        stranger = CATALOG.entry(provider, "not-yet-born")
        relatives = [
            one.family for one in CATALOG.entries if one.provider is provider and one.model_id != "gpt-4o-mini"
        ]
        most = max(image_tokens(family, 1536, 1536) for family in relatives)
        assert image_tokens(stranger.family, 1536, 1536) >= most
        assert stranger.images is None


def test_a_gateway_passes_on_what_is_known_of_a_model_but_not_its_price():
    direct, gateway = (
        CATALOG.entry("anthropic", "claude-haiku-4-5"),
        CATALOG.entry("openai-compatible", "claude-haiku-4-5"),
    )
    assert (gateway.family, gateway.limits, gateway.known) == (direct.family, direct.limits, True)
    assert (gateway.price, gateway.end_of_life) == (None, None)
    assert "not the gateway's" in gateway.note


def test_a_local_model_has_no_price_rather_than_a_price_of_nothing():
    local = [entry for entry in CATALOG.entries if entry.provider is Provider.OPENAI_COMPATIBLE]
    assert {"qwen2.5vl", "llama3.2-vision", "medgemma"} <= {entry.model_id for entry in local}
    assert all(entry.price is None for entry in local)


def test_whether_deepseek_v3_2_sees_pictures_is_left_to_the_probe():
    assert CATALOG.entry("deepseek", "deepseek-v3.2").images is None


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 11, 21), "ends in 9 days (2026-11-30)"),
        (date(2026, 11, 29), "ends tomorrow (2026-11-30)"),
        (date(2026, 11, 30), "ends today (2026-11-30)"),
        (date(2026, 12, 1), "ended 2026-11-30"),
        (date(2026, 1, 1), "ends 2026-11-30"),
    ],
)
def test_the_end_of_sonnet_4_5_is_told(day, told):
    assert CATALOG.entry("anthropic", "claude-sonnet-4-5").status(day) == told


def test_every_end_says_what_happens_afterwards_and_who_says_so():
    ends = [entry.end_of_life for entry in CATALOG.entries if entry.end_of_life]
    assert len(ends) > 10
    assert all(end.after and end.source for end in ends)


def test_a_price_begins_on_its_day_and_a_budget_counts_the_dearest():
    entry = CATALOG.entry("google", "gemini-4-argon")
    assert [entry.price_on(day).input_usd for day in (date(2026, 11, 30), date(2026, 12, 1))] == [2.0, 4.0]
    assert entry.price.input_usd == 4.0


def test_what_is_unconfirmed_says_what():
    assert all(entry.note for entry in CATALOG.entries if entry.unconfirmed)
    assert all(family.note for family in CATALOG.families.values() if family.unconfirmed)


@pytest.mark.parametrize("entry", CATALOG.entries, ids=lambda entry: entry.model_id)
def test_every_entry_can_be_sent_a_picture_and_an_answer_fits(entry):
    limits = entry.limits
    assert "image/png" in limits.media_types
    assert limits.max_edge_px >= limits.usual_edge_px or entry.provider is Provider.OPENAI_COMPATIBLE
    assert limits.max_output_tokens < limits.context_tokens
    assert limits.max_picture_bytes * 4 / 3 <= limits.max_request_bytes
    assert entry.forms


def test_newer_gpt_models_are_asked_for_high_detail_by_name():
    fine = [entry for entry in CATALOG.entries if entry.family.name == "openai-patches-120"]
    assert len(fine) >= 10
    assert {entry.image_detail for entry in fine} == {"high"}


# ------------------------------------------------------------------------------------------------ a site's own file


def site(tmp_path, text):
    path = tmp_path / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_site_changes_one_field_and_keeps_the_others(tmp_path):
    path = site(tmp_path, '[[entry]]\nid = "gpt-4.1"\nprovider = "openai"\nlimits.max_images = 4\n')
    shipped, changed = CATALOG.entry("openai", "gpt-4.1"), load_catalog(path).entry("openai", "gpt-4.1")
    assert (changed.limits.max_images, changed.limits.context_tokens) == (4, shipped.limits.context_tokens)
    assert (changed.prices, changed.family) == (shipped.prices, shipped.family)


def test_a_site_adds_a_model_and_a_family(tmp_path):
    text = """
        version = "clinic 3"
        [families.qwen-wide]
        image = { rule = "snapped", cell_px = 28, min_pixels = 3136, max_pixels = 12845056 }
        source = "our server"
        date = 2026-11-01
        [[entry]]
        id = "qwen-wide"
        provider = "openai-compatible"
        family = "qwen-wide"
        images = "unknown"
        limits.max_images = 3
        prices = [{ input_usd = 0, output_usd = 0, source = "our own machine", date = 2026-11-01 }]
    """.replace("        ", "")
    catalog = load_catalog(site(tmp_path, text))
    entry = catalog.entry("openai-compatible", "qwen-wide")
    assert (entry.images, entry.price.input_usd, entry.family.image.tokens(2800, 2800)) == (None, 0.0, 10_000)
    assert catalog.version.endswith("clinic 3")
    assert catalog.sha256 != CATALOG.sha256


HEAD = '[[entry]]\nid = "gpt-4.1"\nprovider = "openai"\n'
WRONG = {
    "not TOML": ("[[entry]\n", "not valid TOML"),
    "a key nobody knows": (HEAD + "colour = 3\n", r"line 4, entry 'gpt-4.1': colour .*not a known key"),
    "a limit nobody knows": (HEAD + "limits.max_pictures = 3\n", r"line 4, entry 'gpt-4.1': max_pictures"),
    "a number that is none": (HEAD + 'limits.max_images = "many"\n', r"line 4, entry 'gpt-4.1': max_images .*integer"),
    "a limit of nothing": (HEAD + "limits.max_images = 0\n", r"line 4, .*max_images"),
    "a price below nothing": (
        HEAD + "\n[[entry.prices]]\ninput_usd = -1\noutput_usd = 1\nsource = 'x'\ndate = 2026-01-01\n",
        r"line 6, .*input_usd",
    ),
    "a price that is no number": (
        HEAD + "\n[[entry.prices]]\ninput_usd = nan\noutput_usd = 1\nsource = 'x'\ndate = 2026-01-01\n",
        r"line 6, .*input_usd",
    ),
    "a price without a source": (HEAD + "prices = [{ input_usd = 1, output_usd = 1, date = 2026-01-01 }]\n", "source"),
    "a price without a date": (HEAD + "prices = [{ input_usd = 1, output_usd = 1, source = 'x' }]\n", "date"),
    "a family nobody knows": (HEAD + 'family = "gpt"\n', r"line 4, entry 'gpt-4.1': family is one of"),
    "no provider": ('[[entry]]\nid = "mine"\n', r"entry 'mine': provider is missing"),
    "no id": ('[[entry]]\nprovider = "openai"\n', "id is missing"),
    "a provider nobody knows": ('[[entry]]\nid = "x"\nprovider = "acme"\nfamily = "generic"\n', r"entry 'x': provider"),
    "provider defaults nobody knows": ("[providers.acme.usual]\nimages = true\n", "acme"),
    "the same entry twice": (HEAD + HEAD, "stands twice"),
    "an alias of another": (HEAD + 'aliases = ["gpt-5"]\n', "also a name of"),
    "a claim to be known": (HEAD + "known = true\n", "known"),
    "a table nobody knows": ("[colours]\nred = 1\n", "colours"),
    "entries that are no tables": ("entry = 3\n", "entry holds tables"),
    "a rule nobody knows": (
        "[families.x]\nimage = { rule = 'magic' }\nsource = 's'\ndate = 2026-01-01\n", r"entry 'x': .*magic",
    ),
    "an answer of no tokens": ("p95_output_tokens = 0\n", "p95_output_tokens"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_with_file_entry_and_key(tmp_path, text, told):
    path = site(tmp_path, text)
    with pytest.raises(ConfigurationError, match=told) as problem:
        load_catalog(path)
    assert str(path) in str(problem.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"gone\.toml: can't be read"):
        load_catalog(tmp_path / "gone.toml")


# ---------------------------------------------------------------------------------------------------- a site's prices


def test_a_sites_price_replaces_the_listed_one_and_half_a_price_is_no_price():
    listed, local = CATALOG.entry("openai", "gpt-4.1"), CATALOG.entry("openai-compatible", "medgemma")
    assert priced(listed, input_usd=1.0, output_usd=None, day=TODAY).price.output_usd == 8.0
    assert priced(local, input_usd=1.0, output_usd=None, day=TODAY).price is None
    assert priced(local, input_usd=0.0, output_usd=0.0, day=TODAY).price.input_usd == 0.0
    assert priced(listed, input_usd=None, output_usd=None, day=TODAY) is listed
