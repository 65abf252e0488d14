"""Reads for the pages: one module a page, fixed query counts, frozen values out. Views ask the gate first."""
