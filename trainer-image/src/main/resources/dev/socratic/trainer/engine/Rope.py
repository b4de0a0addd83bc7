# Rotary position embedding (Su et al. 2021) in the half-split layout of the transformers library.
class Rope(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # 1 / theta^(2i / D) for i < D / 2, in float32
  def frequencies(self, theta: float, dimension: int) -> Tensor:
    exponents = torch.div(torch.to(torch.arange(0, dimension, 2, dtype=4), 6), dimension)
    return torch.reciprocal(torch.pow(theta, exponents))

  # [cos, sin] [1, L, D] of positions 0 .. L-1, times scale, cast to `type`
  def tables(self, frequencies: Tensor, length: int, scale: float, type: int) -> List[Tensor]:
    angles = torch.mul(torch.unsqueeze(torch.to(torch.arange(length, dtype=4, device=frequencies.device), 6), 1), torch.unsqueeze(frequencies, 0))
    both = torch.unsqueeze(torch.cat([angles, angles], -1), 0)
    return [torch.to(torch.mul(torch.cos(both), scale), type), torch.to(torch.mul(torch.sin(both), scale), type)]

  # Rows of a table [1, T, D] at positions [B, L]: [B, L, D]
  def at(self, table: Tensor, positions: Tensor) -> Tensor:
    rows = torch.index_select(torch.squeeze(table, 0), 0, torch.flatten(positions))
    return torch.view(rows, [torch.size(positions, 0), torch.size(positions, 1), -1])

  # x [B, L, heads, D], cos and sin [B or 1, L, R] with R <= D. Of each head the first R elements r become
  # r * cos + rotate(r) * sin,  rotate([a, b]) = [-b, a];  the others stay.
  def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    size = torch.size(cos, -1)
    half = torch.floordiv(size, 2)
    turned = torch.slice(x, -1, 0, size)
    a = torch.slice(x, -1, 0, half)
    b = torch.slice(x, -1, half, size)
    rotated = torch.cat([torch.neg(b), a], -1)
    y = torch.add(torch.mul(turned, torch.unsqueeze(cos, 2)), torch.mul(rotated, torch.unsqueeze(sin, 2)))
    if size < torch.size(x, -1):
      y = torch.cat([y, torch.slice(x, -1, size)], -1)
    return torch.to(y, x.dtype)

  # dx = dy * cos - rotate(dy) * sin: the rotation back
  def backward(self, dy: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return self.forward(dy, cos, torch.neg(sin))
