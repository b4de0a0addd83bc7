"""Writes src/test/resources/dev/socratic/trainer/train/merged/: PEFT's merge of the tuned adapters of training_goldens.py.

Made with the versions named there. Beside NF4 layers, what PEFT adds up before it quantizes again: the dequantized weight
and the adapter's share, rounded to the type that the model is loaded in.
"""
from training_goldens import CASES, OUT, load     # first: it sees to it that bitsandbytes' Python kernels are imported

import torch
from peft import LoraConfig, get_peft_model
from peft.utils import set_peft_model_state_dict
from peft.utils.integrations import dequantize_bnb_weight
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

MERGES = {"llama3-dense-dora": torch.bfloat16, "llama3-dense-sdpa": torch.float32, "qwen2-dense-save": torch.float16,
          "gemma2-nf4-eager": torch.float16, "gemma2-nf4-dora": torch.bfloat16}


def merged(module, dtype):
    weight = dequantize_bnb_weight(module.get_base_layer().weight)
    if "default" in module.lora_variant:
        return module.lora_variant["default"].merge_safe(module, "default", weight).to(dtype)
    return (weight + module.get_delta_weight("default")).to(dtype)


for name, dtype in MERGES.items():
    case = CASES[name]
    model = load(case | dict(dtype=str(dtype).removeprefix("torch.")))
    model = get_peft_model(model, LoraConfig(r=case["r"], lora_alpha=case["alpha"], bias=case.get("bias", "none"), target_modules=case["targets"],
                                             use_rslora=case["rslora"], task_type="CAUSAL_LM", use_dora=case.get("dora", False),
                                             modules_to_save=case.get("save"), rank_pattern=case.get("ranks", {}), alpha_pattern=case.get("alphas", {})))
    tuned = {k: v for k, v in load_file(OUT / "cases" / f"{name}.safetensors").items() if not k.startswith("initial.")}
    set_peft_model_state_dict(model, tuned)
    tensors = {}
    if case["doubleQuant"] is None:
        model = model.merge_and_unload()
        tensors = {k: v.to(dtype) for k, v in model.state_dict().items()}
    else:
        base = model.get_base_model()
        for key, module in base.named_modules():
            if hasattr(module, "lora_A"):
                tensors[key + ".weight"] = merged(module, dtype)
            elif type(module).__name__ == "Linear4bit" and not key.endswith("base_layer"):
                tensors[key + ".weight"] = dequantize_bnb_weight(module.weight).to(dtype)
        tensors |= {k: v.to(dtype) for k, v in base.state_dict().items() if "norm" in k or "embed" in k}
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    (OUT / "merged").mkdir(exist_ok=True)
    save_file({k: v.clone().contiguous() for k, v in tensors.items() if "layers.0." not in k}, OUT / "merged" / f"{name}.safetensors")
    print(name, len(tensors))
