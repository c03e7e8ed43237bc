"""Whatever looks at views: readers that are data (a card, weights and a hash) and, later, vision models."""

from wetread.readers.card import ReaderCard, load_card
from wetread.readers.embedded import embedded_reader
from wetread.readers.installed import install, installed_readers
from wetread.readers.onnx import OnnxReader

__all__ = ["OnnxReader", "ReaderCard", "embedded_reader", "install", "installed_readers", "load_card"]
