# AdamW with moments in 8 bits (Dettmers et al. 2022), as bitsandbytes' AdamW8bit: over one flat buffer p [P] in blocks of
# 256. A moment is levels[codes] * absmax of its block; signed levels for m, unsigned ones for v. With the moments back in
# float32 the step is that of Optimizer.adamw, then they are rounded to the nearest level of their block's new absmax.
class Adam8bit(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  # codes [P], absmax [P / 256] -> [P / 256, 256]
  def moment(self, codes: Tensor, absmax: Tensor, levels: Tensor) -> Tensor:
    values = torch.view(torch.index_select(levels, 0, torch.to(codes, 3)), [-1, 256])
    return torch.mul_(values, torch.unsqueeze(absmax, 1))

  # Writes x [P / 256, 256] as codes and absmax; a tie goes to the lower level
  def store(self, x: Tensor, codes: Tensor, absmax: Tensor, levels: Tensor) -> Tensor:
    largest = torch.amax(torch.abs(x), [1], True)
    largest = torch.masked_fill(largest, torch.eq(largest, 0.0), 1.0)
    scaled = torch.view(torch.div(x, largest), [-1])
    above = torch.clamp(torch.searchsorted(levels, scaled), 1, 255)
    below = torch.sub(above, 1)
    toBelow = torch.abs(torch.sub(scaled, torch.index_select(levels, 0, below)))
    toAbove = torch.abs(torch.sub(scaled, torch.index_select(levels, 0, above)))
    nearest = torch.where(torch.le(toBelow, toAbove), below, above)
    _ = torch.copy_(codes, torch.to(nearest, 0))
    return torch.copy_(absmax, torch.squeeze(largest, 1))

  # state = [codes of m, absmax of m, codes of v, absmax of v], levels = [signed, unsigned]
  def step(self, p: Tensor, gradient: Tensor, state: List[Tensor], levels: List[Tensor], gradientScale: float, lr: float, decay: float, step: int, b1: float, b2: float, eps: float) -> Tensor:
    g = torch.mul(torch.to(gradient, 6), gradientScale)
    g = torch.view(torch.to(torch.to(g, gradient.dtype), 6), [-1, 256])
    m = torch.add_(torch.mul_(self.moment(state[0], state[1], levels[0]), b1), g, alpha=torch.sub(1.0, b1))
    v = torch.addcmul_(torch.mul_(self.moment(state[2], state[3], levels[1]), b2), g, g, value=torch.sub(1.0, b2))
    size = torch.div(lr, torch.sub(1.0, torch.pow(b1, step)))
    root = torch.pow(torch.sub(1.0, torch.pow(b2, step)), 0.5)
    rows = torch.mul_(torch.view(p, [-1, 256]), torch.sub(1.0, torch.mul(lr, decay)))
    _ = torch.addcdiv_(rows, m, torch.add_(torch.div_(torch.sqrt(v), root), eps), value=torch.neg(size))
    _ = self.store(m, state[0], state[1], levels[0])
    return self.store(v, state[2], state[3], levels[1])
