"""Append-only memory of every read, change, decision, sign-in, refusal and export. It knows no other package."""
