"""Doors for machines. Each translates, calls one service and answers; none decides anything."""
