"""The numbers of RandomStreamTests.numbersStayWhatTheyWere, from the definitions alone (Philox4x32-10, SplitMix64,
FNV-1a, Box–Muller). Versions: Python 3.11. Prints what the test holds.
"""

import math

M = (1 << 64) - 1


def philox(key, offset):
    c = [offset >> 2 & 0xFFFFFFFF, offset >> 34, 0, 0]
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        first, second = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [second >> 32 ^ c[1] ^ k[0], second & 0xFFFFFFFF, first >> 32 ^ c[3] ^ k[1], first & 0xFFFFFFFF]
        k = [k[0] + 0x9E3779B9 & 0xFFFFFFFF, k[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return c[offset & 3]


def scramble(value):
    z = value + 0x9E3779B97F4A7C15 & M
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M
    return z ^ z >> 31


def named(key, name):
    value = key ^ 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & M
    return scramble(value)


def numbered(key, index):
    return scramble(key ^ scramble((index & M) + 1 & M))


key = named(2026, "data")
position = 0


def integer(bound):
    global position
    value = philox(key, position) << 32 | philox(key, position + 1)
    position += 2
    return value * bound >> 64


def normal(at):
    u = ((philox(key, at & ~1) >> 1) + 0.5) * 2.0**-31
    angle = philox(key, at | 1) * 2.0**-32 * 2 * math.pi
    return math.sqrt(-2 * math.log(u)) * (math.sin(angle) if at & 1 else math.cos(angle))


print("stream keys", hex(key), hex(numbered(2026, 7)))
print("uniform", [(philox(key, i) >> 8) * 2.0**-24 for i in range(3)])
print("normal", [normal(i) for i in range(3, 6)])
position = 6
order = list(range(8))
for last in range(7, 0, -1):
    other = integer(last + 1)
    order[last], order[other] = order[other], order[last]
print("permutation", order)
print("number", philox(key, position) * 2.0**-32, "position", position + 1)
