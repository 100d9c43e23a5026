"""An invented city for demonstrations, tests and measurements: 云州市, with firms, inspectors and experts.

Everything is a function of a seed, byte for byte; nobody in it exists.
"""
