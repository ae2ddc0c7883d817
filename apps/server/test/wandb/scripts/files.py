"""Files and media."""

import inspect
import os
import wave

import numpy as np
import plotly.graph_objects as graphs
import wandb
from PIL import Image as Picture
from told import tell, tell_run


def write_tone(path, frequency):
    with wave.open(path, "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(8000)
        times = np.arange(4000) / 8000
        tone.writeframes((12000 * np.sin(2 * np.pi * frequency * times)).astype("<i2").tobytes())



os.makedirs("kept/deep", exist_ok=True)
with open("kept/deep/notes with space.txt", "w") as file:
    file.write("saved by hand")
with open("kept/empty.bin", "w"):
    pass
run = wandb.init(settings=wandb.Settings(save_code=True))
tell_run(run)
run.save("kept/deep/*", base_path="kept")
run.save("kept/empty.bin", base_path="kept")
pixels = np.zeros((4, 6, 3), dtype=np.uint8)
pixels[1:] = 200
run.log({"picture": wandb.Image(pixels, caption="a picture"), "loss": 1})
run.log({"pictures": [wandb.Image(pixels + index, caption=f"n{index}") for index in range(3)]})
run.log({"spread": wandb.Histogram(np.arange(100))})
run.log({"rows": wandb.Table(columns=["word", "count"], data=[["one", 1], ["none", float("nan")]])})
run.log({"page": wandb.Html("<b>bold</b>")})
write_tone("low.wav", 220)
write_tone("high.wav", 440)
run.log({"tone": wandb.Audio("low.wav", caption="a low tone")})
run.log({"tones": [wandb.Audio("low.wav", caption="low"), wandb.Audio("high.wav", caption="high")]})
shades = [Picture.new("L", (32, 24), shade) for shade in (0, 120, 240)]
shades[0].save("film.gif", save_all=True, append_images=shades[1:], loop=0)
run.log({"film": wandb.Video("film.gif", caption="a film")})
run.log({"pages": [wandb.Html("<i>one</i>"), wandb.Html("<i>two</i>")]})
run.log({"figure": graphs.Figure(graphs.Scatter(x=[1, 2, 3], y=[2.0, float("nan"), 3.0]))})
with open("water.pdb", "w") as molecule:
    molecule.write("HETATM    1  O   HOH A   1       0.000   0.000   0.000\nEND\n")
run.log({"molecule": wandb.Molecule("water.pdb", caption="water")})
cloud = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.5]])
run.log({"cloud": wandb.Object3D(cloud)})
curve = wandb.Table(columns=["x", "y"], data=[[step, step * step] for step in range(20)])
run.log({"curve": wandb.plot.line(curve, "x", "y", title="A curve")})
mistakes = wandb.plot.confusion_matrix(y_true=[0, 0, 1, 1], preds=[0, 1, 1, 1], class_names=["cat", "dog"])
run.log({"mistakes": mistakes})
# Releases before 0.22 have no tables that rows are added to.
grows = "log_mode" in inspect.signature(wandb.Table).parameters
if grows:
    growing = wandb.Table(columns=["n"], data=[[1], [2]], log_mode="INCREMENTAL")
    run.log({"growing": growing})
    growing.add_data(3)
    run.log({"growing": growing})
run.log({"loss": 2})
run.finish()
if grows:
    # Another process adds to what the first one logged.
    with wandb.init(id=run.id, resume="must") as again:
        again.log({"growing": wandb.Table(columns=["n"], data=[[4]], log_mode="INCREMENTAL")})
summary = wandb.Api().run(run.path).summary
tell(grows=grows, pictures=[summary["pictures"]["_type"], len(summary["pictures"]["filenames"])])
