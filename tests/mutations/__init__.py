"""Mutations: each takes away the protection behind a promise of docs/privacy.md, and the test it names must fail then."""
