"""Writes src/test/resources/dev/socratic/trainer/train/: tiny models and what the reference stack makes of them.

Made with torch 2.15.0, transformers 5.23.0, peft 0.21.2, bitsandbytes 0.50.2 (its Python kernels; the native CPU
library is no oracle), safetensors 0.8.0, on a CPU, in float32 unless a case says otherwise. models/NAME is a checkpoint with random weights;
cases/NAME.json holds settings, the target modules that PEFT writes, token ids, the metrics of each step, Trainer's evaluation loss, and greedy continuations by the tuned model;
cases/NAME.safetensors the adapter before ("initial." names) and after. lora_init.safetensors is PEFT's initialization, with magnitudes.
Arguments name the cases to write, with their models; without any, all are written.
"""
import importlib.util
import json
import math
import pathlib
import random
import shutil
import sys
import tempfile

copy = tempfile.mkdtemp()
source = pathlib.Path(importlib.util.find_spec("bitsandbytes").origin).parent
shutil.copytree(source, f"{copy}/bitsandbytes", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
sys.path.insert(0, copy)

import bitsandbytes
import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import (AutoModelForCausalLM, Trainer, BitsAndBytesConfig, Gemma2Config, Gemma3TextConfig, LlamaConfig,
                          MistralConfig, Phi3Config, Qwen2Config, Qwen3Config, TrainingArguments)
from transformers.trainer_pt_utils import LabelSmoother

torch.set_num_threads(1)
torch._dynamo.config.disable = True

OUT = pathlib.Path(__file__).resolve().parent.parent / "resources/dev/socratic/trainer/train"
VOCABULARY = 90
SHAPE = dict(vocab_size=VOCABULARY, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=3,
             max_position_embeddings=128, bos_token_id=2, eos_token_id=1, pad_token_id=0)
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

MODELS = {
    "gemma2": Gemma2Config(hidden_size=28, intermediate_size=44, head_dim=12, query_pre_attn_scalar=10,
                           sliding_window=5, attn_logit_softcapping=2.0, final_logit_softcapping=3.0, **SHAPE),
    "llama3": LlamaConfig(hidden_size=32, intermediate_size=40, head_dim=8, attention_bias=True, tie_word_embeddings=False,
                          rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0,
                                               high_freq_factor=4.0, original_max_position_embeddings=16), **SHAPE),
    "llama-linear": LlamaConfig(hidden_size=24, intermediate_size=36, mlp_bias=True, tie_word_embeddings=True,
                                rope_parameters=dict(rope_type="linear", rope_theta=100.0, factor=3.0), **SHAPE),
    "mistral": MistralConfig(hidden_size=24, intermediate_size=36, sliding_window=4, tie_word_embeddings=False,
                             **SHAPE | dict(num_key_value_heads=1)),
    "qwen2": Qwen2Config(hidden_size=24, intermediate_size=36, tie_word_embeddings=False, use_sliding_window=True,
                         sliding_window=3, max_window_layers=1, **SHAPE),
    "qwen3": Qwen3Config(hidden_size=24, intermediate_size=36, head_dim=10, tie_word_embeddings=True, **SHAPE),
    "gemma3": Gemma3TextConfig(hidden_size=20, intermediate_size=28, head_dim=6, query_pre_attn_scalar=5, sliding_window=3,
                               layer_types=(["sliding_attention"] * 2 + ["full_attention"]) * 2, **SHAPE | dict(num_hidden_layers=6),
                               rope_parameters={"sliding_attention": dict(rope_type="default", rope_theta=50.0),
                                                "full_attention": dict(rope_type="linear", rope_theta=1000.0, factor=4.0)}),
    "phi3": Phi3Config(hidden_size=32, intermediate_size=36, original_max_position_embeddings=8, sliding_window=6,
                       rope_parameters=dict(rope_type="longrope", rope_theta=100.0, partial_rotary_factor=0.5,
                                            short_factor=[1.0, 1.5], long_factor=[2.0, 5.0]), **SHAPE),
}

CASES = {
    "gemma2-nf4-eager": dict(model="gemma2", attention="eager", doubleQuant=True, targets=ALL, r=4, alpha=8, rslora=False,
                             scheduler="cosine", warmup=2, decay=0.0, clip=0.5, tokens=VOCABULARY),
    "gemma2-nf4-sdpa": dict(model="gemma2", attention="sdpa", doubleQuant=False, targets=ALL[:4], r=3, alpha=6, rslora=True,
                            scheduler="linear", warmup=1, decay=0.1, clip=1.0, tokens=VOCABULARY),
    "gemma2-nf4-smoothed": dict(model="gemma2", attention="eager", doubleQuant=True, targets=ALL[2:5], r=2, alpha=4, rslora=False, smoothing=0.2,
                                scheduler="linear", warmup=1, decay=0.0, clip=1.0, tokens=VOCABULARY),
    "llama3-dense-sdpa": dict(model="llama3", attention="sdpa", doubleQuant=None, targets=ALL, r=2, alpha=4, rslora=False,
                              scheduler="constant", warmup=3, decay=0.05, clip=100.0, tokens=VOCABULARY),
    "llama-linear-dense-eager": dict(model="llama-linear", attention="eager", doubleQuant=None, targets=["down_proj", "v_proj"],
                                     r=4, alpha=2, rslora=False, scheduler="linear", warmup=0, decay=0.0, clip=1.0,
                                     tokens=VOCABULARY + 3),
}
for name_, attention_ in (("mistral", "eager"), ("qwen2", "sdpa"), ("qwen3", "eager"), ("gemma3", "sdpa"), ("phi3", "eager")):
    same = dict(model=name_, attention=attention_, r=2, alpha=4, rslora=False, scheduler="linear", warmup=1, decay=0.0, clip=1.0, tokens=VOCABULARY)
    CASES[name_ + "-dense"] = dict(doubleQuant=None, targets=["all-linear"], **same)
    CASES[name_ + "-nf4"] = dict(doubleQuant=True, targets=["o_proj", "down_proj"] if name_ == "phi3" else ["v_proj", "gate_proj"], **same)
CASES["gemma3-nf4"]["dtype"] = "float16"    # what is rounded where, when weights are narrower than what is computed
OTHER = dict(scheduler="constant", warmup=0, decay=0.1, clip=0.7, tokens=VOCABULARY, rslora=False)
CASES |= {
    "llama3-dense-dora": dict(model="llama3", attention="sdpa", doubleQuant=None, targets=ALL[1:], r=2, alpha=4, dora=True, bias="lora_only",
                              ranks={"v_proj": 5, "layers.1.mlp.down_proj": 1}, alphas={r"[02]\.self_attn\.[ko]_proj": 7},
                              **OTHER | dict(rslora=True)),
    "gemma2-nf4-dora": dict(model="gemma2", attention="eager", doubleQuant=True, targets=["q_proj", "o_proj", "up_proj"], r=3, alpha=5,
                            dora=True, **OTHER),
    "llama-linear-dense-save": dict(model="llama-linear", attention="eager", doubleQuant=None, targets=["q_proj"], r=2, alpha=4, bias="all",
                                    save=["embed_tokens"], **OTHER | dict(tokens=VOCABULARY + 3)),
    "gemma2-nf4-save": dict(model="gemma2", attention="eager", doubleQuant=True, targets=["k_proj"], r=2, alpha=4, save=["lm_head"], **OTHER),
    "qwen2-dense-save": dict(model="qwen2", attention="eager", doubleQuant=None, targets=["k_proj"], r=2, alpha=4,
                             save=["embed_tokens", "lm_head"], bias="lora_only", **OTHER),
    # wide enough for moments of 8 bits, which an embedding's are not in transformers' Trainer
    "llama-linear-dense-8bit": dict(model="llama-linear", attention="sdpa", doubleQuant=None, targets=["q_proj", "v_proj"], r=2, alpha=4,
                                    ranks={"layers.0.self_attn.q_proj": 180}, save=["embed_tokens"], optimizer="adamw8bit",
                                    **OTHER | dict(tokens=VOCABULARY * 2)),
}
# products in 16 bits: biases of their own in the linear layers, soft caps and a dtype that is not the one of the products
CASES |= {
    "gemma2-nf4-float16": dict(model="gemma2", attention="eager", doubleQuant=True, targets=ALL, r=4, alpha=8, dtype="float16", compute="float16", **OTHER),
    "llama3-nf4-bfloat16": dict(model="llama3", attention="sdpa", doubleQuant=True, targets=ALL, r=4, alpha=8, dtype="float16", compute="bfloat16", **OTHER),
    "llama3-nf4-bfloat16-dora": dict(model="llama3", attention="sdpa", doubleQuant=False, targets=ALL[:4], r=2, alpha=4, dora=True, dtype="bfloat16",
                                     compute="bfloat16", **OTHER),
    "llama3-dense-bfloat16": dict(model="llama3", attention="sdpa", doubleQuant=None, targets=ALL, r=4, alpha=8, dtype="bfloat16", **OTHER),
    # parameters in bfloat16, with an optimizer that stores them and their moments so: Trainer's default
    "llama3-dense-bfloat16-save": dict(model="llama3", attention="sdpa", doubleQuant=None, targets=["q_proj"], r=2, alpha=4, dtype="bfloat16", bias="all",
                                       save=["embed_tokens", "lm_head"], fused=True, **OTHER),
    # scores, soft caps, log-probabilities and sums of gradients in bfloat16
    "gemma2-dense-bfloat16": dict(model="gemma2", attention="eager", doubleQuant=None, targets=["q_proj", "up_proj"], r=2, alpha=4, dtype="bfloat16",
                                  smoothing=0.2, save=["embed_tokens"], fused=True, **OTHER),
    "llama3-dense-bfloat16-eager": dict(model="llama3", attention="eager", doubleQuant=None, targets=ALL[:5], r=2, alpha=4, dtype="bfloat16", bias="all",
                                        dora=True, save=["lm_head"], fused=True, **OTHER),
}
STEPS, BATCH, ACCUMULATION, RATE = 5, 2, 2, 5e-3


def write_models():
    for name, config in MODELS.items():
        if name not in {case["model"] for case in chosen.values()}:
            continue
        torch.manual_seed(len(name))
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        for key, p in model.named_parameters():
            torch.nn.init.normal_(p, 0.2 if "norm" in key else 0.0, 0.3 if "embed" in key or "lm_head" in key else 0.15)
        model.to(torch.bfloat16).save_pretrained(OUT / "models" / name)
        (OUT / "models" / name / "generation_config.json").unlink(missing_ok=True)
        if name in ("llama-linear", "gemma3"):
            write_older_spelling(OUT / "models" / name / "config.json")
        if name == "qwen2":             # a head of its own in the checkpoint is used, whatever the configuration says
            path = OUT / "models" / name / "config.json"
            path.write_text(path.read_text().replace('"tie_word_embeddings": false', '"tie_word_embeddings": true'))


def write_older_spelling(path):
    """The rotary settings and layer types as transformers 4 wrote them."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    if config["model_type"] == "gemma3_text":
        config.pop("layer_types")
        config["sliding_window_pattern"] = 3
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        rope = rope["full_attention"]
    config["rope_theta"] = rope["rope_theta"]
    key = "rope_type" if config["model_type"] == "gemma3_text" else "type"
    config["rope_scaling"] = {key: rope["rope_type"], "factor": rope["factor"]}
    path.write_text(json.dumps(config, indent=2) + "\n")


def load(case):
    folder = OUT / "models" / case["model"]
    options = dict(dtype=getattr(torch, case.get("dtype", "float32")), attn_implementation=case["attention"], config=MODELS[case["model"]].__class__.from_pretrained(folder))
    if case["model"] == "gemma2" and case["attention"] == "sdpa":
        # transformers up to 5.18: sdpa leaves the soft cap out; later versions refuse the combination
        options["config"].attn_logit_softcapping, options["attn_implementation"] = None, "eager"
    if case["doubleQuant"] is not None:
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=case["doubleQuant"], bnb_4bit_compute_dtype=getattr(torch, case.get("compute", "float32")))
        options["device_map"] = "cpu"
    model = AutoModelForCausalLM.from_pretrained(folder, **options)
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    if case["doubleQuant"] is not None:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if case["tokens"] > VOCABULARY:
        model.resize_token_embeddings(case["tokens"], mean_resizing=False)
        rows = model.get_input_embeddings().weight
        rows.data[VOCABULARY:] = rows.data[:VOCABULARY].mean(0)
    return model


def examples(case, seed):
    draw = random.Random(seed)
    made = []
    for length in (13, 7, 10, 4, 9, 12, 3):
        ids = [2] + [draw.randrange(3, case["tokens"]) for _ in range(length - 1)]
        first = draw.randrange(1, length - 1)
        made.append(dict(input_ids=ids, labels=[-100] * first + ids[first:]))
    return made


def factor(case, step):
    warmup = case["warmup"]
    if step < warmup:
        return step / warmup
    if case["scheduler"] == "linear":
        return (STEPS - step) / (STEPS - warmup)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (STEPS - warmup))) if case["scheduler"] == "cosine" else 1.0


def pad(rows):
    longest = max(len(row["input_ids"]) for row in rows)
    fill = lambda values, with_: torch.tensor([v + [with_] * (longest - len(v)) for v in values])
    return (fill([r["input_ids"] for r in rows], 0), fill([r["labels"] for r in rows], -100),
            fill([[1] * len(r["input_ids"]) for r in rows], 0))


def loss_share(model, rows, smoothing, tokens):
    """Of the mean over a step's tokens."""
    ids, labels, mask = pad(rows)
    output = model(input_ids=ids, attention_mask=mask)
    if smoothing:
        return LabelSmoother(smoothing)(output, labels, shift_labels=True, num_items_in_batch=torch.tensor(float(tokens)))
    logits = output.logits[:, :-1].float()
    return torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), reduction="sum") / tokens


def evaluate(model, data, case):
    args = TrainingArguments(output_dir=tempfile.mkdtemp(), use_cpu=True, per_device_eval_batch_size=BATCH, remove_unused_columns=False,
                             label_smoothing_factor=case.get("smoothing", 0.0), report_to=[], disable_tqdm=True, dataloader_pin_memory=False)
    collate = lambda rows: dict(zip(("input_ids", "labels", "attention_mask"), pad(rows)))
    return Trainer(model=model, args=args, eval_dataset=data, data_collator=collate).evaluate()["eval_loss"]


def make_optimizer(model, case):
    """As Trainer makes it, which leaves the moments of embeddings in float32."""
    decayed = Trainer.get_decay_parameter_names(None, model)
    groups = [[p for n, p in model.named_parameters() if p.requires_grad and (n in decayed) == yes] for yes in (True, False)]
    groups = [dict(params=ps, weight_decay=case["decay"] if i == 0 else 0.0) for i, ps in enumerate(groups) if ps]
    if case.get("optimizer") != "adamw8bit":
        return torch.optim.AdamW(groups, lr=RATE, fused=case.get("fused"))
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            bitsandbytes.optim.GlobalOptimManager.get_instance().register_module_override(module, "weight", {"optim_bits": 32})
    return bitsandbytes.optim.AdamW8bit(groups, lr=RATE)


def train(name, case):
    model = load(case)
    torch.manual_seed(1)
    model = get_peft_model(model, LoraConfig(r=case["r"], lora_alpha=case["alpha"], lora_dropout=0.0, bias=case.get("bias", "none"),
                                             target_modules="all-linear" if case["targets"] == ["all-linear"] else case["targets"], use_rslora=case["rslora"], task_type="CAUSAL_LM", use_dora=case.get("dora", False), modules_to_save=case.get("save"),
                                             rank_pattern=case.get("ranks", {}), alpha_pattern=case.get("alphas", {})))
    for key, p in model.named_parameters():
        if "lora_B" in key:             # a fresh B is zero, which would leave A without a gradient at first
            torch.nn.init.normal_(p, 0, 0.1)
    trainable = [p for p in model.parameters() if p.requires_grad]
    tensors = {f"initial.{k}": v.clone() for k, v in get_peft_model_state_dict(model, save_embedding_layers=case["tokens"] > VOCABULARY).items()}
    data = examples(case, len(name))
    batches = [data[i:i + BATCH] for i in range(0, len(data), BATCH)]
    groups = [batches[i:i + ACCUMULATION] for i in range(0, len(batches), ACCUMULATION)]
    optimizer = make_optimizer(model, case)
    metrics = []
    model.train()
    for step in range(STEPS):
        group = groups[step % len(groups)]
        tokens = sum(label != -100 for batch in group for row in batch for label in row["labels"][1:])
        loss = 0.0
        for batch in group:
            part = loss_share(model, batch, case.get("smoothing"), tokens)
            part.backward()
            loss += part.item()
        norm = torch.nn.utils.clip_grad_norm_(trainable, case["clip"]).item()
        rate = RATE * factor(case, step)
        for group_ in optimizer.param_groups:
            group_["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
        metrics.append(dict(loss=loss, grad_norm=norm, learning_rate=rate, tokens=tokens))
    tensors |= {k: v.clone() for k, v in get_peft_model_state_dict(model, save_embedding_layers=False).items()}
    model.eval()
    prompts = [row["input_ids"][:n] for row, n in zip(data, (9, 3, 6))]
    replies = []
    evaluation = evaluate(model, data, case)
    with torch.no_grad():
        for prompt in prompts:
            ids = list(prompt)
            for _ in range(12):
                ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
            replies.append(ids[len(prompt):])
    settings = {k: v for k, v in case.items()} | dict(steps=STEPS, batch=BATCH, accumulation=ACCUMULATION, rate=RATE)
    written = sorted(model.peft_config["default"].target_modules)
    text = json.dumps(dict(settings=settings, target_modules=written, examples=data, steps=metrics, evaluation=evaluation, prompts=prompts, replies=replies))
    (OUT / "cases").mkdir(parents=True, exist_ok=True)
    (OUT / "cases" / f"{name}.json").write_text(text.replace("}, {", "},\n{") + "\n")
    save_file(tensors, OUT / "cases" / f"{name}.safetensors", metadata={"format": "pt"})
    print(name, [round(m["loss"], 4) for m in metrics])


def write_lora_init():
    model = load(CASES["gemma2-nf4-eager"])
    torch.manual_seed(42)
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=ALL, task_type="CAUSAL_LM", use_dora=True))
    state = get_peft_model_state_dict(model)
    save_file({k: v.clone() for k, v in state.items() if ".layers.0.self_attn" in k or ".layers.2.mlp" in k},
              OUT / "lora_init.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    chosen = {name: CASES[name] for name in sys.argv[1:]} or CASES
    write_models()
    write_lora_init()
    for name_, case_ in chosen.items():
        train(name_, case_)
