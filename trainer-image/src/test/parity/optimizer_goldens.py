"""Writes src/test/resources/dev/socratic/trainer/engine/adam8bit.safetensors: steps of bitsandbytes' AdamW8bit.

Made with bitsandbytes 0.50.2 and torch 2.15.0 on a CPU, by the package's own reference in PyTorch, as its kernels need a GPU.
Holds both maps, and of two parameters, one whose size is no multiple of a block, the start, the gradients and the end.
"""
import pathlib

import torch

torch._dynamo.config.disable = True
torch.set_num_threads(1)
torch.manual_seed(11)

from bitsandbytes.backends.triton.kernels_optim import optimizer_update_8bit_blockwise_pytorch
from bitsandbytes.functional import create_dynamic_map
from safetensors.torch import save_file

STEPS, RATE = 4, 3e-3
SIGNED, UNSIGNED = create_dynamic_map(signed=True), create_dynamic_map(signed=False)
tensors = {"signed": SIGNED, "unsigned": UNSIGNED}
for name, size, decay in (("whole", 4096, 0.0), ("ragged", 4160, 0.1)):
    p = torch.randn(size) * 0.05
    blocks = -(-size // 256)
    state1, state2 = torch.zeros(size, dtype=torch.uint8), torch.zeros(size, dtype=torch.uint8)
    absmax1, absmax2 = torch.zeros(blocks), torch.zeros(blocks)
    tensors[f"{name}.start"] = p.clone()
    for step in range(1, STEPS + 1):
        g = torch.randn(size) * 10.0 ** torch.randint(-4, 1, (size,))
        g[:300] = 0
        tensors[f"{name}.gradient.{step}"] = g
        optimizer_update_8bit_blockwise_pytorch(p, g, state1, state2, 0.9, 0.999, 0.0, 0.0, 1e-8, step, RATE, SIGNED, UNSIGNED,
                                                absmax1, absmax2, decay, 1.0, False, optimizer_name="adam")
    tensors |= {f"{name}.end": p, f"{name}.codes1": state1, f"{name}.codes2": state2, f"{name}.absmax1": absmax1, f"{name}.absmax2": absmax2}

target = pathlib.Path(__file__).resolve().parent.parent / "resources/dev/socratic/trainer/engine/adam8bit.safetensors"
target.parent.mkdir(parents=True, exist_ok=True)
save_file({k: v.contiguous() for k, v in tensors.items()}, target)
print(target.stat().st_size, "bytes")
