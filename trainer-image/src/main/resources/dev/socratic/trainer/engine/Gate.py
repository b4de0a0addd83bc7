# The gate of a gated MLP: h = act(g) * u, element by element.
class Gate(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def gelu(self, g: Tensor, u: Tensor) -> Tensor:
    return torch.mul(torch.gelu(g, approximate="tanh"), u)

  # dg = act'(g) * (dh * u);  du = dh * act(g)
  def gelu_backward(self, g: Tensor, u: Tensor, dh: Tensor) -> List[Tensor]:
    return [torch.gelu_backward(torch.mul(dh, u), g, approximate="tanh"), torch.mul(dh, torch.gelu(g, approximate="tanh"))]

  def silu(self, g: Tensor, u: Tensor) -> Tensor:
    return torch.mul(torch.silu(g), u)

  def silu_backward(self, g: Tensor, u: Tensor, dh: Tensor) -> List[Tensor]:
    return [torch.silu_backward(torch.mul(dh, u), g), torch.mul(dh, torch.silu(g))]
