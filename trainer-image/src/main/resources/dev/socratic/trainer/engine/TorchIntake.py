# Blockwise quantization to NF4 (Dettmers et al. 2023) as bitsandbytes 0.50 does it, over whole blocks of 64 values.
class TorchIntake(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Numbers of 16 bits [n] from their bytes [2 n], low one first: table [65536] has the value of each pattern
  def numbers(self, bytes: Tensor, table: Tensor, type: int) -> Tensor:
    pairs = torch.to(torch.view(bytes, [-1, 2]), 3)
    bits = torch.add(torch.select(pairs, 1, 0), torch.mul(torch.select(pairs, 1, 1), 256))
    return torch.to(torch.index_select(table, 0, bits), type)

  # [packed, absmax]: the code of a value is the number of thresholds (ascending, [15]) below value * (1 / absmax); of two
  # neighbours the first has the high half of a byte. absmax is bounded from below for the division alone.
  def quantize(self, x: Tensor, thresholds: Tensor, smallest: float) -> List[Tensor]:
    blocks = torch.view(torch.to(x, 6), [-1, 64])
    absmax = torch.amax(torch.abs(blocks), [1], False)
    scaled = torch.mul(blocks, torch.unsqueeze(torch.reciprocal(torch.clamp_min(absmax, smallest)), 1))
    codes = torch.bucketize(torch.nan_to_num(scaled, -1.0), thresholds, out_int32=True, right=False)
    pairs = torch.view(torch.to(codes, 0), [-1, 2])
    packed = torch.add(torch.mul(torch.select(pairs, 1, 0), 16), torch.select(pairs, 1, 1))
    return [packed, absmax]
