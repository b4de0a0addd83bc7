# Root mean square normalization, over the last dimension (H) of x [.., H], in float32 whatever the type of x:
#   n = x / sqrt(mean(x^2) + eps)
#   y = n * (1 + w)   cast to `type`                    offset: Gemma
#   y = w * (n cast to the type of x)   cast to `type`  otherwise: Llama
class Norm(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self, x: Tensor, w: Tensor, eps: float, offset: bool, type: int) -> Tensor:
    xf = torch.to(x, 6)
    n = torch.mul(xf, torch.rsqrt(torch.add(torch.mean(torch.mul(xf, xf), [-1], True), eps)))
    if offset:
      y = torch.to(torch.mul(n, torch.add(torch.to(w, 6), 1.0)), type)
    else:
      y = torch.to(torch.mul(w, torch.to(n, x.dtype)), type)
    return y

  # With i = 1 / sqrt(mean(x^2) + eps), g = dy * (1 + w) or dy * w:
  #   dx = i * (g - n * mean(g * n)),   plus the gradient that reaches x past the norm: past = [] or [gradient]
  def backward(self, x: Tensor, w: Tensor, eps: float, offset: bool, dy: Tensor, past: List[Tensor]) -> Tensor:
    xf = torch.to(x, 6)
    i = torch.rsqrt(torch.add(torch.mean(torch.mul(xf, xf), [-1], True), eps))
    n = torch.mul(xf, i)
    if offset:
      g = torch.mul(torch.to(dy, 6), torch.add(torch.to(w, 6), 1.0))
    else:
      g = torch.to(torch.mul(dy, w), 6)
    dx = torch.mul_(torch.sub(g, torch.mul(n, torch.mean(torch.mul(g, n), [-1], True))), i)
    dx = torch.to(dx, x.dtype)
    if torch.len(past) > 0:
      dx = torch.add(dx, past[0])
    return dx

  # The residual connection
  def add(self, a: Tensor, b: Tensor) -> Tensor:
    return torch.add(a, b)
