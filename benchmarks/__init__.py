"""What the README claims about speed, measured: ``python -m benchmarks [NAME ...]``.

Each benchmark is a module of this package: its docstring says what is compared and why that is fair, and its
``measure`` gives rows.
"""
