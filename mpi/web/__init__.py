"""HTML pages of the index. A view parses, asks the gate, calls one service or query, and renders."""
