"""Use cases of the steward's desk, one a file. Each owns its durable transaction and is audited once."""
