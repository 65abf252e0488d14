"""What `benchmark` measures, one file a benchmark, and what all of them need."""
