"""What the figures of the README come from: ratios on one machine in one run, never absolute times."""
