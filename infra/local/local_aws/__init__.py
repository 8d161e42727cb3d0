"""The local AWS of `make demo` and `make test`: ministack, with moto for EC2, and a guard deployed to it.

Everything listens on 127.0.0.1, and ends with whoever started it.
"""
