"""How hard gates are at the start: does that decide where paths go?"""
