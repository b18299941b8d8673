"""wire.py -- reads a trace of Perfetto's format: what braidsim writes of it, from the bytes up.

A second reader of the format beside protobuf's own: field numbers are those of the published
schema, written down here anew, so that a wrong number in perfetto.proto shows.

Source: protobuf.dev/programming-guides/encoding; perfetto.dev/docs/reference/trace-packet-proto.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import collections
import struct


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Yields (number, value): an int, a float, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif key & 7 == 2:
            size, at = _varint(data, at)
            assert at + size <= len(data), "a field is longer than its message"
            value = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {key & 7} at byte {at}")
        yield key >> 3, value


def message(data):
    return dict(fields(data))


class Trace:
    """switches[cpu]: (ns, before, state, next); wakings[cpu]: (ns, pid); names[pid];
    slices[core]: (account, begin ns, end ns); counters[name]: (ns, value)."""

    def __init__(self, data):
        self.switches = collections.defaultdict(list)
        self.wakings = collections.defaultdict(list)
        self.names, self.tracks = {}, {}
        self.slices, self.counters = collections.defaultdict(list), collections.defaultdict(list)
        self.is_open, self.on = {}, {}
        for number, packet in fields(data):
            assert number == 1, "packets and nothing else"
            self._packet(message(packet))
        assert not self.is_open, "a slice has no end"

    def _packet(self, packet):
        assert packet.get(10) == 1, "every packet is of a sequence"
        if 1 in packet:
            self._bundle(packet[1])
        if 2 in packet:
            tree = message(packet[2])
            process, thread = message(tree[1]), message(tree[2])
            assert process[1] == thread[1] == thread[3] and process[3] == thread[2]
            self.names[thread[1]] = thread[2].decode()
        if 60 in packet:
            track = message(packet[60])
            parent = self.tracks.get(track.get(5), "")
            self.tracks[track[1]] = parent + "/" + track[2].decode()
        if 11 in packet:
            self._track_event(packet[8], message(packet[11]))

    def _bundle(self, bundle):
        bundle = message(bundle)
        cpu = bundle[1]
        sched = collections.defaultdict(list)
        for number, value in fields(bundle[4]):
            if number == 5:
                assert value == b"", "names are those of processes"
                continue
            at = 0
            while at < len(value):
                element, at = _varint(value, at)
                sched[number].append(element)
        assert all(len(sched[number]) == len(sched[1]) for number in (2, 3, 4, 6)), "a switch is whole"
        assert all(len(sched[number]) == len(sched[7]) for number in (8, 9, 10, 11)), "a waking is whole"
        ns = 0
        for delta, state, pid in zip(sched[1], sched[2], sched[3]):
            ns += delta
            if cpu in self.on:
                self.switches[cpu].append((ns, self.on[cpu], state, pid))
            else:
                assert pid == state == 0, "the first is of an idle CPU"
            self.on[cpu] = pid
        ns = 0
        for delta, pid, target in zip(sched[7], sched[8], sched[9]):
            ns += delta
            assert target == cpu
            self.wakings[cpu].append((ns, pid))

    def _track_event(self, ns, event):
        track = self.tracks[event[11]]
        if event[9] == 1:
            assert track not in self.is_open, "slices of a track overlap"
            self.is_open[track] = (event[23].decode(), ns)
        elif event[9] == 2:
            name, begin = self.is_open.pop(track)
            self.slices[track].append((name, begin, ns))
        else:
            assert event[9] == 4
            self.counters[track].append((ns, event[30] if 30 in event else event[44]))
