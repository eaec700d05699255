"""The evidence report as PDF/A-3.

What it says (`report`), the characters that it is said in (`printable`, `fonts`), and how it looks (`typesetter`).
"""
