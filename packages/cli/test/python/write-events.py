"""Writes log directories with the real writers of TensorBoard and tensorboardX, and what TensorBoard reads of them."""

import json
import logging
import math
import os
import struct
import sys
import zlib

import numpy as np
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.histogram import summary_v2 as histogram_v2
from tensorboard.plugins.hparams import summary_v2 as hparams_v2
from tensorboard.plugins.scalar import summary_v2 as scalar_v2
from tensorboard.plugins.text import summary_v2 as text_v2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter
from tensorboardX.proto import summary_pb2 as own_pb2

# tensorboardX warns of each NaN.
logging.disable()

root = sys.argv[1]
odd = [0.1, -0.0, 5e-324, math.nan, math.inf, -math.inf, 3.4e38, 1e-45]


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def x_writer(name, suffix="", **more):
    return SummaryWriter(os.path.join(root, name), filename_suffix=suffix, **more)


# Plain numbers, as PyTorch and tensorboardX write them.
writer = x_writer("plain/train")
for step in range(500):
    writer.add_scalar("loss/total", math.sin(step) + odd[step % 8], step, walltime=1.7e9 + step * 0.25)
    writer.add_scalar("größe 🙂", step * 1e-3, 500 - step, walltime=1.7e9 + step)
writer.add_scalar("negative", 1.5, -3, walltime=1.7e9)
writer.add_scalar("huge", 2.5, 2**53 - 1, walltime=1.7e9)
writer.add_scalar("twice", 1.0, 7, walltime=1.7e9)
writer.add_scalar("twice", 2.0, 7, walltime=1.7e9 + 1)
writer.add_text("note", "**bold** 記録", 3, walltime=1.7e9)
writer.add_histogram("weights", np.array([-1.0, 0.0, 0.5, 0.5, 2.0]), 4, bins="tensorflow", walltime=1.7e9)
image = own_pb2.Summary.Image(height=3, width=2, colorspace=1, encoded_image_string=png(2, 3))
writer.file_writer.add_summary(
    own_pb2.Summary(value=[own_pb2.Summary.Value(tag="picture/a b", image=image)]), 5, walltime=1.7e9
)
writer.close()

# A crash, and two restarts that take back what was logged beyond them.
for number, (start, end, purge) in enumerate([(0, 100, None), (60, 90, 60), (20, 30, 20)]):
    writer = x_writer("restarted", suffix=f".{number}", purge_step=purge)
    for step in range(start, end):
        writer.add_scalar("loss", step + number / 10, step, walltime=1.7e9 + number * 1000 + step)
        if step % 7 == 0:
            writer.add_scalar("rare", step + number / 10, step, walltime=1.7e9 + number * 1000 + step)
    writer.close()
names = sorted(os.listdir(os.path.join(root, "restarted")))
for number, suffix in enumerate([".0", ".1", ".2"]):
    (name,) = [each for each in names if each.endswith(suffix)]
    # The seconds in a file's name are the order in which they are read.
    path = os.path.join(root, "restarted", name)
    os.rename(path, os.path.join(root, "restarted", f"events.out.tfevents.170000000{number}.host{suffix}"))

# Tensors, as TensorFlow 2 writes them.
writer = EventFileWriter(os.path.join(root, "tensors"))


def put(summary, step, wall_time=1.7e9):
    if not isinstance(summary, summary_pb2.Summary):
        raise TypeError(summary)
    writer.add_event(event_pb2.Event(summary=summary, step=step, wall_time=wall_time + step))


for step in range(20):
    put(scalar_v2.scalar_pb("epoch_loss", math.cos(step)), step)
    if step > 0:
        tensor = tensor_util.make_tensor_proto(float(step), dtype=types_pb2.DT_DOUBLE)
        put(summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="double", tensor=tensor)]), step)
put(histogram_v2.histogram_pb("spread", np.array([1.0, 2.0, 2.0, 4.0]), buckets=3), 2)
put(text_v2.text_pb("words", ["a", "b"]), 3)
put(text_v2.text_pb("word", "one"), 4)
pictures = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[b"2", b"3", png(2, 3), png(2, 3)])
pictures.tensor_shape.dim.add(size=4)
metadata = summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="images"))
put(summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="pictures", tensor=pictures, metadata=metadata)]), 5)
put(hparams_v2.hparams_pb({"lr": 0.01, "layers": 3, "name": "größe", "bias": True}), 0)
audio = summary_pb2.Summary.Audio(sample_rate=1.0, encoded_audio_string=b"x")
put(summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="sound", audio=audio)]), 6)
writer.close()

told = {}
for name in ["plain/train", "restarted", "tensors"]:
    accumulator = event_accumulator.EventAccumulator(
        os.path.join(root, name), size_guidance={kind: 0 for kind in event_accumulator.DEFAULT_SIZE_GUIDANCE}
    )
    accumulator.Reload()
    scalars = {tag: [[e.step, e.wall_time, e.value] for e in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]}
    for tag in accumulator.Tags()["tensors"]:
        events = [[e.step, e.wall_time, tensor_util.make_ndarray(e.tensor_proto)] for e in accumulator.Tensors(tag)]
        if all(value.size == 1 and value.dtype.kind == "f" for _, _, value in events):
            scalars[tag] = [[step, wall, value.item()] for step, wall, value in events]
    told[name] = {tag: [[step, wall, repr(value)] for step, wall, value in events] for tag, events in scalars.items()}
print(json.dumps(told))
