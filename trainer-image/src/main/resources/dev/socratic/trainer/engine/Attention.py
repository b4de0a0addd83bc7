# Causal grouped-query attention. q [B, Q, heads, D], k and v [B, K, kvHeads, D]; query head h reads key head
# h / group with group = heads / kvHeads. mask is [] (causal, Q = K) or [M] with M [B or 1, 1, Q, K] boolean, true where a
# key is seen.
#   s = scale * q k^T;  s = c * tanh(s / c) with a soft cap c > 0;  p = softmax(s) in float32;  o = p v
# s is rounded to the type `scores` at each step, and so is its gradient.
# The result is [B, Q, heads, D]. Scores live a block at a time, `atOnce` of them: on a CPU a block stays in its cache, and
# causal queries do not meet the keys behind their block. Heads of a group are rows of one product, so keys are not repeated.
class Attention(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Rows of the batch, and queries of each, whose scores are computed together
  def block(self, batch: int, heads: int, queries: int, keys: int, atOnce: int) -> Tuple[int, int]:
    line = torch.mul(heads, keys)
    rows = ops.prim.max(1, ops.prim.min(batch, torch.floordiv(atOnce, torch.mul(line, queries))))
    together = ops.prim.max(16, torch.floordiv(atOnce, torch.mul(line, rows)))
    return (rows, ops.prim.min(queries, together))

  # [B, Q, heads, D] -> [B, kvHeads, group * Q, D]
  def grouped(self, x: Tensor, kv: int) -> Tensor:
    y = torch.permute(torch.unflatten(x, 2, [kv, -1]), [0, 2, 3, 1, 4])
    return torch.flatten(y, 2, 3)

  # Writes y [B, kvHeads, group * Q, D] as x [B, Q, heads, D]
  def ungroup(self, y: Tensor, x: Tensor) -> Tensor:
    parts = torch.unflatten(y, 2, [-1, torch.size(x, 1)])
    return torch.copy_(torch.unflatten(x, 2, [torch.size(y, 1), -1]), torch.permute(parts, [0, 3, 1, 2, 4]))

  # How many keys a block of queries first .. last meets
  def reach(self, mask: List[Tensor], last: int, keys: int) -> int:
    if torch.len(mask) > 0:
      n = keys
    else:
      n = last
    return n

  # Scores [B, kvHeads, group * Q, K] of keys that are not seen become -inf
  def hide(self, s: Tensor, mask: List[Tensor], row: int, first: int, last: int) -> Tensor:
    parts = torch.unflatten(s, 2, [-1, torch.sub(last, first)])
    if torch.len(mask) > 0:
      m = torch.slice(mask[0], 2, first, last)
      if torch.size(m, 0) > 1:
        m = torch.slice(m, 0, row, torch.add(row, torch.size(s, 0)))
      hidden = torch.unsqueeze(torch.logical_not(m), 1)
    else:
      n = torch.sub(last, first)
      hidden = torch.triu(torch.ones([n, n], dtype=11, device=s.device), 1)
      parts = torch.slice(parts, 4, first)
    return torch.masked_fill_(parts, hidden, -inf)

  # [p, t]: weights in float32, and t = tanh(s / c) where there is a soft cap
  def weights(self, q: Tensor, k: Tensor, mask: List[Tensor], row: int, first: int, last: int, scale: float, softcap: float, scores: int) -> List[Tensor]:
    s = torch.to(torch.matmul(q, torch.transpose(k, 2, 3)), 6)
    t = s
    if scores != 6:
      s = torch.to(torch.mul_(s, scale), scores)
      if softcap > 0.0:
        t = torch.tanh_(torch.div_(s, softcap))
        s = torch.mul(t, softcap)
      s = torch.to(s, 6)
    elif softcap > 0.0:
      # tanh(x) = 2 / (1 + exp(-2 x)) - 1, the faster of the two on a CPU
      t = torch.sigmoid_(torch.mul_(s, torch.div(torch.mul(2.0, scale), softcap)))
      t = torch.sub_(torch.mul_(t, 2.0), 1.0)
      s = torch.mul(t, softcap)
    else:
      s = torch.mul_(s, scale)
    _ = self.hide(s, mask, row, first, last)
    return [torch.softmax(s, -1), t]

  def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, softcap: float, scores: int, atOnce: int) -> Tensor:
    queries = torch.size(q, 1)
    kv = torch.size(k, 2)
    rows, together = self.block(torch.size(q, 0), torch.size(q, 2), queries, torch.size(k, 1), atOnce)
    o = torch.empty_like(q, memory_format=0)
    for row in range(0, torch.size(q, 0), rows):
      kh = torch.transpose(torch.slice(k, 0, row, torch.add(row, rows)), 1, 2)
      vh = torch.transpose(torch.slice(v, 0, row, torch.add(row, rows)), 1, 2)
      for first in range(0, queries, together):
        last = ops.prim.min(queries, torch.add(first, together))
        reach = self.reach(mask, last, torch.size(k, 1))
        qh = self.grouped(torch.slice(torch.slice(q, 0, row, torch.add(row, rows)), 1, first, last), kv)
        p = self.weights(qh, torch.slice(kh, 2, 0, reach), mask, row, first, last, scale, softcap, scores)[0]
        oh = torch.matmul(torch.to(p, q.dtype), torch.slice(vh, 2, 0, reach))
        _ = self.ungroup(oh, torch.slice(torch.slice(o, 0, row, torch.add(row, rows)), 1, first, last))
    return o

  # scale * ds of dp [B, kvHeads, group * Q, K];  share = sum(do * o)
  def scoreGradients(self, dp: Tensor, share: Tensor, pt: List[Tensor], scale: float, softcap: float) -> Tensor:
    ds = torch.mul_(torch.sub_(torch.to(dp, 6), share), pt[0])
    if softcap > 0.0:
      t = pt[1]
      ds = torch.mul_(ds, torch.rsub(torch.mul_(t, t), 1.0))
    return torch.mul_(torch.to(ds, dp.dtype), scale)

  # The same with every step rounded to the type of dp, from the sum of p * dp on
  def roundedScoreGradients(self, dp: Tensor, pt: List[Tensor], scale: float, softcap: float) -> Tensor:
    wide = torch.to(dp, 6)
    share = torch.sum(torch.mul(wide, pt[0]), [-1], True)
    ds = torch.to(torch.mul_(torch.sub_(wide, share), pt[0]), dp.dtype)
    if softcap > 0.0:
      t = torch.to(pt[1], 6)
      ds = torch.to(torch.mul(torch.mul_(ds, softcap), torch.rsub(torch.mul_(t, t), 1.0)), dp.dtype)
      ds = torch.div_(ds, softcap)
    return torch.to(torch.mul_(torch.to(ds, 6), scale), dp.dtype)

  # x^T y of x [B, kvHeads, group * Q, K] and y [B, kvHeads, group * Q, D]; with `apart` each head's is rounded, then their sum
  def overQueries(self, x: Tensor, y: Tensor, heads: int, apart: bool) -> Tensor:
    if apart:
      group = torch.floordiv(heads, torch.size(x, 1))
      each = torch.matmul(torch.transpose(torch.unflatten(x, 2, [group, -1]), 3, 4), torch.unflatten(y, 2, [group, -1]))
      z = torch.sum(each, [2])
    else:
      z = torch.matmul(torch.transpose(x, 2, 3), y)
    return z

  # dv = p^T do;  dp = do v^T;  ds = p * (dp - sum(do * o)), times 1 - t^2 with a soft cap;
  # dq = scale * ds k;  dk = scale * ds^T q.  p is computed again rather than saved.
  def backward(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, softcap: float, scores: int, atOnce: int, o: Tensor, do: Tensor) -> List[Tensor]:
    queries = torch.size(q, 1)
    kv = torch.size(k, 2)
    rows, together = self.block(torch.size(q, 0), torch.size(q, 2), queries, torch.size(k, 1), atOnce)
    dq = torch.empty_like(q, memory_format=0)
    dk = torch.zeros_like(k, dtype=6, memory_format=0)
    dv = torch.zeros_like(v, dtype=6, memory_format=0)
    rounded = scores != 6
    heads = torch.size(q, 2)
    shares = annotate(List[Tensor], [])
    if torch.__not__(rounded):
      _ = torch.append(shares, torch.sum(torch.mul(torch.to(do, 6), torch.to(o, 6)), [-1], True))
    for row in range(0, torch.size(q, 0), rows):
      end = torch.add(row, rows)
      kh = torch.transpose(torch.slice(k, 0, row, end), 1, 2)
      vh = torch.transpose(torch.slice(v, 0, row, end), 1, 2)
      dkh = torch.transpose(torch.slice(dk, 0, row, end), 1, 2)
      dvh = torch.transpose(torch.slice(dv, 0, row, end), 1, 2)
      for first in range(0, queries, together):
        last = ops.prim.min(queries, torch.add(first, together))
        reach = self.reach(mask, last, torch.size(k, 1))
        met = torch.slice(kh, 2, 0, reach)
        qh = self.grouped(torch.slice(torch.slice(q, 0, row, end), 1, first, last), kv)
        doh = self.grouped(torch.slice(torch.slice(do, 0, row, end), 1, first, last), kv)
        pt = self.weights(qh, met, mask, row, first, last, scale, softcap, scores)
        dvPart = self.overQueries(torch.to(pt[0], q.dtype), doh, heads, rounded)
        _ = torch.add_(torch.slice(dvh, 2, 0, reach), dvPart)
        dp = torch.matmul(doh, torch.transpose(torch.slice(vh, 2, 0, reach), 2, 3))
        if rounded:
          ds = self.roundedScoreGradients(dp, pt, scale, softcap)
        else:
          share = self.grouped(torch.slice(torch.slice(shares[0], 0, row, end), 1, first, last), kv)
          ds = self.scoreGradients(dp, share, pt, scale, softcap)
        _ = self.ungroup(torch.matmul(ds, met), torch.slice(torch.slice(dq, 0, row, end), 1, first, last))
        _ = torch.add_(torch.slice(dkh, 2, 0, reach), self.overQueries(ds, qh, heads, rounded))
    return [dq, torch.to(dk, k.dtype), torch.to(dv, v.dtype)]

  # Causal mask [1, 1, L, L] of a sliding window of `window` keys, the query's own included
  def window(self, length: int, window: int, like: Tensor) -> Tensor:
    m = torch.tril(torch.ones([length, length], dtype=11, device=like.device))
    return torch.view(torch.triu(m, torch.sub(1, window)), [1, 1, length, length])
