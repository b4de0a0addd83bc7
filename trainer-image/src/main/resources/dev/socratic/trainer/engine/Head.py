# The two ends of the model: embedding rows in, token losses out.
class Head(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # ids [N] -> [N, H] in `type`, times `scale` rounded to that type
  def embedding(self, table: Tensor, ids: Tensor, scale: float, type: int) -> Tensor:
    x = torch.to(torch.index_select(table, 0, ids), type)
    if scale != 1.0:
      x = torch.mul(x, torch.full([], scale, dtype=type, device=x.device))
    return x

  # gradient [V, H] += scale * dx, row by row. Where the gradient is not float32, rows of one token are added first, and
  # each sum is rounded.
  def embedding_backward(self, gradient: Tensor, ids: Tensor, dx: Tensor, scale: float) -> Tensor:
    rows = torch.mul(torch.to(dx, gradient.dtype), scale)
    at = ids
    if gradient.dtype != 6:
      at, which, = torch._unique(ids, True, True)
      rows = torch.embedding_dense_backward(rows, which, torch.numel(at), -1, False)
    return torch.index_add_(gradient, 0, at, rows)

  # h [N, H], table [V, H] -> [N, V] in the type of h; a table of another type is cast a slice of the vocabulary at a time
  def products(self, h: Tensor, table: Tensor) -> Tensor:
    if table.dtype == h.dtype:
      z = torch.matmul(h, torch.t(table))
    else:
      z = torch.empty([torch.size(h, 0), torch.size(table, 0)], dtype=h.dtype, device=h.device)
      at = 0
      for slice in torch.split(table, 16384):
        end = torch.add(at, torch.size(slice, 0))
        _ = torch.mm(h, torch.t(torch.to(slice, h.dtype)), out=torch.slice(z, 1, at, end))
        at = end
    return z

  def products_backward(self, dz: Tensor, table: Tensor) -> Tensor:
    if table.dtype == dz.dtype:
      dh = torch.matmul(dz, table)
    else:
      dh = torch.zeros([torch.size(dz, 0), torch.size(table, 1)], dtype=dz.dtype, device=dz.device)
      at = 0
      for slice in torch.split(table, 16384):
        part = torch.slice(dz, 1, at, torch.add(at, torch.size(slice, 0)))
        _ = torch.addmm_(dh, part, torch.to(slice, dz.dtype))
        at = torch.add(at, torch.size(slice, 0))
    return dh

  # Logits [N, V] with the final soft cap c: c * tanh(z / c)
  def logits(self, h: Tensor, table: Tensor, softcap: float) -> Tensor:
    z = self.products(h, table)
    if softcap > 0.0:
      z = torch.mul(torch.tanh(torch.div(z, softcap)), softcap)
    return z

  # z / c, t = tanh(z / c), which takes the place of z, and l = c t, each rounded to `type`: l
  def capped(self, z: Tensor, softcap: float, type: int) -> Tensor:
    if type == 6:
      # tanh(x) = 2 / (1 + exp(-2 x)) - 1, the faster of the two on a CPU
      t = torch.sigmoid_(torch.mul_(z, torch.div(2.0, softcap)))
      t = torch.sub_(torch.mul_(t, 2.0), 1.0)
    else:
      t = torch.copy_(z, torch.tanh_(torch.div(torch.to(z, type), softcap)))
    return torch.to(torch.to(torch.mul(t, softcap), type), 6)

  # Gradients e by l become those by z, in the place of t = z. Each step is rounded to `type`.
  def uncapped(self, z: Tensor, e: Tensor, softcap: float, type: int) -> Tensor:
    slope = torch.add_(torch.neg_(torch.mul_(z, z)), 1.0)
    if type == 6:
      dz = torch.mul_(slope, e)
    else:
      dt = torch.mul_(torch.to(e, type), softcap)
      dz = torch.copy_(z, torch.div_(torch.to(torch.mul_(slope, dt), type), softcap))
    return dz

  # Sum of the cross-entropy of rows with logits z [n, V] in float32, as float64 scalar. z becomes the gradient:
  #   t = tanh(z / c),  l = c t with a soft cap, else l = z;  dz = gradientScale * (softmax(l) - target) * (1 - t^2)
  # The target is (1 - smoothing) * onehot + smoothing / V.
  # `type` is that of the reference's logits, to which t and l are rounded.
  def entropy(self, z: Tensor, labels: Tensor, softcap: float, smoothing: float, gradientScale: float, type: int) -> Tensor:
    target = torch.unsqueeze(labels, 1)
    l = z
    if softcap > 0.0:
      l = self.capped(z, softcap, type)
    l = torch.sub_(l, torch.amax(l, [-1], True))
    chosen = torch.gather(l, 1, target)
    expected = chosen
    if smoothing > 0.0:
      expected = torch.add(torch.mul(chosen, 1.0 - smoothing), torch.mul(torch.mean(l, [-1], True), smoothing))
    e = torch.exp_(l)
    sums = torch.sum(e, [-1], True)
    if gradientScale != 0.0:
      _ = torch.mul_(e, torch.mul(torch.reciprocal(sums), gradientScale))
      _ = torch.scatter_add_(e, 1, target, torch.full_like(chosen, torch.mul(gradientScale, smoothing - 1.0)))
      if smoothing > 0.0:
        _ = torch.sub_(e, gradientScale * smoothing / torch.size(z, 1))
      if softcap > 0.0:
        _ = self.uncapped(z, e, softcap, type)
    return torch.sum(torch.sub(torch.log(sums), expected), dtype=7)

  # The same with smoothing where logits have a half type without autocast: transformers' LabelSmoother takes
  # log-probabilities p in it, and the gradients by them. [sum of -p of the labels, sum of all -p], float64
  def smoothed(self, z: Tensor, labels: Tensor, softcap: float, smoothing: float, gradientScale: float, type: int) -> Tensor:
    target = torch.unsqueeze(labels, 1)
    l = z
    if softcap > 0.0:
      l = self.capped(z, softcap, type)
    p = torch.log_softmax(torch.to(l, type), 1)
    sums = torch.stack([torch.sum(torch.gather(p, 1, target), dtype=7), torch.sum(p, dtype=7)])
    if gradientScale != 0.0:
      dp = torch.full_like(p, torch.neg(gradientScale) * smoothing / torch.size(z, 1), dtype=type)
      chosen = torch.full_like(target, gradientScale * (smoothing - 1.0), dtype=type)
      dl = torch._log_softmax_backward_data(torch.scatter_add_(dp, 1, target, chosen), p, 1, type)
      if softcap > 0.0:
        _ = self.uncapped(z, dl, softcap, type)
      else:
        _ = torch.copy_(z, dl)
    return torch.neg(sums)

  # Sum of the cross-entropy of rows h [N, H] against labels [N], as [float64 scalar]; with gradientScale != 0 also
  # [.., dh] = gradientScale * d sum / d h. Logits are there for `chunk` rows at once, and pass through `entropy` in parts of
  # `block` rows, which on a CPU stay in its cache. trained = [] or [gradient of the table], to which dz^T h is added in its
  # type.
  def loss(self, h: Tensor, table: Tensor, labels: Tensor, softcap: float, smoothing: float, chunk: int, block: int, gradientScale: float, trained: List[Tensor]) -> List[Tensor]:
    total = torch.zeros([], dtype=7, device=h.device)
    sums = torch.zeros([2], dtype=7, device=h.device)
    rounded = smoothing > 0.0 and h.dtype != 6 and torch.__not__(ops.prim.is_cuda(h))
    gradients = annotate(List[Tensor], [])
    rows = torch.split(h, chunk)
    targets = torch.split(labels, chunk)
    for n in range(torch.len(rows)):
      z = torch.to(self.products(rows[n], table), 6)
      parts = torch.split(z, block)
      labelParts = torch.split(targets[n], block)
      for m in range(torch.len(parts)):
        if rounded:
          sums = torch.add(sums, self.smoothed(parts[m], labelParts[m], softcap, smoothing, gradientScale, h.dtype))
        else:
          total = torch.add(total, self.entropy(parts[m], labelParts[m], softcap, smoothing, gradientScale, h.dtype))
      if gradientScale != 0.0:
        dz = torch.to(z, h.dtype)
        if torch.len(trained) > 0:
          if trained[0].dtype == 6:
            _ = torch.addmm_(trained[0], torch.t(z), torch.to(rows[n], 6))
          else:
            _ = torch.add_(trained[0], torch.matmul(torch.t(dz), rows[n]))
        _ = torch.append(gradients, self.products_backward(dz, table))
    if rounded:
      chosen = torch.to(torch.to(torch.select(sums, 0, 0), h.dtype), 7)
      total = torch.add(torch.mul(chosen, 1.0 - smoothing), torch.mul(torch.select(sums, 0, 1), smoothing / torch.size(table, 0)))
    result = [total]
    if gradientScale != 0.0:
      _ = torch.append(result, torch.cat(gradients, 0))
    return result
