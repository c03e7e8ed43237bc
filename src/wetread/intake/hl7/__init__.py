"""Orders and patients over HL7 v2: MLLP connections, messages, and what they say as domain objects."""
