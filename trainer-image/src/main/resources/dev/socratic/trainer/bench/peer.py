"""The run of `socratic-trainer bench` with transformers, PEFT and bitsandbytes, as their documents have it.

    peer.py make FOLDER       writes model.safetensors with random weights for FOLDER/config.json
    peer.py train FOLDER      trains it as FOLDER/run.json says, on FOLDER/tokens.json; prints what was measured as JSON
"""
import json
import pathlib
import sys
import time

import torch
import transformers
import bitsandbytes
import peft

command, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def make():
    config = transformers.AutoConfig.from_pretrained(folder)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.to(getattr(torch, run["dtype"])).save_pretrained(folder)


def load():
    options = dict(dtype=getattr(torch, run["dtype"]), attn_implementation=run["attention"], device_map={"": run["device"]})
    config = transformers.AutoConfig.from_pretrained(folder)
    if run["attention"] == "sdpa" and getattr(config, "attn_logit_softcapping", None):
        config.attn_logit_softcapping = None        # newer versions refuse sdpa with a soft cap, older ones left it out
    options["config"] = config
    if run["weights"] == "NF4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, run["dtype"]))
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, **options)
    model.config.use_cache = False
    if run["weights"] == "NF4":
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=run["checkpointing"])
    elif run["checkpointing"]:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    torch.manual_seed(run["seed"])
    return peft.get_peft_model(model, peft.LoraConfig(
        r=run["r"], lora_alpha=run["alpha"], lora_dropout=run["dropout"], target_modules=run["targets"], task_type="CAUSAL_LM"))


def train():
    model = load()
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1.0, weight_decay=run["weightDecay"])
    ids = torch.tensor(json.loads((folder / "tokens.json").read_text()), device=run["device"])
    half = run["weights"] == "NF4" and run["dtype"] == "float16" and run["device"] != "cpu"
    scaler = torch.amp.GradScaler("cuda", enabled=half)
    losses, rates, cpu = [], [], []
    for learning_rate in run["learningRates"]:
        began, began_cpu = time.perf_counter(), time.process_time()
        batches = ids.split(run["batch"])
        step_loss = 0.0
        for rows in batches:
            with torch.autocast("cuda", torch.float16, enabled=half):
                loss = model(input_ids=rows, labels=rows).loss / len(batches)
            scaler.scale(loss).backward()
            step_loss += loss.item()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(trained, run["maxGradNorm"])
        optimizer.param_groups[0]["lr"] = learning_rate
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        losses.append(step_loss)
        rates.append(ids.numel() / (time.perf_counter() - began))
        cpu.append(time.process_time() - began_cpu)
    first = run["warmUp"]
    return dict(
        versions={module.__name__: module.__version__ for module in (torch, transformers, peft, bitsandbytes)},
        gradientCheckpointing=run["checkpointing"], tokensPerSecond=[round(rate) for rate in rates[first:]],
        cpuSecondsPerStep=sorted(cpu[first:])[len(cpu[first:]) // 2], losses=losses, peakBytes=peak())


def peak():
    if run["device"] != "cpu":
        free, total = torch.cuda.mem_get_info()     # the allocator gives nothing back, so that this is the peak
        return total - free
    status = pathlib.Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) * 1024


run = json.loads((folder / "run.json").read_text())
if command == "make":
    make()
else:
    print(json.dumps(train()))
