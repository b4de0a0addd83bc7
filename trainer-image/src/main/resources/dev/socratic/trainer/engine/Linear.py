# A linear layer y = x W^T + bias + scaling * (dropout(x) A^T) B^T,  x [N, in], W [out, in], A [r, in], B [out, r].
# W is dense (weight = [W]), or NF4 with plain (weight = [packed, absmax]) or doubly quantized block scales
# (weight = [packed, codes, nestedAbsmax, offset]). The product with W is computed in the type `compute`, the adapter in
# the type of A, the sum in the type of x: bitsandbytes' Linear4bit under PEFT without autocast. As there (0.50), NF4
# values are rounded to `compute` forward, and to `source`, the type W was quantized from, backward.
class Linear(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # tables = [pairs [256, 2], map [256]]: the two NF4 values of a byte (high nibble first), the 8-bit dynamic map.
  # packed is padded to whole blocks of 64 values; every intermediate is rounded where bitsandbytes rounds it.
  def dequantize(self, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, type: int) -> Tensor:
    scales = weight[1]
    if torch.len(weight) > 2:
      n = torch.numel(scales)
      nested = torch.slice(torch.repeat_interleave(weight[2], 256), 0, 0, n)
      scales = torch.add_(torch.mul(torch.index_select(tables[1], 0, torch.to(scales, 3)), nested), weight[3])
    values = torch.view(torch.index_select(tables[0], 0, torch.to(weight[0], 3)), [-1, 64])
    values = torch.view(torch.mul_(values, torch.unsqueeze(scales, 1)), [-1])
    return torch.to(torch.view(torch.slice(values, 0, 0, torch.mul(rows, columns)), [rows, columns]), type)

  def matrix(self, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, type: int) -> Tensor:
    if torch.len(weight) == 1:
      w = torch.to(weight[0], type)
    else:
      w = self.dequantize(weight, tables, rows, columns, type)
    return w

  # The scaled mask of torch's native_dropout: elements are kept with probability 1 - p and divided by it.
  def dropped(self, x: Tensor, p: float, seed: int) -> Tensor:
    if p > 0.0:
      torch.manual_seed(seed)
      mask = torch.div_(torch.bernoulli_(torch.empty_like(x), torch.sub(1.0, p)), torch.sub(1.0, p))
      y = torch.mul(x, mask)
    else:
      y = x
    return y

  # lora = [] or [A, B]
  def forward(self, x: Tensor, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, compute: int, bias: List[Tensor], lora: List[Tensor], scaling: float, p: float, seed: int) -> Tensor:
    w = self.matrix(weight, tables, rows, columns, compute)
    y = torch.matmul(torch.to(x, compute), torch.t(w))
    if torch.len(bias) > 0:
      y = torch.add(y, torch.to(bias[0], compute))
    y = torch.to(y, x.dtype)
    if torch.len(lora) > 0:
      u = torch.matmul(self.dropped(torch.to(x, lora[0].dtype), p, seed), torch.t(lora[0]))
      y = torch.add(y, torch.to(torch.mul_(torch.matmul(u, torch.t(lora[1])), scaling), x.dtype))
    return y

  # lora = [] or [A, B, gradA, gradB]; with d = dropout(x), u = d A^T, g = scaling * dy, v = g B:
  #   gradB += g^T u,  gradA += v^T d,  dx = dy W + mask * (v A)
  # The gradients of the factors are added in place, those of x are returned.
  def backward(self, x: Tensor, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, compute: int, lora: List[Tensor], scaling: float, p: float, seed: int, dy: Tensor) -> Tensor:
    w = torch.to(self.matrix(weight, tables, rows, columns, source), compute)
    dx = torch.to(torch.matmul(torch.to(dy, compute), w), x.dtype)
    if torch.len(lora) > 0:
      d = self.dropped(torch.to(x, lora[0].dtype), p, seed)
      u = torch.matmul(d, torch.t(lora[0]))
      g = torch.mul(torch.to(dy, lora[0].dtype), scaling)
      v = torch.matmul(g, lora[1])
      _ = torch.addmm_(lora[3], torch.t(g), u)
      _ = torch.addmm_(lora[2], torch.t(v), d)
      dx = torch.add(dx, torch.to(self.dropped(torch.matmul(v, lora[0]), p, seed), x.dtype))
    return dx
