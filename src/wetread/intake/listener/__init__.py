"""The DICOM listener: C-STORE into the spool, C-ECHO, answers to storage commitment. Needs `server`; no database.

pynetdicom keeps the association (negotiation, states, release, abort); what comes between is read here, so that an
object's bytes go from the socket to the disk without being decoded, copied or waited for.
"""

from wetread.intake.listener.server import Listener

__all__ = ["Listener"]
