# Causal grouped-query attention by cuDNN, through libtorch. q [B, L, heads, D], k and v [B, L, kvHeads, D]. The forward
# pass gives the output [B, L, heads, D] and what the backward pass wants: the logarithms of the sums, and the state of a
# dropout that is off.
class CudnnAttention(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self, q: Tensor, k: Tensor, v: Tensor, scale: float) -> List[Tensor]:
    o, sums, a, b, m, n, seed, offset, mask, = torch._scaled_dot_product_cudnn_attention(torch.transpose(q, 1, 2), torch.transpose(k, 1, 2), torch.transpose(v, 1, 2), None, True, 0., True, False, scale=scale)
    return [torch.transpose(o, 1, 2), sums, seed, offset]

  # [dq, dk, dv]; `none` is an undefined tensor, as all texts of a batch are equally long
  def backward(self, do: Tensor, q: Tensor, k: Tensor, v: Tensor, o: Tensor, sums: Tensor, seed: Tensor, offset: Tensor, none: Tensor, scale: float) -> List[Tensor]:
    dq, dk, dv, = torch._scaled_dot_product_cudnn_attention_backward(torch.transpose(do, 1, 2), torch.transpose(q, 1, 2), torch.transpose(k, 1, 2), torch.transpose(v, 1, 2), torch.transpose(o, 1, 2), sums, seed, offset, none, none, none, torch.size(q, 1), torch.size(k, 1), 0., True, scale=scale)
    return [torch.transpose(dq, 1, 2), torch.transpose(dk, 1, 2), torch.transpose(dv, 1, 2)]
