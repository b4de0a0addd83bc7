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

  # Norms [out] of the rows of W + scaling B A
  def norms(self, w: Tensor, lora: List[Tensor], scaling: float) -> Tensor:
    return torch.linalg_vector_norm(torch.add(w, torch.mul(torch.matmul(lora[1], lora[0]), scaling)), 2, [1])

  def row_norms(self, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, lora: List[Tensor], scaling: float) -> Tensor:
    return self.norms(torch.to(self.matrix(weight, tables, rows, columns, source), lora[0].dtype), lora, scaling)

  # lora = [], [A, B], or [A, B, m] with magnitudes m [out] (Liu et al. 2024, DoRA). With s = m / |W + scaling B A| and
  # d = dropout(x), the latter gives  y = x W^T + bias + (s - 1) * (d W^T) + s * scaling * (d A^T) B^T
  def forward(self, x: Tensor, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, compute: int, bias: List[Tensor], lora: List[Tensor], scaling: float, p: float, seed: int) -> Tensor:
    w = self.matrix(weight, tables, rows, columns, compute)
    base = torch.matmul(torch.to(x, compute), torch.t(w))
    y = base
    if torch.len(bias) > 0:
      y = torch.add(y, torch.to(bias[0], compute))
    y = torch.to(y, x.dtype)
    if torch.len(lora) > 0:
      d = self.dropped(torch.to(x, lora[0].dtype), p, seed)
      u = torch.mul_(torch.matmul(torch.matmul(d, torch.t(lora[0])), torch.t(lora[1])), scaling)
      if torch.len(lora) > 2:
        ws = torch.to(self.matrix(weight, tables, rows, columns, source), lora[0].dtype)
        s = torch.div(lora[2], self.norms(ws, lora, scaling))
        if p > 0.0:
          z = torch.matmul(d, torch.t(ws))
        else:
          z = torch.to(base, d.dtype)
        u = torch.add(torch.mul(z, torch.sub(s, 1.0)), torch.mul(u, s))
      y = torch.add(y, torch.to(u, x.dtype))
    return y

  # lora = [], [A, B, gradA, gradB], or [A, B, gradA, gradB, m, gradM]; with d = dropout(x), u = d A^T, g = scaling * dy,
  # v = g B:
  #   gradB += g^T u,  gradA += v^T d,  dx = dy W + mask * (v A),  gradient of the bias += sum(dy)
  # With magnitudes the norms count as constants: g = s * scaling * dy,  dx += mask * ((s - 1) * dy) W,
  #   gradM += sum(dy * (d W^T + scaling * u B^T)) / norms
  # The gradients of what is trained are added in place, those of x are returned.
  def backward(self, x: Tensor, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, compute: int, bias: List[Tensor], lora: List[Tensor], scaling: float, p: float, seed: int, dy: Tensor) -> Tensor:
    ws = self.matrix(weight, tables, rows, columns, source)
    dbase = dy
    if torch.len(bias) > 0:
      _ = torch.add_(bias[0], torch.sum(torch.to(dy, 6), [0]))
    past = annotate(List[Tensor], [])
    if torch.len(lora) > 0:
      d = self.dropped(torch.to(x, lora[0].dtype), p, seed)
      u = torch.matmul(d, torch.t(lora[0]))
      g = torch.mul(torch.to(dy, lora[0].dtype), scaling)
      stretched = annotate(List[Tensor], [])
      if torch.len(lora) > 4:
        wd = torch.to(ws, d.dtype)
        norms = self.norms(wd, lora, scaling)
        s = torch.div(lora[4], norms)
        if p > 0.0:
          z = torch.matmul(d, torch.t(wd))
          _ = torch.append(stretched, torch.matmul(torch.mul(torch.to(dy, d.dtype), torch.sub(s, 1.0)), wd))
        else:
          z = torch.to(torch.matmul(torch.to(x, compute), torch.t(self.matrix(weight, tables, rows, columns, compute))), d.dtype)
          dbase = torch.to(torch.mul(torch.to(dy, d.dtype), s), dy.dtype)
        z = torch.add_(torch.mul_(torch.matmul(u, torch.t(lora[1])), scaling), z)
        _ = torch.add_(lora[5], torch.div(torch.sum(torch.mul_(z, torch.to(dy, d.dtype)), [0]), norms))
        g = torch.mul(g, s)
      v = torch.matmul(g, lora[1])
      _ = torch.addmm_(lora[3], torch.t(g), u)
      _ = torch.addmm_(lora[2], torch.t(v), d)
      dd = torch.matmul(v, lora[0])
      if torch.len(stretched) > 0:
        dd = torch.add_(dd, stretched[0])
      _ = torch.append(past, torch.to(self.dropped(dd, p, seed), x.dtype))
    dx = torch.to(torch.matmul(torch.to(dbase, compute), torch.to(ws, compute)), x.dtype)
    if torch.len(past) > 0:
      dx = torch.add(dx, past[0])
    return dx
