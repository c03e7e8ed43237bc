"""The reader that ships with wetread: adult frontal chest films, offline. See shipped/chest-frontal/MODEL_CARD.md."""

from pathlib import Path

from wetread.readers.onnx import OnnxReader

SHIPPED = Path(__file__).parent / "shipped"


def embedded_reader() -> OnnxReader:
    """The chest film reader under the name "embedded".

    Raises: CardInvalid if the installation is damaged.
    """
    return OnnxReader(SHIPPED / "chest-frontal", name="embedded")
