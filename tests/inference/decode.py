"""Tokens from the network, each one that the grammar of a JSON schema allows where a schema is given."""

import json
from dataclasses import dataclass
from typing import Any

import torch
from llguidance import LLMatcher, LLTokenizer
from make import END, LONGEST, Tiny
from PIL import Image
from torch import Tensor

Schema = dict[str, Any]
MOST_ITEMS, MOST_LETTERS, MOST = 4, 24, 100
WITHIN = ("properties", "$defs", "definitions")
FORCED_TEXT = ("enum", "const", "pattern", "format")


class SchemaRefused(ValueError):
    """The grammar's compiler does not take this schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said, in how many tokens, and whether it came to its end."""

    text: str
    tokens: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a token is drawn: the likeliest where the temperature is 0."""

    temperature: float
    seed: int
    most_tokens: int


class Decoder:
    """Says something about pictures and text, in one thread at a time."""

    def __init__(self, tiny: Tiny) -> None:
        self._network = tiny.network
        self._tokenizer = tiny.tokenizer
        self._end = tiny.mark(END)
        self._grammar = LLTokenizer(tiny.tokenizer.to_str(), eos_token=self._end)

    @torch.inference_mode()
    def say(self, prompt: list[int], pictures: Tensor | None, schema: Schema | None, how: Sampling) -> Said:
        """The network's words after a prompt. pictures: (1, n, 3, edge, edge) float32 in [-1, 1].

        Raises: SchemaRefused.
        """
        matcher = self._matcher(schema)
        chance = torch.Generator().manual_seed(how.seed)
        said: list[int] = []
        fresh, seen, memory = prompt, {"pixel_values": pictures} if pictures is not None else {}, None
        while len(said) < how.most_tokens:
            step = self._network(
                input_ids=torch.tensor([fresh]), past_key_values=memory, use_cache=True, logits_to_keep=1, **seen
            )
            memory, seen = step.past_key_values, {}
            fresh = self._next(step.logits[0, -1].float(), matcher, chance, how.temperature)
            if self._end in fresh:
                return self._told(said + fresh[: fresh.index(self._end)], ended=True)
            said += fresh
            if matcher is not None and matcher.is_stopped():
                return self._told(said, ended=True)
        return self._told(said[: how.most_tokens], ended=False)

    def _next(
        self, logits: Tensor, matcher: LLMatcher | None, chance: torch.Generator, temperature: float
    ) -> list[int]:
        """One drawn token, then those that the grammar leaves no choice about."""
        if matcher is not None:
            allowed = torch.frombuffer(bytearray(matcher.compute_logit_bias()), dtype=torch.uint8)
            logits = logits.masked_fill(allowed[: len(logits)] == 0, -torch.inf)
        if temperature == 0:
            drawn = int(logits.argmax())
        else:
            drawn = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=chance))
        if matcher is None or drawn == self._end:
            return [drawn]
        forced = matcher.compute_ff_tokens() if matcher.consume_token(drawn) else []
        matcher.consume_tokens(forced)
        if matcher.is_error():
            raise RuntimeError(matcher.get_error())
        return [drawn, *forced]

    def _matcher(self, schema: Schema | None) -> LLMatcher | None:
        if schema is None:
            return None
        try:
            narrower = json.dumps(bounded(schema))
        except TypeError as problem:
            raise SchemaRefused(f"a limit is no number ({problem})") from problem
        grammar = LLMatcher.grammar_from_json_schema(narrower, defaults={"whitespace_flexible": False})
        matcher = LLMatcher(self._grammar, grammar, log_level=0)
        if matcher.is_error():
            raise SchemaRefused(matcher.get_error().splitlines()[0])
        return matcher

    def _told(self, said: list[int], *, ended: bool) -> Said:
        return Said(text=self._tokenizer.decode(said), tokens=len(said), ended=ended)


def bounded(schema: Any) -> Any:
    """A narrower schema, which random weights come to an end of: every answer to it is an answer to the one given.

    Noise closes a list or a string as rarely as it says any other word, so what has no limit is given a small one.
    `oneOf` stays as it is: with narrower branches a value could fit one of ours and two of theirs.
    """
    if not isinstance(schema, dict):
        return schema
    own = dict(schema)
    for key in WITHIN:
        if isinstance(own.get(key), dict):
            own[key] = {name: bounded(part) for name, part in own[key].items()}
    if isinstance(own.get("anyOf"), list):
        own["anyOf"] = [bounded(part) for part in own["anyOf"]]
    if "items" in own:
        own["items"] = bounded(own["items"])
    return own if any(key in own for key in FORCED_TEXT) else own | _limits(own)


def _limits(own: Schema) -> Schema:
    kinds = own.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    limits: Schema = {}
    if "array" in kinds and "maxItems" not in own:
        limits["maxItems"] = max(MOST_ITEMS, own.get("minItems", 0))
    if "string" in kinds and "maxLength" not in own:
        limits["maxLength"] = max(MOST_LETTERS, own.get("minLength", 0))
    if {"integer", "number"} & set(kinds) and not {"minimum", "maximum", "multipleOf"} & set(own):
        limits |= {"minimum": 0, "maximum": MOST}
        limits["type"] = ["integer" if kind == "number" else kind for kind in kinds]  # decimals could go on for ever
    return limits


def fits(prompt: list[int]) -> bool:
    """True where the prompt leaves room for an answer."""
    return len(prompt) < LONGEST // 2


def as_tensor(pictures: list[Image.Image], edge_px: int) -> Tensor | None:
    """Pictures as the vision tower takes them: (1, n, 3, edge, edge) float32 in [-1, 1]; None of none."""
    if not pictures:
        return None
    small = [picture.convert("RGB").resize((edge_px, edge_px), Image.Resampling.BOX) for picture in pictures]
    bytes_of = [torch.frombuffer(bytearray(one.tobytes()), dtype=torch.uint8) for one in small]
    planes = [one.reshape(edge_px, edge_px, 3).permute(2, 0, 1) for one in bytes_of]
    return torch.stack(planes)[None].float() / 127.5 - 1
