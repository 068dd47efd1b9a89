"""Rehearsals: a conversation in writing, offline and in virtual time."""
