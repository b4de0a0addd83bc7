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
    # a pair is copied at once, as if it were a complex number
    pairs = torch.index_select(torch.view_as_complex(tables[0]), 0, torch.to(weight[0], 3))
    values = torch.view(torch.view_as_real(pairs), [-1, 64])
    values = torch.view(torch.mul_(values, torch.unsqueeze(scales, 1)), [-1])
    return torch.to(torch.view(torch.slice(values, 0, 0, torch.mul(rows, columns)), [rows, columns]), type)

  def matrix(self, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, type: int) -> Tensor:
    if torch.len(weight) == 1:
      w = torch.to(weight[0], type)
    else:
      w = self.dequantize(weight, tables, rows, columns, type)
    return w

  # float32 of the shape of x: 1 with probability 1 - p, else 0. Element i is dropped if the hash of i and the seed is low; it
  # is MurmurHash3's finalizer, with a half of the seed before each of its two products.
  def kept(self, x: Tensor, p: float, seed: int) -> Tensor:
    h = torch.arange(torch.numel(x), dtype=3, device=x.device)
    _ = torch.bitwise_xor_(h, torch.remainder(seed, 2147483648))
    _ = torch.mul_(torch.bitwise_xor_(h, torch.bitwise_right_shift(h, 16)), -2048144789)
    _ = torch.bitwise_xor_(h, torch.floordiv(seed, 4294967296))
    _ = torch.mul_(torch.bitwise_xor_(h, torch.bitwise_right_shift(h, 13)), -1028477387)
    bound = int(torch.mul(torch.sub(p, 0.5), 2147483648.0))
    below = torch.bitwise_right_shift_(torch.sub_(torch.bitwise_right_shift_(h, 1), bound), 31)
    return torch.to(torch.view_as(torch.add_(below, 1), x), 6)

  # float32 x where it is kept, 0 elsewhere; the factor 1 / (1 - p) of dropout is left to who calls
  def masked(self, x: Tensor, mask: List[Tensor]) -> Tensor:
    y = x
    if torch.len(mask) > 0:
      y = torch.mul(x, mask[0])
    return y

  def mask(self, x: Tensor, p: float, seed: int) -> List[Tensor]:
    mask = annotate(List[Tensor], [])
    if p > 0.0:
      _ = torch.append(mask, self.kept(x, p, seed))
    return mask

  # Norms [out] of the rows of W + scaling B A
  def norms(self, w: Tensor, lora: List[Tensor], scaling: float) -> Tensor:
    return torch.linalg_vector_norm(torch.add(w, torch.mul(torch.matmul(lora[1], lora[0]), scaling)), 2, [1])

  def row_norms(self, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, lora: List[Tensor], scaling: float) -> Tensor:
    return self.norms(torch.to(self.matrix(weight, tables, rows, columns, source), lora[0].dtype), lora, scaling)

  # x W^T + bias, rounded to the type of w and then to that of x
  def base(self, x: Tensor, w: Tensor, bias: List[Tensor]) -> Tensor:
    if torch.len(bias) > 0:
      y = torch.addmm(torch.to(bias[0], w.dtype), torch.to(x, w.dtype), torch.t(w))
    else:
      y = torch.matmul(torch.to(x, w.dtype), torch.t(w))
    return torch.to(y, x.dtype)

  def unbiased(self, y: Tensor, bias: List[Tensor], compute: int) -> Tensor:
    z = y
    if torch.len(bias) > 0:
      z = torch.sub(y, torch.to(bias[0], compute))
    return z

  # lora = [], [A, B], or [A, B, m] with magnitudes m [out] (Liu et al. 2024, DoRA). With s = m / |W + scaling B A| and
  # d = dropout(x), the latter gives  y = x W^T + bias + (s - 1) * (d W^T) + s * scaling * (d A^T) B^T
  def forward(self, x: Tensor, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, compute: int, bias: List[Tensor], lora: List[Tensor], scaling: float, p: float, seed: int) -> Tensor:
    y = self.base(x, self.matrix(weight, tables, rows, columns, compute), bias)
    if torch.len(lora) > 0:
      keep = torch.div(1.0, torch.sub(1.0, p))
      xl = torch.to(x, lora[0].dtype)
      d = self.masked(xl, self.mask(xl, p, seed))
      u = torch.mul_(torch.matmul(d, torch.t(lora[0])), torch.mul(scaling, keep))
      if torch.len(lora) > 2:
        ws = torch.to(self.matrix(weight, tables, rows, columns, source), lora[0].dtype)
        s = torch.div(lora[2], self.norms(ws, lora, scaling))
        if p > 0.0:
          z = torch.mul_(torch.matmul(d, torch.t(ws)), keep)
        else:
          z = torch.to(self.unbiased(y, bias, compute), d.dtype)
        v = torch.mul_(torch.matmul(u, torch.t(lora[1])), s)
        y = torch.to(torch.add(y, torch.add(torch.mul(z, torch.sub(s, 1.0)), v)), x.dtype)
      else:
        y = self.added(y, u, torch.t(lora[1]))
    return y

  # y + a b, in place where the types are the same
  def added(self, y: Tensor, a: Tensor, b: Tensor) -> Tensor:
    if y.dtype == a.dtype:
      z = torch.addmm_(y, a, b)
    else:
      z = torch.to(torch.add(y, torch.matmul(a, b)), y.dtype)
    return z

  # lora = [], [A, B, gradA, gradB], or [A, B, gradA, gradB, m, gradM]; with d = dropout(x) = keep * mask * x, u = d A^T,
  # v = scaling * dy B:
  #   gradB += scaling * dy^T u,  gradA += v^T d,  dx = dy W + keep * mask * (v A),  gradient of the bias += sum(dy)
  # With magnitudes the norms count as constants: dy is s * dy in all but the bias where there is no dropout, and with it
  # in gradB and v, while  dx += keep * mask * ((s - 1) * dy) W;   gradM += sum(dy * (d W^T + scaling * u B^T)) / norms
  # The gradients of what is trained are added in place, in their type. Those of x are returned, added to `past` = [] or
  # [another share]. Where x is not float32, each share is rounded before it is added, and so is each sum.
  def backward(self, x: Tensor, weight: List[Tensor], tables: List[Tensor], rows: int, columns: int, source: int, compute: int, bias: List[Tensor], biasGradient: List[Tensor], lora: List[Tensor], scaling: float, p: float, seed: int, dy: Tensor, past: List[Tensor]) -> Tensor:
    ws = self.matrix(weight, tables, rows, columns, source)
    dbase = dy
    unbiased = annotate(List[Tensor], [])
    keep = torch.div(1.0, torch.sub(1.0, p))
    throughAdapter = annotate(List[Tensor], [])
    if torch.len(lora) > 0:
      xl = torch.to(x, lora[0].dtype)
      mask = self.mask(xl, p, seed)
      d = self.masked(xl, mask)
      u = torch.matmul(d, torch.t(lora[0]))
      g = torch.to(dy, lora[0].dtype)
      stretched = annotate(List[Tensor], [])
      if torch.len(lora) > 4:
        wd = torch.to(ws, d.dtype)
        norms = self.norms(wd, lora, scaling)
        s = torch.div(lora[4], norms)
        if p > 0.0:
          z = torch.matmul(d, torch.t(wd))
          _ = torch.append(stretched, torch.matmul(torch.mul(g, torch.sub(s, 1.0)), wd))
        else:
          base = self.base(x, self.matrix(weight, tables, rows, columns, compute), bias)
          z = torch.to(self.unbiased(base, bias, compute), d.dtype)
          _ = torch.append(unbiased, torch.to(torch.mul(g, torch.sub(s, 1.0)), dy.dtype))
          dbase = torch.add(dy, unbiased[0])
        z = torch.mul_(torch.add_(torch.mul_(torch.matmul(u, torch.t(lora[1])), scaling), z), keep)
        _ = torch.add_(lora[5], torch.div(torch.sum(torch.mul_(z, g), [0]), norms))
        g = torch.mul(g, s)
      v = torch.mul_(torch.matmul(g, lora[1]), scaling)
      _ = torch.addmm_(lora[3], torch.t(g), u, alpha=torch.mul(scaling, keep))
      _ = torch.addmm_(lora[2], torch.t(v), d, alpha=keep)
      dd = torch.matmul(v, lora[0])
      if torch.len(stretched) > 0:
        dd = torch.add_(dd, stretched[0])
      _ = torch.append(throughAdapter, self.masked(dd, mask))
    if torch.len(biasGradient) > 0:
      type = biasGradient[0].dtype
      share = self.total(dbase, type)
      if torch.len(unbiased) > 0:
        share = torch.sub(share, self.total(unbiased[0], type))
      _ = torch.add_(biasGradient[0], share)
    dc = torch.to(dbase, compute)
    wc = torch.to(ws, compute)
    if x.dtype != 6:
      dx = torch.matmul(dc, wc)
      if torch.len(throughAdapter) > 0:
        share = torch.to(torch.mul(throughAdapter[0], keep), x.dtype)
        if torch.len(past) > 0:
          share = torch.add(past[0], share)
        dx = torch.add(share, dx)
      elif torch.len(past) > 0:
        dx = torch.add(past[0], dx)
    else:
      if torch.len(past) > 0:
        dx = self.added(past[0], dc, wc)
      else:
        dx = torch.to(torch.matmul(dc, wc), x.dtype)
      if torch.len(throughAdapter) > 0:
        dx = torch.add_(dx, throughAdapter[0], alpha=keep)
    return dx

  # The sum of the rows, which have the type of the result before they are added
  def total(self, dy: Tensor, type: int) -> Tensor:
    return torch.sum(torch.to(dy, type), [0])
