"""What all tests share: Hypothesis draws the same examples on every machine, and no test is judged by its speed."""

from hypothesis import settings

settings.register_profile("double-random", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("double-random")
