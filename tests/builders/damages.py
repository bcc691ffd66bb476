"""Damages to one score file, as copies, editors, exports and other tools make them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Damage = Callable[[random.Random, bytes, list[bytes]], bytes]
DAMAGES: dict[str, Damage] = {}
# Damages to single bytes may change a digit of a valid number, which nothing can show.
OF_BYTES: set[str] = set()
ODD_BYTES = [
    b"\x00",
    b"\r",
    b"\n",
    b"\t",
    b" ",
    b"-",
    b"e",
    b".",
    b"x",
    b"\xff",
    b"\xc2\xa0",
    "\u2028".encode(),
    b"\x85",
]
ODD_CELLS = [
    *("", " ", "nan", "NaN", "inf", "-inf", "1e999", "1_000", "0x1", "1e", "+-1", "1,5", "0.5 ", '"0.5"', "None"),
    *("\u0660.\u0665", "\u22120.5", "\uff10.5", "0.5\u00a0", "-0.1", "1.5", "1e300", "--", "TRUE", "0.5%", "\ufeff0.5"),
]


def damage(function: Damage) -> Damage:
    DAMAGES[function.__name__] = function
    return function


def of_bytes(function: Damage) -> Damage:
    OF_BYTES.add(function.__name__)
    return damage(function)


def lines_of(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def with_cells(data: bytes, change: Callable[[int, list[bytes]], list[bytes]]) -> bytes:
    return joined([b"\t".join(change(row, line.split(b"\t"))) for row, line in enumerate(lines_of(data))])


def with_times(data: bytes, change: Callable[[float], float]) -> bytes:
    def row(index: int, cells: list[bytes]) -> list[bytes]:
        return cells if index == 0 else [*(b"%g" % change(float(cell)) for cell in cells[:2]), *cells[2:]]

    return with_cells(data, row)


def spot(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


@damage
def delete_lines(rng, data, others):
    lines = lines_of(data)
    start = rng.randrange(len(lines))
    return joined(lines[:start] + lines[start + rng.randint(1, 3) :])


@damage
def duplicate_a_line(rng, data, others):
    lines = lines_of(data)
    at = rng.randrange(len(lines))
    return joined([*lines[: at + 1], *lines[at:]])


@damage
def swap_two_lines(rng, data, others):
    lines = lines_of(data)
    first, second = rng.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]
    return joined(lines)


@damage
def reverse_the_rows(rng, data, others):
    head, *rows = lines_of(data)
    return joined([head, *reversed(rows)])


@damage
def insert_a_blank_line(rng, data, others):
    lines = lines_of(data)
    lines.insert(rng.randrange(len(lines) + 1), rng.choice([b"", b" ", b"\r", b"\t"]))
    return joined(lines)


@damage
def blank_lines_at_the_end(rng, data, others):
    return data + rng.choice([b"\n", b"\r\n", b"  \n", b"\r"]) * rng.randint(1, 3)


@damage
def other_line_ends(rng, data, others):
    return data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", "\u2028".encode(), b"\x85"]))


@damage
def other_ends_of_some_lines(rng, data, others):
    ends = [b"\n", rng.choice([b"\r\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b"\v", b"\f", b""])]
    return b"".join(line + rng.choice(ends) for line in lines_of(data))


@damage
def cut_off(rng, data, others):
    return data[: rng.randrange(len(data))]


@damage
def cut_off_at_a_line(rng, data, others):
    lines = lines_of(data)
    return joined(lines[: rng.randrange(len(lines))])


@damage
def beginning_lost(rng, data, others):
    return data[rng.randint(1, len(data) - 1) :]


@damage
def nothing_left(rng, data, others):
    return b""


@damage
def twice_in_one_file(rng, data, others):
    return data + rng.choice([data, data.partition(b"\n")[2]])


@damage
def a_block_of_zeros(rng, data, others):
    start = spot(rng, data)
    return data[:start] + bytes(min(64, len(data) - start)) + data[start + 64 :]


@damage
def another_clips_file(rng, data, others):
    return rng.choice(others)


@damage
def another_clips_rows_added(rng, data, others):
    return data + rng.choice(others).partition(b"\n")[2]


@damage
def half_of_another_clip(rng, data, others):
    other = rng.choice(others)
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


@damage
def delete_a_tab(rng, data, others):
    at = rng.choice([match.start() for match in re.finditer(b"\t", data)])
    return data[:at] + data[at + 1 :]


@damage
def insert_a_tab(rng, data, others):
    at = spot(rng, data)
    return data[:at] + b"\t" + data[at:]


@damage
def tabs_at_all_line_ends(rng, data, others):
    return data.replace(b"\n", b"\t\n")


@damage
def another_separator(rng, data, others):
    return data.replace(b"\t", rng.choice([b",", b";", b" ", b"    ", b"|", b"\t\t"]))


@damage
def delete_a_column(rng, data, others):
    column = rng.randrange(len(lines_of(data)[0].split(b"\t")))
    return with_cells(data, lambda row, cells: cells[:column] + cells[column + 1 :])


@damage
def duplicate_a_column(rng, data, others):
    column = rng.randrange(len(lines_of(data)[0].split(b"\t")))
    return with_cells(data, lambda row, cells: [*cells[: column + 1], *cells[column:]])


@damage
def swap_two_columns(rng, data, others):
    first, second = rng.sample(range(len(lines_of(data)[0].split(b"\t"))), 2)

    def swapped(row: int, cells: list[bytes]) -> list[bytes]:
        cells[first], cells[second] = cells[second], cells[first]
        return cells

    return with_cells(data, swapped)


@damage
def an_index_column(rng, data, others):
    return with_cells(data, lambda row, cells: [b"" if row == 0 else b"%d" % (row - 1), *cells])


@damage
def header_changed(rng, data, others):
    head, _, rest = data.partition(b"\n")
    quoted = b"%s" if rng.random() < 0.5 else b'"%s"'
    change = rng.choice([bytes.upper, bytes.lower, bytes.title, bytes.swapcase, lambda text: quoted % text + b" "])
    return change(head) + b"\n" + rest


@damage
def header_lost(rng, data, others):
    return data.partition(b"\n")[2]


@damage
def times_scaled(rng, data, others):
    factor = rng.choice([1000, 1e6, 0.001, 60, 2, 0.5, 1.1, 0.9, 16000, -1])
    return with_times(data, lambda time_s: time_s * factor)


@damage
def times_moved(rng, data, others):
    shift_s = rng.choice([0.25, -0.25, 10, 0.05, 3600])
    return with_times(data, lambda time_s: time_s + shift_s)


@damage
def one_time_changed(rng, data, others):
    row_at, column = rng.randrange(1, len(lines_of(data))), rng.randrange(2)
    cell = rng.choice([b"0", b"-1", b"9", b"1e9", b"0.13", b"nan", b"1e400", b"100000000000000000000"])
    return with_cells(
        data, lambda row, cells: [*cells[:column], cell, *cells[column + 1 :]] if row == row_at else cells
    )


@damage
def frames_overlap_or_leave_gaps(rng, data, others):
    gap_s = rng.choice([0.1, -0.1, 0.02, -0.02])
    return with_cells(
        data, lambda row, cells: cells if row == 0 else [cells[0], b"%g" % (float(cells[1]) + gap_s), *cells[2:]]
    )


@damage
def an_odd_cell(rng, data, others):
    row_at = rng.randrange(1, len(lines_of(data)))
    column, cell = rng.randrange(len(lines_of(data)[0].split(b"\t"))), rng.choice(ODD_CELLS).encode()
    return with_cells(
        data, lambda row, cells: [*cells[:column], cell, *cells[column + 1 :]] if row == row_at else cells
    )


@damage
def another_encoding(rng, data, others):
    return data.decode().encode(rng.choice(["utf-16", "utf-16-le", "utf-32", "cp500", "utf-8-sig"]))


@damage
def percent(rng, data, others):
    return with_cells(
        data, lambda row, cells: cells if row == 0 else [*cells[:2], *(b"%g" % (100 * float(c)) for c in cells[2:])]
    )


@of_bytes
def insert_bytes(rng, data, others):
    at = spot(rng, data)
    return data[:at] + rng.choice([*ODD_BYTES, bytes([rng.randrange(256)]), rng.randbytes(3)]) + data[at:]


@of_bytes
def delete_bytes(rng, data, others):
    at = spot(rng, data)
    return data[:at] + data[at + rng.randint(1, 4) :]


@of_bytes
def change_a_byte(rng, data, others):
    at = rng.randrange(len(data))
    return data[:at] + rng.choice([*ODD_BYTES, bytes([rng.randrange(256)])]) + data[at + 1 :]


@of_bytes
def flip_a_bit(rng, data, others):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
