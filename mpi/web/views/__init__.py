"""Views, one module a part of the site. A view parses, asks the gate, calls one service or query, and renders."""
