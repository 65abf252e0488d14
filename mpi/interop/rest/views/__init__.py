"""Views: read the request, call one service or query, answer. About fifteen lines each."""
