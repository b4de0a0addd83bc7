# AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW: over one flat buffer p, with g = gradientScale * gradient
# in the gradient's type,
#   p *= 1 - lr * decay;  m += (1 - b1) (g - m);  v = b2 v + (1 - b2) g^2
#   p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
class Optimizer(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def adamw(self, p: Tensor, gradient: Tensor, m: Tensor, v: Tensor, gradientScale: float, lr: float, decay: float, step: int, b1: float, b2: float, eps: float) -> Tensor:
    g = torch.to(torch.to(torch.mul(torch.to(gradient, 6), gradientScale), gradient.dtype), 6)
    _ = torch.mul_(p, torch.sub(1.0, torch.mul(lr, decay)))
    _ = torch.lerp_(m, g, torch.sub(1.0, b1))
    _ = torch.addcmul_(torch.mul_(v, b2), g, g, value=torch.sub(1.0, b2))
    size = torch.div(lr, torch.sub(1.0, torch.pow(b1, step)))
    root = torch.pow(torch.sub(1.0, torch.pow(b2, step)), 0.5)
    return torch.addcdiv_(p, m, torch.add_(torch.div_(torch.sqrt(v), root), eps), value=torch.neg(size))

  # Euclidean norm, float64 scalar
  def norm(self, x: Tensor) -> Tensor:
    xf = torch.to(x, 6)
    return torch.sqrt(torch.sum(torch.mul(xf, xf), dtype=7))
