"""The REST door: `/api/v1/`, its OpenAPI document at `/api/schema/` and its pages at `/api/docs/`.

operation      what each method of a view declares once: scope, query, body, answers; checked and documented from there
door           the base of all views: who calls, correlation id, limits, headers
errors         one translator: any exception → problem+json (RFC 9457)
reading        bytes and query strings → checked values; every flaw named
documents      facts → JSON documents; nothing secret leaves through them
shapes_*       the same documents as the OpenAPI document describes them
views/         one file a noun or use case
"""
