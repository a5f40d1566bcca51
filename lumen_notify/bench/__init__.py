"""Bench: what does this box give?"""
