"""A vision-language network of random weights, and a tokenizer trained on texts that lie beside the tests.

Nothing is downloaded and nothing is learnt: what it says is noise, and what is valid about it is the grammar's doing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3VisionConfig, LlamaConfig

EDGE_PX, PATCH_PX, SHUFFLE = 128, 16, 2
TOKENS_A_PICTURE = (EDGE_PX // PATCH_PX // SHUFFLE) ** 2
WORDS = 2048
LONGEST = 32_768
SPREAD = 0.2  # standard deviation of the weights: wide enough that pictures change what is said
PAD, START, END, IMAGE = "<pad>", "<s>", "</s>", "<image>"
ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiny:
    """The network with its tokenizer."""

    network: Idefics3ForConditionalGeneration
    tokenizer: Tokenizer

    @property
    def size(self) -> int:
        """How many weights it has."""
        return sum(weights.numel() for weights in self.network.parameters())

    def mark(self, word: str) -> int:
        """The number of a special token."""
        found = self.tokenizer.token_to_id(word)
        assert found is not None
        return found


def make(texts: Iterable[Path], seed: int) -> Tiny:
    """The network that belongs to a seed. The same texts and seed give the same one."""
    tokenizer = _trained(texts)
    torch.manual_seed(seed)
    return Tiny(network=Idefics3ForConditionalGeneration(_shape(tokenizer)).eval(), tokenizer=tokenizer)


def _trained(texts: Iterable[Path]) -> Tokenizer:
    """Byte pairs over every byte, so that any text can be said and read back."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[PAD, START, END, IMAGE, *(f"<{role}>" for role in ROLES)],
        show_progress=False,
    )
    tokenizer.train_from_iterator((text.read_text(encoding="utf-8") for text in sorted(texts)), trainer)
    tokenizer.encode_special_tokens = True  # "<image>" in someone's text is text
    return tokenizer


def _shape(tokenizer: Tokenizer) -> Idefics3Config:
    vision = Idefics3VisionConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=EDGE_PX,
        patch_size=PATCH_PX,
        initializer_range=SPREAD,
    )
    language = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=LONGEST,
        pad_token_id=tokenizer.token_to_id(PAD),
        bos_token_id=tokenizer.token_to_id(START),
        eos_token_id=tokenizer.token_to_id(END),
        initializer_range=SPREAD,
    )
    return Idefics3Config(
        vision_config=vision.to_dict(),
        text_config=language.to_dict(),
        image_token_id=tokenizer.token_to_id(IMAGE),
        pad_token_id=tokenizer.token_to_id(PAD),
        scale_factor=SHUFFLE,
    )
