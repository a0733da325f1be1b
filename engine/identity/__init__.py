"""The principals of requests: found by an API key or by a token of an identity provider."""
