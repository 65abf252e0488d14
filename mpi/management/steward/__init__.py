"""A steward by script: works the tasks of a running site by keyboard in a real browser, and takes everything back."""
