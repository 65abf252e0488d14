"""Reads of the steward's desk: fixed query counts, frozen values out. No access check: views ask the gate."""
