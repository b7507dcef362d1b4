"""Writes exact.txt: results of sin to log to more bits than f64 has, for the test jit/tests/accuracy.rs.

Needs mpmath. Run `python3 jit/tests/accuracy/exact.py > jit/tests/accuracy/exact.txt`; a seed is fixed, so the output is too.
A section `[function]` has lines `x result rest`: the bits of x and of the rounded result in hexadecimal, and how far the exact result
is from the rounded one, in 1/10000 of its unit in the last place. `hard.txt` has the inputs with the largest errors among 1.5 million random ones.
"""

import math
import os
import random
import struct

from mpmath import mp, mpf

mp.prec = 200
RANDOM = random.Random(1)
TINY = 5e-324


def bits(x):
    return struct.unpack(">Q", struct.pack(">d", x))[0]


def from_bits(b):
    return struct.unpack(">d", struct.pack(">Q", b))[0]


def uniform(low, high, n):
    return [RANDOM.uniform(low, high) for _ in range(n)]


def magnitudes(low, high, n):
    """Log-uniform: exponents of 2 from low to high, both signs."""
    return [RANDOM.choice((1, -1)) * math.ldexp(1 + RANDOM.random(), RANDOM.randrange(low, high)) for _ in range(n)]


def around(x):
    return [from_bits(bits(x) + offset) for offset in (-1, 0, 1)]


def inputs(name):
    small = [0.0, -0.0, TINY, -TINY, 1e-310, 2.0**-1022] + magnitudes(-1070, -20, 20) + magnitudes(-30, 0, 60)
    if name in ("sin", "cos", "tan"):
        halves = [n * float(mp.pi / 2) for n in list(range(1, 12)) + [100, 1001, 10_000, 123_457, 1_000_000]]
        quarters = [n * float(mp.pi / 4) for n in (1, 3, 5, 7, 9, 11)]
        # The f64 nearest to a multiple of pi/2, and others known to be near.
        nearest = [math.ldexp(6381956970095103, 797), math.ldexp(5319372648326541, 255), 1e22, 2.0**1023, 1.7976931348623157e308]
        spread = magnitudes(0, 20, 50) + magnitudes(20, 60, 30) + magnitudes(60, 1024, 40)
        return small + [y for x in halves + quarters for y in around(x)] + nearest + uniform(-10, 10, 70) + spread
    if name in ("arcsin", "arccos"):
        ends = [sign * (1 - math.ldexp(1 + RANDOM.random(), RANDOM.randrange(-52, -2))) for sign in (1, -1) for _ in range(30)]
        return small + around(0.5) + around(-0.5) + around(0.975) + [1.0, -1.0, 1 - 2.0**-53] + ends + uniform(-1, 1, 220)
    if name == "arctan":
        joints = [y for x in (0.4375, 0.6875, 1.1875, 2.4375) for y in around(x) + around(-x)]
        return small + joints + uniform(-4, 4, 160) + magnitudes(0, 20, 60) + magnitudes(20, 1024, 40) + [2.0**66, 1e308]
    if name == "exp":
        joints = [n * math.log(2) / 2 for n in range(-30, 31)]
        return small + joints + uniform(-20, 20, 80) + uniform(-708, 709.7, 100) + uniform(-744, -708, 40) + [709.782712893384]
    joints = [2.0**0.5, 0.5**0.5, 1.0, 0.5, 2.0, math.e, 1 - 2.0**-53, 1 + 2.0**-52]
    near = [1 + sign * math.ldexp(1 + RANDOM.random(), RANDOM.randrange(-52, -2)) for sign in (1, -1) for _ in range(50)]
    positive = [abs(x) for x in small if x] + [abs(x) for x in magnitudes(-1022, 1024, 60)]
    return positive + joints + near + uniform(0, 10, 80) + uniform(0.6, 1.5, 70)


FUNCTIONS = {
    "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan, "exp": mp.exp, "log": mp.log,
}  # fmt: skip


def main():
    hard = {name: [] for name in FUNCTIONS}
    for line in open(os.path.join(os.path.dirname(__file__), "hard.txt")):
        name, x = line.split()
        hard[name].append(from_bits(int(x, 16)))
    for name, function in FUNCTIONS.items():
        print(f"[{name}]")
        for x in inputs(name) + hard[name]:
            # Doubled precision where the result is near x itself or near 1.
            with mp.workprec(200 + 2200 * (abs(x) < 1e-20)):
                exact = function(mpf(x))
                result = math.copysign(float(exact), x) if exact == 0 else float(exact)
                rest = int(mp.nint((exact - mpf(result)) / mpf(math.ulp(result)) * 10_000))
            print(f"{bits(x):x} {bits(result):x} {rest}")


main()
