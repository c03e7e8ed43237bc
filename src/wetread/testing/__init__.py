"""Public aids for tests of wetread and of its plug-ins: phantoms with known answers, contract checks."""
