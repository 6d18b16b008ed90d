"""Globally gated nets: what does a finite width change if all units share fixed gates?"""
