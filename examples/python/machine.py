#!/usr/bin/env python3
"""A small machine with memory hotplug, level `core`, behind the protocol of src/Hotplug.Contract/Wire/PROTOCOL.md.

A memory block keeps one byte per page: what the page is used for. Everything else - counters, spans, runs - is counted
from those bytes when it is asked for.
"""
import json
import re
import sys

# What a page is used for, and how that looks: flags and references.
FREE, MOVABLE, KERNEL, STUCK, PINNED, HOLE = range(6)
LOOKS = {FREE: (1, 0), MOVABLE: (4 + 256, 1), KERNEL: (4 + 8192, 1), STUCK: (4 + 4096, 1), PINNED: (4 + 256, 2),
         HOLE: (1024, None)}
EXTRA = 128  # Added for a page that `get` took references on.
# The use of what is allocated, and whether it may be in zone Movable.
USES = {"movable": (MOVABLE, True), "pinned": (PINNED, True), "long-term-pinned": (PINNED, False),
        "unmovable": (KERNEL, False), "reclaimable": (KERNEL, False), "unmigratable": (STUCK, False)}
RUNS = re.compile(rb"(.)\1*", re.DOTALL)


class Refused(Exception):
    """What an operation answers, and perhaps the page to blame."""


class Block:
    def __init__(self, number, device, pages, zone):
        self.number, self.device, self.use = number, device, bytearray(pages)
        self.zone, self.stale = zone, None  # Stale: the online type that a write to an online block leaves behind.


class Machine:
    def __init__(self, spec):
        numbers = {key: int(value) for key, value in spec.items() if value.lstrip("-").isdigit()}
        self.pages = numbers["section"] * numbers["block-sections"]
        per_section = -(-numbers["section"] * numbers["descriptor-bytes"] // numbers["page-bytes"])
        self.memmap_pages = per_section * numbers["block-sections"]
        self.dimms = range(numbers["dimm-first"], numbers["dimm-first"] + numbers["dimm"])
        self.auto_online, self.auto_movable = spec["auto-online"], spec["auto-movable"] == "1"
        self.ratio, self.is_61 = numbers["auto-movable-ratio"], spec["dialect"] == "linux-6.1"
        self.blocks = {n: Block(n, 0, self.pages, "normal") for n in range(numbers["boot"])}
        self.devices, self.allocations, self.shown = {}, {}, {}
        self.memmaps = {}  # Pages that hold the descriptors of an added block.
        self.references = {}  # Of pages marked EXTRA: those of the allocation, and those of `get`.
        if spec["pc-boot"] == "1":
            self.blocks[0].zone, hole = "none", numbers["pageblock"]
            self.blocks[numbers["boot"] - 1].use[-hole:] = bytes([HOLE]) * hole

    def parts(self, zone):
        """What a zone counts, by address: (block, first page, end). Half of the block that spans zones is in DMA."""
        for block in self.blocks.values():
            if block.zone == zone:
                yield block, 0, self.pages - block.use.count(HOLE)
            elif block.zone == "none" and zone in ("dma", "normal"):
                yield block, *((0, self.pages // 2) if zone == "dma" else (self.pages // 2, self.pages))

    def span(self, zone):
        edges = [block.number * self.pages + edge for block, *part in self.parts(zone) for edge in part]
        return (edges[0], edges[-1]) if edges else (0, 0)

    def present(self, *zones, boot=False):
        return sum(end - first for zone in zones for b, first, end in self.parts(zone) if not (boot and b.device))

    def choose_zone(self, block, kind):
        def inside(zone):
            start, end = self.span(zone)
            return start < (block.number + 1) * self.pages and block.number * self.pages < end

        kernel = "dma" if inside("dma") else "normal"
        if kind in ("online_kernel", "online_movable"):
            return kernel if kind == "online_kernel" else "movable"
        if self.auto_movable:
            return "movable" if self.has_movable_room(block) else kernel
        return "movable" if inside("movable") and not inside(kernel) else kernel

    def group_of(self, device):
        zones = [block.zone for block in self.blocks.values() if block.device == device and block.zone]
        return (len(zones) - zones.count("movable")) * self.pages, zones.count("movable") * self.pages

    def has_movable_room(self, block):
        """auto_movable_can_online_movable(): movable memory in a ratio to what was there at boot."""
        device, (kernel, movable) = self.devices.get(block.device), self.group_of(block.device)
        group = device["group"] if device else "none"
        if self.ratio == 0 or group == "static" and kernel:
            return False
        present = self.present("movable") + (device["pages"] - movable if group == "static" else self.pages)
        early = self.present("dma", "normal", boot=True)
        for other in [n for n, d in self.devices.items() if d["group"] == "dynamic" and n != block.device]:
            other_kernel, other_movable = self.group_of(other)
            early -= max(0, other_movable * 100 // self.ratio - other_kernel)
            present -= other_movable
        return early > 0 and present <= self.ratio * (early + (kernel if group == "dynamic" else 0)) // 100

    def set_use(self, pfn, use):
        self.blocks[pfn // self.pages].use[pfn % self.pages] = use

    def free_chunks(self, movable_too, order=0, without=None):
        """The first pages of free chunks, those of kernel zones first."""
        chunk = bytes(1 << order)
        for zones in [("none", "normal", "dma"), ("movable",)][:1 + movable_too]:
            for block in self.blocks.values():
                at = block.use.find(chunk) if block.zone in zones and block is not without else -1
                while at >= 0:
                    fits = at % len(chunk) == 0
                    if fits:
                        yield block.number * self.pages + at
                    at = block.use.find(chunk, at + (len(chunk) if fits else 1))

    def take(self, count, use, movable_too, order=0, without=None):
        """So many chunks, or none."""
        found = [pfn for _, pfn in zip(range(count), self.free_chunks(movable_too, order, without))]
        if len(found) < count:
            raise Refused("ENOMEM")
        pages = [pfn + i for pfn in found for i in range(1 << order)]
        for pfn in pages:
            self.set_use(pfn, use)
        return pages

    def alloc(self, number, arguments):
        order = int(arguments.get("order", 0))
        pages = self.take(-(-int(arguments["pages"]) >> order), *USES[arguments.get("kind", "movable")], order)
        self.allocations[number] = {"pages": pages, "freed": False}
        return [["taken", start, length] for start, length, _ in runs(pages)]

    def free(self, number):
        allocation = self.allocations.get(number)
        if allocation is None or allocation["freed"]:
            raise Refused("EINVAL")
        allocation["freed"] = True
        for index, pfn in enumerate(allocation["pages"]):
            if pfn in self.references:
                self.references[pfn][0] = 0
            else:
                self.set_use(pfn, FREE)
                allocation["pages"][index] = None

    def get_or_put(self, word, number, index):
        allocation = self.allocations.get(number)
        pfn = allocation["pages"][index] if allocation and index < len(allocation["pages"]) else None
        if pfn is None or word == "put" and pfn not in self.references:
            raise Refused("EINVAL")
        use = self.blocks[pfn // self.pages].use[pfn % self.pages] & ~EXTRA
        own, extra = self.references.pop(pfn, (LOOKS[use][1], 0))
        extra += 1 if word == "get" else -1
        if extra:
            self.references[pfn] = [own, extra]
        elif not own:
            allocation["pages"][index] = None
        self.set_use(pfn, use | EXTRA if extra else use if own else FREE)

    def online(self, block, kind):
        block.zone, block.stale = self.choose_zone(block, kind), None

    def offline(self, block, moves):
        """offline_pages(): refuses, does not end, or moves what is movable away and commits."""
        if block.zone == "none" or HOLE in block.use:
            raise Refused("EINVAL")
        base = block.number * self.pages
        used = [i for i, use in enumerate(block.use) if use != FREE]
        for answer, stay in (("EBUSY", (KERNEL, KERNEL | EXTRA)), ("unfinished", set(block.use) - {MOVABLE, FREE})):
            for i in used:
                if block.use[i] in stay:
                    raise Refused(answer, base + i)
        try:
            targets = self.take(len(used), MOVABLE, True, without=block)
        except Refused:
            raise Refused("unfinished", base + used[0]) from None
        origins = {now: origin for origin, now in moves.items()}  # A page may move twice in one operation.
        moved = {base + i: target for i, target in zip(used, targets)}
        for pfn, target in moved.items():
            moves[origins.get(pfn, pfn)] = target
            self.set_use(pfn, FREE)
        for allocation in self.allocations.values() if moved else ():
            allocation["pages"] = [moved.get(pfn, pfn) for pfn in allocation["pages"]]
        block.zone = None

    def offline_all(self, blocks, moves):
        """Every block or none: what went offline comes back in the zone that it had."""
        zones = {block: block.zone for block in blocks if block.zone}
        try:
            for block in zones:
                self.offline(block, moves)
        except Refused:
            for block, zone in zones.items():
                block.zone = zone
            raise

    def drop(self, blocks):
        for block in blocks:
            for pfn in self.memmaps.pop(block.number):
                self.set_use(pfn, FREE)
            del self.blocks[block.number]
        self.devices = {n: d for n, d in self.devices.items() if any(b.device == n for b in self.blocks.values())}

    def add(self, device, arguments, at):
        pages, placement = int(arguments["pages"]), arguments.get("memmap", "policy")
        if (pages == 0 or pages % self.pages or at >= 0 and at % self.pages or placement == "per-device"
                or placement == "per-block" and self.is_61):
            raise Refused("EINVAL")
        count, inside = pages // self.pages, False
        for first in [at // self.pages] if at >= 0 else self.dimms:
            inside = first in self.dimms and first + count <= self.dimms.stop
            if inside and not any(n in self.blocks for n in range(first, first + count)):
                break
        else:
            raise Refused("EEXIST" if at >= 0 and inside else "E2BIG")
        memmap = self.take(count * self.memmap_pages, KERNEL, False)
        self.devices[device] = {"start": first * self.pages, "pages": pages, "group": arguments.get("group", "static")}
        added = [Block(first + i, device, self.pages, None) for i in range(count)]
        self.blocks = {n: block for n, block in sorted([*self.blocks.items(), *((b.number, b) for b in added)])}
        for i, block in enumerate(added):
            self.memmaps[block.number] = memmap[i * self.memmap_pages:(i + 1) * self.memmap_pages]
        for block in added if self.auto_online != "offline" else ():
            self.online(block, self.auto_online.replace("-", "_"))
        return [["placed", first * self.pages, pages]]

    def remove(self, word, subject, first, count, moves):
        """remove, offline-remove, eject."""
        if subject == "d0" or first not in self.dimms or first + count > self.dimms.stop:
            raise Refused("EINVAL")
        blocks = [b for b in self.blocks.values() if first <= b.number < first + count]
        if word == "remove" and any(b.zone for b in blocks):
            raise Refused("EBUSY")
        try:
            self.offline_all(blocks, moves)
        except Refused as refused:
            raise Refused("EBUSY" if word == "eject" else refused.args[0], *refused.args[1:]) from None
        self.drop(blocks)

    def write(self, word, arguments, block, moves):
        """A write to a file of a memory block."""
        if block is None or word == "write-state" and arguments["text"] == "nonsense":
            raise Refused("EINVAL" if block else "ENOENT")
        if word == "write-state" or word == "write-online" and (arguments["value"] == "1") == bool(block.zone):
            return
        if word == "write-online":
            word = "offline" if block.zone else block.stale or "online"
        if word == "offline" and block.zone:
            self.offline(block, moves)
        elif word != "offline" and not block.zone:
            self.online(block, word)
        else:
            block.stale = word if block.zone else block.stale
            raise Refused("EINVAL")

    def policy(self, setting):
        if setting == "auto-nonsense" or setting.startswith("memmap-"):
            raise Refused("EINVAL" if setting == "auto-nonsense" else "EACCES")  # The memmap's is a boot parameter.
        kind, value = setting.split("-", 1)
        if kind == "auto":
            self.auto_online = value
        else:
            self.auto_movable = value == "auto-movable"

    def execute(self, word, subject, arguments, target, at, moves):
        """The witness, but for what moved."""
        numbers = [int(n) for n in re.findall(r"\d+", subject)]
        if int(arguments.get("node", 0)) > 0:
            raise Refused("EINVAL")  # There is node 0 alone.
        if word in ("add", "alloc"):
            return self.add(*numbers, arguments, at) if word == "add" else self.alloc(*numbers, arguments)
        if word in ("free", "get", "put"):
            return self.free(*numbers) if word == "free" else self.get_or_put(word, *numbers)
        if word == "policy":
            return self.policy(arguments["set"])
        first, count = target[0] // self.pages, int(arguments.get("blocks", 0)) or target[1] // self.pages
        if word in ("remove", "offline-remove", "eject"):
            return self.remove(word, subject, first, count, moves)
        return None if word == "tick" else self.write(word, arguments, self.blocks.get(first), moves)

    def observe(self, whole):
        before, self.shown = {} if whole else self.shown, {b.number: self.show(b) for b in self.blocks.values()}
        zones = [self.show_zone(zone) for zone in ("dma", "normal", "movable")]
        normal, movable = self.present("dma", "normal") > 0, self.present("movable") > 0
        added = [block.number for block in self.blocks.values() if block.device]
        observation = {
            "whole": whole, "blocks": [block for n, block in self.shown.items() if before.get(n) != block],
            "zones": zones,
            "devices": [{"device": f"d{n}", "range": [device["start"], device["pages"]], "plugged": device["pages"],
                         "requested": device["pages"]} for n, device in self.devices.items()],
            "nodes": [{"node": 0, "online": True, "memory": normal or movable, "normal-memory": normal}],
            "resources": [[first * self.pages, count * self.pages] for first, count, _ in runs(added)],
            "managed": sum(zone["managed"] for zone in zones), "poisoned": 0,
            "boot-memmap": len(self.memmaps) * self.memmap_pages}
        return observation if whole else {**observation, "gone": sorted(before.keys() - self.shown.keys())}

    def show(self, block):
        if block.zone is None:
            zone = self.choose_zone(block, "online")
            other = self.choose_zone(block, "online_kernel") if zone == "movable" else "movable"
            return {"block": block.number, "state": "offline", "node": 0, "zone": zone, "other": other}
        pages = []
        for run in RUNS.finditer(block.use):
            use, length, pfn = run[1][0], run.end() - run.start(), block.number * self.pages + run.start()
            if use & EXTRA:
                pages += [[1, LOOKS[use & ~EXTRA][0], 0, 0, sum(self.references[pfn + i])] for i in range(length)]
            else:
                pages.append([length, LOOKS[use][0], 0, 0, LOOKS[use][1]])
        return {"block": block.number, "state": "online", "node": 0, "zone": block.zone, "pages": pages}

    def show_zone(self, zone):
        (start, end), present = self.span(zone), self.present(zone)
        free = sum(block.use.count(FREE, *part) for block, *part in self.parts(zone))
        return {"node": 0, "zone": zone, "start": start, "spanned": end - start, "present": present, "managed": present,
                "free": free, "isolated": 0}


def runs(numbers):
    """Runs of successive numbers: [first, count, index of the first]."""
    found = []
    for index, number in enumerate(numbers):
        if not found or number != sum(found[-1][:2]):
            found.append([number, 0, index])
        found[-1][1] += 1
    return found


def runs_of(moves):
    """The witness of migrations: runs that stayed runs."""
    sources, targets = list(moves), list(moves.values())
    return [["migrated", target, count, first + i] for first, length, index in runs(sources)
            for target, count, i in runs(targets[index:index + length])]


MOST_REQUEST_BYTES = 65536
WORDS = ("add remove offline-remove eject online online_kernel online_movable offline write-state write-online alloc "
         "free get put policy tick").split()
FIELDS = {"hello": {"protocol"}, "reset": {"spec"}, "execute": {"operation"}, "observe": {"whole"}, "bye": set()}
OPTIONAL = {"execute": {"range", "at"}}
VISIBLE = ("blocks zones zone-start zone-free page-types references placement boot-pages devices balloons counters "
           "nodes resources owners")
HELLO = {"protocol": 1, "name": "example-python", "version": "1", "levels": ["core"], "visible": VISIBLE.split(),
         "capabilities": ["reset", "changes"]}


def error(code, message):
    return {"error": {"code": code, "message": message}}


class Peer:
    machine = None

    def answer(self, line):
        try:
            (name, fields), = json.loads(line).items()
            required, known = FIELDS.get(name, set()), FIELDS.get(name, set()) | OPTIONAL.get(name, set())
            fits = required <= fields.keys() <= known
        except (AttributeError, TypeError, ValueError) as wrong:
            return error("malformed", str(wrong))
        if name not in FIELDS:
            return error("unknown-request", f"known: {', '.join(FIELDS)}")
        if not fits:
            return error("malformed", f"fields of {name}: {', '.join(known)}")
        is_early = self.machine is None and name in ("execute", "observe")
        return error("not-reset", "there is no machine yet") if is_early else getattr(self, name)(**fields)

    def bye(self):
        return {"bye": {}}

    def hello(self, protocol):
        return {"hello": HELLO} if protocol == 1 else error("version", "1 is spoken")

    def reset(self, spec):
        spec = dict(pair.split("=", 1) for pair in spec.split())
        if spec["memmap-on-memory"] != "off" or spec["nodes"] != "1" or "device-memory" in spec or "balloon" in spec:
            return error("refused", "this machine is one of level core")
        self.machine = Machine(spec)
        return {"reset": {}}

    def execute(self, operation, range=(0, 0), at=-1):
        word, *rest = operation.split()
        if word not in WORDS:
            return error("malformed", f"execute.operation: no operation '{word}'")
        subject = rest.pop(0) if rest and "=" not in rest[0] else ""
        arguments = dict(pair.split("=", 1) for pair in rest)
        answer, witness, moves = "ok", [], {}
        try:
            witness = self.machine.execute(word, subject, arguments, range, at, moves) or []
        except Refused as refused:
            answer, witness = refused.args[0], [["culprit", pfn, 1] for pfn in refused.args[1:]]
        return {"outcome": {"answer": answer, "witness": runs_of(moves) + witness}}

    def observe(self, whole):
        return {"observation": self.machine.observe(whole or not self.machine.shown)}


def serve(peer):
    reply = {}
    while "bye" not in reply and (line := sys.stdin.buffer.readline(MOST_REQUEST_BYTES + 1)):
        too_long = len(line) > MOST_REQUEST_BYTES and not line.endswith(b"\n")
        while too_long and line and not line.endswith(b"\n"):
            line = sys.stdin.buffer.readline(MOST_REQUEST_BYTES)
        reply = error("too-long", f"allowed are {MOST_REQUEST_BYTES} bytes") if too_long else peer.answer(line)
        sys.stdout.buffer.write(json.dumps(reply, separators=(",", ":")).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve(Peer())
