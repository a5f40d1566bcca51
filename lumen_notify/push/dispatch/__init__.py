"""Dispatch: a page of pushes -> the providers, each within its bounds, and what became of it.

dispatcher   a page -> the lanes of its providers
lane         one provider: how many at once (`pace`: how many a second), and while one of its services fails
             (`circuit`), none
"""
