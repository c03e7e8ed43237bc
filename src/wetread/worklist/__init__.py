"""The durable flow of a study, routing rules, priority, batches."""
