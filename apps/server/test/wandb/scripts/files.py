"""Files and media."""

import os

import numpy as np
import wandb
from told import tell_run

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
run.log({"loss": 2})
run.finish()
