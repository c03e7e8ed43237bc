"""wetread gives every imaging study a preliminary read and orders the worklist by urgency.

Research use only. A report is preliminary until a human signs it.
"""

__version__ = "0.1.0"
