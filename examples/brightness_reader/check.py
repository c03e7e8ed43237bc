"""The contract test of the example plug-in: what every reader's own test suite should call."""

import numpy as np
from wetread_brightness import BrightnessReader

from wetread.plugins import READERS, factory
from wetread.testing.readers import check_reader
from wetread.testing.views import view_of

reader = factory(READERS, "brightness")()
assert isinstance(reader, BrightnessReader), "the entry point leads to the class"
film = view_of(np.full((64, 64), 200, np.uint8), modality="DX", body_part="CHEST")
check_reader(reader, (film,), known_codes={"wr:lung-opacity"})
print("the brightness reader keeps the contract")
