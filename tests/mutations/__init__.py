"""Mutations: each takes away the protection behind a promise of docs/privacy.md, and its test must fail then."""
