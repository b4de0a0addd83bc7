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

  # gradient [V, H] += scale * dx, row by row
  def embedding_backward(self, gradient: Tensor, ids: Tensor, dx: Tensor, scale: float) -> Tensor:
    return torch.index_add_(gradient, 0, ids, torch.mul(torch.to(dx, 6), scale))

  # h [N, H], table [V, H] -> [N, V] in the type of h; a table of another type is cast a slice of the vocabulary at a time
  def products(self, h: Tensor, table: Tensor) -> Tensor:
    if table.dtype == h.dtype:
      z = torch.matmul(h, torch.t(table))
    else:
      parts = annotate(List[Tensor], [])
      for slice in torch.split(table, 16384):
        _ = torch.append(parts, torch.matmul(h, torch.t(torch.to(slice, h.dtype))))
      z = torch.cat(parts, -1)
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

  # Sum of the cross-entropy of rows h [N, H] against labels [N], `chunk` rows at a time, as [float64 scalar]; with
  # gradientScale != 0 also [.., dh] = gradientScale * d sum / d h:  dz = (softmax(z) - onehot) * (1 - tanh^2).
  # trained = [] or [gradient of the table], to which dz^T h is added.
  def loss(self, h: Tensor, table: Tensor, labels: Tensor, softcap: float, chunk: int, gradientScale: float, trained: List[Tensor]) -> List[Tensor]:
    total = torch.zeros([], dtype=7, device=h.device)
    gradients = annotate(List[Tensor], [])
    rows = torch.split(h, chunk)
    targets = torch.split(labels, chunk)
    for n in range(torch.len(rows)):
      z = torch.to(self.products(rows[n], table), 6)
      target = torch.unsqueeze(targets[n], 1)
      t = z
      if softcap > 0.0:
        t = torch.tanh_(torch.to(torch.div(torch.to(z, h.dtype), softcap), 6))
        z = torch.to(torch.mul(torch.to(t, h.dtype), softcap), 6)
      logp = torch.log_softmax(z, -1)
      total = torch.sub(total, torch.sum(torch.gather(logp, 1, target), dtype=7))
      if gradientScale != 0.0:
        dz = torch.exp_(logp)
        _ = torch.scatter_add_(dz, 1, target, torch.full_like(torch.to(target, 6), -1.0))
        dz = torch.mul_(dz, gradientScale)
        if softcap > 0.0:
          dz = torch.mul_(dz, torch.rsub(torch.mul(t, t), 1.0))
        if torch.len(trained) > 0:
          _ = torch.addmm_(trained[0], torch.t(dz), torch.to(rows[n], 6))
        _ = torch.append(gradients, self.products_backward(torch.to(dz, h.dtype), table))
    result = [total]
    if gradientScale != 0.0:
      _ = torch.append(result, torch.cat(gradients, 0))
    return result
