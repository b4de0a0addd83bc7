# Causal grouped-query attention. q [B, Q, heads, D], k and v [B, K, kvHeads, D]; query head h reads key head
# h / (heads / kvHeads). mask is [] (causal, Q = K) or [M] with M [B or 1, 1, Q, K] boolean, true where a key is seen.
#   s = scale * q k^T;  s = c * tanh(s / c) with a soft cap c > 0;  p = softmax(s) in float32;  o = p v
# The result is [B, Q, heads, D].
class Attention(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # [B, L, kvHeads, D] -> [B, heads, L, D], each key head repeated for its group
  def heads(self, x: Tensor, count: int) -> Tensor:
    group = torch.floordiv(count, torch.size(x, 2))
    y = torch.transpose(x, 1, 2)
    if group > 1:
      y = torch.flatten(torch.expand(torch.unsqueeze(y, 2), [-1, -1, group, -1, -1]), 1, 2)
    return y

  # The transpose of `heads`: sums over the group
  def ungrouped(self, x: Tensor, count: int) -> Tensor:
    y = x
    if torch.size(x, 1) != count:
      y = torch.sum(torch.unflatten(x, 1, [count, -1]), [2])
    return torch.contiguous(torch.transpose(y, 1, 2))

  def seen(self, mask: List[Tensor], rows: int, columns: int, like: Tensor) -> Tensor:
    if torch.len(mask) > 0:
      m = mask[0]
    else:
      m = torch.tril(torch.ones([rows, columns], dtype=11, device=like.device))
    return m

  # [tanh(s / c), p]; the first is empty without a soft cap
  def weights(self, q: Tensor, k: Tensor, mask: List[Tensor], scale: float, softcap: float) -> List[Tensor]:
    s = torch.mul_(torch.matmul(q, torch.transpose(k, 2, 3)), scale)
    t = torch.empty([0], dtype=6, device=q.device)
    if softcap > 0.0:
      t = torch.tanh_(torch.div_(s, softcap))
      s = torch.mul(t, softcap)
    s = torch.masked_fill(s, torch.logical_not(self.seen(mask, torch.size(q, 2), torch.size(k, 2), q)), -inf)
    return [t, torch.softmax(s, -1, 6)]

  def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, softcap: float) -> Tensor:
    count = torch.size(q, 2)
    p = self.weights(self.heads(q, count), self.heads(k, count), mask, scale, softcap)[1]
    o = torch.matmul(torch.to(p, q.dtype), self.heads(v, count))
    return torch.contiguous(torch.transpose(o, 1, 2))

  # dv = p^T do;  dp = do v^T;  ds = p * (dp - sum_k(dp * p)), times 1 - tanh^2 with a soft cap;
  # dq = scale * ds k;  dk = scale * ds^T q.  p is computed again rather than saved.
  def backward(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, softcap: float, do: Tensor) -> List[Tensor]:
    count = torch.size(q, 2)
    kv = torch.size(k, 2)
    qh = self.heads(q, count)
    kh = self.heads(k, count)
    tanhAndWeights = self.weights(qh, kh, mask, scale, softcap)
    p = tanhAndWeights[1]
    doh = torch.transpose(do, 1, 2)
    dv = torch.matmul(torch.transpose(torch.to(p, q.dtype), 2, 3), doh)
    ds = torch.to(torch.matmul(doh, torch.transpose(self.heads(v, count), 2, 3)), 6)
    ds = torch.mul_(torch.sub_(ds, torch.sum(torch.mul(ds, p), [-1], True)), p)
    if softcap > 0.0:
      t = tanhAndWeights[0]
      ds = torch.mul_(ds, torch.rsub(torch.mul(t, t), 1.0))
    ds = torch.mul_(torch.to(ds, q.dtype), scale)
    dq = torch.contiguous(torch.transpose(torch.matmul(ds, kh), 1, 2))
    dk = torch.matmul(torch.transpose(ds, 2, 3), qh)
    return [dq, self.ungrouped(dk, kv), self.ungrouped(dv, kv)]

  # Causal mask [1, 1, L, L] of a sliding window of `window` keys, the query's own included
  def window(self, length: int, window: int, like: Tensor) -> Tensor:
    m = torch.tril(torch.ones([length, length], dtype=11, device=like.device))
    return torch.view(torch.triu(m, torch.sub(1, window)), [1, 1, length, length])
