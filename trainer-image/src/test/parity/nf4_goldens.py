"""Writes src/test/resources/dev/socratic/trainer/quant/nf4.safetensors, what bitsandbytes makes of some small matrices.

Made with bitsandbytes 0.50.2, torch 2.15.0, safetensors 0.8.0 on a CPU with AVX2. bitsandbytes' native CPU library
rounds scales through a table and is no oracle, so a copy of the package without it is imported.
"""
import importlib.util
import pathlib
import shutil
import sys
import tempfile

copy = tempfile.mkdtemp()
source = pathlib.Path(importlib.util.find_spec("bitsandbytes").origin).parent
shutil.copytree(source, f"{copy}/bitsandbytes", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
sys.path.insert(0, copy)

import torch
from bitsandbytes import functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(7)
torch._dynamo.config.disable = True

CODE = F.get_4bit_type("nf4", device="cpu")
thresholds = (CODE[1:] + CODE[:-1]) / 2
ties = torch.cat([thresholds, CODE, torch.nextafter(thresholds, torch.ones(15)), -torch.ones(18)])
some = torch.randn(7, 61)
some[1], some[2, 5] = 0, 40.0
matrices = {
    "one": torch.tensor([[0.25]]),
    "zeros": torch.zeros(3, 64),
    "ties": ties.reshape(1, 64),
    "odd": torch.randn(5, 13),
    "mixed": some.half().float(),
    "many": (torch.randn(130, 131) * 0.02).bfloat16().float(),
}

tensors = {"codebook": CODE, "dynamic_map": F.create_dynamic_map()}
for name, matrix in matrices.items():
    packed, plain = F.quantize_4bit(matrix, quant_type="nf4", blocksize=64)
    again, double = F.quantize_4bit(matrix, quant_type="nf4", blocksize=64, compress_statistics=True)
    assert torch.equal(packed, again)
    tensors |= {
        f"{name}.matrix": matrix,
        f"{name}.packed": packed,
        f"{name}.absmax": plain.absmax,
        f"{name}.codes": double.absmax,
        f"{name}.nested_absmax": double.state2.absmax,
        f"{name}.offset": double.offset.reshape(1),
    }
    if matrix.numel() < 1000:
        tensors[f"{name}.dequantized"] = F.dequantize_4bit(packed, plain)
        tensors[f"{name}.double_dequantized"] = F.dequantize_4bit(packed, double)

target = pathlib.Path(__file__).parent.parent / "resources/dev/socratic/trainer/quant/nf4.safetensors"
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, target)
shutil.rmtree(copy)
print(target.name, target.stat().st_size, "bytes")
