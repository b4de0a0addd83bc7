# What loading, moving and generating need besides the operations of the model.
class Tensors(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  # [rows, columns] of a type, uninitialized, on the device of `like`
  def allocate(self, like: Tensor, rows: int, columns: int, type: int) -> Tensor:
    return torch.empty([rows, columns], dtype=type, device=like.device)

  # [n] of the type of `like`, uninitialized
  def room(self, like: Tensor, n: int) -> Tensor:
    return torch.empty([n], dtype=like.dtype, device=like.device)

  def on_device(self, x: Tensor, like: Tensor) -> Tensor:
    return torch.to(x, like.device, None, False, True)

  def normal(self, like: Tensor, rows: int, columns: int, deviation: float, type: int) -> Tensor:
    return torch.mul_(torch.randn([rows, columns], dtype=type, device=like.device), deviation)

  def empty_bytes(self, like: Tensor, n: int) -> Tensor:
    return torch.empty([n], dtype=0, device=like.device)

  def bytes(self, like: Tensor, n: int) -> Tensor:
    return torch.randint(0, 256, [n], dtype=0, device=like.device)

  # Rounds float32 values [n, columns] to `source`, then writes them as rows at .. at+n of target
  def fill(self, target: Tensor, at: int, values: Tensor, source: int) -> Tensor:
    rows = torch.narrow(target, 0, at, torch.size(values, 0))
    return torch.copy_(rows, torch.to(values, source))

  # Rows from `known` on become the mean of those before, as for tokens added to a vocabulary
  def fill_mean(self, target: Tensor, known: int) -> Tensor:
    mean = torch.mean(torch.to(torch.slice(target, 0, 0, known), 6), [0], True)
    return torch.copy_(torch.slice(target, 0, known), torch.expand_as(mean, torch.slice(target, 0, known)))

  # A view of `rows` x `columns` elements of a flat buffer
  def window(self, flat: Tensor, at: int, rows: int, columns: int) -> Tensor:
    return torch.view(torch.narrow(flat, 0, at, torch.mul(rows, columns)), [rows, columns])

  def write(self, target: Tensor, values: Tensor) -> Tensor:
    return torch.copy_(target, values)

  def accumulate(self, target: Tensor, values: Tensor) -> Tensor:
    return torch.add_(target, values)

  def zero(self, x: Tensor) -> Tensor:
    return torch.zero_(x)

  def cast(self, x: Tensor, type: int) -> Tensor:
    return torch.to(x, type)

  def columns(self, x: Tensor, at: int, width: int) -> Tensor:
    return torch.narrow(x, 1, at, width)

  def beside(self, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 1)

  def rows(self, x: Tensor, indices: Tensor) -> Tensor:
    return torch.index_select(x, 0, indices)

  # zeros [n, H] with `rows` [m, H] at `indices` [m]
  def scatter_rows(self, n: int, rows: Tensor, indices: Tensor) -> Tensor:
    return torch.index_copy_(torch.zeros([n, torch.size(rows, 1)], dtype=rows.dtype, device=rows.device), 0, indices, rows)

  # cache [B, T, heads, D]; writes x [B, L, heads, D] at positions [B, L] of each row
  def write_cache(self, cache: Tensor, x: Tensor, positions: Tensor) -> Tensor:
    where = torch.expand_as(torch.unsqueeze(torch.unsqueeze(positions, -1), -1), x)
    return torch.scatter_(cache, 1, where, x)

  # Keys that queries at positions [B, L] see among T cached ones: [B, 1, L, T]; window 0 is unlimited
  def cache_mask(self, positions: Tensor, total: int, window: int) -> Tensor:
    keys = torch.view(torch.arange(total, dtype=4, device=positions.device), [1, 1, 1, -1])
    at = torch.unsqueeze(torch.unsqueeze(positions, 1), -1)
    m = torch.le(keys, at)
    if window > 0:
      m = torch.logical_and(m, torch.gt(keys, torch.sub(at, window)))
    return m

  # starts [B, L]: keys from the start of the query's text up to the query itself, [B, 1, L, L]
  def packed_mask(self, starts: Tensor, window: int) -> Tensor:
    at = torch.arange(torch.size(starts, 1), dtype=4, device=starts.device)
    keys = torch.view(at, [1, 1, 1, -1])
    queries = torch.view(at, [1, 1, -1, 1])
    m = torch.logical_and(torch.le(keys, queries), torch.ge(keys, torch.unsqueeze(torch.unsqueeze(starts, 1), -1)))
    if window > 0:
      m = torch.logical_and(m, torch.gt(keys, torch.sub(queries, window)))
    return m

  def packed_positions(self, starts: Tensor) -> Tensor:
    return torch.sub(torch.arange(torch.size(starts, 1), dtype=4, device=starts.device), starts)

  def noised(self, x: Tensor, bound: float, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return torch.add(x, torch.uniform_(torch.empty_like(x), torch.neg(bound), bound))

  def largest(self, x: Tensor) -> Tensor:
    return torch.argmax(x, -1)

  # W + scaling B A, or with lora = [A, B, m] its rows scaled to the norms m; rounded to `type`, in float32
  def merged(self, w: Tensor, lora: List[Tensor], scaling: float, type: int) -> Tensor:
    y = torch.add(w, torch.mul(torch.matmul(lora[1], lora[0]), scaling))
    if torch.len(lora) > 2:
      s = torch.div(lora[2], torch.linalg_vector_norm(y, 2, [1]))
      y = torch.mul(torch.unsqueeze(s, 1), y)
    return torch.to(torch.to(y, type), 6)

  def seed(self, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return torch.empty([0], dtype=6)

  # The next draw from U(-bound, bound) of torch's CPU generator, rounded through `source`. One draw a call: the compiler
  # merges equal draws of one method, and drops those whose result is not used.
  def uniform(self, rows: int, columns: int, bound: float, source: int) -> Tensor:
    return torch.to(torch.to(torch.uniform_(torch.empty([rows, columns], dtype=6), torch.neg(bound), bound), source), 6)
