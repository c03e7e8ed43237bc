"""Figures one can trust: cases, runs, scores, intervals, calibration, the queue, drift, the gate before a change."""
