# Causal grouped-query attention in a half type by libtorch's FlashAttention for CPUs, which never rounds scores. Shapes and
# mask are those of Attention. The forward pass gives the output [B, Q, heads, D] and the logarithms of the sums.
class HostAttention(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  # [B, K, kvHeads, D] -> [B, heads, K, D]
  def repeated(self, x: Tensor, heads: int) -> Tensor:
    y = torch.transpose(x, 1, 2)
    return torch.repeat_interleave(y, torch.floordiv(heads, torch.size(y, 1)), 1)

  # The transpose: each head's gradient is rounded, then their sum
  def together(self, x: Tensor, kv: int) -> Tensor:
    return torch.contiguous(torch.transpose(torch.sum(torch.unflatten(x, 1, [kv, -1]), [2]), 1, 2))

  # What is added to the scores: 0, or -inf where a key is not seen
  def bias(self, mask: Tensor, type: int) -> Tensor:
    return torch.masked_fill_(torch.zeros_like(mask, dtype=type), torch.logical_not(mask), -inf)

  def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float) -> List[Tensor]:
    qh = torch.transpose(q, 1, 2)
    kh = self.repeated(k, torch.size(q, 2))
    vh = self.repeated(v, torch.size(q, 2))
    if torch.len(mask) > 0:
      o, sums, = torch._scaled_dot_product_flash_attention_for_cpu(qh, kh, vh, 0., False, attn_mask=self.bias(mask[0], q.dtype), scale=scale)
    else:
      o, sums, = torch._scaled_dot_product_flash_attention_for_cpu(qh, kh, vh, 0., True, scale=scale)
    return [torch.contiguous(torch.transpose(o, 1, 2)), sums]

  # [dq, dk, dv]
  def backward(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, o: Tensor, sums: Tensor, do: Tensor) -> List[Tensor]:
    qh = torch.transpose(q, 1, 2)
    kh = self.repeated(k, torch.size(q, 2))
    vh = self.repeated(v, torch.size(q, 2))
    oh = torch.transpose(o, 1, 2)
    doh = torch.transpose(do, 1, 2)
    if torch.len(mask) > 0:
      dq, dk, dv, = torch._scaled_dot_product_flash_attention_for_cpu_backward(doh, qh, kh, vh, oh, sums, 0., False, attn_mask=self.bias(mask[0], q.dtype), scale=scale)
    else:
      dq, dk, dv, = torch._scaled_dot_product_flash_attention_for_cpu_backward(doh, qh, kh, vh, oh, sums, 0., True, scale=scale)
    kv = torch.size(k, 2)
    return [torch.contiguous(torch.transpose(dq, 1, 2)), self.together(dk, kv), self.together(dv, kv)]
