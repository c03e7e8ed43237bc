"""What may leave the house: the egress policy, and identifiers taken out of requests."""
