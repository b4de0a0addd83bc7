"""What `socratic-trainer bench --nf4` measures, with bitsandbytes: nf4_peer.py ROWS COLUMNS prints gigabytes a second as JSON."""
import json
import sys
import time

import bitsandbytes
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit

rows, columns = map(int, sys.argv[1:])
WARM_UP, TIMES = 2, 9


def rate(matrix, operation):
    seconds = []
    for _ in range(WARM_UP + TIMES):
        began = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - began)
    median = sorted(seconds[WARM_UP:])[TIMES // 2]
    return round(matrix.numel() * matrix.element_size() / median / 1e9, 2)


result = {"bitsandbytes": bitsandbytes.__version__, "torch": torch.__version__, "threads": torch.get_num_threads(), "gigabytesPerSecond": {}}
for name in ("float32", "float16", "bfloat16"):
    matrix = (torch.randn(rows, columns) * 0.03).to(getattr(torch, name))
    other = torch.empty_like(matrix)
    packed, state = quantize_4bit(matrix, quant_type="nf4", compress_statistics=True)
    result["gigabytesPerSecond"][name] = dict(
        copy=rate(matrix, lambda: other.copy_(matrix)),
        quantize=rate(matrix, lambda: quantize_4bit(matrix, quant_type="nf4", compress_statistics=True)),
        dequantize=rate(matrix, lambda: dequantize_4bit(packed, state)))
print(json.dumps(result))
