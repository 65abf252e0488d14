"""Many at once: random acts and messages from several processes, locks held against them, and processes killed."""
