"""wire.py -- reads a trace of Perfetto's format: what braidsim writes of it, from the bytes up.

A second reader of the format beside protobuf's own: field numbers are those of the published
schema, written down here anew, so that a wrong number in perfetto.proto shows.

Source: protobuf.dev/programming-guides/encoding; perfetto.dev/docs/reference/trace-packet-proto.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import collections


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
    """Yields (number, value): an int, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
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
    """switches[cpu]: (ns, before, state, next); wakings[cpu]: (ns, pid, on); names[pid];
    slices[core]: (account, begin ns, end ns); counters[name]: (ns, value)."""

    def __init__(self, data):
        self.switches = collections.defaultdict(list)
        self.wakings = collections.defaultdict(list)
        self.names, self.tracks = {}, {}
        self.slices, self.counters = collections.defaultdict(list), collections.defaultdict(list)
        self.is_open = {}
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
        cpu = None
        for number, value in fields(bundle):
            if number == 1:
                cpu = value
                continue
            event = message(value)
            if 4 in event:
                change = message(event[4])
                assert change[2] == event[2], "who leaves was not on the CPU"
                self.switches[cpu].append((event[1], change[2], change[4], change[6]))
            else:
                waking = message(event[20])
                self.wakings[cpu].append((event[1], waking[2], event[2]))

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
            self.counters[track].append((ns, event[30]))
