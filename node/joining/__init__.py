"""Newcomers: whom they meet, who lets them in, and how much of theirs shows."""
