# The gate of a gated MLP, element by element: h = a(g) * u, where a(g) = g * sigmoid(i(g)).
#   SiLU: i(g) = g.   GELU by tanh: i(g) = 2 sqrt(2 / pi) (g + 0.044715 g^3), as 0.5 (1 + tanh(x)) = sigmoid(2 x).
# Both are polynomials i(g) = linear * g + cubic * g^3. Computed in float32, `chunk` rows at a time;
# a(g) and the gradient by it have the type of g.
class Gate(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def sigmoid(self, g: Tensor, linear: float, cubic: float) -> Tensor:
    if cubic == 0.0:
      s = torch.sigmoid(g)
    else:
      s = torch.sigmoid_(torch.mul_(torch.add_(torch.mul_(torch.mul(g, g), cubic), linear), g))
    return s

  def forward(self, g: Tensor, u: Tensor, linear: float, cubic: float, chunk: int) -> Tensor:
    h = torch.empty_like(g, memory_format=0)
    gs = torch.split(g, chunk)
    us = torch.split(u, chunk)
    hs = torch.split(h, chunk)
    for n in range(torch.len(gs)):
      gf = torch.to(gs[n], 6)
      a = torch.mul_(self.sigmoid(gf, linear, cubic), gf)
      _ = torch.mul(torch.to(a, g.dtype), us[n], out=hs[n])
    return h

  # With s = sigmoid(i(g)):  du = dh * g s;  dg = (dh * u) * (s + g s (1 - s) i'(g)),  i'(g) = linear + 3 cubic g^2
  def backward(self, g: Tensor, u: Tensor, linear: float, cubic: float, chunk: int, dh: Tensor) -> List[Tensor]:
    dg = torch.empty_like(g, memory_format=0)
    du = torch.empty_like(u, memory_format=0)
    gs = torch.split(g, chunk)
    us = torch.split(u, chunk)
    dhs = torch.split(dh, chunk)
    dgs = torch.split(dg, chunk)
    dus = torch.split(du, chunk)
    for n in range(torch.len(gs)):
      gf = torch.to(gs[n], 6)
      s = self.sigmoid(gf, linear, cubic)
      a = torch.mul(gf, s)
      _ = torch.mul(torch.to(a, g.dtype), dhs[n], out=dus[n])
      slope = torch.rsub(s, 1.0)
      if cubic != 0.0:
        slope = torch.mul_(slope, torch.add_(torch.mul_(torch.mul(gf, gf), torch.mul(3.0, cubic)), linear))
      slope = torch.addcmul_(s, a, slope)
      _ = torch.mul(slope, torch.mul(us[n], dhs[n]), out=dgs[n])
    return [dg, du]
