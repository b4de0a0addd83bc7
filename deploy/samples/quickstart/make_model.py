"""Trains the quickstart's tokenizer and its tiny Gemma-2-shaped model from base.jsonl, on a CPU.

    pip install torch==2.15.0 transformers==5.23.0 tokenizers==0.23.3 safetensors==0.8.0
    python make_dialogues.py && python make_model.py

writes model/ : tokenizer.json, tokenizer_config.json, special_tokens_map.json, config.json, generation_config.json,
and model.safetensors in float16. The README beside this file is its model card.

The last part of training sees the linear layers as NF4 (straight-through estimator), so that the model keeps what it
knows when the QLoRA run quantizes it: a model this small has little room to hide rounding.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from torch.nn.utils import parametrize
from transformers import AutoTokenizer, Gemma2Config, Gemma2ForCausalLM, PreTrainedTokenizerBase

from make_dialogues import NEW_ASKS, NEW_OPENING, Subject, read_subjects

FOLDER = Path(__file__).parent
SEED = 7
VOCABULARY = 3072
BATCH = 32
PEAK_LEARNING_RATE = 4e-3
QUANTIZED_FROM = 0.6
PROMPT_NOISE = 0.08
IGNORED = -100

PAD, EOS, BOS, UNK, TURN, END = "<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"
SPECIAL = [PAD, EOS, BOS, UNK, TURN, END]
BYTES = [f"<0x{value:02X}>" for value in range(256)]

# Words never run over a change of script, so a subject is cut the same way wherever it stands; every punctuation
# mark is a token of its own, so 。 、 ！ ？ can be declared special without a change of the vocabulary.
WORDS = Regex(r"\p{Han}+|\p{Hiragana}+|[\p{Katakana}ー]+|\p{Latin}+|[^\p{Han}\p{Hiragana}\p{Katakana}ー\p{Latin}]")

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('Gemma knows no system turn') }}{% endif %}"
    "{% if (loop.index0 % 2 == 0) != (message['role'] == 'user') %}"
    "{{ raise_exception('Turns must alternate, a user turn first') }}{% endif %}"
    "{% set speaker = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + speaker + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)


def read_dialogues(name: str) -> list[list[dict]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["messages"] for line in lines]


def train_tokenizer(dialogues: list[list[dict]], folder: Path) -> None:
    """BPE with byte fallback in the layout of Gemma's tokenizer: specials, bytes, then characters and merges."""
    texts = [message["content"] for dialogue in dialogues for message in dialogue]
    kana = [chr(code) for code in [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC]]
    printable = [chr(code) for code in range(0x21, 0x7F)]
    draft = Tokenizer(models.BPE())
    draft.pre_tokenizer = pre_tokenizers.Split(WORDS, "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - len(BYTES),
        min_frequency=2,
        initial_alphabet=[*kana, *printable, "\n", "▁", "。", "、", "！", "？"],
        show_progress=False,
    )
    draft.train_from_iterator([*texts, *["user", "model"] * len(texts)], trainer)
    learned = json.loads(draft.to_str())["model"]

    vocabulary = [*SPECIAL, *BYTES, *sorted(learned["vocab"], key=learned["vocab"].get)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": token, **flags} for i, token in enumerate(SPECIAL)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": json.loads(draft.to_str())["pre_tokenizer"],
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": BOS, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": BOS, "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": BOS, "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {BOS: {"id": BOS, "ids": [SPECIAL.index(BOS)], "tokens": [BOS]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": UNK,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(vocabulary)},
            "merges": learned["merges"],
        },
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "unk_token": UNK,
        "additional_special_tokens": [TURN, END],
        "clean_up_tokenization_spaces": False,
        "model_max_length": 512,
        "padding_side": "right",
        "chat_template": CHAT_TEMPLATE,
    }
    specials = {key: settings[key] for key in ("bos_token", "eos_token", "pad_token", "unk_token")}
    write_json(folder / "tokenizer.json", tokenizer, indent=None)
    write_json(folder / "tokenizer_config.json", settings)
    write_json(folder / "special_tokens_map.json", {**specials, "additional_special_tokens": [TURN, END]})


def write_json(path: Path, value: dict, indent: int | None = 2) -> None:
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    path.write_text(text + "\n", encoding="utf-8")


def shape(vocabulary: int) -> dict:
    """Gemma 2 in small: every feature on, and a window shorter than a dialogue, so that it matters."""
    return {
        "architectures": ["Gemma2ForCausalLM"],
        "model_type": "gemma2",
        "vocab_size": vocabulary,
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "query_pre_attn_scalar": 64,
        "sliding_window": 16,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
        "tie_word_embeddings": True,
        "use_cache": True,
        "initializer_range": 0.02,
        "pad_token_id": SPECIAL.index(PAD),
        "eos_token_id": SPECIAL.index(EOS),
        "bos_token_id": SPECIAL.index(BOS),
        "torch_dtype": "float16",
        "transformers_version": "4.57.0",
    }


def encode(tokenizer: PreTrainedTokenizerBase, dialogue: list[dict]) -> tuple[list[int], list[int]]:
    """Token ids of the rendered dialogue, and labels on the tutor's words and the mark that ends his turn."""
    ids = [SPECIAL.index(BOS)]
    labels = [IGNORED]
    for message in dialogue:
        tutor = message["role"] == "assistant"
        head = tokenizer.encode(f"{TURN}{'model' if tutor else 'user'}\n", add_special_tokens=False)
        body = tokenizer.encode(f"{message['content']}{END}", add_special_tokens=False)
        newline = tokenizer.encode("\n", add_special_tokens=False)
        ids += head + body + newline
        labels += [IGNORED] * len(head) + (body if tutor else [IGNORED] * len(body)) + [IGNORED] * len(newline)
    rendered = tokenizer.apply_chat_template(dialogue, tokenize=False)
    assert ids == tokenizer.encode(rendered, add_special_tokens=False), rendered
    return ids, labels


def pad(rows: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [IGNORED] * (width - len(labels)) for _, labels in rows])
    mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows])
    return ids, labels, mask


NF4 = torch.tensor([
    -1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, 0.0,
    0.0795803, 0.1609302, 0.24611230, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0,
])  # fmt: skip


class AsNf4(torch.nn.Module):
    """Forward: the weight as NF4 in blocks of 64 would give it back. Backward: as if it were not there."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            blocks = weight.reshape(-1, 64)
            largest = blocks.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
            codes = torch.bucketize(blocks / largest, (NF4[1:] + NF4[:-1]) / 2)
            error = (NF4[codes] * largest).reshape(weight.shape) - weight
        return weight + error


def linear_layers(model: Gemma2ForCausalLM) -> list[torch.nn.Linear]:
    return [module for module in model.model.layers.modules() if isinstance(module, torch.nn.Linear)]


def batches_of_like_length(rows: list[tuple], rng: random.Random) -> list[list[tuple]]:
    """One epoch in random order, with little padding: shuffled, sorted within pools, cut, shuffled again."""
    order = rng.sample(rows, len(rows))
    pools = [sorted(order[i : i + 16 * BATCH], key=lambda row: len(row[0])) for i in range(0, len(order), 16 * BATCH)]
    batches = [pool[i : i + BATCH] for pool in pools for i in range(0, len(pool), BATCH)]
    rng.shuffle(batches)
    return batches


def loss_on_labels(model: Gemma2ForCausalLM, ids: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor):
    """Cross-entropy as the model's own, but the head only reads the positions that have a label."""
    hidden = model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state[:, :-1]
    wanted = labels[:, 1:] != IGNORED
    cap = model.config.final_logit_softcapping
    logits = torch.tanh(model.lm_head(hidden[wanted]) / cap) * cap
    return torch.nn.functional.cross_entropy(logits, labels[:, 1:][wanted])


def with_noise(ids: torch.Tensor, labels: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
    """Random tokens in place of some of the pupil's, so that no reply hangs on one exact wording."""
    words = (labels == IGNORED) & (ids >= len(SPECIAL) + len(BYTES)) & ~torch.isin(ids, fixed)
    noise = torch.randint(len(SPECIAL) + len(BYTES), VOCABULARY, ids.shape)
    return torch.where(words & (torch.rand(ids.shape) < PROMPT_NOISE), noise, ids)


def train(model: Gemma2ForCausalLM, fixed: torch.Tensor, rows: list[tuple[list[int], list[int]]], steps: int) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0, betas=(0.9, 0.98), weight_decay=0.01)
    warmup = max(1, steps // 20)
    rng = random.Random(SEED)
    queue: list[list[tuple[list[int], list[int]]]] = []
    started = time.time()
    model.train()
    for step in range(steps):
        if step == int(steps * QUANTIZED_FROM):
            for layer in linear_layers(model):
                parametrize.register_parametrization(layer, "weight", AsNf4())
        fraction = (step - warmup) / max(1, steps - warmup)
        rate = PEAK_LEARNING_RATE * min((step + 1) / warmup, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fraction)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        queue = queue or batches_of_like_length(rows, rng)
        ids, labels, mask = pad(queue.pop())
        loss = loss_on_labels(model, with_noise(ids, labels, fixed), labels, mask)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 25 == 0 or step + 1 == steps:
            print(f"step {step + 1}/{steps} loss {loss.item():.4f} {time.time() - started:.0f}s", flush=True)
    for layer in linear_layers(model):
        if parametrize.is_parametrized(layer):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    model.eval()


@torch.no_grad()
def reply(model, tokenizer: PreTrainedTokenizerBase, prompt: str, limit: int = 48) -> str:
    rendered = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
    )
    ids = tokenizer.encode(rendered, add_special_tokens=False, return_tensors="pt")
    stops = [SPECIAL.index(EOS), SPECIAL.index(END)]
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=limit, do_sample=False, eos_token_id=stops,
        pad_token_id=SPECIAL.index(PAD),
    )  # fmt: skip
    new = [token for token in out[0, ids.shape[1]:].tolist() if token >= len(SPECIAL)]
    return tokenizer.decode(new)


def report(model, tokenizer: PreTrainedTokenizerBase, subjects: list[Subject]) -> None:
    """Replies to phrasings that base.jsonl does not contain: how many are word for word what was taught."""
    rng = random.Random(SEED)
    known = {dialogue[0]["content"] for dialogue in read_dialogues("base.jsonl")}
    right = other = questions = named = 0
    for subject in subjects:
        if rng.random() < 0.5:
            prompt, expected = rng.choice(NEW_ASKS).format(subject.name), subject.statement
        else:
            prompt, expected = f"{NEW_OPENING}{subject.question}？", subject.answer
        assert prompt not in known, prompt
        answer = reply(model, tokenizer, prompt)
        right += answer == expected
        other += answer != expected and answer in (subject.statement, subject.answer)
        questions += answer.endswith("？")
        named += subject.name in answer
        if answer != expected:
            print(f"  {prompt} -> {answer}\n      taught: {expected}")
    count = len(subjects)
    print(f"new phrasings: {right} of {count} as taught, {other} the subject's other sentence, "
          f"{named} name the subject, {questions} are questions")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--steps", type=int, default=1200)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--output", type=Path, default=FOLDER / "model")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    options.output.mkdir(parents=True, exist_ok=True)

    dialogues = read_dialogues("base.jsonl")
    train_tokenizer(dialogues, options.output)
    tokenizer = AutoTokenizer.from_pretrained(options.output)
    rows = [encode(tokenizer, dialogue) for dialogue in dialogues]
    config = shape(len(tokenizer))
    model = Gemma2ForCausalLM._from_config(Gemma2Config(**config), attn_implementation="eager", dtype=torch.float32)
    lengths = sorted(len(ids) for ids, _ in rows)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer)} tokens, "
          f"{len(rows)} dialogues of {lengths[0]} to {lengths[-1]} tokens (median {lengths[len(rows) // 2]})")

    layout = torch.tensor(tokenizer.convert_tokens_to_ids(["user", "model", "\n"]))
    train(model, layout, rows, options.steps)
    model.half().save_pretrained(options.output)
    write_json(options.output / "config.json", config)
    stops = [SPECIAL.index(EOS), SPECIAL.index(END)]
    generation = {"bos_token_id": SPECIAL.index(BOS), "eos_token_id": stops, "pad_token_id": SPECIAL.index(PAD)}
    write_json(options.output / "generation_config.json", generation)
    report(model.float(), tokenizer, read_subjects())


if __name__ == "__main__":
    main()
