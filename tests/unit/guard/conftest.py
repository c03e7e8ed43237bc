"""Makes the objects that these tests share importable, here and in the guard's child."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
