"""The example machine with one fault, named by the argument."""
import copy
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "examples" / "python"))
import machine  # noqa: E402


class WrongErrno(machine.Machine):
    def write(self, word, arguments, block, moves):
        try:
            super().write(word, arguments, block, moves)
        except machine.Refused:
            raise machine.Refused("EBUSY") from None


class LostState(machine.Machine):
    def online(self, block, kind):
        """Says that it is online."""


class StaleObservation(machine.Machine):
    last = None

    def observe(self, whole):
        shown, self.last = self.last, super().observe(True)
        return shown or self.last


class ForgottenChange(machine.Machine):
    def observe(self, whole):
        seen = super().observe(whole)
        return seen if whole else {**seen, "blocks": [], "gone": []}


class RefusesAll(machine.Machine):
    def execute(self, *arguments):
        raise machine.Refused("EBUSY")


class AcceptsAll(machine.Machine):
    def execute(self, *arguments):
        try:
            return super().execute(*arguments)
        except machine.Refused:
            return None


class Unplaced(machine.Machine):
    def add(self, *arguments):
        super().add(*arguments)


class DuplicatePage(machine.Machine):
    def alloc(self, *arguments):
        taken = super().alloc(*arguments)
        return taken + taken[:1]


class LostPage(machine.Machine):
    def alloc(self, *arguments):
        return [[role, start, count - 1] for role, start, count in super().alloc(*arguments) if count > 1]


class OtherPage(machine.Machine):
    def alloc(self, *arguments):
        return [[role, start + 1, count] for role, start, count in super().alloc(*arguments)]


class FreeKeeps(machine.Machine):
    def free(self, number):
        """Says that the pages are free."""
        if number not in self.allocations:
            raise machine.Refused("EINVAL")


class FreeKeepsLast(machine.Machine):
    def free(self, number):
        last = self.allocations[number]["pages"].pop()
        super().free(number)
        self.allocations[number]["pages"].append(last)


class WrongZone(machine.Machine):
    def choose_zone(self, block, kind):
        return "movable" if kind == "online" else super().choose_zone(block, kind)


def shown(change):
    """A machine whose observations are changed on their way."""
    class Shown(machine.Machine):
        def observe(self, whole):
            seen = copy.deepcopy(super().observe(whole))
            change(seen)
            return seen
    return Shown


def every(list_name, field, by):
    def change(seen):
        for one in seen[list_name]:
            one[field] += by
    return shown(change)


def crash(seen):
    if len(seen["devices"]) > 0:
        os._exit(3)


def hang(seen):
    if len(seen["devices"]) > 0:
        time.sleep(1000)


MACHINES = {
    "wrong-errno": WrongErrno, "lost-state": LostState, "stale-observation": StaleObservation,
    "forgotten-change": ForgottenChange, "refuses-all": RefusesAll, "accepts-all": AcceptsAll, "unplaced": Unplaced,
    "duplicate-page": DuplicatePage, "lost-page": LostPage, "other-page": OtherPage,
    "free-keeps": FreeKeeps, "free-keeps-last": FreeKeepsLast,
    "wrong-zone": WrongZone, "present-drifts": every("zones", "present", 1), "managed-drifts": every("zones", "managed", -1),
    "free-drifts": every("zones", "free", 1), "span-drifts": every("zones", "spanned", 1),
    "no-resources": shown(lambda seen: seen.update(resources=[])), "no-devices": shown(lambda seen: seen.update(devices=[])),
    "total-drifts": shown(lambda seen: seen.update(managed=seen["managed"] + 1)),
    "crash": shown(crash), "hang": shown(hang),
}


def cut(line):
    return line[:len(line) // 2]


LINES = {
    "cut-line": lambda line: cut(line) + b"\n", "half-line": cut, "no-json": lambda line: b"Segmentation fault\n",
    "unknown-errno": lambda line: line.replace(b'"ok"', b'"EWRONG"'),
    "unknown-field": lambda line: line.replace(b'{"outcome":{', b'{"outcome":{"mood":"good",'),
    "other-reply": lambda line: b'{"reset":{}}\n', "two-replies": lambda line: line + line,
    "negative-count": lambda line: line.replace(b'["placed",32,', b'["placed",32,-'),
}


class FaultyLines:
    """Standard output whose lines go wrong from the first outcome on."""

    def __init__(self, change):
        self.buffer, self.change, self.out = self, change, sys.stdout.buffer

    def write(self, line):
        if line.startswith(b'{"outcome"'):
            line = self.change(line)
        self.out.write(line)
        if not line.endswith(b"\n"):
            self.out.flush()
            os._exit(0)

    def flush(self):
        self.out.flush()


fault = sys.argv[1]
machine.Machine = MACHINES.get(fault, machine.Machine)
if fault in LINES:
    sys.stdout = FaultyLines(LINES[fault])
assert fault in MACHINES or fault in LINES, json.dumps(fault)
machine.serve(machine.Peer())
