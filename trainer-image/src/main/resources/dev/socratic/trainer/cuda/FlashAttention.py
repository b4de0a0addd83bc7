# Causal grouped-query attention by libtorch's FlashAttention 2. q [B, L, heads, D], k and v [B, L, kvHeads, D]; a query
# sees its own key and `before` keys before it (-1: all of them). The forward pass gives the output [B, L, heads, D] and
# what the backward pass wants: the logarithms of the sums, and the state of a dropout that is off.
class FlashAttention(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self, q: Tensor, k: Tensor, v: Tensor, scale: float, before: int) -> List[Tensor]:
    if before < 0:
      o, sums, state, unused, mask, = torch._flash_attention_forward(q, k, v, None, None, torch.size(q, 1), torch.size(k, 1), 0., True, False, scale=scale)
    else:
      o, sums, state, unused, mask, = torch._flash_attention_forward(q, k, v, None, None, torch.size(q, 1), torch.size(k, 1), 0., True, False, scale=scale, window_size_left=before, window_size_right=0)
    return [o, sums, state, unused]

  # [dq, dk, dv]; `none` is an undefined tensor, as all texts of a batch are equally long
  def backward(self, do: Tensor, q: Tensor, k: Tensor, v: Tensor, o: Tensor, sums: Tensor, state: Tensor, unused: Tensor, none: Tensor, scale: float, before: int) -> List[Tensor]:
    if before < 0:
      dq, dk, dv, = torch._flash_attention_backward(do, q, k, v, o, sums, none, none, torch.size(q, 1), torch.size(k, 1), 0., True, state, unused, scale=scale)
    else:
      dq, dk, dv, = torch._flash_attention_backward(do, q, k, v, o, sums, none, none, torch.size(q, 1), torch.size(k, 1), 0., True, state, unused, scale=scale, window_size_left=before, window_size_right=0)
    return [dq, dk, dv]
